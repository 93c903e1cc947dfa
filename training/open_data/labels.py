"""Labels of takes: `labels.json` maps the sources' file names and descriptions to actions."""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_Entry = tuple[re.Pattern[str], Mapping[str, Any]]
_FILE = Path(__file__).with_name("labels.json")


@dataclass(frozen=True)
class Part:
    """A part of a take with actions of its own, in seconds of the take."""

    start: float
    end: float
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Label:
    """The label of a take.

    `actions` are ids of the wording files in temporal order, empty if no wording fits; `parts` gives them for
    parts of a take. `manner` is a style's id, `object` what the hands hold; both are empty if unknown.
    """

    actions: tuple[str, ...]
    manner: str
    object: str
    woman: bool
    parts: tuple[Part, ...]

    @property
    def bounds(self) -> tuple[float, ...]:
        """Seconds at which parts begin and end."""
        return tuple(second for part in self.parts for second in (part.start, part.end))

    def actions_between(self, start: float, end: float) -> tuple[str, ...]:
        """Actions of the part at the middle of a clip, in seconds of the take."""
        middle = (start + end) / 2
        return next((part.actions for part in self.parts if part.start <= middle < part.end), self.actions)


def label_of(source: str, file: str, take: str = "", label: str = "") -> Label:
    """Look up a take: the first entry whose regular expression is found in "source/file take label" applies.

    Args:
        source: a key of `SOURCES`.
        file: the stem of the file's name.
        take: the animation's name in files with several.
        label: the source's own short description.

    Raises:
        ValueError: no entry of `labels.json` matches.
    """
    name = " ".join(f"{source}/{file} {take} {label}".lower().split())
    entry = _first(_entries("entries"), name)
    if entry is None:
        raise ValueError(f"{name!r}: no entry of {_FILE.name} matches; add one, with no actions if none fits")
    manner = _first(_entries("manners"), name) or {"manner": ""}
    parts = (
        Part(part["seconds"][0], part["seconds"][1], tuple(part["actions"]))
        for part in entry.get("parts", ())
    )
    return Label(
        actions=tuple(entry["actions"]),
        manner=entry.get("manner", manner["manner"]),
        object=entry.get("object", ""),
        woman=_first(_entries("women"), name) is not None,
        parts=tuple(parts),
    )


def _first(entries: Sequence[_Entry], name: str) -> Mapping[str, Any] | None:
    return next((entry for pattern, entry in entries if pattern.search(name)), None)


@functools.cache
def _entries(table: str) -> tuple[_Entry, ...]:
    entries = json.loads(_FILE.read_text(encoding="utf-8"))[table]
    return tuple((re.compile(entry["match"]), entry) for entry in entries)
