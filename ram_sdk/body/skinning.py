"""Meshes that follow a skeleton: linear blend skinning."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_FRAMES_AT_ONCE = 32  # bounds the memory of the blended transforms to some 10 MB


@dataclass(frozen=True, eq=False)
class MeshSequence:
    """One mesh in motion.

    Attributes:
        vertices: `(frames, vertices, 3)` float32 positions, metres, Y up.
        faces: `(faces, 3)` vertex indices, the same in every frame.
        fps: frames a second.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    fps: float

    def __len__(self) -> int:
        return len(self.vertices)

    def trimesh(self, frame: int) -> Any:
        """One frame as a `trimesh.Trimesh`, with the vertices in their order."""
        import trimesh

        return trimesh.Trimesh(self.vertices[frame], self.faces, process=False)


def skin(
    rest_vertices: Tensor, weights: Tensor, rest_joints: Tensor, rotations: Tensor, positions: Tensor
) -> Tensor:
    """Move vertices with the joints that they hang on.

    Args:
        rest_vertices: `(vertices, 3)` at rest, or `(frames, vertices, 3)` if the rest shape itself moves.
        weights: `(vertices, joints)`, each row adding up to one.
        rest_joints: `(joints, 3)` positions at rest.
        rotations: `(frames, joints, 3, 3)` in the world.
        positions: `(frames, joints, 3)` in the world.

    Returns:
        `(frames, vertices, 3)` positions, of the dtype of `weights`.
    """
    rotations, positions = rotations.to(weights), positions.to(weights)
    shifts = positions - (rotations @ rest_joints.to(weights)[..., None]).squeeze(-1)
    transforms = torch.cat((rotations, shifts[..., None]), dim=-1).flatten(-2)
    rest = rest_vertices.to(weights).expand(len(positions), -1, -1)
    moved = torch.empty_like(rest)
    for start in range(0, len(positions), _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        blended = (weights @ transforms[part]).reshape(*rest[part].shape[:2], 3, 4)
        turned = (blended[..., :3] * rest[part][..., None, :]).sum(-1)
        moved[part] = turned + blended[..., 3]
    return moved
