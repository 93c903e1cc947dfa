"""Which joints of any skeleton are the 22 of HumanML3D: by role, whatever they are called.

The names are read first (`naming`); where they say too little, the shape of the tree decides (`shape`).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ram_sdk.skeleton.naming import parse_bone_name
from ram_sdk.skeleton.retarget import FloatArray
from ram_sdk.skeleton.shape import roles_by_shape
from ram_sdk.skeleton.tree import JointTree

_SIDES = ("left", "right")
_LEG = ("hip", "knee", "ankle", "foot")
_ARM = ("shoulder", "elbow", "wrist")
ARM_PARTS = ("collar", *_ARM)
PARTS = (*_LEG, *ARM_PARTS)
_REQUIRED = (
    *(f"{side}_{joint}" for side in _SIDES for joint in ("hip", "knee", "ankle", "shoulder", "elbow")),
    "neck",
)
_OPTIONAL = (*(f"{side}_{joint}" for side in _SIDES for joint in ("foot", "wrist", "collar")), "head")
ROLES = (*_REQUIRED, *_OPTIONAL, "pelvis")
_SAME_PLACE = 0.02  # of the leg's length: joints that are nearer to each other are at one point

# Acclaim (ASF/AMC) names bones; where each position is the far end of its bone, "lfemur" is at the knee.
_FAR_ENDS = {
    **{
        f"{side}_{joint}": f"{side[0]}{bone}"
        for side in _SIDES
        for joint, bone in zip(
            (*_LEG, *_ARM),
            ("hipjoint", "femur", "tibia", "foot", "clavicle", "humerus", "radius"),
            strict=True,
        )
    },
    "neck": "lowerneck",
    "head": "upperneck",
}
_FAR_TRUNK = ("lowerback", "upperback", "thorax")
_FAR_THIGH = (
    0.6  # lhipjoint to lfemur beside lfemur to ltibia: a thigh beside a shin, or a pelvis beside a thigh
)


@dataclass(frozen=True)
class Roles:
    """The joints of a skeleton that have a part in the body.

    Attributes:
        joints: index of the joint for each of `ROLES` that the skeleton has; those of `_REQUIRED` always,
            and "pelvis" where the tree is known. Toe, wrist or head may be the end of a bone.
        trunk: joints between the hips and the neck, from below.
        sides_guessed: whether left and right are from the rest pose alone, since no name tells them.
    """

    joints: Mapping[str, int]
    trunk: tuple[int, ...]
    sides_guessed: bool = False

    def exchanged(self, parts: Sequence[str] = PARTS) -> "Roles":
        """The same with left and right exchanged, or only those of some `PARTS`."""
        joints = dict(self.joints)
        for part in parts:
            for side, other in (_SIDES, _SIDES[::-1]):
                if f"{side}_{part}" in self.joints:
                    joints[f"{other}_{part}"] = self.joints[f"{side}_{part}"]
        return replace(self, joints=joints)

    def uncrossed(self, positions: FloatArray) -> "Roles":
        """Guessed sides with the arms above their own legs in a motion `(frames, joints, 3)`."""
        hips, shoulders = (
            positions[:, self.joints[f"left_{part}"]] - positions[:, self.joints[f"right_{part}"]]
            for part in ("hip", "shoulder")
        )
        crossed = float((hips * shoulders).sum()) < 0
        return self.exchanged(ARM_PARTS) if self.sides_guessed and crossed else self


def find_roles(tree: JointTree, given: Mapping[str, str] | None = None) -> Roles:
    """Find the joints of a body by name, tree shape, symmetry and lengths.

    Args:
        tree: joints of one person.
        given: names of joints for some of `ROLES`, which override those found.

    Raises:
        ValueError: `given` names a missing joint, or the joints are not those of a person.
    """
    chosen = _chosen(tree, given or {})
    found = _far_ends(tree) or _by_name(tree, chosen)
    if missing(found):
        by_shape = roles_by_shape(tree, [parse_bone_name(name).side for name in tree.names])
        found = {**by_shape, **chosen} if by_shape else found
    if lacking := missing(found):
        names = ", ".join(tree.names[:12]) + (" ..." if len(tree.names) > 12 else "")
        raise ValueError(
            f"no person found: no joint for {', '.join(lacking)} among {names}; "
            'name them with skeleton={"left_hip": "joint name", ...}'
        )
    sided = [joint for role, joint in found.items() if role.startswith(_SIDES)]
    told = bool(chosen) or any(parse_bone_name(tree.names[joint]).side for joint in sided)
    return Roles(found, _trunk(tree, found), sides_guessed=not told)


def shared_names(tree: JointTree, roles: Roles) -> list[str]:
    """What to warn of: joints of the body whose name another joint of the same tree has, too."""
    times = Counter(tree.names)
    shared = dict.fromkeys(tree.names[joint] for joint in roles.joints.values())
    return [
        f"{times[name]} joints are called {name!r}: the wrong one may have been taken; give each its own name"
        for name in shared
        if times[name] > 1
    ]


def missing(found: Mapping[str, int]) -> list[str]:
    """The joints without which no body can be posed and that were not found."""
    return [role for role in _REQUIRED if role not in found]


def people(tree: JointTree) -> list[int]:
    """The root joint of each person in a file, in the file's order.

    A person is the smallest part of the tree that has the limbs of one; props and empty roots are not, nor a
    chest whose arms and fingers have the shape of legs and arms below joints that are named as a person's.
    """
    found, waiting = [], [joint for joint, parent in enumerate(tree.parents or ()) if parent < 0]
    waiting = [joint for joint in waiting if _is_person(tree, joint)]
    while waiting:
        joint = waiting.pop()
        find = _is_named_person if _is_named_person(tree, joint) else _is_person
        inner = [child for child in tree.children[joint] if find(tree, child)]
        if inner:
            waiting.extend(inner)
        else:
            found.append(joint)
    return sorted(found)


def _is_named_person(tree: JointTree, root: int) -> bool:
    part = tree.subtree(root)[0]
    return len(part.names) >= len(_REQUIRED) and not missing(_far_ends(part) or _by_name(part, {}))


def _is_person(tree: JointTree, root: int) -> bool:
    part = tree.subtree(root)[0]
    if len(part.names) < len(_REQUIRED):
        return False
    try:
        find_roles(part)
    except ValueError:
        return False
    return True


def _chosen(tree: JointTree, given: Mapping[str, str]) -> dict[str, int]:
    for role, name in given.items():
        if role not in ROLES:
            raise ValueError(f"skeleton names {role!r}: choose from {', '.join(ROLES)}")
        if name not in tree.names:
            raise ValueError(f"skeleton gives {name!r} for {role}: there is no such joint")
    return {role: tree.names.index(name) for role, name in given.items()}


def _by_name(tree: JointTree, chosen: Mapping[str, int]) -> dict[str, int]:
    """Joints by what their names say; ambiguous words by which others the same limb has."""
    parts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for joint in sorted(range(len(tree.names)), key=lambda joint: (tree.depth(joint), joint)):
        if not tree.is_end(joint):
            parts[parse_bone_name(tree.names[joint])].append(joint)
    found: dict[str, int] = {}
    for side in _SIDES:
        of = {part: joints for (where, part), joints in parts.items() if where == side}
        found |= _limb(tree, side, _LEG, _leg_candidates(of))
        found |= _limb(tree, side, _ARM, _arm_candidates(of))
        if collars := of.get("collar") or (of.get("shoulder") if of.get("upper_arm") else None):
            found[f"{side}_collar"] = collars[0]
    found |= chosen
    if all(f"{side}_{joint}" in found for side in _SIDES for joint in ("hip", "knee", "shoulder")):
        found |= _neck_and_head(tree, found, parts["", "neck"], parts["", "head"])
    found |= chosen
    if tree.parents is None:
        if named := parts["", "pelvis"]:
            found.setdefault("pelvis", named[0])
    elif "left_hip" in found and "right_hip" in found:
        found.setdefault("pelvis", tree.common_ancestor(found["left_hip"], found["right_hip"]))
    return {role: joint for role, joint in found.items() if joint >= 0}


def _leg_candidates(of: Mapping[str, list[int]]) -> tuple[list[int], ...]:
    knee, leg, ankle, foot = (of.get(part, []) for part in ("knee", "leg", "ankle", "foot"))
    hip = of.get("upper_leg") or of.get("hip") or (leg if knee else []) or of.get("hip_joint", [])
    return hip, knee or leg, ankle or foot, of.get("toe") or (foot if ankle else [])


def _arm_candidates(of: Mapping[str, list[int]]) -> tuple[list[int], ...]:
    wrist = of.get("wrist") or of.get("hand", [])
    return of.get("upper_arm") or of.get("shoulder", []), of.get("elbow", []), wrist


def _limb(
    tree: JointTree, side: str, joints: Sequence[str], candidates: Sequence[list[int]]
) -> dict[str, int]:
    """The joints of a limb, each below the one before; a toe or wrist may be the end of the last bone."""
    found: dict[str, int] = {}
    above = -1
    for joint, names in zip(joints, candidates, strict=True):
        below = [candidate for candidate in names if above < 0 or tree.is_below(candidate, above)]
        if not below and joint == joints[-1] and above >= 0:
            below = tree.ends_of(above)
        if not below:
            break
        above = found[f"{side}_{joint}"] = below[0]
    return found


def _neck_and_head(
    tree: JointTree, found: Mapping[str, int], necks: list[int], heads: list[int]
) -> dict[str, int]:
    """The neck, where the trunk ends, and the head: joints of these names, or the ones above the arms."""
    legs = _leg_length(tree, found)
    at = tree.rest
    spines = [
        joint for joint, name in enumerate(tree.names) if parse_bone_name(name) == ("", "trunk")
    ]  # CMU's BVH has a "Neck" where the chest ends
    hips = (at[found["left_hip"]] + at[found["right_hip"]]) / 2
    necks = sorted(necks, key=lambda neck: float(np.linalg.norm(at[neck] - hips)))
    raised = [n for n in necks if all(_distance(at, n, s) > _SAME_PLACE * legs for s in spines)]
    if necks and (raised or heads):
        neck, *above = raised or necks
        heads = heads or above
    elif heads and _collars_meet(tree, found, legs):
        return {"neck": found["left_collar"], "head": heads[0]}
    elif heads:
        neck, *heads = heads
    else:
        above = tree.above_arms(found["left_shoulder"], found["right_shoulder"], found["left_hip"])
        if not above:
            return {}
        neck, heads = above[0], above[-1:] if len(above) > 1 else []
    below = [head for head in heads if tree.is_below(head, neck)] or tree.ends_of(neck)
    return {"neck": neck, "head": below[0]} if below else {"neck": neck}


def _collars_meet(tree: JointTree, found: Mapping[str, int], legs: float) -> bool:
    """Whether both collar bones begin at one point, which is the base of a neck that has no joint."""
    return all(f"{side}_collar" in found for side in _SIDES) and (
        _distance(tree.rest, found["left_collar"], found["right_collar"]) < _SAME_PLACE * legs
    )


def _trunk(tree: JointTree, found: Mapping[str, int]) -> tuple[int, ...]:
    """Joints between hips and neck, from below: those on the way in the tree, or by name and distance."""
    if set(_FAR_TRUNK) <= set(tree.names) and tree.names[found["neck"]] == _FAR_ENDS["neck"]:
        return tuple(tree.names.index(name) for name in _FAR_TRUNK)
    hips = (tree.rest[found["left_hip"]] + tree.rest[found["right_hip"]]) / 2
    neck = tree.rest[found["neck"]]
    named = [joint for joint, name in enumerate(tree.names) if parse_bone_name(name) == ("", "trunk")]
    between = [joint for joint in named if not tree.is_end(joint)]
    if tree.parents is not None:
        way = tree.way_up(found["neck"], found["pelvis"])
        between = [joint for joint in between if joint in way] or way
    pelvis, legs = found.get("pelvis", -1), _leg_length(tree, found)
    between = [j for j in between if pelvis < 0 or _distance(tree.rest, j, pelvis) > _SAME_PLACE * legs]
    if tree.parents is not None:
        return tuple(between)
    reach = {joint: float(np.linalg.norm(tree.rest[joint] - hips)) for joint in between}
    return tuple(
        sorted((j for j in between if reach[j] < np.linalg.norm(neck - hips)), key=reach.__getitem__)
    )


def _far_ends(tree: JointTree) -> dict[str, int]:
    """Joints of an Acclaim skeleton whose positions are the far ends of its bones; else nothing."""
    if not set(_FAR_ENDS.values()) | set(_FAR_TRUNK) <= set(tree.names):
        return {}
    index = {name: tree.names.index(name) for name in ("lhipjoint", "lfemur", "ltibia")}
    first = _distance(tree.rest, index["lhipjoint"], index["lfemur"])
    if first < _FAR_THIGH * _distance(tree.rest, index["lfemur"], index["ltibia"]):
        return {}
    return {role: tree.names.index(name) for role, name in _FAR_ENDS.items()}


def _leg_length(tree: JointTree, found: Mapping[str, int]) -> float:
    joints = [found[f"left_{joint}"] for joint in _LEG if f"left_{joint}" in found]
    return sum(_distance(tree.rest, a, b) for a, b in pairwise(joints))


def _distance(positions: FloatArray, a: int, b: int) -> float:
    return float(np.linalg.norm(positions[a] - positions[b]))
