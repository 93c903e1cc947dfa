"""Add exemplars to a trained checkpoint, in its folder: training clips that its sampling starts from.

Each action of the data set gets some, for each way in which it was changed and each count; the licences and
credits of their captures go with them. Calls of the checkpoint then start from them, unless they say
`strength=1`.
Run it after `calibrate`, and again after any further training: it finds them by the checkpoint's own latents.

Example:
    python -m training exemplars --checkpoint CHECKPOINT --data DATA
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_data(parser)
    parser.add_argument(
        "--strength",
        type=options.share,
        default=0.4,
        help="share of the noise that calls start with, 0 to 1 (default: %(default)s)",
    )

    parser.add_argument(
        "--without",
        nargs="+",
        default=[],
        metavar="SOURCE",
        help="sources whose captures may not be passed on, by their names in clips.json",
    )


def run(arguments: argparse.Namespace) -> None:
    """Collect, and print how many."""
    from training.data.folder import MotionTextFolder
    from training.exemplars import add_exemplars

    folder = options.own_folder(arguments.checkpoint, "exemplars are")
    exemplars = add_exemplars(folder, MotionTextFolder(arguments.data), arguments.strength, arguments.without)
    motions = exemplars.config.motions
    seconds = sum(one.frames / one.fps for one in motions)
    print(f"{len(motions)} exemplars, {seconds / 60:.0f} minutes")
