r"""Fit a checkpoint's text encoder alone to its motion latents, to teach it new wordings cheaply.

Costs much less than co-training, but the denoiser does not learn: train on from the result
(`initial_checkpoint=OUT`), so that it adapts to the new latents.

Example:
    python -m training fit-text --checkpoint open-small --config training/configs/open-small.yaml \
        --data DATA --out FOLDER max_steps=3000 optimizer.learning_rate=1e-3
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_config(parser, default=None)
    options.add_data(parser)
    options.add_out(parser, "pipeline folder to write")
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Fit, and print the loss."""
    from ram_sdk import RAMPipeline
    from training.config import load_config
    from training.fit_text import fit_text

    config = load_config(arguments.config, arguments.overrides)
    pipeline = RAMPipeline.from_pretrained(arguments.checkpoint)
    before, after = fit_text(pipeline, config, arguments.data, arguments.out, arguments.device)
    print(f"L_align {before:.4f} in the first tenth of the steps, {after:.4f} in the last: {arguments.out}")
