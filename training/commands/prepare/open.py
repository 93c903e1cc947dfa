"""Build the open data set from captures.

Example:
    python -m training prepare open --captures CAPTURES --out DATA [--mix open] [--without NAME ...]
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from training.open_data.sources import MIXES, SOURCES

    parser.add_argument("--captures", type=Path, required=True, help="archives, or unpacked folders")
    options.add_out(parser, "folder to build in; an earlier build in it is resumed")
    parser.add_argument("--mix", choices=MIXES, default="open", help="sources to use, by licence")
    parser.add_argument(
        "--without",
        nargs="+",
        choices=SOURCES,
        metavar="NAME",
        default=[],
        help="sources of the mix to leave out, such as those that cannot be fetched",
    )
    parser.add_argument(
        "--processes", type=options.count(1), default=2, help="captures processed in parallel (default: 2)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Build, and print what was built."""
    from training.open_data.build import build

    totals = build(arguments.captures, arguments.out, arguments.mix, arguments.processes, arguments.without)
    print(
        f"{totals.captures} captures, {totals.clips} clips, {totals.composed} of them composed, "
        f"{totals.hours:.2f} hours without mirrored copies; see {arguments.out / 'DATA_CARD.md'}"
    )
