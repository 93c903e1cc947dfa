"""Small walks, waves and stands on the uniform skeleton."""

import numpy as np
import torch

from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.kinematics import canonical_offsets, forward_kinematics

_LEFT, _RIGHT = (1, 4, 16, 18), (2, 5, 17, 19)  # hip, knee, shoulder, elbow


def _positions(turns: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Joints of rotation vectors `(frames, 22, 3)`, each frame put onto the floor."""
    rotations = axis_angle_to_matrix(torch.from_numpy(turns))
    joints = forward_kinematics(rotations, torch.from_numpy(root), canonical_offsets())[0].numpy()
    joints[..., 1] -= joints[..., 1].min(axis=1, keepdims=True)
    return joints


def _lowered_arms(frames: int) -> np.ndarray:
    turns = np.zeros((frames, 22, 3))
    turns[:, 16, 2], turns[:, 17, 2] = -1.35, 1.35
    return turns


def standing(frames: int = 60) -> np.ndarray:
    """Standing with lowered arms that sway by a few millimetres."""
    turns = _lowered_arms(frames)
    turns[:, 16, 2] += 0.01 * np.sin(np.arange(frames) / 6)
    return _positions(turns, np.zeros((frames, 3)))


def waving(frames: int = 90, waves: int = 3) -> np.ndarray:
    """Standing, raising the left hand, swinging it out and in, and lowering it."""
    turns = _lowered_arms(frames)
    u = np.arange(frames) / (frames - 1)
    up = np.clip(np.minimum(u, 1 - u) / 0.2, 0, 1)
    swing = np.where((u > 0.2) & (u < 0.8), np.sin((u - 0.2) / 0.6 * waves * 2 * np.pi), 0.0)
    turns[:, 16, 2] += up * 1.7
    turns[:, 18, 2] += up * 0.9 + 0.5 * swing
    return _positions(turns, np.zeros((frames, 3)))


def walking(frames: int = 100, stride: float = 0.8, period: int = 20) -> np.ndarray:
    """A walk towards +Z whose standing foot does not slide: legs swing, and the root follows that foot."""
    turns = _lowered_arms(frames)
    phase = 2 * np.pi * np.arange(frames) / period
    for (hip, knee, shoulder, _), shift in ((_LEFT, 0.0), (_RIGHT, np.pi)):
        turns[:, hip, 0] = -0.35 * stride * np.sin(phase + shift)
        turns[:, knee, 0] = 0.5 * np.maximum(0.0, np.cos(phase + shift))
        turns[:, shoulder, 1] = 0.2 * np.sin(phase + shift)
    joints = _positions(turns, np.zeros((frames, 3)))
    standing = (np.cos(phase - np.pi / period) > 0).astype(int)  # the right foot while the left one swings
    feet = joints[:, (7, 8), 2]
    steps = [feet[t - 1, standing[t]] - feet[t, standing[t]] for t in range(1, frames)]
    joints[..., 2] += np.concatenate(([0.0], np.cumsum(steps)))[:, None]
    return joints


def bones_off(joints: np.ndarray) -> float:
    """Largest difference of a bone from the uniform skeleton's, metres."""
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, list(HUMANML3D.parents[1:])], axis=-1)
    return float(np.abs(lengths - np.array(UNIFORM_BONE_LENGTHS)).max())
