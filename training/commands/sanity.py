"""Measure what an evaluator can distinguish, on real and corrupted motions.

R-Precision with the upper bounds that identical captions impose, R-Precision of shuffled captions (chance),
FID of one half of the motions against the other, and FID, R-Precision and MM-Dist of motions corrupted in
known ways. Writes `sanity.json` and `sanity.md`.

Example:
    python -m training sanity --data DATA --out RESULTS [--evaluator RUN/evaluator]
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser)
    options.add_evaluator(parser)
    options.add_seed(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print the tables."""
    from training.evaluation.sanity import markdown, measure

    print(markdown(measure(options.evaluator_of(arguments), arguments.data, arguments.out, arguments.seed)))
