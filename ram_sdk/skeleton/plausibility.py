"""Plausibility of joint positions in files that do not state unit, axes or which side is left.

`Motion.load`, fine-tuning and the check of data sets judge positions by these rules and no others.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS, Skeleton
from ram_sdk.skeleton.upright import AXES

Array = NDArray[np.float64]

_LEGS = (0.25, 1.8)  # metres from hip to ankle along the bones, of bodies of any size
_USUAL_LEGS = (0.4, 1.2)  # ... and of people
_UNITS = {1.0: "metres", 100.0: "centimetres", 1000.0: "millimetres"}
_BONES_OFF = 0.3  # median relative difference of bones beyond which features are not in real units
_LIES = 0.5  # mean cosine of trunk and +Y below which a body does not stand
_STANDS = 0.75  # ... and above which it does
_FLOOR = 0.06  # metres: joints that are lower are on the floor
_STILL = 0.3  # metres a second: joints that are slower stand
_OFF_FLOOR = 0.15  # metres of the lowest joint from y = 0 in a clip that no floor carries
_CARRIED = 0.3  # part of the frames in which a foot stands
_UPRIGHT = 0.7  # of the highest pelvis: frames in which the body is upright
_ANKLE_DOWN = 0.2  # metres above the lowest joint: the foot stands
_TOES_BACK = -0.3  # median part of the feet's direction along the heading; standing bodies have about 0.8
_ENOUGH = 1.0  # seconds of standing, of both feet together, that show where toes point


class Fault(NamedTuple):
    """A contradiction in positions: `kind` is "unit", "up" or "sides"; `text` says what was seen.

    `certain` is False where a person could move like this, or no correction is known. Otherwise
    `up` is the axis that is up instead, and `scale` what brings the positions to their unit.
    """

    kind: str
    text: str
    certain: bool = True
    up: str = "+y"
    scale: float = 1.0


def faults(joints: NDArray[np.floating], fps: float, skeleton: Skeleton = HUMANML3D) -> list[Fault]:
    """Everything that contradicts positions in the skeleton's unit, Y up, with left on the left.

    Args:
        joints: `(frames, joints, 3)` positions.
        fps: frames a second.
        skeleton: whose joints they are; its unit is expected.
    """
    positions = joints.astype(np.float64) / skeleton.metre
    if fault := _unit(positions, skeleton):
        return [fault]
    if fault := _up(positions, fps, skeleton):
        return [fault]
    return [fault] if (fault := _sides(positions, fps, skeleton)) else []


def forward(joints: Array, skeleton: Skeleton) -> Array:
    """Horizontal direction `(frames, 3)` that hips and shoulders face."""
    left = joints[:, skeleton.left_hip] + joints[:, skeleton.left_shoulder]
    right = joints[:, skeleton.right_hip] + joints[:, skeleton.right_shoulder]
    ahead = np.cross(left - right, (0.0, 1.0, 0.0))
    return np.asarray(ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9))


def check_real_units(joints: NDArray[np.floating], skeleton: Skeleton) -> None:
    """Check that decoded features are in real units.

    Args:
        joints: `(frames, joints, 3)` that the features decode to.
        skeleton: whose joints they are.

    Raises:
        ValueError: the bone lengths are impossible: the features are normalised, or in another unit.
    """
    positions = joints.astype(np.float64) / skeleton.metre
    if skeleton is HUMANML3D:
        bones = np.median(_lengths(positions, skeleton), axis=0)
        off = float(np.median(np.abs(bones / np.array(UNIFORM_BONE_LENGTHS) - 1.0)))
        wrong = off > _BONES_OFF
    else:
        wrong = not _LEGS[0] < _leg_length(positions, skeleton) < _LEGS[1]
    if wrong:
        raise ValueError(
            "the features decode to impossible bone lengths: they look normalised; multiply them by Std.npy "
            "and add Mean.npy first"
        )


def _lengths(positions: Array, skeleton: Skeleton) -> Array:
    """Bones `(frames, joints - 1)` into joints 1 and up."""
    bones = positions[:, 1:] - positions[:, list(skeleton.parents[1:])]
    return np.asarray(np.linalg.norm(bones, axis=-1))


def _leg_length(positions: Array, skeleton: Skeleton) -> float:
    """Median length of thigh and shin together, mean of both legs."""
    bones = np.median(_lengths(positions, skeleton), axis=0)
    return float(sum(bones[joint - 1] for leg in skeleton.legs for joint in leg[1:3]) / 2)


def _unit(positions: Array, skeleton: Skeleton) -> Fault | None:
    leg = _leg_length(positions, skeleton)
    if _LEGS[0] < leg < _LEGS[1]:
        return None
    if leg == 0:
        return Fault("unit", "the legs have no length: there is no body in it", certain=False)
    expected, unit, scale = _UNITS[skeleton.metre], "", 1.0
    for metre, name in _UNITS.items():
        if metre != skeleton.metre and _USUAL_LEGS[0] < leg * skeleton.metre / metre < _USUAL_LEGS[1]:
            unit, scale = name, skeleton.metre / metre
    shown = f"the legs are {leg * skeleton.metre:.3g} long, where positions are in {expected}"
    if not unit:
        return Fault("unit", f"{shown}: scale them to a person's size", certain=False)
    return Fault("unit", f"{shown}: they look like {unit}", scale=scale)


def _up(positions: Array, fps: float, skeleton: Skeleton) -> Fault | None:
    """Another axis than +Y along which the body stands; none for one that lies on a floor at y = 0."""
    neck = skeleton.index("neck")
    trunk = positions[:, neck] - positions[:, 0]
    trunk = trunk / np.maximum(np.linalg.norm(trunk, axis=-1, keepdims=True), 1e-9)
    along = {name: float((trunk @ axis).mean()) for name, axis in AXES.items()}
    axis = max(along, key=along.__getitem__)
    if axis == "+y" or along["+y"] > _LIES or along[axis] < _STANDS:
        return None
    feet = [*skeleton.left_foot, *skeleton.right_foot]
    stands = _carried(positions, axis, fps)[:, feet].any(axis=-1).mean() > _CARRIED
    lowest = float(np.percentile(positions[..., 1].min(axis=-1), 5))
    lies = _carried(positions, "+y", fps).any(axis=-1).mean() > _CARRIED and abs(lowest) < _OFF_FLOOR
    if lies and not stands:
        return None
    text = f"the body stands along {axis.removeprefix('+')}, not along y"
    return Fault("up", f"{text}, or lies" if lies else text, certain=not lies, up=axis)


def _carried(positions: Array, axis: str, fps: float) -> NDArray[np.bool_]:
    """Which joints stand still on the floor below `axis`: `(frames, joints)`."""
    heights = positions @ AXES[axis]
    low = heights - np.percentile(heights.min(axis=1), 5) < _FLOOR
    if len(positions) < 2:
        return np.asarray(low)
    speed = np.linalg.norm(np.gradient(positions, axis=0), axis=-1) * fps
    return np.asarray(low & (speed < _STILL))


def _sides(positions: Array, fps: float, skeleton: Skeleton) -> Fault | None:
    """Toes of a planted foot point where hips and shoulders face, unless left and right are swapped."""
    upright = positions[:, 0, 1] > _UPRIGHT * max(positions[:, 0, 1].max(), 1.0)
    ahead = forward(positions, skeleton)
    seen = []
    for ankle, toe in (skeleton.left_foot, skeleton.right_foot):
        standing = upright & (positions[:, ankle, 1] - positions[..., 1].min() < _ANKLE_DOWN)
        foot = (positions[:, toe] - positions[:, ankle]) * (1.0, 0.0, 1.0)
        foot = foot / np.maximum(np.linalg.norm(foot, axis=-1, keepdims=True), 1e-9)
        seen.append((foot * ahead).sum(-1)[standing])
    both = np.concatenate(seen)
    if len(both) < _ENOUGH * fps or np.median(both) >= _TOES_BACK:
        return None
    return Fault(
        "sides", "the toes point backwards: left and right joints are swapped, or one axis is mirrored"
    )
