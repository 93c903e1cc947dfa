"""Draw a sheet of poses for each action of a built set.

Example:
    python -m training prepare sheets --data DATA --out SHEETS
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser, "folder for the pictures")


def run(arguments: argparse.Namespace) -> None:
    """Draw the sheets."""
    from training.open_data.sheets import write_sheets

    print(f"{len(write_sheets(arguments.data, arguments.out))} sheets in {arguments.out}")
