"""One module a file format, behind `Motion.save` and `Motion.load`.

A module that can be written has `write(motion, path, **options)`; one that can be read has
`read(path) -> Motion`, with `ReadOptions` besides where the file may need them. Modules are imported when
their suffix is first used.
"""

import os
import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ram_sdk.formats.options import ReadOptions
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.upright import turn_to_y

if TYPE_CHECKING:
    from ram_sdk.motion import Motion

_MODULES = {
    ".npy": "npy",
    ".npz": "npz",
    ".json": "json",
    ".bvh": "bvh",
    ".glb": "glb",
    ".html": "html",
    ".obj": "mesh",
    ".ply": "mesh",
    ".stl": "mesh",
    ".usd": "usd",
    ".usda": "usd",
    ".fbx": "fbx",
    ".gif": "preview",
    ".mp4": "preview",
    ".png": "preview",
}
WRITABLE = tuple(_MODULES)
READABLE = (".npy", ".npz", ".json", ".bvh")


def check_writable(path: str | os.PathLike[str]) -> Path:
    """Check, before any work is done, that a motion can be written to `path`.

    Returns:
        `path` as a `Path`.

    Raises:
        ValueError: the suffix is not a known format.
        OSError: the folder does not exist or cannot be written, or `path` is a folder.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITABLE:
        raise ValueError(f"cannot write {str(path)!r}: use one of the suffixes {', '.join(WRITABLE)}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {str(path)!r}: it is a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {str(path)!r}: the folder {str(path.parent)!r} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"cannot write {str(path)!r}: no permission to write in {str(path.parent)!r}")
    return path


def write(motion: "Motion", path: str | os.PathLike[str], **options: Any) -> Path:
    """Write `motion` in the format that the suffix of `path` names; the file appears whole or not at all."""
    path = check_writable(path)
    module = import_module(f"{__name__}.{_MODULES[path.suffix.lower()]}")
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix.lower(), dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        module.write(motion, temporary, **options)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def read(path: str | os.PathLike[str], options: ReadOptions | None = None) -> "Motion":
    """Read a motion from a file whose suffix names a readable format."""
    path, options = Path(path), options or ReadOptions()
    if path.suffix.lower() not in READABLE:
        raise ValueError(f"cannot read {str(path)!r}: use one of the suffixes {', '.join(READABLE)}")
    if not path.is_file():
        raise FileNotFoundError(f"cannot read {str(path)!r}: there is no such file")
    module = import_module(f"{__name__}.{_MODULES[path.suffix.lower()]}")
    motion: Motion
    if path.suffix.lower() == ".bvh":
        motion = module.read(path, options)
        return motion
    if options.person is not None or options.skeleton is not None:
        raise ValueError(f"{path.name!r}: person and skeleton are for files that name their joints: .bvh")
    motion = module.read(path)
    if options.up is not None:
        joints = torch.from_numpy(motion.joints @ turn_to_y(options.up).T)
        upright = canonicalize(joints, motion.skeleton).float().numpy()
        motion = replace(motion, joints=upright, generated_features=None)
    return motion if options.fps is None else replace(motion, fps=float(options.fps))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
