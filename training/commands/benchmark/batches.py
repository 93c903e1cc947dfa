"""Measure batches of like length beside padding every motion to the longest.

The same sentences of the prompt suite, as long as the checkpoint estimates, and seeds three times, in turns:
batches sorted by length as `ram-sdk batch` makes them, batches in the table's order, each padded to its
longest, and every batch padded to the longest motion of all. Writing files is left out.

Example:
    python -m training benchmark batches [--prompts 48] [--steps 4] [--repeats 3]
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    parser.add_argument("--prompts", type=options.count(1), default=48, help="how many (default: 48)")
    parser.add_argument("--steps", type=options.count(1), default=4, help="of denoising (default: 4)")
    parser.add_argument("--batch-size", type=options.count(1), default=16, help="default: 16")
    parser.add_argument("--repeats", type=options.count(1), default=3, help="of each way (default: 3)")


def run(given: argparse.Namespace) -> None:
    """Measure and print."""
    from training.benchmarks.batches import report

    report(given.checkpoint, given.prompts, given.steps, given.batch_size, given.repeats)
