"""Export a training run to a pipeline folder that `RAMPipeline.from_pretrained` loads.

The folder holds the averaged weights, the data's feature statistics, a duration estimator fitted in closed
form on the training captions, and a model card.

Example:
    python -m training export --run RUN --data DATA --out CHECKPOINT
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    options.add_data(parser)
    options.add_out(parser, "pipeline folder to write")
    parser.add_argument("--name", help="title of the model card; default: the folder's name")
    parser.add_argument("--notes", type=Path, nargs="*", default=[], help="Markdown appended to the card")
    parser.add_argument("--half", action="store_true", help="store the weights in float16, half the size")


def run(arguments: argparse.Namespace) -> None:
    """Export."""
    from training.export import export

    export(arguments.run, arguments.data, arguments.out, arguments.name, arguments.notes, arguments.half)
