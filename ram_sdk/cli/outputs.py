"""Where a command writes: planned and checked before any work is done; one failure does not stop the rest."""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ram_sdk import formats
from ram_sdk.cli import console, format_options, player, values
from ram_sdk.skeleton.joints import MAX_FPS
from ram_sdk.skeleton.smoothing import CUTOFF

if TYPE_CHECKING:
    from ram_sdk.changes import Changes
    from ram_sdk.motion import Motion

SUFFIX = ".npz"  # of files in a folder
MAX_FILES = 100_000  # of one command


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that writes motions."""
    parser.add_argument(
        "-o", "--output", action="append", default=[], metavar="FILE|DIR/",
        help=f"where to write, may be repeated: a file ({' '.join(formats.WRITABLE)}), or a folder; "
        "default: a page that opens in the browser",
    )  # fmt: skip
    add_file_options(parser)


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """What files in a folder are, and what is changed before they are written."""
    parser.add_argument(
        "--format",
        type=values.suffix,
        metavar="SUFFIX",
        help=f"of files in a folder (default: {SUFFIX})",
    )
    changes = parser.add_argument_group("changes of the motion")
    changes.add_argument("--trim", action="store_true", help="cut dead time at the ends")
    changes.add_argument("--mirror", action="store_true", help="swap left and right")
    changes.add_argument("--speed", type=values.positive, metavar="FACTOR", help="2 takes half the time")
    changes.add_argument("--loop", type=values.count, metavar="TIMES", help="repeat the motion's cycle")
    changes.add_argument(
        "--fps",
        type=values.positive,
        help="resample to this frame rate (for .bvh set Blender's scene to it, too)",
    )
    changes.add_argument(
        "--smooth", type=values.positive, nargs="?", const=CUTOFF, metavar="HZ",
        help=f"reduce jitter (default: above {CUTOFF:g} Hz)",
    )  # fmt: skip
    changes.add_argument("--lock-feet", action="store_true", help="stop planted feet from sliding")
    format_options.add_format_options(parser)


class Outputs:
    """The files of one command: checked when made, then written motion by motion.

    Attributes:
        failed: what could not be written, so far.
    """

    def __init__(self, arguments: argparse.Namespace, names: Sequence[str], sources: Sequence[Path] = ()):
        """Plan `arguments.output` for motions with these names.

        Args:
            arguments: of a parser with `add_output_options`.
            names: of files in a folder, one for each motion, without suffix.
            sources: files that must not be written.

        Raises:
            ValueError: too many files, two at one place, one that is a source, or options that do not fit.
            OSError: a place that cannot be written.
            MissingPackageError: no output is left for which all that it needs is installed.
        """
        self._arguments, self._count = arguments, len(names)
        self._watched: list[Motion] | None = None if arguments.output else []
        if not arguments.output and len(names) > player.MOST:
            raise ValueError(
                f"{len(names)} motions: without -o at most {player.MOST} are shown side by side; give -o DIR/"
            )
        self._changes = changes_of(arguments)
        if len(names) * len(arguments.output) > MAX_FILES:
            raise ValueError(
                f"{len(names)} motions in {len(arguments.output)} outputs: one command writes at most "
                f"{MAX_FILES} files"
            )
        if arguments.format and not any(map(is_folder, arguments.output)):
            raise ValueError(
                f"--format {arguments.format}: it is of files in a folder, give one as -o DIR/; "
                "a file's own suffix says its format"
            )
        self.failed: list[str] = []
        planned = [_targets(output, names, arguments.format or SUFFIX) for output in arguments.output]
        for paths in planned:
            formats.format_of(paths[0])
        suffixes = dict.fromkeys(paths[0].suffix.lower() for paths in planned)
        self._options = format_options.chosen(arguments, suffixes)
        self._targets = self._installed(planned)
        _check_distinct([path for paths in self._targets for path in paths], sources)

    def _installed(self, planned: list[list[Path]]) -> list[list[Path]]:
        """The outputs that can be written here; the others are reported."""
        left: list[list[Path]] = []
        missing: dict[str, formats.MissingPackageError] = {}
        for paths in planned:
            try:
                for path in paths:
                    formats.check_writable(path, self._options[path.suffix.lower()])
                left.append(paths)
            except formats.MissingPackageError as error:
                missing[str(paths[0])] = error
        if missing and not left:
            raise next(iter(missing.values()))
        for output, reason in missing.items():
            console.complain(reason)
            self.failed.append(output)
        return left

    def write(self, index: int, motion: "Motion", about: str) -> None:
        """Write one motion everywhere and say so; failures are reported and kept in `failed`.

        Args:
            index: number of the motion.
            motion: what to write.
            about: what to print beside the path and the length.
        """
        if self._watched is not None:
            try:
                self._watched.append(self._changes.apply(motion))
            except ValueError as error:
                console.complain(error)
                self.failed.append(f"motion {index + 1}")
        for paths in self._targets:
            path = paths[index]
            try:
                changed = self._changes.apply(motion)
                formats.write_chosen(changed, path, self._options[path.suffix.lower()])
            except (ValueError, OSError, formats.MissingPackageError) as error:
                console.complain(error if str(path) in str(error) else f"{path}: {error}")
                self.failed.append(str(path))
            else:
                console.say(f"{path}  {changed.duration:.2f} s  {about}", _facts(path, changed))

    def finish(self) -> int:
        """Open the player if no output was given, and say what failed; returns the exit code."""
        if self._watched:
            player.show(self._watched)
        return console.summary(self.failed, self._count * max(1, len(self._arguments.output)))


def changes_of(arguments: argparse.Namespace) -> "Changes":
    """The changes that the options name.

    Raises:
        ValueError: a frame rate that is not allowed.
    """
    if arguments.fps is not None and not 0.1 <= arguments.fps <= MAX_FPS:
        raise ValueError(f"--fps {arguments.fps:g}: expected 0.1 to {MAX_FPS:g}")

    from ram_sdk.changes import Changes

    return Changes(**{one.name: getattr(arguments, one.name) for one in fields(Changes)})


def numbers(count: int) -> list[str]:
    """0, 1, 2 ... as parts of names that sort in this order."""
    width = max(3, len(str(count - 1)))
    return [f"{number:0{width}d}" for number in range(count)]


def _facts(path: Path, motion: "Motion") -> dict[str, Any]:
    """What --json says of a file."""
    return {
        "file": str(path),
        "duration": motion.duration,
        "fps": motion.fps,
        "prompt": motion.prompt,
        "settings": dict(motion.settings),
    }


def distinct_names(sources: Sequence[Path]) -> list[str]:
    """Names without suffix for files; those that share one get their folder's name in front, or a number."""
    stems = Counter(source.stem.casefold() for source in sources)
    names: list[str] = []
    taken: set[str] = set()
    for source in sources:
        stem = source.stem
        if stems[stem.casefold()] > 1:
            stem = f"{source.resolve().parent.name}_{stem}"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def is_folder(output: str) -> bool:
    """Whether an output is a folder: by how it is written, or because it is there."""
    return output.endswith(tuple(filter(None, (os.sep, os.altsep)))) or Path(output).is_dir()


def _targets(output: str, names: Sequence[str], suffix: str) -> list[Path]:
    """One file for each motion: the file itself, numbered files beside it, or named files in a folder."""
    path = Path(output)
    if is_folder(output):
        return [path / f"{name}{suffix}" for name in names]
    if not path.suffix:
        raise ValueError(
            f"cannot write {output!r}: use one of the suffixes {', '.join(formats.WRITABLE)}, "
            f"or {output + '/'!r} for a folder"
        )
    if len(names) == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{number}{path.suffix}") for number in numbers(len(names))]


def _check_distinct(paths: Sequence[Path], sources: Sequence[Path]) -> None:
    read = {_identity(source) for source in sources if source.exists()}
    written: set[Path] = set()
    for path in paths:
        place = path.resolve()
        if place.exists() and _identity(place) in read:
            raise ValueError(f"{str(path)!r} is a source of this command: choose another place or format")
        if place in written:
            raise ValueError(f"{str(path)!r} would be written twice: choose other places")
        written.add(place)


def _identity(path: Path) -> tuple[int, int]:
    """What identifies a file, under whatever name it is reached."""
    status = path.stat()
    return status.st_dev, status.st_ino
