"""Draw the figure from the ranks that participants saved.

Example:
    python -m training user-study figure SURVEY/ranks-*.json --key SURVEY/key.json --out SURVEY
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("ranks", type=Path, nargs="+", help="files that participants saved")
    parser.add_argument("--key", type=Path, required=True, help="`key.json` of the study")
    options.add_out(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the figure and print its table."""
    from training.research.figures.ranks import markdown, write_figure

    print(markdown(write_figure(arguments.key, arguments.ranks, arguments.out)))
