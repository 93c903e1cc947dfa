"""Where joints stand and which way they face."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.skeleton.joints import HUMANML3D, Skeleton

Array = NDArray[np.float64]


def facing(joints: Array, skeleton: Skeleton = HUMANML3D) -> Array:
    """Yaw `(...)` that hips and shoulders of bodies `(..., joints, 3)` face: radians from +Z towards +X."""
    across = joints[..., skeleton.left_hip, :] - joints[..., skeleton.right_hip, :]
    across = across + joints[..., skeleton.left_shoulder, :] - joints[..., skeleton.right_shoulder, :]
    return np.asarray(np.arctan2(-across[..., 2], across[..., 0]))


def turn(yaw: float) -> Tensor:
    """The rotation `(3, 3)` about +Y."""
    c, s = np.cos(yaw), np.sin(yaw)
    return torch.tensor([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]], dtype=torch.float64)


def turned(joints: Array, yaw: float) -> Array:
    """Positions `(frames, joints, 3)` turned about the vertical through the root of the first frame."""
    start = joints[0, 0] * (1.0, 0.0, 1.0)
    return np.asarray((joints - start) @ turn(yaw).numpy().T + start)


def apart(joints: Tensor, others: Tensor) -> float:
    """Largest distance of joints `(frames, joints, 3)` from others, wherever those stand and face.

    The others are moved, and turned about the vertical, onto the joints first.
    """
    a, b = (points - points.mean(dim=(0, 1)) for points in (joints, others))
    flat_a, flat_b = (torch.complex(points[..., 0], points[..., 2]) for points in (a, b))
    overlap = (flat_a * flat_b.conj()).sum()
    way = flat_a - flat_b * torch.polar(torch.ones_like(overlap.abs()), overlap.angle())
    return float((way.abs().square() + (a - b)[..., 1].square()).sqrt().max())
