"""Fit a checkpoint's calibration of text-motion similarity, and keep it in its folder.

`RAMPipeline.similarity` is a logistic curve of the cosine between z_t and z_m. It is fitted to every caption
of the split with its own motion and, as often, with one of another action.

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
    parser.add_argument("--split", default="val", help="clips that did not train it (default: val)")


def run(given: argparse.Namespace) -> None:
    """Fit, write and print the curve."""
    from ram_sdk import RAMPipeline
    from ram_sdk.shipped import SHIPPED
    from training.evaluation.calibration import fit, read_clips, write

    folder = Path(SHIPPED.get(given.checkpoint, given.checkpoint))
    if not folder.is_dir():
        raise ValueError(
            f"--checkpoint {given.checkpoint}: expected a folder, the calibration is written there"
        )
    pipeline = RAMPipeline.from_pretrained(folder)
    matcher = fit(pipeline, read_clips(pipeline, given.data, given.split))
    write(matcher, folder)
    print(f"similarity = sigmoid({matcher.config.scale:.2f} cosine {matcher.config.bias:+.2f})")
