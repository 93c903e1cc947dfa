"""Measure the speed of sampling compared with MDM's and with the machine's matrix products.

Paper-size networks with random weights, batch 1, float32, on the CPU. RAM (20 steps, REG at every step, CFG),
MDM's own sampler (50 ancestral steps, CFG as two forward passes per step, an `nn.TransformerEncoder` of the
same size), and only RAM's matrix products, replayed one by one. All three exclude the text encoder.

Example:
    python -m training benchmark sampling [--frames 196] [--repeats 5]
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--frames", type=options.count(1), default=196, help="of a motion (default: 196)")
    parser.add_argument("--repeats", type=options.count(1), default=5, help="of each way (default: 5)")


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    from training.benchmarks.sampling import measure

    measure(arguments.frames, arguments.repeats)
