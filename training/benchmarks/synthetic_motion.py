"""Smooth, natural-looking motion with known joint rotations, made of sine waves."""

import math

import torch
from torch import Tensor

from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets

# Joint: mean and amplitude of its rotation about x, y and z, degrees, as in everyday movement.
_RANGES = {
    "pelvis": ((0, 8), (0, 40), (0, 6)),
    "left_hip": ((-20, 30), (0, 6), (4, 8)),
    "right_hip": ((-20, 30), (0, 6), (-4, 8)),
    "left_knee": ((40, 38), (0, 2), (0, 1)),
    "right_knee": ((40, 38), (0, 2), (0, 1)),
    "left_ankle": ((0, 14), (0, 4), (0, 5)),
    "right_ankle": ((0, 14), (0, 4), (0, 5)),
    "spine1": ((6, 8), (0, 5), (0, 4)),
    "spine2": ((4, 6), (0, 5), (0, 4)),
    "spine3": ((2, 5), (0, 5), (0, 4)),
    "neck": ((6, 10), (0, 8), (0, 6)),
    "left_collar": ((0, 2), (0, 6), (0, 7)),
    "right_collar": ((0, 2), (0, 6), (0, 7)),
    "left_shoulder": ((0, 6), (-20, 30), (-55, 25)),
    "right_shoulder": ((0, 6), (20, 30), (55, 25)),
    "left_elbow": ((0, 4), (-45, 40), (0, 4)),
    "right_elbow": ((0, 4), (45, 40), (0, 4)),
}


def natural_poses(frames: int, seed: int = 0) -> PoseSequence:
    """A body that walks and swings its limbs, with its joint rotations; float64, 20 fps."""
    random = torch.Generator().manual_seed(seed)
    time = torch.arange(frames, dtype=torch.float64)[:, None] / 20.0
    angles = torch.zeros(frames, HUMANML3D.num_joints, 3, dtype=torch.float64)
    for name, ranges in _RANGES.items():
        middle, amplitude = torch.tensor(ranges, dtype=torch.float64).unbind(-1)
        rate = 0.3 + 0.7 * torch.rand(3, generator=random, dtype=torch.float64)
        phase = 2 * math.pi * torch.rand(3, generator=random, dtype=torch.float64)
        wave = torch.sin(2 * math.pi * rate * time + phase)
        angles[:, HUMANML3D.joint_names.index(name)] = torch.deg2rad(middle + amplitude * wave)
    root = torch.cat((0.3 * torch.sin(time), 0.9 + 0.03 * torch.sin(9 * time), 0.8 * time), dim=-1)
    return PoseSequence(axis_angle_to_matrix(angles), root, canonical_offsets())


def angle_between(a: Tensor, b: Tensor) -> Tensor:
    """Degrees between rotation matrices `(..., 3, 3)`."""
    cosine = ((a.double() * b.double()).sum((-2, -1)) - 1) / 2
    sine = (a.double() - b.double()).square().sum((-2, -1)).sqrt() / math.sqrt(8)  # of half the angle
    return torch.rad2deg(torch.where(cosine > 0.9, 2 * sine.clamp(max=1).asin(), cosine.clamp(-1, 1).acos()))
