"""Check a HumanML3D or KIT-ML folder; one line per problem, exit code 1 if there is any.

Example:
    python -m training prepare check --data DATA
"""

import argparse

from training.commands import frame, options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)


def run(given: argparse.Namespace) -> int:
    """Print the problems; returns the exit code."""
    from training.open_data.check import check_folder

    problems = 0
    for problem in check_folder(given.data):
        problems += 1
        print(problem)
    print(f"{given.data}: {problems or 'no'} problem{'' if problems == 1 else 's'}")
    return frame.PROBLEMS_FOUND if problems else frame.DONE
