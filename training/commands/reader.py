"""Add a prompt reader to a trained checkpoint, in its folder: which actions a prompt asks for.

It is fitted to the data set's captions and to the wordings of every action, a quarter of an hour on one core.
Calls of a checkpoint with exemplars then find them by what it reads.

Example:
    python -m training reader --checkpoint CHECKPOINT --data DATA
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_data(parser)


def run(arguments: argparse.Namespace) -> None:
    """Fit, and print how well it reads unseen wordings."""
    from training.data.folder import MotionTextFolder
    from training.reader import add_reader

    folder = options.own_folder(arguments.checkpoint, "a reader is")
    accuracy = add_reader(folder, MotionTextFolder(arguments.data))
    print(
        f"unseen wordings: the action of {accuracy.one:.0%} is read; of unseen joins of two actions, both of "
        f"{accuracy.then:.0%} one after the other and of {accuracy.both:.0%} at the same time; "
        f"one or two of {accuracy.relation:.0%}"
    )
