"""Check a HumanML3D or KIT-ML folder; one line per problem, exit code 1 if there are any.

Example:
    python -m training prepare check --data DATA
"""

import argparse

from training.commands import options, runner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the problems; returns the exit code."""
    from training.open_data.check import check_folder

    problems = 0
    for problem in check_folder(arguments.data):
        problems += 1
        print(problem)
    print(f"{arguments.data}: {problems or 'no'} problem{'' if problems == 1 else 's'}")
    return runner.PROBLEMS_FOUND if problems else runner.DONE
