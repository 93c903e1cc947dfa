"""The prompts of the suite, and checking whether a motion follows its prompt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from training.evaluation.prompt_checks.body import FPS, Body
from training.evaluation.prompt_checks.registry import CHECKS, COUNTS, SPEEDS, Check, meaning

Kind = Literal["check", "then", "while", "all", "count"]
_KINDS: tuple[Kind, ...] = ("check", "then", "while", "all", "count")
_MIN_FRAMES = 10  # of each part of a sequence
_STEP = 6  # frames between candidate cuts of a sequence
_TOGETHER = 2.0  # seconds in which both actions of a "while" must be done
_MARGIN = 1.1  # minimum factor between the speeds of slowly and normal, and of normal and quickly
_FROZEN = 0.6  # maximum share of still frames
_STILL = 0.15  # maximum speed of the fastest joint in still frames, metres a second
_TOO_FAST = 15.0  # maximum speed of any joint, metres a second
SUITE = Path(__file__).with_name("suite.json")
FAULTS = ("frozen", "too fast", "below the floor")


@dataclass(frozen=True)
class Wording:
    """One wording of a prompt: a sentence, or three for speeds (slowly, normal, quickly)."""

    sentences: tuple[str, ...]
    unseen: bool  # its words or its phrasing are held out from training


@dataclass(frozen=True)
class Prompt:
    """An action or a combination of actions, its wordings, and its requirements.

    Attributes:
        kind: "check" for one action; "then" for actions one after the other; "while" for actions at the same
            time; "all" for actions anywhere in the motion; "count" for an action done `times` times.
        actions: names in `registry.CHECKS`, or in `registry.COUNTS` for a count.
        speed: name in `registry.SPEEDS` of the speed that must increase from slowly to normal to quickly.
        rest: whether resting is part of the action, so that a motion may be still.
    """

    id: str
    category: str
    kind: Kind
    actions: tuple[str, ...]
    wordings: tuple[Wording, ...]
    times: int = 0
    speed: str = ""
    rest: bool = False

    @property
    def meaning(self) -> str:
        """What the check requires, in words."""
        if self.kind == "count":
            return f"count of {self.actions[0]}: {self.times} ± 1"
        if self.speed:
            return f"{meaning(self.actions[0])} Each step is faster by {_MARGIN - 1:.0%} or more."
        joint = {"then": ", and then: ", "while": ", and at the same time: ", "all": ", and: "}
        return joint.get(self.kind, "").join(meaning(action).rstrip(".") for action in self.actions) + "."


def load_suite(path: Path = SUITE) -> list[Prompt]:
    """Read the prompts.

    Raises:
        ValueError: an entry has no kind or an unknown check; the message names the entry.
    """
    return [_prompt(entry, path) for entry in json.loads(path.read_text(encoding="utf-8"))]


def _prompt(entry: Mapping[str, Any], path: Path) -> Prompt:
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        raise ValueError(f"{path.name}: {entry.get('id')}: expected one of {', '.join(_KINDS)}, got {kinds}")
    kind, asked = kinds[0], entry[kinds[0]]
    actions = tuple([asked] if isinstance(asked, str) else asked)
    known: Mapping[str, object] = COUNTS if kind == "count" else CHECKS
    unknown = [name for name in actions if name not in known]
    unknown += [entry["speed"]] if entry.get("speed", "walk") not in SPEEDS else []
    if unknown:
        raise ValueError(f"{path.name}: {entry['id']}: no check {', '.join(unknown)} in registry.py")
    wordings = [
        Wording((text,) if isinstance(text, str) else tuple(text), unseen=group == "unseen")
        for group in ("seen", "unseen")
        for text in entry[group]
    ]
    return Prompt(
        entry["id"],
        entry["category"],
        kind,
        actions,
        tuple(wordings),
        entry.get("times", 0),
        entry.get("speed", ""),
        entry.get("rest", False),
    )


def in_order(checks: Sequence[Check], body: Body, start: int = 0) -> bool:
    """Whether the clip can be cut into successive parts that pass the checks in order."""
    if len(checks) == 1:
        return len(body) - start >= _MIN_FRAMES and checks[0](body.window(start, len(body)))
    return any(
        checks[0](body.window(start, stop)) and in_order(checks[1:], body, stop)
        for stop in range(start + _MIN_FRAMES, len(body) - _MIN_FRAMES, _STEP)
    )


def together(checks: Sequence[Check], body: Body) -> bool:
    """Whether all checks pass on the same window of two seconds."""
    length = min(int(_TOGETHER * FPS), len(body))
    starts = range(0, len(body) - length + 1, _STEP)
    return any(all(check(body.window(s, s + length)) for check in checks) for s in starts)


def count(prompt: Prompt, body: Body) -> int:
    """How often the motion does the action of a counting prompt."""
    return COUNTS[prompt.actions[0]](body)


def does(prompt: Prompt, body: Body) -> bool:
    """Whether a motion does everything that the prompt asks for; speeds are judged by `ordered`."""
    if prompt.kind == "count":
        return abs(count(prompt, body) - prompt.times) <= 1 and count(prompt, body) > 0
    checks = [CHECKS[action] for action in prompt.actions]
    if prompt.kind == "then":
        return in_order(checks, body)
    if prompt.kind == "while":
        return together(checks, body)
    return all(check(body) for check in checks)


def ordered(prompt: Prompt, bodies: Sequence[Body]) -> list[bool]:
    """For motions prompted slowly, normal and quickly: whether each is 10 % faster than the previous one.

    Both motions of a step must do the action.
    """
    speed = SPEEDS[prompt.speed]
    done = [does(prompt, body) for body in bodies]
    return [
        done[i] and done[i + 1] and speed(bodies[i + 1]) > _MARGIN * speed(bodies[i])
        for i in range(len(bodies) - 1)
    ]


def faults(body: Body) -> tuple[str, ...]:
    """The `FAULTS` of a motion: mostly still, a joint faster than 15 m/s, the pelvis below the floor."""
    speed = np.linalg.norm(np.diff(body.joints, axis=0), axis=-1).max() * FPS
    found = ((body.motion < _STILL).mean() > _FROZEN, speed > _TOO_FAST, body.joints[:, 0, 1].min() < 0.0)
    return tuple(name for name, true in zip(FAULTS, found, strict=True) if true)


def sound(prompt: Prompt, body: Body) -> bool:
    """Whether a motion has no fault; stillness is not a fault if the prompt allows rest."""
    return not set(faults(body)) - ({"frozen"} if prompt.rest else set())
