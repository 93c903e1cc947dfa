"""Run a table of the paper, or what is left of it.

Tables 1, 2, 3 and 5 are about one checkpoint: `--checkpoint`, or what `--config` trains, or the shipped one
(Table 2, KIT-ML, is always trained). The rows of Tables 4 and 6-9, and MDM, are trained from `--config` with
each row's overrides, and `--budget` is the share of its steps. OUT/variants holds what was trained, for all
tables: a configuration is trained once. OUT/table-N gets `table.md`, `table.json` and `table.png`. What an
earlier run finished, trainings and replications, is kept.

Example:
    python -m training tables 5 --data DATA --out TABLES
    python -m training tables 8 --data DATA --out TABLES --budget 0.1
    python -m training tables 1 --data HUMANML3D --out TABLES --config training/configs/humanml3d.yaml
"""

import argparse
from pathlib import Path

from training.commands import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    from training.research.tables.rows import TABLES

    parser.add_argument("table", type=int, choices=sorted(TABLES), help="its number in the paper")
    options.add_data(parser)
    options.add_out(parser, "folder of all tables")
    parser.add_argument("--config", type=Path, help="default: open-small.yaml, for Table 2 kit.yaml")
    parser.add_argument("--budget", type=float, default=1.0, help="share of the training steps, such as 0.01")
    parser.add_argument("--checkpoint", help="RAM's pipeline folder or Hub repository")
    parser.add_argument("--mdm", help="that of the MDM baseline, in place of training one")
    parser.add_argument(
        "--no-training", action="store_true", help="leave out rows whose training is not finished"
    )
    options.add_protocol(parser)
    parser.add_argument(
        "--sentences",
        type=options.count(1),
        default=100,
        help="that AITS (Table 3) is the mean of (default: 100)",
    )


def run(given: argparse.Namespace) -> None:
    """Run the table and print it."""
    from training.research.tables.run import Plan, run_table

    plan = Plan(
        number=given.table,
        data=given.data,
        out=given.out,
        config=given.config,
        budget=given.budget,
        checkpoint=given.checkpoint,
        mdm=given.mdm,
        training=not given.no_training,
        protocol=options.protocol_of(given),
        batch_size=given.batch_size,
        device=given.device,
        sentences=given.sentences,
    )
    print(run_table(plan, options.evaluator_of(given)))
