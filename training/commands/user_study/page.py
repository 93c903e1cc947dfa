"""Make the page that participants rank motions on, and its key.

`study.html` is one file to send to participants: it plays the motions of every method side by side without
a network, in a new random order for each participant, and saves the ranks to a file. It names motions by
random letters; which method made which stands in `key.json` alone, which stays with you. As in section 4.8
of the paper there are 30 prompts of the test split, and one ranking of each, in which fit to the text and
quality of motion are considered together.

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
    source.add_argument("--prompts", nargs="+", help="prompts of your own")
    options.add_rows(parser, required=True)
    parser.add_argument(
        "--count", type=options.count(1), default=_PROMPTS, help="how many prompts of the test split"
    )
    options.add_out(parser, "folder of the page and its key")
    options.add_seed(parser)
    options.add_device(parser)


def run(given: argparse.Namespace) -> None:
    """Generate the motions and write the page and its key."""
    from training.research.figures.rows import generate
    from training.research.figures.user_study import draw_prompts, write_study

    if given.prompts:
        prompts, seconds = given.prompts, None
    else:
        prompts, seconds = draw_prompts(given.data, given.count, given.seed)
    motions = generate(given.rows, prompts, seconds, given.seed, given.device)
    page = write_study(motions, given.rows, given.seed, given.out)
    print(f"{page}: {len(prompts)} prompts, {len(given.rows)} methods; keep key.json")
