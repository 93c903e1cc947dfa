r"""Draw Figure 3: motions of several checkpoints or settings for the same prompts.

All rows share noise and lengths. A `.png` is a page of pose strips, `.gif` and `.mp4` play the motions side
by side, one row per prompt, and `.html` plays those of one prompt in 3D.

Example:
    python -m training side-by-side --prompts "a person waves" "a person jumps" --out figure3.png \
        --row RAM=open-small --row "no guidance=open-small,reg_scale=0,cfg_scale=0"
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--prompts", nargs="+", required=True, help="what the person does")
    options.add_rows(parser, required=True)
    parser.add_argument("--duration", type=float, help="seconds; default: estimated by the first row")
    options.add_out(parser, "a file: .png, .gif, .mp4 or .html")
    options.add_seed(parser)
    options.add_device(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate and draw."""
    from training.research.figures.rows import generate
    from training.research.figures.side_by_side import check_suffix, compare

    check_suffix(arguments.out, len(arguments.prompts))
    seconds = None if arguments.duration is None else [arguments.duration] * len(arguments.prompts)
    compare(
        generate(arguments.rows, arguments.prompts, seconds, arguments.seed, arguments.device),
        arguments.rows,
        arguments.out,
    )
    print(arguments.out)
