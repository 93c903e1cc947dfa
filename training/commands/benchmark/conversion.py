"""Measure speed and accuracy of conversion to rotations, compared with two methods from other projects.

Clips are any files that `Motion.load` reads; without one, a synthetic motion with known rotations is used.

Example:
    python -m training benchmark conversion [CLIP ...] [--slow]
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("clips", nargs="*", type=Path, help="motion files; default: a synthetic motion")
    parser.add_argument("--slow", action="store_true", help="also run the optimisation (minutes)")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print the tables."""
    from training.benchmarks.conversion import compare

    compare(arguments.clips, arguments.slow)
