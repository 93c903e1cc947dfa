"""How tools name the joints of a person."""

from tests.synthetic_bvh import Scheme, scheme

_WORDS = ("Left", "Right")
_HIK_LEG = ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")
_HIK_ARM = ("{}Shoulder", "{}Arm", "{}ForeArm", "{}Hand")
_HIK_MIDDLE = ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head")


def _prefixed(prefix: str) -> Scheme:
    def add(names: tuple[str, ...]) -> list[str]:
        return [prefix + name for name in names]

    return scheme(_WORDS, add(_HIK_LEG), add(_HIK_ARM), add(_HIK_MIDDLE))


SCHEMES: dict[str, Scheme] = {
    "mixamorig": _prefixed("mixamorig:"),
    "mixamorig-blender": _prefixed("mixamorig_"),
    "mixamorig-second-import": _prefixed("mixamorig1:"),
    "motionbuilder": _prefixed("Character1_"),
    "namespaces": _prefixed("scene|actor:"),
    "pirouette": scheme(
        ("l", "r"),
        ("{}thigh", "{}shin", "{}foot", ""),
        ("{}collar", "{}shldr", "{}forearm", "{}hand"),
        ("hip", "abdomen", "chest", "", "neck", ""),
    ),
    "lafan1": scheme(_WORDS, ("{}UpLeg", "{}Leg", "{}Foot", "{}Toe"), _HIK_ARM, _HIK_MIDDLE, along_x=True),
    "perception-neuron": scheme(_WORDS, ("{}UpLeg", "{}Leg", "{}Foot", ""), _HIK_ARM, _HIK_MIDDLE),
    "rokoko": scheme(_WORDS, ("{}Thigh", "{}Shin", "{}Foot", "{}Toe"), _HIK_ARM, _HIK_MIDDLE),
    "3ds-max-biped": scheme(
        ("L", "R"),
        ("Bip01 {} Thigh", "Bip01 {} Calf", "Bip01 {} Foot", "Bip01 {} Toe0"),
        ("Bip01 {} Clavicle", "Bip01 {} UpperArm", "Bip01 {} Forearm", "Bip01 {} Hand"),
        ("Bip01", "Bip01 Spine", "Bip01 Spine1", "Bip01 Spine2", "Bip01 Neck", "Bip01 Head"),
    ),
    "source-engine": scheme(
        ("L", "R"),
        tuple(f"ValveBiped.Bip01_{{}}_{bone}" for bone in ("Thigh", "Calf", "Foot", "Toe0")),
        tuple(f"ValveBiped.Bip01_{{}}_{bone}" for bone in ("Clavicle", "UpperArm", "Forearm", "Hand")),
        tuple(
            f"ValveBiped.Bip01_{bone}" for bone in ("Pelvis", "Spine", "Spine1", "Spine4", "Neck1", "Head1")
        ),
    ),
    "unity": scheme(
        _WORDS,
        ("{}UpperLeg", "{}LowerLeg", "{}Foot", "{}Toes"),
        ("{}Shoulder", "{}UpperArm", "{}LowerArm", "{}Hand"),
        ("Hips", "Spine", "Chest", "UpperChest", "Neck", "Head"),
    ),
    "vrm": scheme(
        ("L", "R"),
        tuple(f"J_Bip_{{}}_{bone}" for bone in ("UpperLeg", "LowerLeg", "Foot", "ToeBase")),
        tuple(f"J_Bip_{{}}_{bone}" for bone in ("Shoulder", "UpperArm", "LowerArm", "Hand")),
        tuple(f"J_Bip_C_{bone}" for bone in ("Hips", "Spine", "Chest", "UpperChest", "Neck", "Head")),
    ),
    "momask": scheme(
        _WORDS,
        ("{}_hip", "{}_knee", "{}_ankle", "{}_foot"),
        ("{}_collar", "{}_shoulder", "{}_elbow", "{}_wrist"),
        ("Pelvis", "Spine1", "Spine2", "Spine3", "Neck", "Head"),
    ),
    "smpl": scheme(
        ("L", "R"),
        ("m_avg_{}_Hip", "m_avg_{}_Knee", "m_avg_{}_Ankle", "m_avg_{}_Foot"),
        ("m_avg_{}_Collar", "m_avg_{}_Shoulder", "m_avg_{}_Elbow", "m_avg_{}_Wrist"),
        tuple(f"m_avg_{bone}" for bone in ("Pelvis", "Spine1", "Spine2", "Spine3", "Neck", "Head")),
    ),
    "smplx-lower-case": scheme(
        ("left", "right"),
        ("{}_hip", "{}_knee", "{}_ankle", "{}_foot"),
        ("{}_collar", "{}_shoulder", "{}_elbow", "{}_wrist"),
        ("pelvis", "spine1", "spine2", "spine3", "neck", "head"),
    ),
    "rigify-metarig": scheme(
        ("L", "R"),
        ("thigh.{}", "shin.{}", "foot.{}", "toe.{}"),
        ("shoulder.{}", "upper_arm.{}", "forearm.{}", "hand.{}"),
        ("spine", "spine.001", "spine.002", "spine.003", "spine.004", "spine.006"),
    ),
    "rigify-deform": scheme(
        ("L", "R"),
        ("DEF-thigh.{}", "DEF-shin.{}", "DEF-foot.{}", "DEF-toe.{}"),
        ("DEF-shoulder.{}", "DEF-upper_arm.{}", "DEF-forearm.{}", "DEF-hand.{}"),
        tuple(f"DEF-spine{number}" for number in ("", ".001", ".002", ".003", ".004", ".006")),
    ),
    "unreal-mannequin": scheme(
        ("l", "r"),
        ("thigh_{}", "calf_{}", "foot_{}", "ball_{}"),
        ("clavicle_{}", "upperarm_{}", "lowerarm_{}", "hand_{}"),
        ("pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head"),
    ),
    "daz-genesis": scheme(
        ("l", "r"),
        ("{}ThighBend", "{}Shin", "{}Foot", "{}Toe"),
        ("{}Collar", "{}ShldrBend", "{}ForearmBend", "{}Hand"),
        ("hip", "abdomenLower", "abdomenUpper", "chestLower", "neckLower", "head"),
    ),
    "kinect": scheme(
        _WORDS,
        ("Hip{}", "Knee{}", "Ankle{}", "Foot{}"),
        ("", "Shoulder{}", "Elbow{}", "Wrist{}"),
        ("SpineBase", "SpineMid", "", "SpineShoulder", "Neck", "Head"),
    ),
    "vicon": scheme(
        _WORDS,
        ("{}Hip", "{}Knee", "{}Ankle", ""),
        ("{}Collar", "{}Shoulder", "{}Elbow", "{}Wrist"),
        ("Hips", "Chest", "Chest2", "Chest4", "Neck", "Head"),
    ),
    "upper-case": scheme(
        ("LEFT", "RIGHT"),
        ("{}_THIGH", "{}_SHIN", "{}_FOOT", "{}_TOE"),
        ("{}_CLAVICLE", "{}_ARM", "{}_FOREARM", "{}_HAND"),
        ("HIPS", "SPINE", "SPINE1", "CHEST", "NECK", "HEAD"),
    ),
    "german": scheme(
        ("L", "R"),
        ("Oberschenkel_{}", "Unterschenkel_{}", "Fuß_{}", "Zehen_{}"),
        ("Schlüsselbein_{}", "Oberarm_{}", "Unterarm_{}", "Hand_{}"),
        ("Hüfte", "Wirbelsäule", "Wirbelsäule1", "Brust", "Hals", "Kopf"),
    ),
    "mikumikudance": scheme(
        ("左", "右"),
        ("{}足", "{}ひざ", "{}足首", "{}つま先"),
        ("{}肩", "{}腕", "{}ひじ", "{}手首"),
        ("下半身", "上半身", "上半身2", "上半身3", "首", "頭"),
    ),
    "no-words-at-all": scheme(
        ("1", "2"),
        ("bone{}a", "bone{}b", "bone{}c", "bone{}d"),
        ("bone{}e", "bone{}f", "bone{}g", "bone{}h"),
        ("b0", "b1", "b2", "b3", "b4", "b5"),
    ),
    "sides-only": scheme(
        ("L", "R"),
        ("Reisi.{}", "Sääri.{}", "Jalka.{}", ""),  # Finnish
        ("Solis.{}", "Olka.{}", "Kyynär.{}", "Käsi.{}"),
        ("Lantio", "Selkä", "Selkä2", "Rinta", "Kaula", "Pää"),
    ),
}
