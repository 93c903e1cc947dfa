"""Which way is up in a file that does not say it: from the rest pose, and from how the body moves."""

from typing import NamedTuple

import numpy as np

from ram_sdk.skeleton.retarget import FloatArray, unit

AXES = {
    f"{sign}{axis}": np.eye(3)[index] * (1.0 if sign == "+" else -1.0)
    for index, axis in enumerate("xyz")
    for sign in "+-"
}
_STRAIGHT = (
    0.8  # cosine between the bones of the legs of a body that stands at rest and their common direction
)
_ABOVE = 0.3  # cosine between the trunk and the opposite of that direction
_ALONG_AXIS = 0.85  # cosine between the opposite of the legs at rest and the axis they stand along
_LYING = 0.5  # mean cosine between trunk and up below which a body lies or hangs
_UPRIGHT = 0.7  # ... above which it is upright
_FLOOR = 0.06  # of the body's length: joints that are lower are on the floor
_STILL = 0.15  # of the body's length a second: joints that are slower do not slide
_CARRIERS = [joint for joint in range(22) if joint not in (12, 15)]  # nobody stands on the head alone
_CARRIED, _NOT_CARRIED = 0.3, 0.1  # parts of the time that something stands still on the floor


class UpAxis(NamedTuple):
    """A key of `AXES`, and what was assumed to find it; empty where the file is clear."""

    axis: str
    assumed: str


def stands(rest: FloatArray) -> bool:
    """Whether a pose `(22, 3)` is that of a standing body: straight legs side by side, the trunk above them.

    The trunk need not be upright: skeletons whose spine is laid along one of its own axes still have legs
    that hang straight down.
    """
    down = _legs_down(rest)
    bones = [rest[b] - rest[a] for a, b in ((1, 4), (4, 7), (2, 5), (5, 8))]
    straight = all(float(unit(bone) @ down) > _STRAIGHT for bone in bones)
    return straight and float(unit(rest[12] - rest[0]) @ -down) > _ABOVE


def find_up(joints: FloatArray, rest: FloatArray | None, fps: float) -> UpAxis:
    """Find the up axis of a clip.

    A body that stands at rest stands along the up axis. Only where it then never stands still on anything,
    though it would along another axis, upright, is the rest pose in other axes than the motion; this is how
    pose estimators write it. Without a rest pose that stands the motion alone decides.

    Args:
        joints: `(frames, 22, 3)` in the file's axes and unit.
        rest: `(22, 3)` at rest, or None if it does not stand.
        fps: frames a second.
    """
    trunk = unit(joints[:, 12] - joints[:, 0])
    along = {name: float((trunk @ axis).mean()) for name, axis in AXES.items()}
    carried = {name: _carried(joints, axis, fps) for name, axis in AXES.items()}
    standing = max(along, key=lambda name: along[name] + carried[name])
    at_rest = None if rest is None else _axis_at_rest(rest)
    if at_rest is None:
        clear = standing == "+y" and along[standing] > _UPRIGHT
        return UpAxis(standing, "" if clear else f"{standing} is assumed to be up, from the motion")
    if standing == at_rest or along[at_rest] > _LYING:
        return UpAxis(at_rest, "")
    if along[standing] > _UPRIGHT and carried[standing] > _CARRIED and carried[at_rest] < _NOT_CARRIED:
        return UpAxis(
            standing, f"{standing} is assumed to be up, along which it moves, though it rests along {at_rest}"
        )
    return UpAxis(at_rest, f"{at_rest} is assumed to be up, as at rest: the body mostly lies or hangs")


def turn_to_y(axis: str) -> FloatArray:
    """The rotation `(3, 3)` that turns an axis of `AXES` to +Y, about another axis."""
    up = AXES[axis]
    if axis == "-y":
        return np.diag((1.0, -1.0, -1.0))
    if axis == "+y":
        return np.eye(3)
    side = np.cross(up, AXES["+y"])  # stays
    return np.outer(side, side) + np.outer(AXES["+y"], up) - np.outer(up, AXES["+y"])


def _legs_down(rest: FloatArray) -> FloatArray:
    return unit(unit(rest[7] - rest[1]) + unit(rest[8] - rest[2]))


def _axis_at_rest(rest: FloatArray) -> str | None:
    up = -_legs_down(rest)
    axis = max(AXES, key=lambda name: float(up @ AXES[name]))
    return axis if up @ AXES[axis] > _ALONG_AXIS else None


def _carried(joints: FloatArray, axis: FloatArray, fps: float) -> float:
    """Part of the time that some joint other than neck and head stands still on the floor."""
    body = float(np.median(np.linalg.norm(joints[:, 12] - joints[:, 0], axis=-1))) * 3
    heights = joints @ axis
    low = heights - np.percentile(heights.min(axis=1), 5) < _FLOOR * body
    if len(joints) < 2:
        return 1.0
    speeds = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * fps
    return float((low[1:] & (speeds < _STILL * body))[:, _CARRIERS].any(axis=1).mean())
