"""Measure constraints at sampling time against other methods.

Forty cases on captures of the test split (gaps, first and last pose, keyframes, pins, halves of the body),
four ways over the floor and four loops: ours, imputation, gradient descent through the decoder, and
interpolation without a model. Writes `control.json`, `control.md` and strips of the loops, ten rounds each.

Example:
    python -m training benchmark control --data DATA --out RESULTS [--seeds 0 1 2]
"""

import argparse

from training.commands import options

WAYS = ("ours", "imputation", "gradient", "linear", "slerp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser)
    options.add_checkpoint(parser)
    parser.add_argument(
        "--seeds", type=options.count(0), nargs="+", default=[0, 1, 2],
        help="the first is that of the captures, paths and loops run with each (default: 0 1 2)",
    )  # fmt: skip
    parser.add_argument("--every", type=options.count(1), default=1, help="take only every n-th capture case")
    parser.add_argument(
        "--ways", nargs="+", default=list(WAYS), choices=WAYS, help=f"default: {' '.join(WAYS)}"
    )


def run(given: argparse.Namespace) -> None:
    """Measure and print the table."""
    from training.benchmarks.control.study import markdown, study

    content = study(given.data, given.out, given.checkpoint, given.seeds, given.every, given.ways)
    print(markdown(content))
