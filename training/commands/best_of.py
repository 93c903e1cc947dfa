"""Measure what choosing among candidates gains: one motion for a prompt, and the best of several.

Judged by the checks of `prompt-checks` and by the open evaluator, neither of which chooses.

Example:
    python -m training best-of --prompts 20 --candidates 8
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    parser.add_argument("--prompts", type=options.count(2), default=20, help="of the suite (default: 20)")
    parser.add_argument("--candidates", type=options.count(2), default=8, help="of each motion (default: 8)")
    options.add_seed(parser)


def run(given: argparse.Namespace) -> None:
    """Measure and print."""
    from ram_sdk import RAMPipeline
    from training.evaluation.best_of import measure, spread

    pipeline = RAMPipeline.from_pretrained(given.checkpoint)
    for count in (1, given.candidates):
        print(measure(pipeline, spread(given.prompts), count, given.seed), flush=True)
