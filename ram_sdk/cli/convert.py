"""`ram-sdk convert`: motion files into other formats."""

import argparse
from pathlib import Path

from tqdm import tqdm

from ram_sdk import formats
from ram_sdk.cli import console
from ram_sdk.cli.outputs import Outputs, add_output_options, distinct_names


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the command line."""
    parser = commands.add_parser("convert", help="turn motion files into another format")
    parser.set_defaults(run=run)
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="FILE", help=f"motions to read: {' '.join(formats.READABLE)}"
    )
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Convert every file that can be; returns the exit code."""
    sources: list[Path] = arguments.sources
    outputs = Outputs(arguments, distinct_names(sources), sources)

    from ram_sdk.motion import Motion

    for index, source in enumerate(tqdm(sources, unit="file", disable=None if len(sources) > 1 else True)):
        try:
            motion = Motion.load(source)
        except (ValueError, OSError) as error:
            console.complain(error if source.name in str(error) else f"{source}: {error}")
            outputs.failed.append(str(source))
        else:
            outputs.write(index, motion, f"{arguments.fps or motion.fps:g} fps  from {source}")
    return console.summary(outputs.failed, len(sources) * len(arguments.output))
