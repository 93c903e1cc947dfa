"""The wordings of every action, in `wording/*.json`, and which of them may be used for training.

A file has wordings by action: `about` (what the clip shows), the kinds of `KINDS`, and under `unseen`
wordings of the same kinds that are held out from training as a test. `families.json` lists phrasings that fit
any action ("make the character {base}"), seen and unseen; `manners.json` lists phrases for each manner.
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("wording")
_MEASURED = Path(__file__).with_name("measured.json")
KINDS = ("plain", "rich", "command", "noun", "purpose")
_NOT_ACTIONS = ("families", "manners", "measures")

Wordings = Mapping[str, Sequence[str]]


@functools.cache
def actions() -> tuple[str, ...]:
    """Ids of all actions that have wordings."""
    return tuple(_table())


def about(action: str) -> str:
    """A description of the action in one line."""
    return str(_entry(action)["about"])


@functools.cache
def seen(action: str) -> Wordings:
    """Templates by kind that may be used for training.

    Raises:
        ValueError: no such action.
    """
    entry = _entry(action)
    return {kind: tuple(t for t in entry[kind] if not in_unseen_family(t)) for kind in KINDS}


def unseen(action: str) -> Wordings:
    """Templates by kind that are held out from training.

    Raises:
        ValueError: no such action.
    """
    return {kind: tuple(templates) for kind, templates in _entry(action)["unseen"].items()}


def families(which: str) -> tuple[str, ...]:
    """Templates for any action, `seen` or `unseen`, with `{base}`, `{gerund}` or `{S} {third}`."""
    return tuple(family["form"] for family in read_table("families")[which])


def joins(number: int, kind: str) -> list[str]:
    """Templates of a kind that join the verb phrases `{a}`, `{b}`, `{c}` of two or three actions."""
    joined = read_table("families")["joined"]["two" if number == 2 else "three"]
    return [entry["form"] for entry in joined if entry["kind"] == kind]


def in_unseen_family(text: str) -> bool:
    """Whether a wording, template or sentence belongs to a family that is held out from training."""
    return any(pattern.search(text) for pattern in _unseen_families())


def is_unseen(sentence: str) -> bool:
    """Whether a complete sentence is an unseen wording of any action or belongs to an unseen family."""
    if in_unseen_family(sentence):
        return True
    return any(word in sentence and pattern.fullmatch(sentence) for word, pattern in _unseen_patterns())


def manner_phrases(manner: str) -> Mapping[str, Sequence[str]]:
    """Phrases of a manner: `how` fits every action, `gait` only locomotion.

    Raises:
        ValueError: no such manner.
    """
    manners = read_table("manners")
    if manner not in manners:
        raise ValueError(
            f"manner {manner!r}: choose one of {', '.join(sorted(manners))}, or add it to manners.json"
        )
    phrases: Mapping[str, Sequence[str]] = manners[manner]
    return phrases


def situations(name: str) -> tuple[str, ...]:
    """Templates without slots for clips of which only the measured situation is known."""
    table = json.loads(_MEASURED.read_text(encoding="utf-8"))
    return tuple(table[name])


@functools.cache
def read_table(name: str) -> dict[str, Any]:
    """A file of the wording folder."""
    table: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return table


def _entry(action: str) -> Mapping[str, Any]:
    if action not in _table():
        raise ValueError(f"action {action!r}: has no wordings in {FOLDER.name}/*.json")
    entry: Mapping[str, Any] = _table()[action]
    return entry


@functools.cache
def _table() -> dict[str, Any]:
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    return {
        action: entry
        for name in names
        if name not in _NOT_ACTIONS
        for action, entry in read_table(name).items()
    }


@functools.cache
def _unseen_families() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(family["match"]) for family in read_table("families")["unseen"])


@functools.cache
def _unseen_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each unseen wording as a pattern, with its longest word as a quick pre-check."""
    templates = sorted({t for action in actions() for kind in unseen(action).values() for t in kind})
    fixed = (re.sub(r"\([^()]*\)|\{\w+\}", " ", template) for template in templates)
    words = (max(re.split(r"[^\w'-]+", text), key=len) for text in fixed)
    return tuple(
        (word, re.compile(_as_pattern(template))) for word, template in zip(words, templates, strict=True)
    )


def _as_pattern(template: str) -> str:
    """Regular expression of all sentences that a template can produce."""
    escaped = re.sub(r"\\ ", " ", re.escape(template))
    choices = escaped.replace(r"\(", "(?:").replace(r"\|", "|").replace(r"\)", ")")
    return re.sub(r"\\\{\w+\\\}", r"[a-z' -]+?", choices)
