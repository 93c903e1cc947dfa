"""Joint positions to HumanML3D's redundant features (263 numbers a frame; KIT-ML 251) and back.

Layout of one frame, J joints (Guo et al., 2022):

    0                     yaw velocity of the root, *half* the angle a frame in radians
    1:3                   root velocity along x and z a frame, in the heading of the next frame
    3                     root height
    4 : 4+3(J-1)          joint positions relative to the root's ground point, heading removed
    ... + 6(J-1)          joint rotations, first two columns of each matrix (see `_joint_rotations`)
    ... + 3J              joint velocities a frame, heading removed
    ... + 4               ground contacts: left ankle, left toe, right ankle, right toe

The data set's quirks are kept, because its statistics, evaluators and checkpoints contain them: the
heading is smoothed over time, hips and shoulders enter it with opposite signs, the heading of frame 0 is
forced to zero, and each limb's rotations start again from the root. One is corrected: where a turn passes
-Z the data set's code takes the yaw velocity of one frame with the wrong sign, so its features do not decode
to the joints that they were made from.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.geometry import (
    matrix_to_6d,
    quaternion_between,
    quaternion_conjugate,
    quaternion_multiply,
    quaternion_to_matrix,
    rotate,
    yaw_quaternion,
)
from ram_sdk.skeleton.joints import HUMANML3D, Skeleton

_HEADING_SIGMA = 20.0  # frames; standard deviation of the Gaussian that smooths the heading
_HEADING_RADIUS = 80  # frames; the Gaussian is cut at four standard deviations


def canonicalize(joints: Tensor, skeleton: Skeleton = HUMANML3D) -> Tensor:
    """Put a clip on the floor, start it at the origin and turn its first frame towards +Z.

    Args:
        joints: `(..., frames, joints, 3)` positions, Y up, any heading and place.
        skeleton: the joint tree.

    Returns:
        Positions of the same shape: lowest point of the clip at y = 0, root of frame 0 above the
        origin, frame 0 facing +Z.
    """
    floor = joints[..., 1].amin(dim=(-2, -1))
    start = joints[..., 0, 0, :]
    origin = torch.stack((start[..., 0], floor, start[..., 2]), dim=-1)
    joints = joints - origin[..., None, None, :]
    first = joints[..., 0, :, :]
    across = (
        first[..., skeleton.right_hip, :]
        - first[..., skeleton.left_hip, :]
        + first[..., skeleton.right_shoulder, :]
        - first[..., skeleton.left_shoulder, :]
    )
    turn = _turn_to_z(_forward(across))
    return rotate(turn[..., None, None, :], joints)


def encode_joints(joints: Tensor, skeleton: Skeleton = HUMANML3D, heading: Tensor | None = None) -> Tensor:
    """Joint positions to feature vectors.

    Args:
        joints: `(..., frames, joints, 3)` positions, already canonical (see `canonicalize`); at least 2
            frames.
        skeleton: the joint tree.
        heading: `(..., frames)` yaw of each frame's axes, radians from +Z towards +X. Any that turns by less
            than half a turn a frame decodes to the joints as frame 0 sees them, so that a part of a clip can
            keep its own. Default: the smoothed heading of the data set, 0 at frame 0.

    Returns:
        `(..., frames - 1, skeleton.num_features)`: velocities need a following frame, so the last one
        has no vector of its own.

    Raises:
        ValueError: the joints do not fit the skeleton, or there are fewer than two frames.
    """
    if joints.shape[-2:] != (skeleton.num_joints, 3) or joints.dim() < 3 or joints.shape[-3] < 2:
        raise ValueError(
            f"joints of shape {tuple(joints.shape)}: expected (..., frames >= 2, {skeleton.num_joints}, 3) "
            f"for the {skeleton.name} skeleton"
        )
    axes = _smoothed_heading(joints, skeleton) if heading is None else yaw_quaternion(-0.5 * heading)
    now, after = axes[..., :-1, :], axes[..., 1:, :]
    step = joints[..., 1:, :, :] - joints[..., :-1, :, :]

    turn = quaternion_multiply(after, quaternion_conjugate(now))
    yaw_velocity = torch.asin(torch.where(turn[..., :1] < 0, -turn, turn)[..., 2:3].clamp(-1.0, 1.0))
    root_velocity = rotate(after, step[..., 0, :])[..., (0, 2)]
    height = joints[..., :-1, 0, 1:2]
    ground_point = joints[..., :-1, :1, :] * joints.new_tensor((1.0, 0.0, 1.0))
    local = rotate(now[..., None, :], joints[..., :-1, 1:, :] - ground_point[..., :1, :])
    rotations = _joint_rotations(joints, axes, skeleton)[..., :-1, :, :]
    velocities = rotate(now[..., None, :], step)
    feet = (*skeleton.left_foot, *skeleton.right_foot)
    contacts = step[..., feet, :].square().sum(-1) < skeleton.contact_threshold
    return torch.cat(
        (
            yaw_velocity,
            root_velocity,
            height,
            local.flatten(-2),
            rotations.flatten(-2),
            velocities.flatten(-2),
            contacts.to(joints.dtype),
        ),
        dim=-1,
    )


def decode_features(features: Tensor, skeleton: Skeleton = HUMANML3D) -> Tensor:
    """Feature vectors to joint positions; only the root and local positions are read.

    Args:
        features: `(..., frames, skeleton.num_features)`, in real units (not normalised).
        skeleton: the joint tree.

    Returns:
        `(..., frames, joints, 3)` positions, Y up, facing +Z and above the origin at frame 0.

    Raises:
        ValueError: the feature width does not fit the skeleton.
    """
    if features.shape[-1] != skeleton.num_features:
        raise ValueError(
            f"features of width {features.shape[-1]}: the {skeleton.name} skeleton has "
            f"{skeleton.num_features} features a frame"
        )
    half_yaw = _exclusive_cumsum(features[..., 0])
    to_world = quaternion_conjugate(yaw_quaternion(half_yaw))
    velocity = F.pad(features[..., :-1, 1:3], (0, 0, 1, 0))
    flat_velocity = torch.stack(
        (velocity[..., 0], torch.zeros_like(velocity[..., 0]), velocity[..., 1]), dim=-1
    )
    ground = rotate(to_world, flat_velocity).cumsum(dim=-2)
    root = ground + F.pad(features[..., 3:4], (1, 1))
    local = features[..., 4 : 1 + 3 * skeleton.num_joints]
    local = local.reshape(*features.shape[:-1], skeleton.num_joints - 1, 3)
    others = rotate(to_world[..., None, :], local) + ground[..., None, :]
    return torch.cat((root[..., None, :], others), dim=-2)


def decode_heading(features: Tensor) -> Tensor:
    """Yaw `(..., frames)` of the axes that features are given in, radians from +Z towards +X, 0 at first."""
    return -2.0 * _exclusive_cumsum(features[..., 0])


def with_joints(features: Tensor, joints: Tensor, heading: Tensor | None = None) -> Tensor:
    """Features of a motion whose joints were changed: the difference that the change makes is added to them.

    Otherwise, numbers that `decode_features` does not read stay the model's own: recomputed from the joints
    at every sampling step, they make a motion jitter.

    Args:
        features: `(frames, 263)` in real units, of the motion before.
        joints: `(frames, 22, 3)` after, metres; their place on the floor does not count.
        heading: `(frames,)` yaw of the axes after, radians; default: as before.

    Returns:
        Features shaped alike, float64.
    """
    exact = features.double()
    yaw = decode_heading(exact)
    places = torch.stack([_continued(decode_features(exact)), _continued(joints.double())])
    yaws = torch.stack([_continued(yaw), _continued(yaw if heading is None else heading.double())])
    before, after = encode_joints(places, heading=yaws)
    changed: Tensor = exact + (after - before)
    return changed


def _continued(signal: Tensor) -> Tensor:
    """One more frame, extrapolated from the last two: features hold velocities."""
    return torch.cat((signal, 2 * signal[-1:] - signal[-2:-1]))


def _forward(across: Tensor) -> Tensor:
    """Horizontal direction `(..., 3)` that a body faces whose left-to-right direction is `across`."""
    up = across.new_tensor((0.0, 1.0, 0.0)).expand_as(across)
    return F.normalize(torch.linalg.cross(up, F.normalize(across, dim=-1)), dim=-1)


def _turn_to_z(forward: Tensor) -> Tensor:
    return quaternion_between(forward, forward.new_tensor((0.0, 0.0, 1.0)).expand_as(forward))


def _smoothed_heading(joints: Tensor, skeleton: Skeleton) -> Tensor:
    """Rotations `(..., frames, 4)` that turn each frame's smoothed heading to +Z."""
    across = (
        joints[..., skeleton.left_hip, :]
        - joints[..., skeleton.right_hip, :]
        + joints[..., skeleton.right_shoulder, :]
        - joints[..., skeleton.left_shoulder, :]
    )
    up = across.new_tensor((0.0, 1.0, 0.0)).expand_as(across)
    forward = torch.linalg.cross(up, F.normalize(across, dim=-1))
    heading = _turn_to_z(F.normalize(_smooth(forward), dim=-1))
    heading[..., 0, :] = heading.new_tensor((1.0, 0.0, 0.0, 0.0))
    return heading


