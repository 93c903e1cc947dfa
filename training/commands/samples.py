"""Check what a checkpoint makes of plain prompts, and draw it.

Writes a strip of poses for each prompt (the first seed) into `sheet.png`, and `samples.md`: for each prompt
how many of the seeds pass a check of measured geometry, beside how many motions made for the *other* prompts
pass it, which is what chance and a lax check would give.

Example:
    python -m training samples --checkpoint open-small --out RESULTS [--seeds 8]
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_out(parser)
    parser.add_argument("--seeds", type=options.count(1), default=8, help="motions of each prompt")
    parser.add_argument("--reg-scale", type=float, help="default: the checkpoint's")
    parser.add_argument("--cfg-scale", type=float, help="default: the checkpoint's")
    options.add_seed(parser)
    options.add_device(parser)


def run(given: argparse.Namespace) -> None:
    """Generate, check, and print the table."""
    from ram_sdk import RAMPipeline
    from training.evaluation.samples import check_samples

    pipeline = RAMPipeline.from_pretrained(given.checkpoint, device=given.device)
    guidance = {"reg_scale": given.reg_scale, "cfg_scale": given.cfg_scale}
    print(check_samples(pipeline, given.out, given.seeds, given.seed, **guidance))
