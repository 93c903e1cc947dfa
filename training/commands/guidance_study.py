"""Study which guidance serves a checkpoint best: chosen on validation, reported once on test.

Starts from the paper's guidance (w_reg 5, w_cfg 1.5, REG at every step but the first, steps evenly spaced)
and changes one thing after another. Writes `study.json` and `study.md`; the same command resumes where it
stopped.

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
        help="motions a draw on validation (default: 256)",
    )
    options.add_replications(parser, 1)
    parser.add_argument(
        "--test-clips", type=options.count(1), help="motions a replication on test; default: all"
    )
    parser.add_argument("--test-replications", type=options.count(1), default=1, help="on test (default: 1)")
    options.add_seed(parser)
    options.add_batch_size(parser)
    options.add_device(parser)


def run(given: argparse.Namespace) -> None:
    """Run the study and print it."""
    from training.evaluation.protocol import Protocol
    from training.research.guidance_study import markdown, study

    content = study(
        given.data,
        given.out,
        options.evaluator_of(given),
        given.checkpoint,
        Protocol("val", given.replications, given.clips, 0, given.seed),
        Protocol("test", given.test_replications, given.test_clips, 0, given.seed),
        given.batch_size,
        given.device,
    )
    print(markdown(content))
