"""Evaluate a checkpoint's latent space: retrieval in both directions, reconstruction, query time.

Uses every clip of the test split with its first caption. Retrieval is compared with the open evaluator's.

Example:
    python -m training latent-space --data DATA
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_data(parser)
    parser.add_argument(
        "--reconstruct", type=options.count(0), default=20, help="motions to reconstruct (default: 20)"
    )
    options.add_seed(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    from ram_sdk import RAMPipeline
    from training.evaluation.latent_space import report

    print(
        report(
            RAMPipeline.from_pretrained(arguments.checkpoint),
            arguments.data,
            arguments.reconstruct,
            arguments.seed,
        )
    )
