"""Unpack a packed data set into a folder.

Example:
    python -m training prepare unpack FILE.npz --out DATA
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("file", type=Path, help="written by `prepare pack`")
    options.add_out(parser, "folder to write")


def run(arguments: argparse.Namespace) -> None:
    """Unpack the set."""
    from training.data.packing import unpack

    print(f"{unpack(arguments.file, arguments.out)} clips in {arguments.out}")
