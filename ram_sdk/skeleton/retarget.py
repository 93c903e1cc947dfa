"""From captured joints of any proportions to HumanML3D's uniform skeleton.

Trunk and arm bones keep the captured directions; pelvis and chest are rigid, as in HumanML3D; the legs are
solved so that each foot follows the captured foot, scaled by the ratio of the leg lengths. Bone directions
alone would let planted feet slide wherever thigh and shin have other proportions than the capture's.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS

FloatArray = NDArray[np.float64]

_LENGTH = (0.0, *UNIFORM_BONE_LENGTHS)  # bone into joint j
_UP = np.array((0.0, 1.0, 0.0))

_LEFT_HIP, _RIGHT_HIP = HUMANML3D.left_hip, HUMANML3D.right_hip
_LEFT_SHOULDER, _RIGHT_SHOULDER = HUMANML3D.left_shoulder, HUMANML3D.right_shoulder
_SPINE = tuple(HUMANML3D.index(name) for name in ("spine1", "spine2", "spine3"))
_NECK, _HEAD = HUMANML3D.index("neck"), HUMANML3D.index("head")

# Measured on HumanML3D's sample clip 012314: unit directions from the pelvis (hips, spine1) and from spine3
# (neck, collars) in the frame of `_frames`, and the median place of the shoulders seen from the neck.
_PELVIS_FAN = {
    _LEFT_HIP: (0.52649, -0.83737, -0.14706),
    _RIGHT_HIP: (-0.60332, -0.78548, -0.13795),
    _SPINE[0]: (0.02493, 0.99303, -0.11521),
}
_CHEST_FAN = {
    _NECK: (-0.03038, 0.99954, 0.0),
    HUMANML3D.index("left_collar"): (0.48105, 0.86975, -0.11008),
    HUMANML3D.index("right_collar"): (-0.54159, 0.83399, -0.10555),
}
_SHOULDERS = {_LEFT_SHOULDER: (0.1950, -0.1007, 0.0130), _RIGHT_SHOULDER: (-0.1950, -0.1007, 0.0130)}

# How far along the line hips - spine - neck the joints spine1, spine2 and spine3 lie on the uniform skeleton.
_TRUNK = np.cumsum((0.2172, _LENGTH[_SPINE[1]], _LENGTH[_SPINE[2]], _LENGTH[_NECK]))
TRUNK_LENGTH = float(_TRUNK[3])
TRUNK_FRACTIONS: tuple[float, ...] = tuple(_TRUNK[:3] / TRUNK_LENGTH)

_MAX_REACH = 0.9995  # of the leg's length: a fully straight knee has no bending plane
_KNEE_FORWARD = 0.05  # weight of "knees point forward" where the captured leg is straight


def mirror(joints: FloatArray) -> FloatArray:
    """Mirror left and right: positions `(..., 22, 3)` with x negated and paired joints swapped."""
    return np.asarray(joints[..., HUMANML3D.mirrored, :] * np.array((-1.0, 1.0, 1.0)))


def leg_scale(captured: FloatArray) -> float:
    """Metres of the uniform skeleton per unit of the capture: ratio of the mean leg lengths."""
    lengths = [
        np.median(_norm(captured[:, child] - captured[:, parent]))
        for leg in HUMANML3D.legs
        for parent, child in pairwise(leg[:3])
    ]
    return float(sum(_LENGTH[joint] for leg in HUMANML3D.legs for joint in leg[1:3]) / np.sum(lengths))


def retarget(captured: FloatArray) -> FloatArray:
    """Move a capture onto the uniform skeleton.

    Args:
        captured: `(frames, 22, 3)` captured joints in HumanML3D's order, Y up, any unit. The pelvis is
            the middle of the hips, spine1 to spine3 are points of the trunk at `TRUNK_FRACTIONS`, the
            neck is where the arms' frame hangs; collars are not read.

    Returns:
        Positions of the same shape in metres, in the capture's place and heading, whose bones have
        exactly the lengths of `UNIFORM_BONE_LENGTHS`.

    Raises:
        ValueError: a position is not finite, or a leg has no length.
    """
    if not np.isfinite(captured).all():
        raise ValueError("the capture holds positions that are not finite")
    scale = leg_scale(captured)
    if not np.isfinite(scale):
        raise ValueError("the captured legs have no length")
    out = np.empty_like(captured)
    pelvis_frame = _place_pelvis(captured, scale, out)
    _place_trunk(captured, scale, out)
    for leg in HUMANML3D.legs:
        _place_leg(captured, leg, pelvis_frame[..., 2], out)
    for arm in HUMANML3D.arms:
        for parent, child in pairwise(arm):
            _place_along(captured, parent, child, out)
    return out


def _norm(vectors: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors `(..., 3)` scaled to length 1; zero vectors stay zero."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _frames(across: FloatArray, up: FloatArray) -> FloatArray:
    """Rotations `(frames, 3, 3)` whose columns are left, up and forward; `across` wins over `up`."""
    left = unit(across)
    forward = unit(np.cross(left, up))
    return np.stack((left, np.cross(forward, left), forward), axis=-1)


def _place_along(captured: FloatArray, parent: int, child: int, out: FloatArray) -> None:
    out[:, child] = out[:, parent] + _LENGTH[child] * unit(captured[:, child] - captured[:, parent])


def _place_pelvis(captured: FloatArray, scale: float, out: FloatArray) -> FloatArray:
    """Pelvis, hips and spine1; the middle of the hips follows the captured one."""
    frames = _frames(
        captured[:, _LEFT_HIP] - captured[:, _RIGHT_HIP], captured[:, _SPINE[0]] - captured[:, 0]
    )
    fan = {joint: _LENGTH[joint] * unit(np.array(direction)) for joint, direction in _PELVIS_FAN.items()}
    out[:, 0] = captured[:, 0] * scale - frames @ ((fan[_LEFT_HIP] + fan[_RIGHT_HIP]) / 2)
    for joint, reach in fan.items():
        out[:, joint] = out[:, 0] + frames @ reach
    return frames


def _place_trunk(captured: FloatArray, scale: float, out: FloatArray) -> None:
    """Spine, neck, head, collars and shoulders."""
    for parent, child in pairwise(_SPINE):
        _place_along(captured, parent, child, out)
    frames = _frames(
        captured[:, _LEFT_SHOULDER] - captured[:, _RIGHT_SHOULDER],
        captured[:, _NECK] - captured[:, _SPINE[2]],
    )
    for joint, direction in _CHEST_FAN.items():
        out[:, joint] = out[:, _SPINE[2]] + frames @ (_LENGTH[joint] * unit(np.array(direction)))
    _place_along(captured, _NECK, _HEAD, out)
    for shoulder in (_LEFT_SHOULDER, _RIGHT_SHOULDER):
        collar = HUMANML3D.parents[shoulder]
        seen = np.einsum("tba,tb->ta", frames, captured[:, shoulder] - captured[:, _NECK]) * scale
        moved = seen - np.median(seen, axis=0)
        target = out[:, _NECK] + np.einsum("tab,tb->ta", frames, moved + np.array(_SHOULDERS[shoulder]))
        out[:, shoulder] = out[:, collar] + _LENGTH[shoulder] * unit(target - out[:, collar])


def _place_leg(captured: FloatArray, leg: tuple[int, ...], forward: FloatArray, out: FloatArray) -> None:
    """Knee, ankle and toe: the ankle keeps the captured height, the toe the captured ground track."""
    hip, knee, ankle, toe = leg
    thigh, shin, foot = _LENGTH[knee], _LENGTH[ankle], _LENGTH[toe]
    bones = [np.median(_norm(captured[:, b] - captured[:, a])) for a, b in pairwise(leg)]
    scale = (thigh + shin) / (bones[0] + bones[1])
    toes_out = unit(captured[:, toe] - captured[:, ankle])
    hips = (out[:, _LEFT_HIP] + out[:, _RIGHT_HIP]) / 2
    target = hips + scale * (captured[:, ankle] - captured[:, 0])
    target -= (foot - scale * bones[2]) * (toes_out - toes_out[:, 1:2] * _UP)

    reach = target - out[:, hip]
    line = unit(reach)
    distance = np.clip(_norm(reach), abs(thigh - shin) + 1e-3, _MAX_REACH * (thigh + shin))
    bend = unit(captured[:, knee] - captured[:, hip]) + _KNEE_FORWARD * forward
    bend = unit(bend - (bend * line).sum(-1, keepdims=True) * line)
    along = (distance**2 + thigh**2 - shin**2) / (2 * distance)
    aside = np.sqrt(np.maximum(thigh**2 - along**2, 0.0))
    out[:, knee] = out[:, hip] + along[:, None] * line + aside[:, None] * bend
    out[:, ankle] = out[:, hip] + distance[:, None] * line
    out[:, toe] = out[:, ankle] + foot * toes_out
