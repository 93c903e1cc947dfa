"""VRM: what a file itself says about which bone is which."""

from collections.abc import Mapping
from typing import Any

_ROLES = {
    "hips": "pelvis", "neck": "neck", "head": "head",
    **{
        f"{side}{bone}": f"{side}_{role}"
        for side in ("left", "right")
        for bone, role in {
            "UpperLeg": "hip", "LowerLeg": "knee", "Foot": "ankle", "Toes": "foot", "Shoulder": "collar",
            "UpperArm": "shoulder", "LowerArm": "elbow", "Hand": "wrist",
        }.items()
    },
}  # fmt: skip
_FINGERS = {"Thumb": "thumb", "Index": "index", "Middle": "middle", "Ring": "ring", "Little": "pinky"}
_PHALANGES = ("Metacarpal", "Proximal", "Intermediate", "Distal")


def humanoid_bones(document: Mapping[str, Any]) -> dict[str, int]:
    """Nodes by VRM's names of bones; nothing in files that are not VRM.

    Raises:
        ValueError: the extension is damaged.
    """
    extensions = document.get("extensions", {})
    try:
        if "VRMC_vrm" in extensions:  # 1.0
            bones = extensions["VRMC_vrm"]["humanoid"]["humanBones"]
            return {name: int(bone["node"]) for name, bone in bones.items()}
        if "VRM" in extensions:  # 0.x
            return {bone["bone"]: int(bone["node"]) for bone in extensions["VRM"]["humanoid"]["humanBones"]}
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"its VRM humanoid is damaged: {error!r}") from error
    return {}


def split_fingers(bones: Mapping[str, str]) -> tuple[dict[str, str], dict[tuple[str, str], tuple[str, ...]]]:
    """Names of joints by role, and of the phalanges of each finger, from names by VRM's bones."""
    given = {_ROLES[bone]: name for bone, name in bones.items() if bone in _ROLES}
    fingers = {}
    for side in ("left", "right"):
        for word, finger in _FINGERS.items():
            names = [bones[key] for part in _PHALANGES if (key := f"{side}{word}{part}") in bones]
            if names:
                fingers[side, finger] = tuple(names)
    return given, fingers
