"""Evaluating checkpoints and settings against the ground truth."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from ram_sdk.checkpoint import shipped_text_backbone
from ram_sdk.files import write_whole
from training.data.folder import MotionTextFolder
from training.evaluation.evaluator import Evaluator
from training.evaluation.metrics import Interval
from training.evaluation.official import OfficialEvaluator
from training.evaluation.open_evaluator import OPEN, OpenEvaluator
from training.evaluation.protocol import GROUND_TRUTH, Evaluation, Protocol, Result, Row

COLUMNS = {
    "fid": "FID ↓",
    "r_precision_1": "R@1 ↑",
    "r_precision_2": "R@2 ↑",
    "r_precision_3": "R@3 ↑",
    "action_r_precision_1": "R@1, action ↑",
    "mm_dist": "MM-Dist ↓",
    "diversity": "Diversity →",
    "multimodality": "MultiModality ↑",
}
PHYSICAL = {
    "foot_skating": "foot skating, share of steps",
    "floor_penetration": "floor penetration, m",
    "jerk": "jerk, m/s³",
    "bone_length_error": "bone length error, m",
}


def load_evaluator(source: str, data: Path, device: str = "cpu") -> Evaluator:
    """Load the open evaluator, one trained by `train_evaluator`, or the official one from the user's files.

    Args:
        source: "open", a folder written by `training.evaluation.train_evaluator`, or one with the official
            files.
        data: the evaluation data; its skeleton selects the official evaluator.
        device: of the official evaluator; the open one is small and stays on the CPU.

    Raises:
        FileNotFoundError: the folder or one of its files does not exist.
    """
    folder = OPEN if source == "open" else Path(source)
    if (folder / "model.safetensors").is_file():
        return OpenEvaluator.load(folder, shipped_text_backbone())
    return OfficialEvaluator(folder, MotionTextFolder(data).skeleton, device)


def batch_size_for(device: str) -> int:
    """Default batch size for generation: 8 on a CPU, whose caches are small, 256 elsewhere."""
    return 8 if torch.device(device).type == "cpu" else 256


def summarize(results: Mapping[str, Sequence[Result]]) -> dict[str, Any]:
    """Mean and 95 % confidence interval of every metric of every row, with the setup."""
    first = results[GROUND_TRUTH][0]["setup"]
    rows = {}
    for name, replications in results.items():
        values = {key: [r["metrics"][key] for r in replications] for key in replications[0]["metrics"]}
        rows[name] = {
            "settings": replications[0]["setup"]["row"],
            "metrics": {key: _spread(column) for key, column in values.items()},
        }
    shared = {key: value for key, value in first.items() if key != "row"}
    count = len(results[GROUND_TRUTH])
    made = [replication["made"] for replications in results.values() for replication in replications]
    where = {key: ", then ".join(dict.fromkeys(m[key] for m in made)) for key in ("machine", "torch")}
    date = max(m["date"] for m in made)
    return {**shared, "replications": count, **where, "date": date, "rows": rows}


def markdown(summary: Mapping[str, Any]) -> str:
    """The summary as Markdown tables, with the setup."""
    truth = summary["rows"][GROUND_TRUTH]["metrics"]
    first, differences = _differences(summary)
    texts = summary["multimodality_texts"]
    repeats = f"MultiModality: 30 motions for each of {texts} captions. " if texts else ""
    whose = ", captions that people wrote of these captures" if summary["people"] else ""
    lines = [
        f"Evaluator: {summary['evaluator']}. Data: {summary['data']} ({summary['data_sha256']}), split "
        f"{summary['split']}{whose}, n = {summary['clips']} motions a replication, FID against "
        f"{summary['reference_clips']} real ones; {summary['replications']} replication(s), seed "
        f"{summary['seed']}; mean ± 95 % interval. {summary['machine']}, torch {summary['torch']}, "
        f"{summary['date']}.",
        "",
        *_table(summary["rows"], COLUMNS),
        "",
        "R-Precision ranks 32 motions. R@1, action: every motion of the caption's action is right. "
        f"Identical captions limit R@1 to {truth['caption_limit_1']['mean']:.3f}. {repeats}"
        "Motions have the real ones' lengths.",
        "",
    ]
    if differences:
        lines += [
            f"Differences from {first}, which saw the same captions, lengths and seeds in each replication:",
            "",
            *_table(differences, COLUMNS),
            "",
        ]
    if "jerk" in truth:
        lines += [*_table(summary["rows"], PHYSICAL), ""]
    lines += [
        "| row | checkpoint | steps | strength | reg_scale | cfg_scale | reg_timesteps |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in summary["rows"].items():
        if name != GROUND_TRUTH:
            used = row["settings"]
            timesteps = "all but the first" if used["reg_timesteps"] is None else used["reg_timesteps"]
            lines.append(
                f"| {name} | {used['checkpoint']} ({used['pipeline_sha256']}) | "
                f"{used['steps']}, {used['sampler']}, {used['timestep_spacing']} | {used['strength']:g} | "
                f"{used['reg_scale']:g} | {used['cfg_scale']:g} | "
                f"{timesteps if used['reg_scale'] else '-'} |"
            )
    return "\n".join(lines) + "\n"


def _differences(summary: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The first row's name, and the other rows' differences from it, if there are several replications."""
    first, *others = (name for name in summary["rows"] if name != GROUND_TRUTH)
    if summary["replications"] == 1:
        return first, {}
    base = summary["rows"][first]["metrics"]
    rows = {}
    for name in others:
        pairs = {
            key: zip(metric["values"], base[key]["values"], strict=True)
            for key, metric in summary["rows"][name]["metrics"].items()
        }
        rows[name] = {"metrics": {key: _spread([a - b for a, b in pair]) for key, pair in pairs.items()}}
    return first, rows


