"""Motions on people's own characters: `.glb`, `.vrm` (0.x and 1.0) and `.bvh` files.

A file is read as a `Rig` (`gltf`, `bvh`; `people` finds the body in it), posed like the motion (`posing`),
put on the floor (`planting`) and given finger poses (`hands`) by `retarget`; the rest of the file stays.
"""

import os
from importlib import import_module
from pathlib import Path

from ram_sdk.characters.character import Character
from ram_sdk.characters.retarget import RetargetedMotion, retarget
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.notices import warn

__all__ = ["SUFFIXES", "Character", "RetargetedMotion", "load_character", "retarget"]

_READERS = {".glb": "gltf", ".vrm": "gltf", ".bvh": "bvh"}
SUFFIXES = tuple(_READERS)
"""Of files that a character is read from."""

_HINTS = {
    ".gltf": "export it as one binary file, .glb",
    ".fbx": "open it in Blender and export it as glTF 2.0, .glb",
    ".blend": "export it from Blender as glTF 2.0, .glb",
    ".usd": "open it in Blender and export it as glTF 2.0, .glb",
}


def load_character(path: str | os.PathLike[str], options: ReadOptions | None = None) -> Character:
    """Read the character of a file.

    Args:
        path: ends in one of `SUFFIXES`.
        options: only `person` and `skeleton` are used.

    Warns:
        UserWarning: something about the file was assumed.

    Raises:
        ValueError: another suffix, or a file without a body that can be posed; the message says what to do.
        OSError: the file cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        hint = f"; {_HINTS[suffix]}" if suffix in _HINTS else ""
        raise ValueError(f"cannot read a character from {str(path)!r}: use {', '.join(SUFFIXES)}{hint}")
    if not path.is_file():
        raise FileNotFoundError(f"cannot read {str(path)!r}: there is no such file")
    reader = import_module(f"{__name__}.{_READERS[suffix]}")
    try:
        character: Character = reader.read(path, options or ReadOptions())
    except ValueError as error:
        raise ValueError(f"{path.name!r}: {error}") from error
    for note in character.notes:
        warn(f"{path.name!r}: {note}", stacklevel=2)
    return character
