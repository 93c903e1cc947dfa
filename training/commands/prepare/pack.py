"""Pack a data set into one small file: joints to 0.2 mm, captions, splits, statistics.

Example:
    python -m training prepare pack --data DATA --out FILE.npz
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser, "file to write, ending in .npz")


def run(arguments: argparse.Namespace) -> None:
    """Pack the set."""
    from training.data.folder import MotionTextFolder
    from training.data.packing import pack

    clips = pack(MotionTextFolder(arguments.data), arguments.out)
    print(f"{clips} clips in {arguments.out}, {arguments.out.stat().st_size / 1e6:.0f} MB")
