"""Reading the keyframes of `actions/*.json` and drawing the numbered variants of an action.

An action has `variants`, a range `count`, and `forms`: ways to do it, each a list of keys, played in turn
by number. A key takes `take` seconds, after which `wait` seconds pass; it moves the channels that it names
and leaves the others where they are. Channels: `pelvis` {"go": [out, up, front], "turn": [pitch, roll,
yaw]}, `trunk` [pitch, roll, twist], `head` [pitch, roll], `shoulder` [raised, forward], `hand` {"at":
frame, "to": [out, up, front], "elbow": direction}, `foot` {"to": [out, up, front], "turn": [heel up,
outward], "knee": direction, "even": feet side by side whatever the stance}; `hand`, `foot` and `shoulder`
are of the acting side, with `other_` of the other, in the plural of both; "rest" is the pose at the start.
Out is away from the middle of the body, for pelvis, trunk and head to the acting side. Metres, degrees.
"a..b" is a range: the variant's size, the same for all of them, picks the value. {"repeat": "count" or
number, "keys": [...]} plays keys again, with "alternate" on the other side each time; {"steps": {...}}
walks (see `steps.py`). The keys of `start` are the pose that the take begins with, where that is not
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
_FLOW = 0.2  # of the shorter of two moves: how much the second begins before the end of the first
_LOOSE, _AGAIN = 0.012, 0.005  # metres by which hands vary between variants and between repetitions
_ANGLE = 0.08  # by which angles vary between variants
_TIME, _TIME_AGAIN = 0.10, 0.04  # by which durations vary, likewise
_LONGEST = 9.5  # seconds: a slow variant that would be longer is played faster
_SPOTS = ("hand", "foot")

Value = Mapping[str, Any]
Key = Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """One channel goes to a value between two moments, in seconds."""

    channel: str  # "pelvis.go", "pelvis.turn", "trunk", "head", "shoulder", "hand", "foot"
    side: int  # 0 left, 1 right; of the limb, or of the acting side
    start: float
    end: float
    value: Value  # {"is": vector} or the entries of a hand or foot


@dataclass(frozen=True)
class Variant:
    """One way that an action is done: its moves, its length in seconds, and the seed of what is random."""

    moves: tuple[Move, ...]
    seconds: float
    seed: bytes


def script_files() -> list[Path]:
    """The files of keyframes."""
    return sorted(_FOLDER.glob("*.json"))


def takes_of(path: Path) -> list[str]:
    """Names of the takes of a file: the action and a number, 'clap-007'."""
    script = _read(path)
    return [f"{action}-{n:03d}" for action, entry in script.items() for n in range(entry["variants"])]


def variant(path: Path, take: str) -> Variant:
    """Draw one take.

    Raises:
        ValueError: the file has no such take.
    """
    action, _, number = take.rpartition("-")
    script = _read(path)
    if action not in script or not number.isdigit() or int(number) >= script[action]["variants"]:
        raise ValueError(f"{path.name}: no take {take!r}; takes are named by action and number, 'clap-007'")
    return _Drawing(script[action], action, int(number)).variant()


@functools.cache
def _read(path: Path) -> dict[str, Any]:
    script: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return script


class _Drawing:
    """Draws the numbers of a variant and lays its keys out in time."""

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
            self._lay({"take": 0.1, **key}, self.side)
        self.time, self.last_take = lead, 0.0
        for key, side in self._keys(self.form["keys"], self.side):
            self._lay(key, side)
        seconds = self.time + float(self.rng.uniform(0.5, 0.9))
        faster = min(1.0, _LONGEST / seconds)
        moves = (replace(m, start=m.start * faster, end=m.end * faster) for m in self.moves)
        return Variant(tuple(moves), seconds * faster, self.seed)

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

    def _lay(self, key: Key, side: int) -> None:
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
            elif channel in _SPOTS:
                drawn = self._spot(key, name, value)
            else:
                drawn = {"is": self._vector(key, name, value)}
            self._add(channel, limb_side, start, end, drawn)

    def _add(self, channel: str, side: int, start: float, end: float, value: Value) -> None:
        self.moves.append(Move(channel, side, start, end, value))

    def _spot(self, key: Key, name: str, value: Value) -> Value:
        """A hand's or foot's goal: the same slip in every repetition, and a smaller one in each."""
        drawn = {part: self._value(entry, key) for part, entry in value.items()}
        if "hand" in name and "to" in drawn:
            loose = float(key.get("loose", 1.0))
            slip = self._once(key, name, lambda: self.rng.normal(0.0, _LOOSE, 3))
            drawn["to"] = drawn["to"] + loose * (slip + self.rng.normal(0.0, _AGAIN, 3))
        return drawn

    def _vector(self, key: Key, name: str, value: Any) -> Any:
        share = self._once(key, name, lambda: self.rng.normal(1.0, _ANGLE))
        return self._value(value, key) * (share if not name.startswith("pelvis") else 1.0)

    def _seconds(self, key: Key, name: str) -> float:
        if name not in key:
            return 0.0
        share = self._once(key, name, lambda: self.rng.normal(1.0, _TIME)) * self.rng.normal(1.0, _TIME_AGAIN)
        return float(self._value(key[name], key) * np.clip(share, 0.7, 1.4))

    def _once(self, key: Key, name: str, draw: Any) -> Any:
        """Draw a number once for a key, however often it is played."""
        if (id(key), name) not in self.drawn:
            self.drawn[id(key), name] = draw()
        return self.drawn[id(key), name]

    def _value(self, value: Any, key: Key | None) -> Any:
        """Numbers, and ranges by the size of the variant; lists become arrays, other text stays."""
        if isinstance(value, list):
            return np.array([self._value(v, key) for v in value])
        if isinstance(value, str) and ".." in value:
            low, high = map(float, value.split(".."))
            return low + (high - low) * self.size
        return value
