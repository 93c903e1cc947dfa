"""Measure the studio's server: time to the first motion, and many concurrent clients (Linux).

Example:
    python -m training benchmark studio --clients 50
"""

import argparse

from ram_sdk.shipped import DEFAULT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--checkpoint", default=DEFAULT, help=f"that the server loads (default: {DEFAULT})")
    parser.add_argument("--clients", type=int, default=50, help="concurrent requests (default: 50)")
    parser.add_argument("--steps", type=int, help="denoising steps per request; default: the checkpoint's")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print the table."""
    from training.benchmarks.studio import measure

    measure(arguments.checkpoint, arguments.clients, arguments.steps)
