"""Measure the gain of choosing among candidates: the best of several compared with a single motion.

Evaluated with the checks of `prompt-checks`, and with `--data` by R@1 and FID for captions of its test clips;
neither the checks nor the evaluator are used to choose. Writes `best_of.json` and `best_of.md`.

Example:
    python -m training best-of --out RESULTS --data DATA --prompts 40 --clips 64
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_out(parser)
    parser.add_argument("--prompts", type=options.count(2), default=40, help="from the suite (default: 40)")
    parser.add_argument("--candidates", type=options.count(2), default=8, help="for each text (default: 8)")
    parser.add_argument("--data", type=Path, help="folder in HumanML3D's layout, for R@1 and FID")
    parser.add_argument("--clips", type=options.count(32), default=64, help="of its test split (default: 64)")
    options.add_evaluator(parser)
    options.add_seed(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure, and print the table."""
    from ram_sdk import RAMPipeline
    from training import machine
    from training.evaluation import best_of
    from training.evaluation.protocol import Evaluation, Protocol

    pipeline = RAMPipeline.from_pretrained(arguments.checkpoint, device=arguments.device)
    pipeline.set_progress_bar_config(disable=True)
    count, seed = arguments.candidates, arguments.seed
    captures = None
    if arguments.data is not None:
        evaluator = options.evaluator_of(arguments)
        protocol = Protocol(clips=arguments.clips, multimodality_texts=0, seed=seed)
        draw = Evaluation(arguments.data, evaluator, arguments.out, protocol).draw(0)
        captures = best_of.on_captures(pipeline, evaluator, draw, count)
    suite = best_of.on_suite(pipeline, best_of.spread(arguments.prompts), count, seed)
    about = {"checkpoint": pipeline.name, "seed": seed, **machine.describe(arguments.device)}
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(best_of.write(arguments.out, suite, captures, about))
