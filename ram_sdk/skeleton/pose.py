"""Joint rotations as numpy arrays, for code that writes or shows them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.geometry import matrix_to_euler, matrix_to_quaternion
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence


@dataclass(frozen=True, eq=False)
class Pose:
    """A motion as joint rotations on a skeleton of fixed size; `PoseSequence` in numpy, read-only.

    Attributes:
        rotations: `(frames, joints, 3, 3)` float32 rotation of each joint relative to its parent, relative to
            the rest pose; that of joint 0 is relative to the world.
        root: `(frames, 3)` float32 position of joint 0, metres.
        offsets: `(joints, 3)` float32 bone into each joint at rest, metres; that of joint 0 is zero.
        parents: parent of each joint, -1 for joint 0.
    """

    rotations: NDArray[np.float32]
    root: NDArray[np.float32]
    offsets: NDArray[np.float32]
    parents: tuple[int, ...] = HUMANML3D.parents

    def __post_init__(self) -> None:
        for name in ("rotations", "root", "offsets"):
            array = getattr(self, name).view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def of(cls, joints: NDArray[np.float32], skeleton: Literal["canonical", "clip"] = "canonical") -> "Pose":
        """Rotations that bring the canonical skeleton, or one with the clip's own bones, to the joints.

        Raises:
            ValueError: joints that are not `(frames, 22, 3)` and finite, or an unknown skeleton.
        """
        return cls.from_tensors(inverse_kinematics(torch.tensor(joints), skeleton))

    @classmethod
    def from_tensors(cls, pose: PoseSequence) -> "Pose":
        """The same pose in numpy."""
        return cls(pose.rotations.numpy(), pose.root.numpy(), pose.offsets.numpy(), pose.parents)

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def tensors(self) -> PoseSequence:
        """The same pose in torch."""
        rotations, root, offsets = map(torch.tensor, (self.rotations, self.root, self.offsets))
        return PoseSequence(rotations, root, offsets, self.parents)

    @property
    def joints(self) -> NDArray[np.float32]:
        """Joint positions `(frames, joints, 3)`, metres."""
        joints: NDArray[np.float32] = self.tensors.joints.numpy()
        return joints

    @property
    def quaternions(self) -> NDArray[np.float32]:
        """Rotations `(frames, joints, 4)` as w, x, y, z, without sign changes between frames."""
        q = matrix_to_quaternion(self.tensors.rotations.double()).numpy()
        flips = np.where((q[1:] * q[:-1]).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
        q[1:] *= np.cumprod(flips, axis=0)
        return q.astype(np.float32)

    def resample(self, source_fps: float, target_fps: float) -> "Pose":
        """The motion at another frame rate, see `PoseSequence.resample`."""
        return Pose.from_tensors(self.tensors.resample(source_fps, target_fps))

    def euler(self, order: str) -> NDArray[np.float64]:
        """Euler angles `(frames, joints, 3)` in radians that jump as little as they can between frames."""
        return least_jumping(matrix_to_euler(self.tensors.rotations.double(), order).numpy())


def least_jumping(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same rotations `(frames, ..., 3)` with the triples of angles that are nearest to the frame before.

    Every rotation has two triples of angles, each up to whole turns.
    """
    other = np.stack((angles[..., 0] + np.pi, np.pi - angles[..., 1], angles[..., 2] + np.pi), axis=-1)
    out: NDArray[np.float64] = angles.copy()
    for frame in range(1, len(out)):
        before = out[frame - 1]
        steps = np.stack((angles[frame] - before, other[frame] - before))
        steps -= 2 * np.pi * np.round(steps / (2 * np.pi))
        nearest = np.abs(steps).max(axis=-1).argmin(axis=0)
        out[frame] = before + np.take_along_axis(steps, nearest[None, ..., None], axis=0)[0]
    return out
