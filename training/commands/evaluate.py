r"""Evaluate checkpoints and settings, and the ground truth.

Settings that a row does not name are the checkpoint's defaults. Writes `metrics.json` and `metrics.md` after
each replication; the same command resumes a stopped evaluation. For a quick look use `--clips 500
--replications 1 --multimodality-texts 10`.

Example:
    python -m training evaluate --data DATA --out RESULTS --row RAM=open-small \
        --row "no guidance=open-small,reg_scale=0,cfg_scale=0" --row "MDM=FOLDER,cfg_scale=1.5,steps=50"
"""

import argparse

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    options.add_data(parser)
    options.add_out(parser)
    options.add_rows(parser)
    options.add_protocol(parser)


def run(arguments: argparse.Namespace) -> None:
    """Evaluate and print the tables."""
    from training.evaluation.evaluate import evaluate, markdown

    summary = evaluate(
        options.rows_of(arguments),
        arguments.data,
        options.evaluator_of(arguments),
        arguments.out,
        options.protocol_of(arguments),
        arguments.batch_size,
        arguments.device,
    )
    print(markdown(summary))
