"""Measure constraints at sampling time compared with other methods.

Forty cases on captures of the test split (gaps, first and last pose, keyframes, pins, halves of the body),
four paths and four loops; with our method, imputation, gradient descent through the decoder, and
interpolation without a model. Writes `control.json`, `control.md` and sheets of each loop's seams over ten
cycles.

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
        help="captures run with the first, paths and loops with each (default: 0 1 2)",
    )  # fmt: skip
    parser.add_argument("--every", type=options.count(1), default=1, help="run only every n-th capture case")
    parser.add_argument(
        "--ways", nargs="+", default=list(WAYS), choices=WAYS, help=f"methods (default: {' '.join(WAYS)})"
    )


def run(arguments: argparse.Namespace) -> None:
    """Measure and print the table."""
    from training.benchmarks.control.study import markdown, study

    content = study(
        arguments.data, arguments.out, arguments.checkpoint, arguments.seeds, arguments.every, arguments.ways
    )
    print(markdown(content))
