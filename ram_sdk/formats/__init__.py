"""Motion files behind `Motion.save` and `Motion.load`: one entry of `FORMATS` and one module for each format.

A module that can be written has `write(motion, path, options)`; one that can be read has
`read(path) -> Clip`, with `ReadOptions` besides where the file may need them; one that needs a program or
package that may be missing has `check_installed(options)`. Modules are imported when their suffix is first
used. To add a format: write its module, its options in `write_options.py` and its entry here; command
line and docs follow.
"""

import os
import secrets
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ram_sdk.files import check_folder, target_of
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.formats.write_options import (
    BvhOptions,
    FbxOptions,
    GlbOptions,
    HtmlOptions,
    MeshOptions,
    NpzOptions,
    Options,
    PictureOptions,
    UsdOptions,
    options_of,
)

if TYPE_CHECKING:
    from ram_sdk.clip import Clip


class MissingPackageError(ImportError):
    """A format needs a program or a package that is not installed; the message says how to get it."""

    @classmethod
    def because(cls, error: ImportError, needs: str, extra: str) -> "MissingPackageError":
        """The error for a package of an extra that failed to import.

        Args:
            error: raised by the import.
            needs: what needs which package, such as "films need Pillow".
            extra: of ram_sdk, with which pip installs it.
        """
        install = f"'ram_sdk[{extra}]'"
        if isinstance(error, ModuleNotFoundError):
            return cls(f"{needs}: pip install {install}")
        reason = " ".join(str(error).split())
        return cls(f"{needs}, which is installed but fails to import ({reason}): pip install -U {install}")


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        module: in `ram_sdk.formats`.
        suffixes: of its files, with the dot.
        content: what is in a file, for people who choose.
        options: what can be chosen when one is written.
        readable: whether `Motion.load` reads it.
        needs: what must be installed in addition to the package.
    """

    module: str
    suffixes: tuple[str, ...]
    content: str
    options: type[Options] = Options
    readable: bool = False
    needs: str = ""

    def load(self) -> ModuleType:
        """The module that reads and writes it."""
        return import_module(f"{__name__}.{self.module}")

    def check_installed(self, options: Options | None = None) -> None:
        """Check that everything it needs is installed.

        Args:
            options: what was chosen, if it is known already.

        Raises:
            MissingPackageError: a program or a package is not installed.
        """
        module = self.load()
        if hasattr(module, "check_installed"):
            module.check_installed(options or self.options())


FORMATS = (
    Format("npy", (".npy",), "joint positions `(frames, 22, 3)`, metres", readable=True),
    Format(
        "npz",
        (".npz",),
        "joints, features, prompt, settings; or SMPL parameters as an AMASS archive",
        NpzOptions,
        readable=True,
    ),
    Format("json", (".json",), "joints, names, parents, prompt, settings", readable=True),
    Format(
        "bvh",
        (".bvh",),
        "skeletal animation in T-pose; in Blender import with scale 0.01 (unit cm) or 1 (unit m), and tick "
        "Scale FPS or set the scene's frame rate first",
        BvhOptions,
        readable=True,
    ),
    Format("glb", (".glb",), "skinned, animated body for browsers, Blender, Unity, Unreal", GlbOptions),
    Format("html", (".html",), "one offline page with a 3D player", HtmlOptions),
    Format("usd", (".usd", ".usda"), "skinned, animated body as USD text", UsdOptions),
    Format("fbx", (".fbx",), "skinned, animated body through Blender", FbxOptions, needs="Blender or `bpy`"),
    Format("mesh", (".obj", ".ply", ".stl"), "the body in one frame", MeshOptions),
    Format(
        "pictures",
        (".gif", ".png"),
        "stick figure or body: animation, strip of poses",
        PictureOptions,
        needs="`ram_sdk[preview]`",
    ),
    Format(
        "film",
        (".mp4",),
        "stick figure or body as a video",
        PictureOptions,
        needs="`ram_sdk[preview]`, and `ffmpeg` or `ram_sdk[film]`",
    ),
)
BY_SUFFIX = {suffix: one for one in FORMATS for suffix in one.suffixes}
WRITABLE = tuple(BY_SUFFIX)
READABLE = tuple(suffix for suffix, one in BY_SUFFIX.items() if one.readable)


def format_of(path: str | os.PathLike[str]) -> Format:
    """The format that the suffix of a path to write names.

    Raises:
        ValueError: the suffix is not a known format.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in BY_SUFFIX:
        raise ValueError(f"cannot write {str(path)!r}: use one of the suffixes {', '.join(WRITABLE)}")
    return BY_SUFFIX[suffix]


def choose(path: str | os.PathLike[str], **options: Any) -> Options:
    """The options of a file to write, checked.

    Raises:
        TypeError: an option that the format does not have; the message lists those that it has.
        ValueError: the suffix is not a known format, or a value that is not allowed.
    """
    kind = format_of(path)
    known = [option.name for option in options_of(kind.options)]
    for name in options:
        if name not in known:
            raise TypeError(
                f"{Path(path).suffix} has no option {name!r}: it has {', '.join(known) or 'no options'}"
            )
    return kind.options(**options)


def check_writable(path: str | os.PathLike[str], options: Options | None = None) -> Path:
    """Check, before any work is done, that a motion can be written to `path`.

    Args:
        path: where; folders on the way that do not exist are made when the file is written.
        options: what was chosen, if it is known already.

    Returns:
        The place to write: `path`, or what it links to.

    Raises:
        ValueError: the suffix is not a known format.
        OSError: `path` is not a regular file, or its folder cannot be written.
        MissingPackageError: the format needs a program or a package that is not installed.
    """
    kind = format_of(path)
    path = target_of(Path(path))
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"cannot write {str(path)!r}: {str(folder)!r} is not a folder")
    try:
        check_folder(folder)
    except OSError as error:
        raise type(error)(
            f"cannot write {str(path)!r}: no file can be made in {str(folder)!r} ({error.strerror})"
        ) from error
    kind.check_installed(options)
    return path


def write(motion: "Clip", path: str | os.PathLike[str], **options: Any) -> Path:
    """Write `motion` in the format that the suffix of `path` names; the file appears whole or not at all.

    Folders that do not exist are made. Raises what `choose` and `check_writable` do.
    """
    return write_chosen(motion, path, choose(path, **options))


def write_chosen(motion: "Clip", path: str | os.PathLike[str], options: Options) -> Path:
    """Write `motion` with already checked options of its format; see `write`."""
    target = check_writable(path, options)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".ram_sdk-{secrets.token_hex(4)}{target.suffix.lower()}")
    try:
        format_of(target).load().write(motion, temporary, options)
        temporary.replace(target)
    except OSError as error:
        if str(error.filename) != str(temporary):
            raise
        named = type(error)(f"cannot write {str(path)!r}: {error.strerror}")
        named.errno = error.errno
        raise named from error
    finally:
        temporary.unlink(missing_ok=True)
    return Path(path)


def read(path: str | os.PathLike[str], options: ReadOptions | None = None) -> "Clip":
    """Read a motion from a file whose suffix names a readable format."""
    path, options = Path(path), options or ReadOptions()
    if path.suffix.lower() not in READABLE:
        raise ValueError(f"cannot read {str(path)!r}: use one of the suffixes {', '.join(READABLE)}")
    if not path.is_file():
        raise FileNotFoundError(f"cannot read {str(path)!r}: there is no such file")
    module = BY_SUFFIX[path.suffix.lower()].load()
    motion: Clip = module.read(path, options)
    return motion
