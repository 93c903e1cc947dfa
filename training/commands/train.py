"""Train RAM, or resume a training run.

The same command resumes an earlier run in the same folder; SIGTERM saves and stops a run. For several GPUs
use `accelerate launch -m training train ...`.

Example:
    python -m training train --config training/configs/open-small.yaml --data DATA --out RUN [key=value ...]
"""

import argparse

from training.commands import options, runner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_config(parser, default=None)
    options.add_data(parser)
    options.add_out(parser, "folder of the run; an earlier run in it is resumed")
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train; returns the exit code."""
    from training.config import load_config
    from training.loop import train

    config = load_config(arguments.config, arguments.overrides)
    finished = train(config, arguments.data, arguments.out, cpu=arguments.device == "cpu")
    return runner.DONE if finished else runner.INTERRUPTED
