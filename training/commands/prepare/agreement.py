"""Measure whether captions agree with their motions; exit code 1 if too few do.

Example:
    python -m training prepare agreement --data DATA
"""

import argparse

from training.commands import options, runner

_LEAST_AGREEMENT = 0.95  # of the captions that claim something measurable
_MOST_USE = 0.02  # largest share of clips with the same caption


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the contradictions and the shares; returns the exit code."""
    from training.open_data.agreement import measure_agreement

    found = measure_agreement(arguments.data)
    for line in found.contradictions:
        print(line)
    print(
        f"{arguments.data}: {found.agreeing} of {found.claims} captions about sides, turning, direction and "
        f"counts agree with the motion ({found.share:.2%}); "
        f"the most frequent caption is in {found.largest_use:.2%} of the clips"
    )
    agreed = found.share >= _LEAST_AGREEMENT and found.largest_use <= _MOST_USE
    return runner.DONE if agreed else runner.PROBLEMS_FOUND
