"""Reading the keyframes of `actions/*.json` and sampling the numbered variants of an action.

An action has `variants` (their number), a range `count`, and `forms`: ways to do it, each a list of keys;
variants use the forms in turn. A key lasts `take` seconds, followed by a pause of `wait` seconds; it moves
the channels that it names and leaves the others unchanged. Channels: `pelvis` {"go": [out, up, front],
"turn": [pitch, roll, yaw]}, `trunk` [pitch, roll, twist], `head` [pitch, roll], `shoulder` [raised, forward],
`hand` {"at": frame, "to": [out, up, front], "elbow": direction}, `foot` {"to": [out, up, front], "turn":
[heel up, outward], "knee": direction, "even": feet side by side in any stance}. `hand`, `foot` and `shoulder`
refer to the acting side, with the prefix `other_` to the other side, in the plural to both; "rest" is the
initial pose. Out is away from the middle of the body; for pelvis, trunk and head, to the acting side. Metres,
degrees. "a..b" is a range: the value is interpolated by the variant's size, which is the same for all its
ranges. {"repeat": "count" or number, "keys": [...]} repeats keys, with "alternate" on the other side each
time; {"steps": {...}} walks (see `steps.py`). The keys of `start` are the take's initial pose, if that is not
standing.
"""

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.open_data.authored.steps import step_keys

_FOLDER = Path(__file__).with_name("actions")
_FLOW = 0.2  # overlap of successive moves, relative to the shorter one
# Standard deviations between variants, and between the repetitions in a variant.
_HAND_SPREAD, _HAND_SPREAD_REPEATED = 0.012, 0.005  # metres, of a hand's target
_ANGLE_SPREAD = 0.08  # relative
_TIME_SPREAD, _TIME_SPREAD_REPEATED = 0.10, 0.04  # relative, of durations
_MAX_SECONDS = 9.5  # longer variants are sped up
_END_EFFECTORS = ("hand", "foot")

Value = Mapping[str, Any]
Key = Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """A change of one channel to a value between two times, in seconds."""

    channel: str  # "pelvis.go", "pelvis.turn", "trunk", "head", "shoulder", "hand", "foot"
    side: int  # 0 left, 1 right; of the limb, or of the acting side
    start: float
    end: float
    value: Value  # {"is": vector} or the entries of a hand or foot


@dataclass(frozen=True)
class Variant:
    """One variant of an action: its moves, its length in seconds, and the seed of its random numbers."""

    moves: tuple[Move, ...]
    seconds: float
    seed: bytes


def script_files() -> list[Path]:
    """The keyframe files."""
    return sorted(_FOLDER.glob("*.json"))


def takes_of(path: Path) -> list[str]:
    """Names of the takes in a file: action and number, 'clap-007'."""
    script = _read(path)
    return [f"{action}-{n:03d}" for action, entry in script.items() for n in range(entry["variants"])]


def variant(path: Path, take: str) -> Variant:
    """Sample one take.

    Raises:
        ValueError: the file has no such take.
    """
    action, _, number = take.rpartition("-")
    script = _read(path)
    if action not in script or not number.isdigit() or int(number) >= script[action]["variants"]:
        raise ValueError(f"{path.name}: no take {take!r}; takes are named by action and number, 'clap-007'")
    return _VariantSampler(script[action], action, int(number)).variant()


@functools.cache
def _read(path: Path) -> dict[str, Any]:
    script: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return script


