"""Measure the studio's server: the first motion after its start, and many clients at once (Linux).

Example:
    python -m training benchmark studio --clients 50
"""

import argparse

from ram_sdk.shipped import DEFAULT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--checkpoint", default=DEFAULT, help=f"which one (default: {DEFAULT})")
    parser.add_argument("--clients", type=int, default=50, help="that ask at once (default: 50)")
    parser.add_argument("--steps", type=int, help="denoising steps of theirs; default: the checkpoint's")


def run(given: argparse.Namespace) -> None:
    """Measure and print the table."""
    from training.benchmarks.studio import measure

    measure(given.checkpoint, given.clients, given.steps)
