"""Measure the gain of choosing among candidates: the best of several compared with a single motion.

Evaluated with the checks of `prompt-checks` and the open evaluator, neither of which is used to choose.

Example:
    python -m training best-of --prompts 20 --candidates 8
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    parser.add_argument("--prompts", type=options.count(2), default=20, help="from the suite (default: 20)")
    parser.add_argument("--candidates", type=options.count(2), default=8, help="for each motion (default: 8)")
    options.add_seed(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    from ram_sdk import RAMPipeline
    from training.evaluation.best_of import measure, spread

    pipeline = RAMPipeline.from_pretrained(arguments.checkpoint)
    for count in (1, arguments.candidates):
        print(measure(pipeline, spread(arguments.prompts), count, arguments.seed), flush=True)