class _VariantSampler:
    """Samples the random numbers of a variant and schedules its keys."""

    def __init__(self, entry: Mapping[str, Any], action: str, number: int) -> None:
        self.seed = hashlib.sha256(f"{action} {number}".encode()).digest()
        self.rng = np.random.default_rng(list(self.seed))
        forms = entry["forms"]
        self.form = forms[number % len(forms)]
        self.side = (number // len(forms)) % 2 if entry.get("sides", True) else 0
        self.size = float(self.rng.random())
        self.pace = float(self.rng.uniform(*entry.get("pace", (0.8, 1.25))))
        low, high = entry.get("count", (1, 1))
        self.count = int(self.rng.integers(low, high + 1))
        self.moves: list[Move] = []
        self.time = float(self.rng.uniform(0.5, 1.0))
        self.last_take = 0.0
        self.drawn: dict[tuple[int, str], Any] = {}

    def variant(self) -> Variant:
        lead, self.time = self.time, -10.0
        for key in self.form.get("start", ()):
            self._schedule({"take": 0.1, **key}, self.side)
        self.time, self.last_take = lead, 0.0
        for key, side in self._keys(self.form["keys"], self.side):
            self._schedule(key, side)
        seconds = self.time + float(self.rng.uniform(0.5, 0.9))
        scale = min(1.0, _MAX_SECONDS / seconds)
        moves = (replace(m, start=m.start * scale, end=m.end * scale) for m in self.moves)
        return Variant(tuple(moves), seconds * scale, self.seed)

    def _keys(self, keys: Sequence[Key], side: int) -> Iterator[tuple[Key, int]]:
        for key in keys:
            if "repeat" in key:
                times = self.count if key["repeat"] == "count" else int(key["repeat"])
                for n in range(times):
                    yield from self._keys(key["keys"], side ^ (n % 2 if key.get("alternate") else 0))
            elif "steps" in key:
                spec = {name: self._value(value, None) for name, value in key["steps"].items()}
                yield from self._keys(step_keys(spec, self.count), side)
            else:
                yield key, side

    def _schedule(self, key: Key, side: int) -> None:
        take = self._seconds(key, "take") / self.pace
        flow = float(key.get("flow", _FLOW)) * min(take, self.last_take)
        start = self.time - flow
        for name, value in key.items():
            if name not in ("take", "wait", "flow", "loose", "at_once"):
                self._move(name, value, key, side, start, start + take)
        wait = self._seconds(key, "wait") / self.pace
        self.last_take = take if wait == 0.0 else 0.0
        self.time = start + (0.0 if key.get("at_once") else take + wait)

    def _move(self, name: str, value: Any, key: Key, side: int, start: float, end: float) -> None:
        limb = name.removeprefix("other_")
        both = {"hands": "hand", "feet": "foot", "shoulders": "shoulder"}
        sides = (0, 1) if limb in both else (side ^ (limb != name),)
        channel = both.get(limb, limb)
        if channel == "pelvis":
            for part, vector in value.items():
                self._add(f"pelvis.{part}", side, start, end, {"is": self._vector(key, name + part, vector)})
            return
        for limb_side in sides:
            if value == "rest":
                drawn: Value = {"rest": True}
            elif channel in _END_EFFECTORS:
                drawn = self._target(key, name, value)
            else:
                drawn = {"is": self._vector(key, name, value)}
            self._add(channel, limb_side, start, end, drawn)

    def _add(self, channel: str, side: int, start: float, end: float, value: Value) -> None:
        self.moves.append(Move(channel, side, start, end, value))

    def _target(self, key: Key, name: str, value: Value) -> Value:
        """A hand's or foot's target; hands get one random offset for all repetitions, and one for each."""
        drawn = {part: self._value(entry, key) for part, entry in value.items()}
        if "hand" in name and "to" in drawn:
            loose = float(key.get("loose", 1.0))
            offset = self._once(key, name, lambda: self.rng.normal(0.0, _HAND_SPREAD, 3))
            drawn["to"] = drawn["to"] + loose * (offset + self.rng.normal(0.0, _HAND_SPREAD_REPEATED, 3))
        return drawn

    def _vector(self, key: Key, name: str, value: Any) -> Any:
        factor = self._once(key, name, lambda: self.rng.normal(1.0, _ANGLE_SPREAD))
        return self._value(value, key) * (factor if not name.startswith("pelvis") else 1.0)

    def _seconds(self, key: Key, name: str) -> float:
        if name not in key:
            return 0.0
        factor = self._once(key, name, lambda: self.rng.normal(1.0, _TIME_SPREAD))
        factor = factor * self.rng.normal(1.0, _TIME_SPREAD_REPEATED)
        return float(self._value(key[name], key) * np.clip(factor, 0.7, 1.4))

    def _once(self, key: Key, name: str, draw: Any) -> Any:
        """Draw a random number once for a key, however often the key is repeated."""
        if (id(key), name) not in self.drawn:
            self.drawn[id(key), name] = draw()
        return self.drawn[id(key), name]

    def _value(self, value: Any, key: Key | None) -> Any:
        """Resolve a value: ranges by the variant's size, lists to arrays; other text is unchanged."""
        if isinstance(value, list):
            return np.array([self._value(v, key) for v in value])
        if isinstance(value, str) and ".." in value:
            low, high = map(float, value.split(".."))
            return low + (high - low) * self.size
        return value
