"""Measure foot skating of generated motions with and without locked feet.

The foot skating ratio (Guided Motion Diffusion, ICCV 2023) of the first single actions of the prompt suite,
before and after `Motion.lock_feet`.

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
        "--seeds", type=options.count(0), nargs="+", default=[0, 1, 2], help="per prompt (default: 0 1 2)"
    )
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate, measure and print."""
    from training.benchmarks.foot_locking import report

    print(report(arguments.checkpoint, arguments.prompts, arguments.seeds, arguments.device))
