"""Quantiles of the speed of each action, to decide what is slow or fast for it.

`speeds.json` is written by `python -m training prepare speeds --data DIR` from the training clips of a built
set.
"""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from training.open_data.attributes import Attributes, measure
from training.open_data.captions.wordings import read_table

_FILE = Path(__file__).with_name("speeds.json")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_MIN_CLIPS = 8
_MARGIN = 0.12  # relative to the median: speeds within it are neither slow nor fast


def action_speed(action: str, a: Attributes) -> float:
    """The speed that is relevant for an action, metres (or degrees, for turns in place) a second."""
    hands, feet = (a.left_hand, a.right_hand), (a.left_foot, a.right_foot)
    match _measures().get(action, "body"):
        case "travel":
            return a.speed
        case "turn":
            return a.turn_speed
        case "foot":
            return max(foot.kick_speed for foot in feet)
        case "lift":
            return a.lift_speed
        case "hand":
            return max(hand.peak_speed for hand in hands)
        case "swing":
            return max(hand.path for hand in hands) / a.duration
        case _:
            return a.body_speed


def has_own_speed(action: str) -> bool:
    """Whether something else says how fast an action is than how much the body moves in all."""
    return action in _measures()


def action_quantiles(action: str) -> tuple[float, ...] | None:
    """The action's speeds at `QUANTILES`; None if too few captures show the action."""
    quantiles = _table().get(action, {}).get("quantiles")
    return None if quantiles is None else tuple(quantiles)


def clips_of(action: str) -> int:
    """The number of training clips that show only this action."""
    entry = _table().get(action)
    return 0 if entry is None else int(entry["clips"])


def tempo(action: str, a: Attributes) -> str:
    """`slow`, `normal` or `fast` for the action; empty in between, or if its speeds are unknown."""
    quantiles = action_quantiles(action)
    if quantiles is None:
        return ""
    _, low, median, high, _ = quantiles
    speed = action_speed(action, a)
    if speed <= low and speed < median * (1 - _MARGIN):
        return "slow"
    if speed >= high and speed > median * (1 + _MARGIN):
        return "fast"
    return "normal" if abs(speed - median) < _MARGIN * median else ""


def write_speeds(folder: Path) -> int:
    """Measure the real training clips of a built set that show a single action, and write `speeds.json`.

    Returns:
        The number of actions.

    Raises:
        OSError: the folder is not a built set.
    """
    clips = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
    speeds: dict[str, list[float]] = {}
    for clip_id, clip in clips.items():
        single = len(clip["actions"]) == 1 and not clip.get("composed")
        if single and clip["split"] == "train" and not clip["mirrored"]:
            joints = np.load(folder / "new_joints" / f"{clip_id}.npy", allow_pickle=False)
            action = clip["actions"][0]
            speeds.setdefault(action, []).append(action_speed(action, measure(joints)))
    table: dict[str, dict[str, Any]] = {}
    for action, values in sorted(speeds.items()):
        table[action] = {"clips": len(values)}
        if len(values) >= _MIN_CLIPS:
            table[action]["quantiles"] = [round(float(q), 3) for q in np.quantile(values, QUANTILES)]
    lines = ",\n".join(f"{json.dumps(action)}: {json.dumps(values)}" for action, values in table.items())
    _FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    return len(table)


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return table


@functools.cache
def _measures() -> dict[str, str]:
    return {action: name for name, members in read_table("measures")["speed"].items() for action in members}
