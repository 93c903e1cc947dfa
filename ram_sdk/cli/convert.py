"""`ram-sdk convert`: motion files into other formats."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from ram_sdk import formats
from ram_sdk.cli import console, values
from ram_sdk.cli.outputs import Outputs, add_output_options, distinct_names
from ram_sdk.text_files import read_text

if TYPE_CHECKING:
    from ram_sdk.motion import Motion

_EXAMPLES = """
ram-sdk convert walk.npz                                 # opens the player
ram-sdk convert walk.npz -o walk.bvh --fps 30 --mirror
ram-sdk convert mocap/*.bvh -o motions/ --format npz --source-up z
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = console.add_verb(commands, "convert", "turn motion files into another format", _EXAMPLES)
    parser.set_defaults(run=run)
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="FILE", help=f"motions to read: {' '.join(formats.READABLE)}"
    )
    add_source_options(parser)
    add_output_options(parser)


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Options that say what cannot be seen in a file of a motion."""
    says = parser.add_argument_group("what cannot be seen in a source file")
    says.add_argument("--source-up", metavar="AXIS", help="its up axis: x, y, z, -x, -y or -z")
    says.add_argument("--source-fps", type=values.positive, metavar="FPS", help="its frame rate")
    says.add_argument(
        "--source-person", metavar="WHO", help="which person: a number from 1, or a name's beginning"
    )
    says.add_argument(
        "--source-skeleton", type=Path, metavar="FILE", help="JSON with the joint names of a .bvh by role"
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert every file that can be; returns the exit code."""
    sources: list[Path] = arguments.sources
    console.check_there(*sources)
    outputs = Outputs(arguments, distinct_names(sources), sources)

    for index, source in enumerate(tqdm(sources, unit="file", disable=None if len(sources) > 1 else True)):
        try:
            motion = load_source(source, arguments)
        except (ValueError, OSError) as error:
            console.complain(error if source.name in str(error) else f"{source}: {error}")
            outputs.failed.append(str(source))
        else:
            outputs.write(index, motion, f"{arguments.fps or motion.fps:g} fps  from {source}")
    return outputs.finish()


def load_source(source: Path, arguments: argparse.Namespace) -> "Motion":
    """Read a motion with what the command line says about the file."""
    from ram_sdk.formats.read_options import person_of
    from ram_sdk.motion import Motion

    skeleton = arguments.source_skeleton
    return Motion.load(
        source,
        up=arguments.source_up,
        fps=arguments.source_fps,
        person=person_of(arguments.source_person),
        skeleton=None if skeleton is None else read_skeleton(skeleton),
    )


def read_skeleton(path: Path) -> dict[str, str]:
    """Joint names by role from a JSON file."""
    try:
        skeleton = json.loads(read_text(path))
    except ValueError as error:
        raise ValueError(f"{path.name!r} is not JSON: {error}") from error
    if not isinstance(skeleton, dict) or not all(isinstance(name, str) for name in skeleton.values()):
        raise ValueError(f'{path.name!r}: expected {{"left_hip": "joint name", ...}}')
    return skeleton
