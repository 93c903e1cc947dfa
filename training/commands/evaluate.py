r"""Evaluate checkpoints and settings, together with the ground truth.

What a row leaves out is the checkpoint's default. Writes `metrics.json` and `metrics.md` after each
replication; the same command resumes where it stopped. `--clips 500 --replications 1
--multimodality-texts 10` is a quick look.

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


def run(given: argparse.Namespace) -> None:
    """Evaluate and print the tables."""
    from training.evaluation.evaluate import evaluate, markdown

    summary = evaluate(
        options.rows_of(given),
        given.data,
        options.evaluator_of(given),
        given.out,
        options.protocol_of(given),
        given.batch_size,
        given.device,
    )
    print(markdown(summary))
