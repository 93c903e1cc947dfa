"""Measure the speed of training compared with MDM's loop.

RAM's step, from gathering its batch to the averaged weights, and MDM's loop on the same clips (padded to 196
frames, CLIP in the loop), both in float32, as MDM is published, and in bf16. The peak is that of one large
matrix product at the same precision.

Example:
    python -m training benchmark training [--config FILE] [--data DATA] [key=value ...]
"""

import argparse
from pathlib import Path

from training import CONFIGS
from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_config(parser, default=CONFIGS / "open.yaml")
    parser.add_argument("--data", type=Path, help="folder in HumanML3D's layout; default: synthetic clips")
    parser.add_argument("--steps", type=options.count(1), help="in a block; default: 20 on a GPU, 8 on a CPU")
    parser.add_argument("--repeats", type=options.count(1), default=3, help="blocks of each (default: 3)")
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    from training.benchmarks.throughput import report
    from training.config import load_config

    config = load_config(arguments.config, arguments.overrides)
    report(
        config,
        arguments.config.name,
        arguments.data,
        arguments.steps,
        arguments.repeats,
        cpu=arguments.device == "cpu",
    )
