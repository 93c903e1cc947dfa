"""Find the best guidance for a checkpoint: chosen on validation, reported once on test.

Starts from the paper's guidance (w_reg 5, w_cfg 1.5, REG at every step but the first, evenly spaced steps)
and changes one setting after another. Writes `study.json` and `study.md`; the same command resumes a stopped
study.

Example:
    python -m training guidance-study --data DATA --out STUDY --checkpoint open-small
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser)
    options.add_checkpoint(parser)
    options.add_evaluator(parser)
    parser.add_argument(
        "--clips",
        type=options.count(1),
        default=256,
        help="motions per replication on validation (default: 256)",
    )
    options.add_replications(parser, 1)
    parser.add_argument(
        "--test-clips", type=options.count(1), help="motions per replication on test; default: all"
    )
    parser.add_argument("--test-replications", type=options.count(1), default=1, help="on test (default: 1)")
    options.add_seed(parser)
    options.add_batch_size(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run the study and print it."""
    from training.evaluation.protocol import Protocol
    from training.research.guidance_study import markdown, study

    content = study(
        arguments.data,
        arguments.out,
        options.evaluator_of(arguments),
        arguments.checkpoint,
        Protocol("val", arguments.replications, arguments.clips, 0, arguments.seed),
        Protocol("test", arguments.test_replications, arguments.test_clips, 0, arguments.seed),
        arguments.batch_size,
        arguments.device,
    )
    print(markdown(content))
