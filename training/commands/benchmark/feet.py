"""Measure foot skating of generated motions with and without locked feet.

The field's foot skating ratio (Guided Motion Diffusion, ICCV 2023) of the first single actions of the prompt
suite, as the checkpoint makes them and after `Motion.lock_feet`.

Example:
    python -m training benchmark feet [--prompts 20] [--seeds 0 1 2]
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    parser.add_argument("--prompts", type=options.count(1), default=20, help="default: the suite's first 20")
    parser.add_argument(
        "--seeds", type=options.count(0), nargs="+", default=[0, 1, 2], help="of each prompt (default: 0 1 2)"
    )
    options.add_device(parser)


def run(given: argparse.Namespace) -> None:
    """Generate, measure and print."""
    from training.benchmarks.foot_locking import report

    print(report(given.checkpoint, given.prompts, given.seeds, given.device))
