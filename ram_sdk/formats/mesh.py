"""`.obj`, `.ply`, `.stl`: the body in one frame, as a mesh."""

from pathlib import Path

from ram_sdk.clip import Clip
from ram_sdk.formats.write_options import MeshOptions


def write(motion: Clip, path: Path, options: MeshOptions) -> None:
    """Write one frame as a mesh; for all of them see `MeshSequence.save_frames`.

    Vertices keep their order in `.obj` and `.ply`. For the bodies see `Motion.to_mesh`.

    Raises:
        ValueError: a frame that the motion does not have.
    """
    frame = options.frame
    if not -len(motion) <= frame < len(motion):
        raise ValueError(f"frame {frame}: the motion has frames 0 to {len(motion) - 1}")
    index = frame % len(motion)
    mesh = motion[index : index + 1].to_mesh(options.body, options.model_path)
    mesh.trimesh(0).export(path)
