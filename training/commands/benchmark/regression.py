"""Compare the speed of a call with another revision of the code.

Two processes, one for each checkout, alternately generate the same motion (`open-small`, 4 seconds, seed 0).
Their processor times are compared, which other programs on the machine hardly affect.

Example:
    git worktree add ../before v0.1.0
    python -m training benchmark regression --against ../before
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--against", type=Path, required=True, help="checkout of the other revision")
    parser.add_argument("--repeats", type=options.count(1), default=10, help="calls of each (default: 10)")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    from training.benchmarks.regression import measure

    measure(arguments.against, arguments.repeats)
