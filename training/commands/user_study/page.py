"""Build the page on which participants rank motions, and its key.

`study.html` is one file to send to participants: it plays the motions of all methods side by side, offline,
in a new random order for each participant, and saves the ranks to a file. Motions have random ids; only
`key.json`, which stays with you, maps them to methods. As in section 4.8 of the paper, there are 30 prompts
of the test split, each ranked once by text fit and motion quality together.

Example:
    python -m training user-study page --data DATA --row RAM=open-small --row MDM=CHECKPOINT --out SURVEY
"""

import argparse
from pathlib import Path

from training.commands import options

_PROMPTS = 30  # section 4.8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder in HumanML3D's layout: prompts of its test split")
    source.add_argument("--prompts", nargs="+", help="your own prompts")
    options.add_rows(parser, required=True)
    parser.add_argument(
        "--count", type=options.count(1), default=_PROMPTS, help="how many prompts of the test split"
    )
    options.add_out(parser, "folder of the page and its key")
    options.add_seed(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate the motions and write the page and its key."""
    from training.research.figures.rows import generate
    from training.research.figures.user_study import draw_prompts, write_study

    if arguments.prompts:
        prompts, seconds = arguments.prompts, None
    else:
        prompts, seconds = draw_prompts(arguments.data, arguments.count, arguments.seed)
    motions = generate(arguments.rows, prompts, seconds, arguments.seed, arguments.device)
    page = write_study(motions, arguments.rows, arguments.seed, arguments.out)
    print(f"{page}: {len(prompts)} prompts, {len(arguments.rows)} methods; keep key.json")
