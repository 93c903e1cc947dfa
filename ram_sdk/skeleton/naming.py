"""The side and the body part in a bone's name, in the spellings of many tools."""

import re
import unicodedata
from typing import NamedTuple

# Words that stand for a part when all that is left of a name is them. Which joint of a limb "leg",
# "hip", "foot", "shoulder" or "hand" is depends on its neighbours: see `mapping`.
_PARTS = {
    "pelvis": "hips pelvis cog becken huefte hüfte cadera bassin 下半身 腰",
    "trunk": "spine chest upperchest abdomen abdomenlower abdomenupper chestlower chestupper torso waist "
    "back lowerback upperback lowback thorax ribs ribcage belly stomach bauch brust wirbelsäule wirbelsaeule "
    "columna pecho 上半身",
    "neck": "neck lowerneck upperneck necklower neckupper hals cuello cou 首",
    "head": "head crown kopf cabeza tete tête skull 頭",
    "collar": "collar clavicle collarbone scapula schlüsselbein schluesselbein clavicula clavicule 肩",
    "shoulder": "shoulder shldr schulter hombro epaule",
    "upper_arm": "arm upperarm uparm armupper humerus oberarm brazo bras 腕",
    "elbow": "elbow forearm lowerarm lowarm armlower farm radius unterarm ellbogen codo antebrazo coude "
    "ひじ 肘",
    "wrist": "wrist handgelenk muñeca poignet 手首",
    "hand": "hand mano",
    "hip_joint": "hipjoint",
    "hip": "hip",
    "upper_leg": "upleg upperleg legupper thigh femur oberschenkel muslo cuisse",
    "leg": "leg pierna jambe bein 足",
    "knee": "knee shin calf crus lowerleg lowleg leglower tibia unterschenkel knie rodilla genou ひざ 膝",
    "ankle": "ankle knöchel knoechel tobillo cheville 足首",
    "foot": "foot fuss pied",
    "toe": "toe toes toebase ball zehe zehen つま先 爪先",
}
_PART_OF = {word: part for part, words in _PARTS.items() for word in words.split()}
_SIDE_OF = {
    **dict.fromkeys(["l", "left", "lft", "lf", "links", "linke", "linker", "izq", "gauche", "左"], "left"),
    **dict.fromkeys(["r", "right", "rgt", "rt", "rechts", "rechte", "rechter", "droite", "右"], "right"),
}
_GLUED = ("left", "right", "左", "右", "l", "r")  # before or, if long, behind a word: lthigh, uplegleft
_TRAILING = frozenset(["joint", "jnt", "jt", "bone", "bind", "bend", "skin", "base", "sub", "m"])
_TWIST = frozenset(["twist", "roll"])
_NOT_BODY = frozenset(
    [
        "ik",
        "mch",
        "org",
        "ctrl",
        "control",
        "ctl",
        "pole",
        "target",
        "helper",
        "share",
        "sec",
        "adj",
        "hair",
        "skirt",
        "cloth",
        "weapon",
        "prop",
        "nub",
        "end",
        "tip",
        "aux",
        "to",
        "out",
        "scap",
        "bck",
        "fwd",
        "metacarpal",
        "breast",
        "bust",
    ]
)


class BoneName(NamedTuple):
    """The side and part in a name; empty where it has none."""

    side: str  # "left", "right" or ""
    part: str  # a key of `_PARTS` or ""


def parse_bone_name(name: str) -> BoneName:
    """Side and part of the body in a bone's name.

    Prefixes, name spaces, case, separators and numbers do not matter: "mixamorig:LeftUpLeg", "Bip01 L Thigh",
    "thigh_l", "lThigh" and "左足" all are of a left leg. Helpers such as twist and IK bones have no part.
    """
    words = _words(name)
    sides = [_SIDE_OF[word] for word in words if word in _SIDE_OF]
    rest = [word for word in words if word not in _SIDE_OF]
    if not sides and rest:
        side, rest = _glued_side(rest)
        sides = [side] if side else []
    side = sides[-1] if sides else ""
    if _NOT_BODY.intersection(rest) or (side and _TWIST.intersection(rest)):
        return BoneName(side, "")
    part = _part([word for word in rest if word not in _TWIST])
    return BoneName(side, "pelvis" if part == "hip" and not side else part)


def _words(name: str) -> list[str]:
    plain = re.split(r"[:|]", unicodedata.normalize("NFKC", name))[-1]
    spaced = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    return re.findall(r"[^\W\d_]+", spaced.casefold())


def _glued_side(words: list[str]) -> tuple[str, list[str]]:
    """The side in a word such as "lthigh", "leftupleg" or "hipleft", and the words without it."""
    for index, word in enumerate(words):
        for mark in _GLUED:
            without = word.removeprefix(mark)
            if without == word and len(mark) > 1:
                without = word.removesuffix(mark)
            if without != word and _part([without]):
                return _SIDE_OF[mark], [*words[:index], without, *words[index + 1 :]]
    return "", words


def _part(words: list[str]) -> str:
    """The part that the last words stand for: the longest run counts, unknown words before it do not."""
    while words:
        for start in range(len(words)):
            if part := _PART_OF.get("".join(words[start:])):
                return part
        if words[-1] not in _TRAILING:
            return ""
        words = words[:-1]
    return ""
