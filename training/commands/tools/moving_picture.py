"""Make the moving picture of the README: several people, each doing what its own sentence says.

Example:
    python -m training tools moving-picture --seed 1 --out docs/pictures/people.webp
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from training.tools.moving_picture import PROMPTS

    parser.add_argument(
        "--prompts", nargs="+", default=PROMPTS, help=f"what each person does (default: {', '.join(PROMPTS)})"
    )
    options.add_checkpoint(parser)
    parser.add_argument("--duration", type=float, default=3.0, help="seconds of each motion (default: 3)")
    options.add_out(parser, "the file, a .webp")
    options.add_seed(parser)


def run(given: argparse.Namespace) -> None:
    """Generate and draw."""
    from training.tools.moving_picture import make

    out: Path = given.out
    make(given.checkpoint, given.prompts, given.duration, given.seed, out)
    print(f"{out}: {out.stat().st_size:,} bytes")
