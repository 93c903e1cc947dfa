"""Run a table of the paper, or what is left of it.

    python -m training.research.tables 5 --data DIR --out DIR
    python -m training.research.tables 8 --data DIR --out DIR --config training/configs/open-small.yaml --budget 0.1

Tables 1, 2, 3 and 5 are about one checkpoint: `--checkpoint`, or what `--config` trains, or the shipped one
(Table 2, KIT-ML, is always trained). The rows of Tables 4 and 6-9, and MDM, are trained from `--config` with
each row's overrides, and `--budget` is the share of its steps. OUT/variants holds what was trained, for all
tables: a configuration is trained once. OUT/table-N gets `table.md`, `table.json` and `table.png`. What an
earlier run finished, trainings and replications, is kept.
"""

import argparse
from pathlib import Path

from training.command import one_line_errors
from training.evaluation.evaluate import add_protocol_arguments, load_evaluator, protocol_of
from training.research.tables.rows import TABLES
from training.research.tables.run import Plan, run_table


def main() -> None:
    """Command line of `python -m training.research.tables`."""
    parser = argparse.ArgumentParser(
        prog="python -m training.research.tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", type=int, choices=sorted(TABLES))
    parser.add_argument("--data", type=Path, required=True, help="folder in HumanML3D's layout")
    parser.add_argument("--out", type=Path, required=True, help="folder of all tables")
    parser.add_argument("--config", type=Path, help="default: open-small.yaml, for Table 2 kit.yaml")
    parser.add_argument("--budget", type=float, default=1.0, help="share of the training steps, such as 0.01")
    parser.add_argument("--checkpoint", help="RAM's pipeline folder or Hub repository")
    parser.add_argument("--mdm", help="that of the MDM baseline, in place of training one")
    parser.add_argument(
        "--no-training", action="store_true", help="leave out rows whose training is not finished"
    )
    add_protocol_arguments(parser)
    parser.add_argument("--sentences", type=int, default=100, help="that AITS (Table 3) is the mean of")
    options = parser.parse_args()
    plan = Plan(
        number=options.table,
        data=options.data,
        out=options.out,
        config=options.config,
        budget=options.budget,
        checkpoint=options.checkpoint,
        mdm=options.mdm,
        training=not options.no_training,
        protocol=protocol_of(options),
        batch_size=options.batch_size,
        device=options.device,
        sentences=options.sentences,
    )
    print(run_table(plan, load_evaluator(options.evaluator, options.data, options.device)))


if __name__ == "__main__":
    with one_line_errors("training.research.tables"):
        main()
