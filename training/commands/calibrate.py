"""Calibrate a trained checkpoint: fit its similarity and collect its known actions, in its folder.

`RAMPipeline.similarity` is a logistic function of the cosine between z_t and z_m. It is fitted to pairs of
validation captions with their own motions and, equally often, with motions of another action. The known
actions are those of the training split; `ram-sdk prompts` lists them, and unfamiliar prompts are detected by
their distance to them.

Example:
    python -m training calibrate --checkpoint CHECKPOINT --data DATA
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_data(parser)


def run(arguments: argparse.Namespace) -> None:
    """Calibrate, and print the result."""
    from training.data.folder import MotionTextFolder
    from training.evaluation.calibration import calibrate

    folder = options.own_folder(arguments.checkpoint, "the calibration is")
    matcher, known = calibrate(folder, MotionTextFolder(arguments.data))
    print(f"similarity = sigmoid({matcher.config.scale:.2f} cosine {matcher.config.bias:+.2f})")
    if known:
        count, far = len(known.config.actions), known.config.far
        print(f"{count} known actions; texts further than {far:g} from all of them are unfamiliar")
