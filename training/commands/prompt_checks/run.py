"""Generate motions for every sentence of the suite, and check them.

Resumes a stopped run. Writes `suite.json`, `suite.md` and a sheet of poses for each category.

Example:
    python -m training prompt-checks run --checkpoint open-small --out RESULTS
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_checkpoint(parser)
    options.add_out(parser)
    parser.add_argument("--seeds", type=options.count(1), default=4, help="motions per sentence (default: 4)")
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate, check, and print the report."""
    from training.evaluation.prompt_checks.report import markdown
    from training.evaluation.prompt_checks.run import run

    print(markdown(run(arguments.checkpoint, arguments.out, arguments.seeds, arguments.device)))