def _smooth(signal: Tensor) -> Tensor:
    """Gaussian smoothing of `(..., frames, 3)` over frames, ends held."""
    offsets = torch.arange(-_HEADING_RADIUS, _HEADING_RADIUS + 1, dtype=signal.dtype, device=signal.device)
    kernel = torch.exp(-0.5 * (offsets / _HEADING_SIGMA) ** 2)
    rows = signal.transpose(-1, -2).reshape(-1, 1, signal.shape[-2])
    padded = F.pad(rows, (_HEADING_RADIUS, _HEADING_RADIUS), mode="replicate")
    smooth = F.conv1d(padded, (kernel / kernel.sum())[None, None])
    return smooth.reshape(signal.transpose(-1, -2).shape).transpose(-1, -2)


def _joint_rotations(joints: Tensor, heading: Tensor, skeleton: Skeleton) -> Tensor:
    """Rotations `(..., frames, joints - 1, 6)`: swing of each bone from its axis-aligned rest direction.

    Entry j turns the bone *into* j, twist about the bone is absent, and each chain starts from the
    root's heading: these are the data set's numbers, not a pose that SMPL understands.
    """
    local: dict[int, Tensor] = {}
    for chain in skeleton.chains:
        parent_rotation = heading
        for parent, child in pairwise(chain):
            rest = joints.new_tensor(skeleton.rest_directions[child], dtype=joints.dtype)
            bone = F.normalize(joints[..., child, :] - joints[..., parent, :], dim=-1)
            world = quaternion_between(rest.expand_as(bone), bone)
            local[child] = quaternion_multiply(quaternion_conjugate(parent_rotation), world)
            parent_rotation = quaternion_multiply(parent_rotation, local[child])
    matrices = quaternion_to_matrix(
        torch.stack([local[joint] for joint in range(1, skeleton.num_joints)], dim=-2)
    )
    return matrix_to_6d(matrices)


def _exclusive_cumsum(x: Tensor) -> Tensor:
    return F.pad(x[..., :-1].cumsum(dim=-1), (1, 0))
