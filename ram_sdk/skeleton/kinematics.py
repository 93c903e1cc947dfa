"""The rest skeleton, poses as joint rotations, and forward kinematics."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.geometry import matrix_to_quaternion, quaternion_to_matrix, slerp
from ram_sdk.skeleton.joints import HUMANML3D, MAX_FRAMES, UNIFORM_BONE_LENGTHS

# Bones into joints 1..21 of HUMANML3D in a T-pose facing +Z: legs straight down, arms straight out, feet
# forward. The fans of pelvis and chest are those of HumanML3D clip 012314 (measured; like its bone lengths
# not quite symmetric); head, feet and spine lean as they do in a relaxed upright stance.
T_POSE_DIRECTIONS: tuple[tuple[float, float, float], ...] = (
    (0.553, -0.830, -0.068), (-0.578, -0.814, -0.062), (-0.007, 0.978, -0.209),
    (0.0, -1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.982, 0.19),
    (0.0, -1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.999, 0.05),
    (0.0, -0.43, 0.9), (0.0, -0.43, 0.9), (-0.05, 0.991, -0.12),
    (0.467, 0.862, -0.198), (-0.554, 0.802, -0.222), (0.0, 0.87, 0.49),
    (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0),
    (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0),
)  # fmt: skip


@dataclass(frozen=True)
class PoseSequence:
    """A motion as joint rotations on a skeleton of fixed size.

    Attributes:
        rotations: `(frames, joints, 3, 3)` rotation of each joint relative to its parent, relative to the
            rest pose; that of joint 0 is relative to the world.
        root: `(frames, 3)` position of joint 0, metres.
        offsets: `(joints, 3)` bone into each joint at rest, metres; that of joint 0 is zero.
        parents: parent of each joint, -1 for joint 0.
    """

    rotations: Tensor
    root: Tensor
    offsets: Tensor
    parents: tuple[int, ...] = HUMANML3D.parents

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def joints(self) -> Tensor:
        """Joint positions `(frames, joints, 3)`, metres."""
        return forward_kinematics(self.rotations, self.root, self.offsets, self.parents)[0]

    def resample(self, source_fps: float, target_fps: float) -> "PoseSequence":
        """The motion at another frame rate: rotations by slerp, the root along straight lines.

        The first frame stays, and the last is at or at most one new frame before the old last one.
        """
        before, after, fraction = resampling(len(self), source_fps, target_fps)
        fraction = fraction.to(self.root)
        quaternions = matrix_to_quaternion(self.rotations)
        between = slerp(quaternions[before], quaternions[after], fraction[:, None])
        root = torch.lerp(self.root[before], self.root[after], fraction[:, None])
        return PoseSequence(quaternion_to_matrix(between), root, self.offsets, self.parents)


def canonical_offsets() -> Tensor:
    """Bones `(22, 3)` of the one T-pose skeleton that HumanML3D's clips share, metres, float64."""
    directions = F.normalize(torch.tensor(T_POSE_DIRECTIONS, dtype=torch.float64), dim=-1)
    bones = directions * torch.tensor(UNIFORM_BONE_LENGTHS, dtype=torch.float64)[:, None]
    return F.pad(bones, (0, 0, 1, 0))


def resampling(frames: int, source_fps: float, target_fps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Where the frames of another rate fall: the frames before and after each, and its place between them.

    Raises:
        ValueError: more than `MAX_FRAMES` frames would be needed.
    """
    if not (frames - 1) * target_fps / source_fps < MAX_FRAMES:
        raise ValueError(
            f"{frames} frames from {source_fps:g} to {target_fps:g} frames a second: that makes more than "
            f"{MAX_FRAMES} frames; choose a lower rate or cut the motion"
        )
    count = int((frames - 1) * target_fps / source_fps + 1e-6) + 1
    times = torch.arange(count, dtype=torch.float64) * (source_fps / target_fps)
    before = (times + 1e-9).long().clamp(max=frames - 1)
    return before, (before + 1).clamp(max=frames - 1), (times - before).clamp(min=0.0)


def children(parents: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The children of each joint, in order."""
    return tuple(
        tuple(joint for joint, parent in enumerate(parents) if parent == of) for of in range(len(parents))
    )


def forward_kinematics(
    rotations: Tensor, root: Tensor, offsets: Tensor, parents: tuple[int, ...] = HUMANML3D.parents
) -> tuple[Tensor, Tensor]:
    """Joint rotations to joint positions.

    Args:
        rotations: `(frames, joints, 3, 3)` relative to the parent.
        root: `(frames, 3)` position of joint 0.
        offsets: `(joints, 3)` bones at rest.
        parents: parent of each joint; every parent precedes its children.

    Returns:
        Positions `(frames, joints, 3)` and world rotations `(frames, joints, 3, 3)`.
    """
    positions, world = [root], [rotations[:, 0]]
    for joint, parent in enumerate(parents[1:], start=1):
        positions.append(positions[parent] + world[parent] @ offsets[joint])
        world.append(world[parent] @ rotations[:, joint])
    return torch.stack(positions, dim=1), torch.stack(world, dim=1)


def local_rotations(world: Tensor, parents: tuple[int, ...] = HUMANML3D.parents) -> Tensor:
    """World rotations `(frames, joints, 3, 3)` to rotations relative to the parent."""
    relative = world[:, list(parents[1:])].mT @ world[:, 1:]
    return torch.cat((world[:, :1], relative), dim=1)
