"""Prepare data sets: `python -m training.prepare open --captures DIR --out DIR [--mix open]`."""

import argparse
import sys
from pathlib import Path

from .data.build import build
from .data.sources import MIXES


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.prepare", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    open_set = commands.add_parser("open", help="build the open data set from captures")
    open_set.add_argument("--captures", type=Path, required=True, help="folder with the archives or unpacked")
    open_set.add_argument(
        "--out", type=Path, required=True, help="folder to build in; continued if it exists"
    )
    open_set.add_argument("--mix", choices=MIXES, default="open", help="which sources, by licence")
    open_set.add_argument("--processes", type=int, default=2, help="captures worked on at a time")
    options = parser.parse_args(arguments)
    totals = build(options.captures, options.out, options.mix, options.processes)
    print(
        f"{totals['captures']} captures, {totals['clips']} clips (and as many mirrored), "
        f"{totals['hours']:.2f} hours; dropped seconds: {totals['dropped_seconds']}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
