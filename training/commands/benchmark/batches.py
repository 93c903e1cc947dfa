"""Measure length-sorted batches compared with padding every motion to the longest.

Generates the same sentences of the prompt suite, with estimated lengths and the same seeds, in three ways:
batches sorted by length, as `ram-sdk batch` makes them; batches in table order, each padded to its longest
motion; and every batch padded to the longest motion of all. Writing files is excluded.

Example:
    python -m training benchmark batches [--prompts 48] [--steps 4] [--repeats 3]
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    parser.add_argument("--prompts", type=options.count(1), default=48, help="how many (default: 48)")
    parser.add_argument("--steps", type=options.count(1), default=4, help="denoising steps (default: 4)")
    parser.add_argument("--batch-size", type=options.count(1), default=16, help="default: 16")
    parser.add_argument("--repeats", type=options.count(1), default=3, help="of each way (default: 3)")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    from training.benchmarks.batches import report

    report(arguments.checkpoint, arguments.prompts, arguments.steps, arguments.batch_size, arguments.repeats)
