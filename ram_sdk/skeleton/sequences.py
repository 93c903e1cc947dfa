"""Motions as joint rotations: cutting, placing, blending and comparing them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.geometry import matrix_to_quaternion, quaternion_to_matrix, slerp
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.placing import facing, turn
from ram_sdk.skeleton.smoothing import gaussian

Array = NDArray[np.float64]

SIGNATURE = 6 * HUMANML3D.num_joints  # numbers that describe a pose and how it moves
_MOVING = 0.15  # metres a second of the fastest joint
_TREMBLE = 0.08  # seconds over which paths are smoothed first
_VELOCITY_WEIGHT = 0.1  # seconds: how many metres of distance a metre a second of difference counts as


def pose_of(joints: Array) -> PoseSequence:
    """Rotations of a clip on the uniform skeleton, from positions `(frames, 22, 3)` on that skeleton."""
    return inverse_kinematics(torch.from_numpy(np.asarray(joints, dtype=np.float64)), refine=False)


def positions(pose: PoseSequence) -> Array:
    """Joint positions `(frames, 22, 3)`, metres."""
    return np.asarray(pose.joints.numpy(), dtype=np.float64)


def cut(pose: PoseSequence, start: int, stop: int) -> PoseSequence:
    """The frames from `start` to before `stop`."""
    return PoseSequence(pose.rotations[start:stop], pose.root[start:stop], pose.offsets)


def heading(pose: PoseSequence, frame: int) -> float:
    """Yaw in radians that the pelvis faces in a frame, 0 at +Z, positive to the left."""
    left = pose.rotations[frame, 0, :, 0]
    return float(torch.atan2(-left[2], left[0]))


def place(pose: PoseSequence, yaw: float, ground: Tensor) -> PoseSequence:
    """Turn a motion about the vertical axis through the origin, then move it by `ground` `(3,)`."""
    rotations = pose.rotations.clone()
    rotations[:, 0] = turn(yaw) @ rotations[:, 0]
    return PoseSequence(rotations, pose.root @ turn(yaw).T + ground, pose.offsets)


def blend_rotations(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """Between rotations `(frames, joints, 3, 3)` the short way; weights `(frames,)`, 1 is `b`."""
    between = slerp(matrix_to_quaternion(a), matrix_to_quaternion(b), weight[:, None])
    return quaternion_to_matrix(between)


def smooth_step(u: Array) -> Array:
    """Rises from 0 to 1 with level ends; held outside."""
    u = np.clip(u, 0.0, 1.0)
    return np.asarray(u * u * (3 - 2 * u))


def moving_span(joints: Array, fps: float, kept: float) -> tuple[int, int]:
    """First frame and one past the last in which a joint moves; the whole clip where none does.

    Args:
        joints: `(frames, joints, 3)` positions, metres.
        fps: frames a second.
        kept: seconds of stillness kept on both sides.
    """
    if len(joints) < 2:
        return 0, len(joints)
    paths = gaussian(joints, _TREMBLE, fps)
    speed = np.linalg.norm(np.diff(paths, axis=0), axis=-1).max(axis=-1) * fps
    moving = np.flatnonzero(speed > _MOVING)
    if not len(moving):
        return 0, len(joints)
    margin = round(min(kept * fps, len(joints)))
    return max(0, int(moving[0]) - margin), min(len(joints), int(moving[-1]) + 2 + margin)


def signatures(joints: Array, fps: float = HUMANML3D.fps) -> Array:
    """Pose and velocity, independent of place and heading: `(frames, 132)`.

    The distance between two signatures, divided by sqrt(22), is in metres.
    """
    yaw = facing(joints)
    c, s, o, i = np.cos(yaw), np.sin(yaw), np.zeros_like(yaw), np.ones_like(yaw)
    axes = np.stack((c, o, s, o, i, o, -s, o, c), axis=-1).reshape(-1, 3, 3)  # local = world @ axes
    velocity = np.gradient(joints, axis=0) * fps
    centred = joints - joints[:, :1] * (1.0, 0.0, 1.0)
    both = np.concatenate((centred, _VELOCITY_WEIGHT * velocity), axis=1)
    return np.asarray((both @ axes).reshape(len(joints), -1))


def distances(a: Array, b: Array) -> Array:
    """Distances in metres between signatures `(n, 132)` and `(m, 132)`: `(n, m)`."""
    squares = (a**2).sum(-1)[:, None] + (b**2).sum(-1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / HUMANML3D.num_joints))
