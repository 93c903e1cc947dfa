"""A table as Markdown, JSON and a chart: our measurements next to the figures that the paper reports."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ram_sdk.files import write_whole
from training.evaluation.evaluate import COLUMNS, PHYSICAL
from training.evaluation.protocol import GROUND_TRUTH
from training.research.figures.chart import Bar, Panel, draw_panels, save
from training.research.tables.rows import TABLES

PAPER: dict[str, Any] = json.loads(Path(__file__).with_name("paper.json").read_text(encoding="utf-8"))
_CHARTED = ("aits", "fid", "r_precision_1", "mm_dist", "diversity", "foot_skating", "jerk")
_NOT_RUN = "–"


def write_report(number: int, caption: str, summary: Mapping[str, Any], out: Path) -> str:
    """Write `table.md`, `table.json` and `table.png`.

    Args:
        number: of the table.
        caption: how the rows were trained and evaluated.
        summary: from `training.evaluation.evaluate.evaluate`, for the rows that were run.
        out: folder of the files.

    Returns:
        The Markdown.
    """
    text = markdown(number, caption, summary)
    content = {"table": number, "caption": caption, "paper": PAPER["tables"][str(number)], **summary}
    write_whole(out / "table.json", (json.dumps(content, indent=2) + "\n").encode())
    write_whole(out / "table.md", text.encode())
    names = list(summary["rows"])
    panels = [
        Panel(_LABELS[key], [_bar(summary["rows"][name]["metrics"].get(key)) for name in names])
        for key in _CHARTED
        if any(key in summary["rows"][name]["metrics"] for name in names)
    ]
    title = (
        f"{_title(number)}\n"
        f"measured on {summary['data']}, evaluator {summary['evaluator']}; mean and 95 % interval"
    )
    save(draw_panels(title, names, panels), out / "table.png")
    return text


_LABELS = {"aits": "AITS, s ↓", **COLUMNS, **PHYSICAL}


def _bar(metric: Mapping[str, Any] | None) -> Bar | None:
    if metric is None:
        return None
    mean, half = metric["mean"], metric["half_width"]
    return Bar(mean, mean - half, mean + half)


def _title(number: int) -> str:
    return f"Table {number} of the paper: {PAPER['tables'][str(number)]['title']}"


def markdown(number: int, caption: str, summary: Mapping[str, Any]) -> str:
    """The table: a line for each row that was run, and for each remaining row of the paper."""
    paper = PAPER["tables"][str(number)]
    measured = [
        key for key in ("aits", *COLUMNS) if any(key in r["metrics"] for r in summary["rows"].values())
    ]
    sources: list[str] = []
    others = any("others" in row for row in paper["rows"])
    heads = [*(_LABELS[key] for key in measured), f"reported by the paper, {paper['data']}"]
    heads += [f"reported by others, {paper['data']}"] if others else []
    lines = [
        f"# {_title(number)}",
        "",
        caption,
        "",
        f"| |{''.join(f' {head} |' for head in heads)}",
        "|---|" + "---|" * len(heads),
    ]
    for name, reported in _lines(number, summary):
        metrics = summary["rows"].get(name, {}).get("metrics", {})
        cells = [_cell(metrics.get(key)) for key in measured]
        cells.append(_reported(reported.get("paper", []), sources))
        if others:
            cells.append(_reported([reported["others"]] if "others" in reported else [], sources))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", f"The paper's conclusion from its own figures: {paper['finding']}"]
    lines += ["", TABLES[number].note] if TABLES[number].note else []
    lines += ["", *(f"[{i}] {PAPER['sources'][source]}.  " for i, source in enumerate(sources, start=1))]
    return "\n".join(lines).rstrip() + "\n"


def _lines(number: int, summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Names of the lines in the paper's order, each with the paper's row."""
    beside: dict[str, list[str]] = {}
    for row in TABLES[number].rows:
        beside.setdefault(row.paper or row.name, []).append(row.name)
    lines: list[tuple[str, Mapping[str, Any]]] = []
    for reported in PAPER["tables"][str(number)]["rows"]:
        names = beside.pop(reported["name"], [GROUND_TRUTH if reported["name"] == "Ground Truth" else ""])
        lines += [(name or reported["name"], reported) for name in names]
    lines += [(name, {}) for names in beside.values() for name in names]
    if GROUND_TRUTH not in [name for name, _ in lines]:
        lines.insert(0, (GROUND_TRUTH, {}))
    return lines


def _cell(metric: Mapping[str, Any] | None) -> str:
    if metric is None:
        return _NOT_RUN
    spread = f" ± {metric['half_width']:.3f}" if metric["half_width"] else ""  # 0 without replications
    return f"{metric['mean']:.3f}{spread}"


def _reported(entries: list[Mapping[str, Any]], sources: list[str]) -> str:
    """Published values, each with the number of its source, which is added to `sources`."""
    parts = []
    for entry in entries:
        if entry["source"] not in sources:
            sources.append(entry["source"])
        values = ", ".join(f"{_LABELS[key].split()[0]} {value}" for key, value in entry["values"].items())
        parts.append(f"{values} [{sources.index(entry['source']) + 1}]")
    return "; ".join(parts) or _NOT_RUN
