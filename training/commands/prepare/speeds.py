"""Measure each action's usual speeds, which decide the words of captions.

Example:
    python -m training prepare speeds --data DATA
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure the speeds and write them next to the code of the captions."""
    from training.open_data.captions import write_speeds

    print(f"{write_speeds(arguments.data)} actions; build the set again to use their speeds in captions")
