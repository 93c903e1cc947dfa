"""From any human skeleton to the 22 joints of HumanML3D: where each of them is in every frame."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.retarget import TRUNK_FRACTIONS, FloatArray, unit
from ram_sdk.skeleton.roles import Roles, find_roles
from ram_sdk.skeleton.tree import JointTree

_NAMES = HUMANML3D.joint_names
_LENGTH = (0.0, *UNIFORM_BONE_LENGTHS)
_LEG_LENGTH = _LENGTH[4] + _LENGTH[7]
_TIPS = {10: 7, 11: 8, 20: 18, 21: 19, 15: 12}  # bones that other skeletons leave out, and where they begin
_NO_LENGTH = 0.02  # of a leg: bones that are shorter have no direction of their own
_HALF_WIDTHS = {(1, 2): 0.06, (16, 17): 0.2}  # metres: of hips and shoulders that the file has at one point
_TOES_DOWN = 0.48  # how far toes point down for one part forward, on a foot at rest


class PickedJoints(NamedTuple):
    """The 22 joints `(frames, 22, 3)`, and the names of those that the skeleton does not have."""

    positions: FloatArray
    assumed: tuple[str, ...]


def pick_joints(names: Sequence[str], positions: FloatArray) -> FloatArray:
    """Pick the 22 joints from a capture whose tree is not known, by the names of its joints.

    Args:
        names: the capture's joints.
        positions: `(frames, len(names), 3)`, any axes and unit.

    Returns:
        `(frames, 22, 3)` as `retarget` expects them; see `place_joints`.

    Raises:
        ValueError: the joints are not those of a person.
    """
    spread = np.linalg.norm(positions - positions.mean(axis=1, keepdims=True), axis=-1).sum(axis=1)
    roles = find_roles(JointTree(names, None, positions[int(spread.argmax())]))
    return place_joints(roles, positions).positions


def place_joints(
    roles: Roles,
    positions: FloatArray,
    rotations: FloatArray | None = None,
    rest: FloatArray | None = None,
) -> PickedJoints:
    """The 22 joints of a body in the pose of its file.

    The pelvis is the middle of the hips, the spine's joints are on the line from there to the neck, collars
    at the shoulders. Toes, hands and heads that the skeleton does not have, or only at the joint that they
    hang on, are put where they are on a body at rest and turn with that joint.

    Args:
        roles: which joints they are.
        positions: `(frames, joints, 3)`, any axes and unit.
        rotations: `(frames, joints, 3, 3)` of the joints, relative to `rest` if that is given.
        rest: `(joints, 3)` places of the joints in a pose in which the body stands.

    Raises:
        ValueError: thighs, shins, upper arms or the trunk have no length, or neither hips nor shoulders a
            width.
    """
    out = _placed(roles, positions)
    leg = _median_length(out, 1, 4) + _median_length(out, 4, 7)
    for upper, lower in ((1, 4), (4, 7), (2, 5), (5, 8), (16, 18), (17, 19), (0, 12)):
        if not _median_length(out, upper, lower) > _NO_LENGTH * leg > 0:
            raise ValueError(f"the bone from {_NAMES[upper]} to {_NAMES[lower]} has no length")
    assumed = _spread_pairs(out, leg)
    still = None if rest is None else _placed(roles, rest[None])
    if still is not None:
        _spread_pairs(still, leg)
    for tip, joint in _TIPS.items():
        if _NAMES[tip] in roles.joints and _median_length(out, joint, tip) > _NO_LENGTH * leg:
            continue
        towards = _at_rest(out, tip, joint)
        if rotations is not None:
            turn = rotations[:, roles.joints[_NAMES[joint]]]
            own = np.einsum("tba,tb->ta", turn, towards) if still is None else _at_rest(still, tip, joint)
            towards = unit(np.einsum("tab,b->ta", turn, own.mean(axis=0)))
        out[:, tip] = out[:, joint] + towards * (leg * _LENGTH[tip] / _LEG_LENGTH)
        assumed.append(_NAMES[tip])
    out[:, (13, 14)] = out[:, (16, 17)]
    return PickedJoints(out, tuple(assumed))


def _placed(roles: Roles, positions: FloatArray) -> FloatArray:
    """The joints that the skeleton has, and the points between hips and neck."""
    out = np.zeros((len(positions), HUMANML3D.num_joints, 3))
    for role, joint in roles.joints.items():
        out[:, _NAMES.index(role)] = positions[:, joint]
    out[:, 0] = (out[:, 1] + out[:, 2]) / 2
    trunk = np.stack((out[:, 0], *(positions[:, joint] for joint in roles.trunk), out[:, 12]), axis=1)
    for joint, fraction in zip((3, 6, 9), TRUNK_FRACTIONS, strict=True):
        out[:, joint] = _point_along(trunk, fraction)
    return out


def _spread_pairs(joints: FloatArray, leg: float) -> list[str]:
    """Move hips or shoulders that are at one point apart, along the line of the other pair."""
    assumed = []
    for pair, other in (((1, 2), (16, 17)), ((16, 17), (1, 2))):
        if _median_length(joints, *pair) > _NO_LENGTH * leg:
            continue
        across = joints[:, other[0]] - joints[:, other[1]]
        if not _median_length(joints, *other) > _NO_LENGTH * leg:
            raise ValueError("neither the hips nor the shoulders have a width")
        half = _HALF_WIDTHS[pair] * leg / _LEG_LENGTH * unit(across)
        joints[:, pair[0]] += half
        joints[:, pair[1]] -= half
        assumed += [_NAMES[joint] for joint in pair]
    return assumed


def _at_rest(joints: FloatArray, tip: int, joint: int) -> FloatArray:
    """Directions `(frames, 3)` of a bone that the file does not have: straight on, toes forward."""
    if tip not in (10, 11):
        before = {15: 9, 20: 16, 21: 17}[tip]
        return unit(joints[:, joint] - joints[:, before])
    up = unit(joints[:, tip - 6] - joints[:, joint])
    forward = unit(np.cross(joints[:, 1] - joints[:, 2], up))
    return unit(forward - _TOES_DOWN * up)


def _median_length(joints: FloatArray, a: int, b: int) -> float:
    return float(np.median(np.linalg.norm(joints[:, b] - joints[:, a], axis=-1)))


def _point_along(line: FloatArray, fraction: float) -> FloatArray:
    """Point at a fraction of the length of polylines `(frames, points, 3)`."""
    lengths = np.median(np.linalg.norm(np.diff(line, axis=1), axis=-1), axis=0)
    ends = np.cumsum(lengths)
    piece = int(np.searchsorted(ends, fraction * ends[-1]))
    rest = (fraction * ends[-1] - (ends[piece] - lengths[piece])) / max(lengths[piece], 1e-9)
    return np.asarray((1 - rest) * line[:, piece] + rest * line[:, piece + 1])
