"""`ram-sdk search`: the motions of a folder that fit a text."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ram_sdk.cli import console, values
from ram_sdk.notices import warn
from ram_sdk.shipped import DEFAULT, SHIPPED

if TYPE_CHECKING:
    from ram_sdk.search import Match, MotionIndex

_EXAMPLES = """
ram-sdk search "a person waves" mocap/ --top 5
ram-sdk search "someone bows" motions/ --json
"""
_INDEX = ".ram_sdk-index.safetensors"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "search", "find the motions of a folder that fit a text", _EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument("text", metavar="TEXT", help="what the person does")
    parser.add_argument("folder", type=Path, metavar="DIR", help="of motions; subfolders are searched, too")
    parser.add_argument("--top", type=values.count, default=10, metavar="N", help="how many (default: 10)")
    parser.add_argument(
        "--index", type=Path, metavar="FILE",
        help=f"where the index is kept; new and changed files are added each time (default: DIR/{_INDEX})",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint",
        default=DEFAULT,
        help=f"{', '.join(SHIPPED)}, a folder or a Hub repository (default: {DEFAULT})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Bring the index up to date and print what fits best; returns the exit code."""
    from ram_sdk import inputs
    from ram_sdk.formats import READABLE
    from ram_sdk.pipeline import RAMPipeline
    from ram_sdk.search import MotionIndex

    (text,), top = inputs.prompts(arguments.text), arguments.top
    if not arguments.folder.is_dir():
        raise NotADirectoryError(f"{str(arguments.folder)!r} is not a folder of motions")
    pipeline = RAMPipeline.from_pretrained(arguments.checkpoint)
    place: Path = arguments.index or arguments.folder / _INDEX
    if place.exists():
        index = MotionIndex.load(place, arguments.folder).update(pipeline)
    else:
        index = MotionIndex.build(pipeline, arguments.folder)
    if not len(index):
        raise ValueError(f"{str(arguments.folder)!r} holds no motion: {', '.join(READABLE)} are read")
    try:
        _say(pipeline.search(text, index, top))
    finally:
        _keep(index, place)
    return 0


def _say(matches: "Sequence[Match]") -> None:
    for match in matches:
        found = {
            "path": str(match.path),
            "start": match.start,
            "end": match.end,
            "similarity": match.similarity,
        }
        line = f"{match.similarity:.2f}  {match.start:.1f}-{match.end:.1f} s  {match.path}"
        console.say(line, found)


def _keep(index: "MotionIndex", place: Path) -> None:
    """Save the index, whose motions took long to encode, or say why it is made again next time."""
    try:
        index.save(place)
    except OSError as error:
        warn(f"the index is not kept, so the next search reads all motions again: {error}; give --index FILE")
