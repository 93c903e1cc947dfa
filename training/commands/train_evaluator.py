"""Train the open evaluator, or resume its training.

The weights with the best R-Precision on the validation split are kept in `OUT/evaluator`. The same command
resumes an earlier run in the same folder.

Example:
    python -m training train-evaluator --data DATA --out RUN
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser, "folder of the run; an earlier run in it is resumed")


def run(arguments: argparse.Namespace) -> None:
    """Train."""
    from training.evaluation.train_evaluator import train

    train(arguments.data, arguments.out)
