"""Motions as files in and out, by the registry of formats; no upload stays on the disk."""

import mimetypes
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ram_sdk import formats
from ram_sdk.formats.read_options import Longest, ReadOptions
from ram_sdk.formats.write_options import Option, Options, options_of
from ram_sdk.motion import Motion
from ram_sdk.notices import collected
from ram_sdk.studio.refusal import Refusal
from ram_sdk.studio.schemas import FormatInfo, FormatOption

MEDIA_TYPES = {
    "glb": "model/gltf-binary",
    "bvh": "application/x-bvh",
    "npz": "application/x-npz",
    "npy": "application/x-npy",
    "usd": "model/vnd.usd",
    "usda": "model/vnd.usda",
    "vrm": "model/gltf-binary",
}
"""Of the formats whose own type Python's table does not know, or knows otherwise."""
ACCEPTED = {MEDIA_TYPES[name]: name for name in ("glb", "bvh", "npz")}
"""Formats that a client may ask for by `Accept`; JSON there means the job."""
_TEXTS = ("caption",)  # options that are free text; other free texts name files and programs of this machine
_MOST_FRAMES = 50_000  # of a file
_MOST_PIXELS = 150e6  # of a .gif or .mp4, all frames together
_FLOOR_FRAMES = 100  # that are looked at to find the floor


def infos() -> list[FormatInfo]:
    """Every format that can be asked for."""
    return [_info(suffix, kind) for suffix, kind in formats.BY_SUFFIX.items()]


def media_type(name: str) -> str:
    """Of a format by its suffix without dot."""
    guessed = mimetypes.guess_type(f"motion.{name}")[0]
    return MEDIA_TYPES.get(name) or guessed or "application/octet-stream"


def check_format(name: str) -> None:
    """Refuse a format that does not exist or cannot be made here."""
    kind = formats.BY_SUFFIX.get(f".{name}")
    if kind is None:
        names = ", ".join(suffix[1:] for suffix in formats.BY_SUFFIX)
        raise Refusal(404, f"format {name[:20]!r}: use one of {names}")
    if not _is_available(kind):
        raise Refusal(501, f"{name} needs {kind.needs}, which this server does not have")


def write(motion: Motion, name: str, query: Mapping[str, str]) -> bytes:
    """A motion as a file.

    Args:
        motion: what to write.
        name: of the format, see `check_format`.
        query: options of the format, as text.

    Raises:
        Refusal: more than a file may hold.
        ValueError: options that the format does not have, or values that are not allowed.
    """
    options = _options(name, query)
    _check_size(motion, name, options)
    with tempfile.TemporaryDirectory(prefix="ram_sdk-") as folder:
        path = Path(folder) / f"motion.{name}"
        formats.write_chosen(motion, path, options)
        return path.read_bytes()


def read(
    content: bytes, name: str, up: str | None, fps: float | None, person: int | str | None, longest: float
) -> tuple[Motion, list[str]]:
    """A motion from an uploaded file, and what was assumed about it.

    Args:
        content: of the file.
        name: of the file; only its suffix counts.
        up: see `Motion.load`, as `fps` and `person`.
        fps: frames a second of the file.
        person: which one of the file.
        longest: seconds that it may last.

    Raises:
        ValueError: no motion that can be read, or a longer one.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in formats.READABLE:
        raise ValueError(f"file {name[-60:]!r}: use one of the suffixes {', '.join(formats.READABLE)}")
    with _uploaded(content, name) as (path, notes):
        clip = formats.read(path, ReadOptions(up, fps, person, longest=Longest(_MOST_FRAMES, longest)))
    return Motion(clip.joints, clip.fps, clip.prompt, clip.settings, clip.generated_features), notes


def on_character(motion: Motion, content: bytes, name: str, **options: Any) -> tuple[bytes, list[str]]:
    """A motion on an uploaded character, as a file of the same format, and what was assumed about it.

    Args:
        motion: what the character does.
        content: of the character's file.
        name: of it; only its suffix counts.
        **options: see `Motion.retarget`.

    Raises:
        ValueError: no character that can be posed.
    """
    with _uploaded(content, name) as (path, notes):
        target = path.with_stem("made")
        motion.retarget(path, **options).save(target)
        made = target.read_bytes()
    return made, notes


def floor_of(motion: Motion) -> float:
    """Height of the lowest point of the body, metres, of some of its frames."""
    step = -(-len(motion) // _FLOOR_FRAMES)
    some = Motion(np.ascontiguousarray(motion.joints[::step]), motion.fps)
    return float(some.to_mesh().vertices[..., 1].min())


@contextmanager
def _uploaded(content: bytes, name: str) -> Iterator[tuple[Path, list[str]]]:
    """A file with that content while the context lasts, and at its end the warnings of it.

    The warnings do not reveal its path.
    """
    with tempfile.TemporaryDirectory(prefix="ram_sdk-") as folder, collected() as notes:
        path = Path(folder) / f"upload{Path(name).suffix.lower()[:8]}"

        def named(message: object) -> str:
            return str(message).replace(f"{folder}/", "").replace(path.name, name[-60:])

        path.write_bytes(content)
        try:
            yield path, notes
        except (ValueError, OSError) as error:
            raise ValueError(named(error)) from error
        notes[:] = map(named, notes)


def _info(suffix: str, kind: formats.Format) -> FormatInfo:
    return FormatInfo(
        name=suffix[1:],
        media_type=media_type(suffix[1:]),
        content=kind.content,
        available=_is_available(kind),
        needs=kind.needs,
        readable=kind.readable,
        options=[_option_info(option) for option in _offered(kind)],
    )


def _offered(kind: formats.Format) -> list[Option]:
    """The options that a client may set: no files or programs of this machine."""
    return [
        option
        for option in options_of(kind.options)
        if option.choices or option.kind in (int, float) or option.name in _TEXTS
    ]


def _option_info(option: Option) -> FormatOption:
    kinds = {int: "integer", float: "number", str: "text"}
    return FormatOption.model_validate(
        {
            "name": option.name,
            "help": option.help,
            "kind": "choice" if option.choices else kinds[option.kind],
            "default": option.default,
            "choices": list(option.choices),
            "low": option.low if np.isfinite(option.low) else None,
            "high": option.high if np.isfinite(option.high) else None,
        }
    )


def _options(name: str, query: Mapping[str, str]) -> Options:
    kind = formats.BY_SUFFIX[f".{name}"]
    offered = {option.name: option for option in _offered(kind)}
    chosen: dict[str, str | int | float] = {}
    for key, text in query.items():
        if key not in offered:
            raise ValueError(
                f"{name} has no option {key[:40]!r}: it has {', '.join(offered) or 'no options'}"
            )
        try:
            chosen[key] = offered[key].kind(text)
        except ValueError as error:
            raise ValueError(f"{key} {text[:40]!r}: expected a number") from error
    return kind.options(**chosen)


def _check_size(motion: Motion, name: str, options: Options) -> None:
    frames = motion.duration * (getattr(options, "fps", None) or motion.fps)
    if frames > _MOST_FRAMES:
        raise Refusal(422, f"{frames:.0f} frames: a file holds at most {_MOST_FRAMES}, choose fewer fps")
    size = getattr(options, "size", 0)
    if name in ("gif", "mp4") and len(motion) * size**2 > _MOST_PIXELS:
        allowed = int((_MOST_PIXELS / len(motion)) ** 0.5)
        raise Refusal(422, f"size {size}: at most {allowed} for {motion.duration:.1f} s of {name}")


def _is_available(kind: formats.Format) -> bool:
    try:
        kind.check_installed()
    except formats.MissingPackageError:
        return False
    return True
