"""Where each source's skeleton keeps the 22 joints of HumanML3D."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.retarget import TRUNK_FRACTIONS, FloatArray


@dataclass(frozen=True)
class SkeletonMap:
    """Names of a source skeleton's joints; `{}` stands for the side.

    `leg` is hip, knee, ankle, toe; `arm` is shoulder, elbow, wrist; `trunk` the joints between the hips
    and the neck, from below. Acclaim bones stand for their far end.
    """

    sides: tuple[str, str]  # (left, right)
    leg: tuple[str, str, str, str]
    arm: tuple[str, str, str]
    trunk: tuple[str, ...]
    neck: str
    head: str

    @property
    def names(self) -> dict[str, str]:
        """Source joint for each HumanML3D joint that the source has."""
        pairs = {"neck": self.neck, "head": self.head}
        for side, word in zip(self.sides, ("left", "right"), strict=True):
            for pattern, joint in zip(self.leg, ("hip", "knee", "ankle", "foot"), strict=True):
                pairs[f"{word}_{joint}"] = pattern.format(side)
            for pattern, joint in zip(self.arm, ("shoulder", "elbow", "wrist"), strict=True):
                pairs[f"{word}_{joint}"] = pattern.format(side)
        return pairs


_BIPED_LEG = ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")
_BIPED_ARM = ("{}Arm", "{}ForeArm", "{}Hand")
_WORDS = ("Left", "Right")

# The first map whose joints a file has is used, so the more specific ones come first.
SKELETON_MAPS: dict[str, SkeletonMap] = {
    "bandai-namco": SkeletonMap(
        ("L", "R"),
        ("UpperLeg_{}", "LowerLeg_{}", "Foot_{}", "Toes_{}"),
        ("UpperArm_{}", "LowerArm_{}", "Hand_{}"),
        ("Spine", "Chest"),
        "Neck",
        "Head",
    ),
    "acclaim": SkeletonMap(
        ("l", "r"),
        ("{}hipjoint", "{}femur", "{}tibia", "{}foot"),
        ("{}clavicle", "{}humerus", "{}radius"),
        ("lowerback", "upperback", "thorax"),
        "lowerneck",
        "upperneck",
    ),
    "cmu-bvh": SkeletonMap(_WORDS, _BIPED_LEG, _BIPED_ARM, ("Spine", "Spine1"), "Neck1", "Head"),
    "animated-drawings": SkeletonMap(
        _WORDS, _BIPED_LEG, _BIPED_ARM, ("Spine", "Spine1", "Spine2", "Spine3"), "Neck", "Head"
    ),
    "accad": SkeletonMap(_WORDS, _BIPED_LEG, _BIPED_ARM, ("Spine", "Spine1"), "Neck", "Head"),
    "character1": SkeletonMap(
        _WORDS,
        ("Character1_{}UpLeg", "Character1_{}Leg", "Character1_{}Foot", "Character1_{}ToeBase"),
        ("Character1_{}Arm", "Character1_{}ForeArm", "Character1_{}Hand"),
        ("Character1_Spine", "Character1_Spine1"),
        "Character1_Neck",
        "Character1_Head",
    ),
    "avatar": SkeletonMap(
        _WORDS,
        ("{}Thigh", "{}Shin", "{}Foot", "{}Toe"),
        _BIPED_ARM,
        ("Spine1", "Spine2", "Spine3", "Spine4"),
        "Neck",
        "Head",
    ),
    "vicon-bones": SkeletonMap(
        ("l", "r"),
        ("{}femur", "{}tibia", "{}foot", "{}toes"),
        ("{}humerus", "{}radius", "{}hand"),
        ("lowerback", "upperback"),
        "LowerNeck",
        "Neck",
    ),
    "mujoco": SkeletonMap(
        ("left", "right"),
        ("{}_thigh", "{}_shin", "{}_foot", "{}_toe"),
        ("{}_upper_arm", "{}_lower_arm", "{}_hand"),
        ("torso",),
        "head",
        "crown",
    ),
    "vicon": SkeletonMap(
        _WORDS,
        ("{}Hip", "{}Knee", "{}Ankle", "{}Toe"),
        ("{}Shoulder", "{}Elbow", "{}Wrist"),
        ("Chest", "Chest2"),
        "Neck",
        "Head",
    ),
    "poser": SkeletonMap(
        ("l", "r"),
        ("{}Thigh", "{}Shin", "{}Foot", "{}Foot_end"),
        ("{}Shldr", "{}ForeArm", "{}Hand"),
        ("abdomen", "chest"),
        "neck",
        "head",
    ),
    "character-creator": SkeletonMap(
        ("L", "R"),
        ("CC_Base_{}_Thigh", "CC_Base_{}_Calf", "CC_Base_{}_Foot", "CC_Base_{}_ToeBase"),
        ("CC_Base_{}_Upperarm", "CC_Base_{}_Forearm", "CC_Base_{}_Hand"),
        ("CC_Base_Waist", "CC_Base_Spine01", "CC_Base_Spine02"),
        "CC_Base_NeckTwist01",
        "CC_Base_Head",
    ),
    "rigify": SkeletonMap(
        ("L", "R"),
        ("DEF-thigh.{}", "DEF-shin.{}", "DEF-foot.{}", "DEF-toe.{}"),
        ("DEF-upper_arm.{}", "DEF-forearm.{}", "DEF-hand.{}"),
        ("DEF-spine.001", "DEF-spine.002", "DEF-spine.003"),
        "DEF-neck",
        "DEF-head",
    ),
    "smpl": SkeletonMap(
        ("L", "R"),
        ("{}_Hip", "{}_Knee", "{}_Ankle", "{}_Foot"),
        ("{}_Shoulder", "{}_Elbow", "{}_Wrist"),
        ("Spine1", "Spine2", "Spine3"),
        "Neck",
        "Head",
    ),
    "unreal": SkeletonMap(
        ("l", "r"),
        ("thigh_{}", "calf_{}", "foot_{}", "ball_{}"),
        ("upperarm_{}", "lowerarm_{}", "hand_{}"),
        ("spine_01", "spine_02", "spine_03"),
        "neck_01",
        "head",
    ),
}


def pick_joints(names: Sequence[str], positions: FloatArray) -> FloatArray:
    """Pick the 22 joints from a capture's joints.

    Args:
        names: the capture's joints; a name space as in "mixamorig:Hips" does not matter.
        positions: `(frames, len(names), 3)`, Y up, any unit.

    Returns:
        `(frames, 22, 3)` as `retarget` expects them: pelvis in the middle of the hips, the spine's joints
        on the line from there to the neck, collars at the shoulders.

    Raises:
        ValueError: no skeleton map fits the names.
    """
    names = [name.rsplit(":", 1)[-1] for name in names]
    skeleton = fitting_map(names)
    source = {name: positions[:, index] for index, name in enumerate(names)}
    out = np.empty((len(positions), HUMANML3D.num_joints, 3))
    for joint, name in skeleton.names.items():
        out[:, HUMANML3D.joint_names.index(joint)] = source[name]
    out[:, 0] = (out[:, 1] + out[:, 2]) / 2
    trunk = np.stack((out[:, 0], *(source[name] for name in skeleton.trunk), out[:, 12]), axis=1)
    for joint_index, fraction in zip((3, 6, 9), TRUNK_FRACTIONS, strict=True):
        out[:, joint_index] = _point_along(trunk, fraction)
    out[:, (13, 14)] = out[:, (16, 17)]
    return out


def fitting_map(names: Sequence[str]) -> SkeletonMap:
    """The first map whose joints are all among the names, which have no name space.

    Raises:
        ValueError: no map fits.
    """
    for skeleton in SKELETON_MAPS.values():
        if set(names).issuperset((*skeleton.names.values(), *skeleton.trunk)):
            return skeleton
    raise ValueError(f"no skeleton map fits the joints {', '.join(names[:12])} ...: add one to SKELETON_MAPS")


def _point_along(line: FloatArray, fraction: float) -> FloatArray:
    """Point at a fraction of the length of polylines `(frames, points, 3)`."""
    lengths = np.median(np.linalg.norm(np.diff(line, axis=1), axis=-1), axis=0)
    ends = np.cumsum(lengths)
    piece = int(np.searchsorted(ends, fraction * ends[-1]))
    rest = (fraction * ends[-1] - (ends[piece] - lengths[piece])) / lengths[piece]
    return np.asarray((1 - rest) * line[:, piece] + rest * line[:, piece + 1])
