"""Render the animated picture of the README: several people, each with its own prompt.

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
    parser.add_argument("--duration", type=float, default=3.0, help="seconds per motion (default: 3)")
    options.add_out(parser, "the file, a .webp")
    options.add_seed(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate and draw."""
    from training.tools.moving_picture import make

    out: Path = arguments.out
    make(arguments.checkpoint, arguments.prompts, arguments.duration, arguments.seed, out)
    print(f"{out}: {out.stat().st_size:,} bytes")
