"""Meshes that follow a skeleton: linear blend skinning."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MESH_SUFFIXES = (".obj", ".ply", ".stl")
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

    def save_frames(self, folder: str | os.PathLike[str], suffix: str = ".obj") -> list[Path]:
        """Write every frame as a mesh of its own: `0000.obj`, `0001.obj` and so on.

        Args:
            folder: must not exist yet; it appears when all frames are written.
            suffix: ".obj", ".ply" or ".stl".

        Returns:
            The files, in order.

        Raises:
            ValueError: another suffix.
            FileExistsError: the folder exists.
            OSError: the place cannot be written.
        """
        folder = Path(folder)
        if suffix not in MESH_SUFFIXES:
            raise ValueError(f"suffix {suffix!r}: choose one of {', '.join(MESH_SUFFIXES)}")
        if folder.exists():
            raise FileExistsError(f"cannot write {str(folder)!r}: it exists; name a new folder")
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
            whole = Path(temporary) / "frames"
            whole.mkdir()
            names = [f"{frame:04d}{suffix}" for frame in range(len(self))]
            for frame, name in enumerate(names):
                self.trimesh(frame).export(whole / name)
            whole.replace(folder)
        return [folder / name for name in names]


def skin(
    rest_vertices: Tensor, weights: Tensor, rest_joints: Tensor, rotations: Tensor, positions: Tensor
) -> Tensor:
    """Move vertices with the joints that they are skinned to.

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
