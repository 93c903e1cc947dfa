"""Where a body is and faces: yaw angles about +Y, 0 = facing +Z, a quarter turn = facing +X."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.placing import facing

Array = NDArray[np.float64]

FACING_JOINTS = (
    HUMANML3D.left_hip, HUMANML3D.right_hip, HUMANML3D.left_shoulder, HUMANML3D.right_shoulder
)  # fmt: skip
GROUND = np.array([0, 2])  # x and z
HIPS, SHOULDERS = list(FACING_JOINTS[:2]), list(FACING_JOINTS[2:])
LOWER = [0, 1, 2, 4, 5, 7, 8, 10, 11]
UPPER = [joint for joint in range(HUMANML3D.num_joints) if joint not in LOWER]
SAME = 0.01  # metres within which two constraints on one joint agree
_STEADY = 0.3  # seconds; standard deviation of the mean that takes the sway of steps out of a facing


def pelvis_facing(joints: Array, fps: float) -> Array:
    """Yaw `(frames,)`, radians, of the hips of bodies `(frames, 22, 3)`, without the sway of the steps."""
    hips = joints[:, HUMANML3D.left_hip] - joints[:, HUMANML3D.right_hip]
    direction = gaussian(hips[:, 0] - 1j * hips[:, 2], _STEADY * fps)
    return np.unwrap(np.angle(direction))


def across(joints: Array, pair: Sequence[int]) -> Array:
    """Yaw `(frames,)` of bodies `(frames, 22, 3)` as the hips alone, or the shoulders, face."""
    left, right = (joints[:, joint] for joint in pair)
    return np.asarray(np.arctan2(right[:, 2] - left[:, 2], left[:, 0] - right[:, 0]))


def steady_angle(angle: Array, known: "NDArray[np.bool_]", fps: float) -> Array:
    """Angles `(frames,)` without the sway of the steps, from those frames in which they are known."""
    pointers = np.where(known, np.exp(1j * np.where(known, angle, 0.0)), 0.0)
    steady: Array = np.angle(gaussian(pointers, _STEADY * fps))
    return steady


def turn(yaw: Array, points: Array) -> Array:
    """Turn points `(..., 3)` about +Y by angles `(...)`, which broadcast."""
    cosine, sine = np.cos(yaw), np.sin(yaw)
    x, z = points[..., 0], points[..., 2]
    return np.stack((cosine * x + sine * z, points[..., 1] + 0 * cosine, cosine * z - sine * x), axis=-1)


def wrap(angle: Array) -> Array:
    """The same angle within half a turn of 0."""
    wrapped: Array = (angle + np.pi) % (2 * np.pi) - np.pi
    return wrapped


def steady_facing(joints: Array, fps: float) -> Array:
    """Yaw `(frames,)` without the sway of the steps, continuous over the turn at -Z."""
    direction = np.exp(1j * facing(joints))
    return np.unwrap(np.angle(gaussian(direction, _STEADY * fps)))


def gaussian(signal: "NDArray[Any]", sigma: float) -> "NDArray[Any]":
    """Gaussian mean of `(frames,)` numbers over frames, ends held."""
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.convolve(np.pad(signal, radius, mode="edge"), kernel / kernel.sum(), mode="valid")
