"""Runs a table: finds or trains the weights of each row, evaluates them and writes the report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ram_sdk.checkpoint import DEFAULT
from ram_sdk.skeleton.joints import KIT_ML
from training import CONFIGS
from training.config import TrainingConfig, load_config
from training.data.folder import MotionTextFolder
from training.evaluation import aits
from training.evaluation.evaluate import batch_size_for, evaluate_rows
from training.evaluation.evaluator import Evaluator
from training.evaluation.protocol import Evaluation, Protocol, Row
from training.research.tables.report import write_report
from training.research.tables.rows import MDM, TABLES, TableRow
from training.research.tables.variants import Variants, scale_budget

_TIMED = 3  # the table with inference times
_KIT = 2  # the table on KIT-ML, for which there is no shipped checkpoint


@dataclass(frozen=True)
class Plan:
    """How a table is run.

    Attributes:
        number: of the table.
        data: folder in HumanML3D's layout.
        out: folder of all tables.
        config: training configuration of the trained rows; None: the default of the table.
        budget: share of its steps.
        checkpoint: of RAM, for tables about one checkpoint.
        mdm: checkpoint of the MDM baseline.
        training: whether rows may be trained; otherwise untrained ones are skipped.
        protocol: of the evaluation.
        batch_size: motions that are generated together; None: chosen for the device.
        device: of the networks.
        sentences: that the inference times of Table 3 are averaged over.
    """

    number: int
    data: Path
    out: Path
    config: Path | None = None
    budget: float = 1.0
    checkpoint: str | None = None
    mdm: str | None = None
    training: bool = True
    protocol: Protocol = field(default_factory=Protocol)
    batch_size: int | None = None
    device: str = "cpu"
    sentences: int = 100

    @property
    def config_file(self) -> Path:
        """The configuration that rows override."""
        return self.config or CONFIGS / ("kit.yaml" if self.number == _KIT else "open-small.yaml")

    def config_of(self, row: TableRow) -> TrainingConfig:
        """A row's training configuration."""
        return scale_budget(load_config(self.config_file, row.overrides or ()), self.budget)

    def given(self, row: TableRow) -> str | None:
        """The existing checkpoint of a row; None if the row has to be trained."""
        if row.overrides == MDM:
            return self.mdm
        if row.overrides is None and (self.checkpoint or not (self.config or self.number == _KIT)):
            return self.checkpoint or DEFAULT
        return None


def run_table(plan: Plan, evaluator: Evaluator) -> str:
    """Run or resume a table and write its report.

    Returns:
        The Markdown.

    Raises:
        InterruptedError: a training run was stopped.
        ValueError: no row can be run without training; or see `check`.
    """
    evaluation = check(plan, evaluator)
    rows = rows_to_evaluate(plan.number, find_checkpoints(plan))
    if not rows:
        raise ValueError(
            f"every row of Table {plan.number} has to be trained first: run it without --no-training"
        )
    out = plan.out / f"table-{plan.number}"
    summary = evaluate_rows(evaluation, rows, out, plan.device)
    text = caption(plan, summary)
    if plan.number == _TIMED:
        text += add_times(plan, rows, summary, out)
    return write_report(plan.number, text, summary, out)


def check(plan: Plan, evaluator: Evaluator) -> Evaluation:
    """Check all inputs of a table before any training, which may take days.

    Returns:
        The evaluation of the table's rows.

    Raises:
        FileNotFoundError: the data folder lacks a split or one of its files.
        ValueError: the data for Table 2 is not KIT-ML, the evaluator or a checkpoint has another skeleton
            than the data, or a row's configuration is invalid.
    """
    folder = MotionTextFolder(plan.data)
    if plan.number == _KIT and folder.skeleton is not KIT_ML:
        raise ValueError(f"Table {_KIT} is about KIT-ML: {plan.data} holds {folder.skeleton.name} features")
    size = plan.batch_size or batch_size_for(plan.device)
    out = plan.out / f"table-{plan.number}"
    evaluation = Evaluation(plan.data, evaluator, out, plan.protocol, size)
    given = {row.name: plan.given(row) for row in TABLES[plan.number].rows}
    evaluation.load([Row(name, source) for name, source in given.items() if source is not None], plan.device)
    for row in TABLES[plan.number].rows:
        if given[row.name] is None and plan.training:
            folder.ids("train"), folder.ids("val")
            plan.config_of(row)  # raises an error if it is invalid
    return evaluation


def rows_to_evaluate(number: int, checkpoints: Mapping[str, str]) -> list[Row]:
    """The rows of a table that have a checkpoint, with the table's sampling settings."""
    return [
        Row(
            row.name,
            checkpoints[row.name],
            reg_scale=row.reg_scale,
            cfg_scale=row.cfg_scale,
            steps=row.steps,
            reg_timesteps=row.reg_timesteps,
            timestep_spacing="linear",
            strength=1.0,
        )
        for row in TABLES[number].rows
        if row.name in checkpoints
    ]


def add_times(plan: Plan, rows: Sequence[Row], summary: Mapping[str, Any], out: Path) -> str:
    """Add each row's average inference time (AITS) to its metrics.

    An earlier measurement with the same number of sentences and device is reused.

    Returns:
        A sentence on how it was measured.
    """
    file = out / "aits.json"
    times = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"rows": {}}
    wanted = aits.setup(plan.sentences, (), plan.device)
    if times["rows"].keys() != {row.name for row in rows} or times.get("setup") != wanted:
        times = aits.measure(rows, plan.data, out, plan.sentences, (), plan.device)
    for name, measured in times["rows"].items():
        summary["rows"][name]["metrics"]["aits"] = {"mean": measured["aits"], "half_width": 0.0}
    return (
        f" AITS: batch 1, text encoding included, loading excluded, {times['sentences']} sentences of "
        f"{times['mean_frames']:.0f} frames on average; {times['machine']}, {times['date']}."
    )


def find_checkpoints(plan: Plan) -> dict[str, str]:
    """The checkpoints by row name; rows without one are trained if the plan allows it."""
    variants = Variants(plan.out / "variants", plan.data, cpu=plan.device == "cpu")
    checkpoints = {}
    for row in TABLES[plan.number].rows:
        source: str | Path | None = plan.given(row)
        if source is None:
            config = plan.config_of(row)
            source = variants.train(config) if plan.training else variants.find(config)
        if source is not None:
            checkpoints[row.name] = str(source)
    return checkpoints


def caption(plan: Plan, summary: Mapping[str, Any]) -> str:
    """The conditions of the measurement."""
    rows = TABLES[plan.number].rows
    run = [row for row in rows if row.name in summary["rows"]]
    trained = [row.name for row in run if plan.given(row) is None]
    left = [row.name for row in rows if row not in run]
    parts = [
        f"Measured on {summary['data']} ({summary['data_sha256']}), split {summary['split']}, with the "
        f"evaluator {summary['evaluator']}: n = {summary['clips']} motions per replication, "
        f"{summary['replications']} replication(s), seed {summary['seed']}, mean ± 95 % interval. "
        f"{summary['machine']}, torch {summary['torch']}, {summary['date']}."
    ]
    if trained:
        steps, all_steps = plan.config_of(rows[0]).max_steps, load_config(plan.config_file).max_steps
        parts.append(
            f"Trained here with {plan.config_file.name}, **budget {plan.budget:g} ({steps:,} of "
            f"{all_steps:,} steps)**: {', '.join(trained)}."
        )
    if left:
        parts.append(f"Not run: {', '.join(left)}.")
    return " ".join(parts)
