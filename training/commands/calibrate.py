"""Fit what a checkpoint is told after its training, and keep it in its folder.

`RAMPipeline.similarity` is a logistic curve of the cosine between z_t and z_m. It is fitted to every caption
of the validation split with its own motion and, as often, with one of another action. The known actions,
which `ram-sdk prompts` lists and which far prompts are told from, are those of the training split.

Example:
    python -m training calibrate --checkpoint CHECKPOINT --data DATA
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_data(parser)


def run(given: argparse.Namespace) -> None:
    """Fit, write and print both."""
    from ram_sdk.shipped import SHIPPED
    from training.data.folder import MotionTextFolder
    from training.evaluation.calibration import calibrate

    folder = Path(SHIPPED.get(given.checkpoint, given.checkpoint))
    if not folder.is_dir():
        raise ValueError(
            f"--checkpoint {given.checkpoint}: expected a folder, the calibration is written there"
        )
    matcher, known = calibrate(folder, MotionTextFolder(given.data))
    print(f"similarity = sigmoid({matcher.config.scale:.2f} cosine {matcher.config.bias:+.2f})")
    if known:
        count, far = len(known.config.actions), known.config.far
        print(f"{count} known actions; texts further than {far:g} from all of them are unlike them")
