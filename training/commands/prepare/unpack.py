"""Make the folder of a packed set again.

Example:
    python -m training prepare unpack FILE.npz --out DATA
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("file", type=Path, help="written by `prepare pack`")
    options.add_out(parser, "folder to make")


def run(given: argparse.Namespace) -> None:
    """Unpack the set."""
    from training.data.packing import unpack

    print(f"{unpack(given.file, given.out)} clips in {given.out}")
