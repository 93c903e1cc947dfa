"""Train RAM, or resume the training in a run's folder.

The same command resumes where an earlier run in the same folder stopped, and so does a run that was sent
SIGTERM. For several GPUs put `accelerate launch` before: `accelerate launch -m training train ...`.

Example:
    python -m training train --config training/configs/open-small.yaml --data DATA --out RUN [key=value ...]
"""

import argparse

from training.commands import frame, options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_config(parser, default=None)
    options.add_data(parser)
    options.add_out(parser, "folder of the run; an earlier run in it is resumed")
    options.add_device(parser)


def run(given: argparse.Namespace) -> int:
    """Train; returns the exit code."""
    from training.config import load_config
    from training.loop import train

    config = load_config(given.config, given.overrides)
    finished = train(config, given.data, given.out, cpu=given.device == "cpu")
    return frame.DONE if finished else frame.INTERRUPTED
