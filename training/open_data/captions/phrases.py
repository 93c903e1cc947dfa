"""The written grammar: templates per action, in `phrases/*.json`.

`bandai.json` has templates per content and phrases of manner per style of the Bandai-Namco captures;
`trials.json` templates for the named trials of the other sources, the first entry whose regular expression
is found in `source/file take label` counts; `measured.json` templates for what attributes alone show.
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.open_data.clip import ClipInfo

_FOLDER = Path(__file__).with_name("phrases")
_BANDAI_FILE = re.compile(r"dataset-\d_(?P<content>[a-z-]+)_(?P<style>[a-z-]+)_\d+")

Slots = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Phrases:
    """Templates of one action, plain ones as a user types them and full ones, and the label's own slots."""

    plain: Sequence[str]
    full: Sequence[str]
    slots: Slots = field(default_factory=dict)
    style: str = ""


def label_phrases(clip: ClipInfo) -> Phrases:
    """Templates for the label of a clip; none where no entry matches.

    Raises:
        ValueError: a Bandai-Namco file with an unknown content or style.
    """
    if clip.source == "bandai-namco":
        return _bandai_phrases(clip.file)
    name = " ".join(f"{clip.source}/{clip.file} {clip.take} {clip.label}".lower().split())
    words = _table("trials")["words"]
    slots = {slot: [text for key, text in names.items() if key in name] for slot, names in words.items()}
    for entry, pattern in zip(_table("trials")["entries"], _trial_patterns(), strict=True):
        if pattern.search(name):
            return Phrases(entry["plain"], entry["full"], slots)
    return Phrases((), ())


def measured_phrases(situation: str) -> Phrases:
    """Templates for a situation that `situation` names."""
    entry = _table("measured")[situation]
    return Phrases(entry["plain"], entry["full"])


def _bandai_phrases(file: str) -> Phrases:
    table = _table("bandai")
    match = _BANDAI_FILE.fullmatch(file)
    content = table["same_content"].get(match["content"], match["content"]) if match else ""
    style = table["same_style"].get(match["style"], match["style"]) if match else ""
    if content not in table["contents"] or style not in table["styles"]:
        raise ValueError(f"file {file!r}: expected dataset-N_CONTENT_STYLE_NUMBER, a known content and style")
    manner = table["styles"][style]
    slots = {"how": manner["how"], "gait": [*manner["how"], *manner["gait"]]}
    return Phrases(table["contents"][content]["plain"], table["contents"][content]["full"], slots, style)


@functools.cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return table


@functools.cache
def _trial_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(entry["match"]) for entry in _table("trials")["entries"])
