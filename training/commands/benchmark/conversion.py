"""Measure what conversion to rotations costs and how exact it is, against the two methods in use elsewhere.

Clips are any files that `Motion.load` reads; without one, a synthetic motion of known rotations is used.

Example:
    python -m training benchmark conversion [CLIP ...] [--slow]
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("clips", nargs="*", type=Path, help="motion files; default: a synthetic motion")
    parser.add_argument("--slow", action="store_true", help="also run the optimisation (minutes)")


def run(given: argparse.Namespace) -> None:
    """Measure and print the tables."""
    from training.benchmarks.conversion import compare

    compare(given.clips, given.slow)
