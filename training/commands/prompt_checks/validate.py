"""Validate the checks on real clips of a built open data set.

For each check: how many of the clips that show the action pass it, and how many of the others.

Example:
    python -m training prompt-checks validate --data DATA --out FILE
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    parser.add_argument("--out", type=Path, help="also write the table to this file")


def run(arguments: argparse.Namespace) -> None:
    """Measure, and print the table."""
    from training.evaluation.prompt_checks.validate import table, validate

    text = table(validate(arguments.data))
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    print(text)
