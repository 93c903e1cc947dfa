"""Run or resume a table of the paper.

Tables 1, 2, 3 and 5 are about one checkpoint: `--checkpoint`, or the one that `--config` trains, or the
shipped one (Table 2, KIT-ML, is always trained). The rows of Tables 4 and 6-9, and MDM, are trained from
`--config` with each row's overrides, for a share `--budget` of its steps. OUT/variants holds the trained
checkpoints of all tables: each configuration is trained once. OUT/table-N gets `table.md`, `table.json` and
`table.png`. Finished trainings and replications of earlier runs are reused.

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
    parser.add_argument("--mdm", help="likewise for the MDM baseline, instead of training it")
    parser.add_argument("--no-training", action="store_true", help="skip rows whose training is not finished")
    options.add_protocol(parser)
    parser.add_argument(
        "--sentences",
        type=options.count(1),
        default=100,
        help="that AITS (Table 3) is averaged over (default: 100)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the table and print it."""
    from training.research.tables.run import Plan, run_table

    plan = Plan(
        number=arguments.table,
        data=arguments.data,
        out=arguments.out,
        config=arguments.config,
        budget=arguments.budget,
        checkpoint=arguments.checkpoint,
        mdm=arguments.mdm,
        training=not arguments.no_training,
        protocol=options.protocol_of(arguments),
        batch_size=arguments.batch_size,
        device=arguments.device,
        sentences=arguments.sentences,
    )
    print(run_table(plan, options.evaluator_of(arguments)))
