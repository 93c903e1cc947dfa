"""Measure the average inference time per sentence (AITS), and throughput.

AITS as measured by MLD and the paper: sentences of the test split one by one, with their clips' lengths,
including text encoding, excluding loading. Throughput: full batches of the same sentences. Writes `aits.json`
and `aits.md`.

Example:
    python -m training aits --data DATA --out RESULTS --row RAM=open-small --row "CFG=open-small,reg_scale=0"
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser)
    options.add_rows(parser)
    parser.add_argument(
        "--sentences", type=options.count(1), default=100, help="that AITS is averaged over (default: 100)"
    )
    parser.add_argument(
        "--batch-sizes",
        type=options.count(1),
        nargs="*",
        default=[32, 256],
        help="for throughput (default: 32 256)",
    )
    options.add_seed(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print the table."""
    from training.evaluation.aits import markdown, measure

    rows = options.rows_of(arguments)
    summary = measure(
        rows,
        arguments.data,
        arguments.out,
        arguments.sentences,
        arguments.batch_sizes,
        arguments.device,
        arguments.seed,
    )
    print(markdown(summary))
