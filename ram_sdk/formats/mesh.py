"""`.obj`, `.ply`, `.stl`: the body in one frame, as a mesh."""

import os
from pathlib import Path
from typing import Literal

from ram_sdk.motion import Motion


def write(
    motion: Motion,
    path: Path,
    *,
    frame: int = 0,
    body: Literal["embedded", "smpl"] = "embedded",
    model_path: str | os.PathLike[str] | None = None,
) -> None:
    """Write one frame as a mesh; for all of them see `MeshSequence.save_frames`.

    Args:
        motion: a motion of 22 joints.
        path: file to write, ending in .obj, .ply or .stl. Vertices keep their order in .obj and .ply.
        frame: which frame; negative ones count from the end.
        body: see `Motion.to_mesh`.
        model_path: see `Motion.to_mesh`.

    Raises:
        ValueError: a frame that the motion does not have.
    """
    if not -len(motion) <= frame < len(motion):
        raise ValueError(f"frame {frame}: the motion has frames 0 to {len(motion) - 1}")
    index = frame % len(motion)
    mesh = motion[index : index + 1].to_mesh(body, model_path)
    mesh.trimesh(0).export(path)
