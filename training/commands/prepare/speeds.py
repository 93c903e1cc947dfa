"""Measure each action's usual speeds, which the captions' words depend on.

Example:
    python -m training prepare speeds --data DATA
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)


def run(given: argparse.Namespace) -> None:
    """Measure the speeds and write them next to the captions' code."""
    from training.open_data.captions import write_speeds

    print(f"{write_speeds(given.data)} actions; build again for captions that use their speeds")