def _spread(values: Sequence[float]) -> dict[str, Any]:
    interval = Interval.of(values)
    return {"mean": interval.mean, "half_width": interval.half_width, "values": list(values)}


def _table(rows: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    shown = [key for key in columns if any(key in row["metrics"] for row in rows.values())]
    lines = ["| |" + "".join(f" {columns[key]} |" for key in shown), "|---|" + "---|" * len(shown)]
    for name, row in rows.items():
        cells = []
        for key in shown:
            measured = row["metrics"].get(key)
            digits = 1 if key == "jerk" else 4 if key in PHYSICAL else 3
            cell = f"{measured['mean']:.{digits}f}" if measured else "-"
            if measured and len(measured["values"]) > 1:
                cell += f" ± {measured['half_width']:.{digits}f}"
            cells.append(cell)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def evaluate(
    rows: Sequence[Row],
    data: Path,
    evaluator: Evaluator,
    out: Path,
    protocol: Protocol,
    batch_size: int | None = None,
    device: str = "cpu",
) -> dict[str, Any]:
    """Evaluate rows and write `metrics.json` and `metrics.md`; an earlier run in the folder is resumed.

    Args:
        rows: checkpoints and settings; the ground truth is always evaluated too.
        data: folder in HumanML3D's layout.
        evaluator: embeds captions and motions.
        out: folder of the results.
        protocol: split, replications and seed.
        batch_size: motions generated in a batch; default: `batch_size_for` the device.
        device: for generation.

    Returns:
        The content of `metrics.json`.

    Raises:
        FileNotFoundError: the data folder lacks the split or one of its files.
        ValueError: the results folder has results of other data or settings.
    """
    evaluation = Evaluation(data, evaluator, out, protocol, batch_size or batch_size_for(device))
    return evaluate_rows(evaluation, rows, out, device)


def evaluate_rows(evaluation: Evaluation, rows: Sequence[Row], out: Path, device: str) -> dict[str, Any]:
    """Like `evaluate`, for an existing `Evaluation`."""
    summary: dict[str, Any] = {}
    done = tqdm(
        evaluation.run(rows, device),
        total=evaluation.protocol.replications,
        desc="replications",
        disable=None,
    )
    for results in done:
        summary = summarize(results)
        write_whole(out / "metrics.json", (json.dumps(summary, indent=2) + "\n").encode())
        write_whole(out / "metrics.md", markdown(summary).encode())
    return summary
