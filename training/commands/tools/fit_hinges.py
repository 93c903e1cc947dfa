"""Fit the hinge directions of straight limbs, and measure the twist of upper arms and thighs.

Example:
    python -m training tools fit-hinges --captures CAPTURES --work WORK
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--captures", type=Path, required=True, help="archives, or unpacked folders")
    parser.add_argument("--work", type=Path, required=True, help="where archives are unpacked")


def run(arguments: argparse.Namespace) -> None:
    """Print the rules and the table of errors."""
    from training.tools.fit_hinges import fit

    fit(arguments.captures, arguments.work)
