"""Measure whether captions say what the motion shows; exit code 1 if too few do.

Example:
    python -m training prepare agreement --data DATA
"""

import argparse

from training.commands import frame, options

_LEAST_AGREEMENT = 0.95  # of the captions that claim something measurable
_MOST_USE = 0.02  # of the clips may share one caption


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)


def run(given: argparse.Namespace) -> int:
    """Print the contradictions and the shares; returns the exit code."""
    from training.open_data.agreement import measure_agreement

    found = measure_agreement(given.data)
    for line in found.contradictions:
        print(line)
    print(
        f"{given.data}: {found.agreeing} of {found.claims} captions about sides, turning, direction and "
        f"counts agree with the motion ({found.share:.2%}); "
        f"the most used caption is in {found.largest_use:.2%} of the clips"
    )
    agreed = found.share >= _LEAST_AGREEMENT and found.largest_use <= _MOST_USE
    return frame.DONE if agreed else frame.PROBLEMS_FOUND
