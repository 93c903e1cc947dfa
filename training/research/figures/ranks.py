"""Results of the user study: how often each method is ranked first, second ..., with intervals."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.files import write_whole
from training.research.figures.chart import Bar, Panel, draw_panels, save

_RESAMPLES = 2000
_ORDINALS = ("1st", "2nd", "3rd")


def summarise(key_file: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Shares of ranks and mean ranks of every method, with 95 % intervals.

    The intervals are from a bootstrap over participants, and over prompts within participants.

    Args:
        key_file: `key.json` of the study.
        files: that participants saved.

    Returns:
        For each method the shares of its ranks and its mean rank, each as value, low and high.

    Raises:
        ValueError: a file belongs to another study, an answer does not rank the motions of its prompt, or
            there are two files from one participant.
    """
    key = json.loads(key_file.read_text(encoding="utf-8"))
    methods = [row["name"] for row in key["rows"]]
    saved: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content.get("study") != key["study"]:
            raise ValueError(f"{file.name} is of study {content.get('study')}, the key of {key['study']}")
        if content["participant"] in saved:
            raise ValueError(
                f"{file.name}: a second file from participant {content['participant']}: keep one"
            )
        saved[content["participant"]] = content["answers"]
    ranks = [
        np.array([_ranks(answer["ranks"], key["trials"][answer["trial"]], methods) for answer in answers])
        for answers in saved.values()
    ]
    return {
        "study": key["study"],
        "participants": len(saved),
        "prompts": len(key["trials"]),
        "methods": _statistics(ranks, methods),
    }


def _ranks(best_first: Sequence[str], trial: dict[str, Any], methods: Sequence[str]) -> list[int]:
    """Rank of each method, 0 = best, in one answer."""
    if sorted(best_first) != sorted(trial["motions"]):
        raise ValueError(f"an answer to {trial['prompt']!r} does not rank each of its motions once")
    order = [trial["motions"][token] for token in best_first]
    return [order.index(method) for method in methods]


def _statistics(ranks: Sequence[NDArray[np.int64]], methods: Sequence[str]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    measured = _measures(np.concatenate(ranks))
    drawn = []
    for _ in range(_RESAMPLES):
        people = [ranks[i] for i in rng.integers(len(ranks), size=len(ranks))]
        drawn.append(_measures(np.concatenate([p[rng.integers(len(p), size=len(p))] for p in people])))
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)

    def entry(method: int, measure: int) -> dict[str, float]:
        values = {"value": measured, "low": low, "high": high}
        return {name: round(float(array[method, measure]), 4) for name, array in values.items()}

    places = range(len(methods))
    return {
        name: {"shares": [entry(i, place) for place in places], "mean_rank": entry(i, len(methods))}
        for i, name in enumerate(methods)
    }


def _measures(ranks: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each method the share of every rank, then the mean rank (from 1): `(methods, methods + 1)`."""
    shares = [(ranks == place).mean(0) for place in range(ranks.shape[1])]
    return np.stack([*shares, ranks.mean(0) + 1], axis=1)


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the figure: a panel for each rank."""
    methods = list(result["methods"])
    panels = []
    for place in range(min(len(methods), 3)):
        bars = [Bar(**_percent(method["shares"][place])) for method in result["methods"].values()]
        panels.append(Panel(f"ranked {_ORDINALS[place]}, %", bars, full=100.0))
    title = (
        f"User study: {result['participants']} participants, {result['prompts']} prompts\n"
        "share of each rank, 95 % intervals"
    )
    save(draw_panels(title, methods, panels, max_columns=min(len(methods), 3)), path)


def write_figure(key_file: Path, files: Sequence[Path], out: Path) -> dict[str, Any]:
    """Write `user_study.json` and `user_study.png`; returns the result of `summarise`."""
    result = summarise(key_file, files)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "user_study.json", (json.dumps(result, indent=2) + "\n").encode())
    draw(result, out / "user_study.png")
    return result


def _percent(entry: dict[str, float]) -> dict[str, float]:
    return {name: 100 * value for name, value in entry.items()}


def markdown(result: dict[str, Any]) -> str:
    """The result as a table."""
    lines = [
        f"{result['participants']} participants, {result['prompts']} prompts; 95 % intervals in brackets.",
        "",
        "| method | ranked first | mean rank |",
        "|---|---|---|",
    ]
    for name, method in result["methods"].items():
        first, mean = method["shares"][0], method["mean_rank"]
        lines.append(
            f"| {name} | {first['value']:.0%} [{first['low']:.0%}, {first['high']:.0%}] "
            f"| {mean['value']:.2f} [{mean['low']:.2f}, {mean['high']:.2f}] |"
        )
    return "\n".join(lines) + "\n"
