"""Templates for named trials: `trials.json` lists them, written by hand from each source's labels.

An entry's `match` is a regular expression for `source/file take label`; the first that matches is used.
"""

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.clip import ClipInfo

_TABLE = Path(__file__).with_name("trials.json")
_COVER = 0.75  # part of a trial that a clip must show to carry a sentence about the whole trial


@dataclass(frozen=True)
class _Entry:
    match: re.Pattern[str]
    plain: Sequence[str]
    full: Sequence[str]


def trial_templates(clip: ClipInfo) -> tuple[Sequence[str], Sequence[str]]:
    """Plain and fuller templates for a clip's trial; both empty where no entry matches."""
    name = " ".join(f"{clip.source}/{clip.file} {clip.take} {clip.label}".lower().split())
    for entry in _entries():
        if entry.match.search(name):
            return entry.plain, entry.full
    return (), ()


@functools.cache
def _entries() -> tuple[_Entry, ...]:
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return tuple(_Entry(re.compile(row["match"].lower()), row["plain"], row["full"]) for row in table)


@dataclass(frozen=True)
class HumanCaption:
    """A sentence that a person wrote about one stretch of a trial, in seconds."""

    text: str
    start: float
    end: float


def read_human_captions(path: Path) -> dict[str, list[HumanCaption]]:
    """KIT-ML's sentences for CMU trials, by trial name ('07_01').

    Raises:
        OSError: the file cannot be read.
        ValueError: it does not hold such sentences.
    """
    try:
        trials = json.loads(path.read_text(encoding="utf-8")).values()
        return {
            row["trial"]: [HumanCaption(a["text"], a["start"], a["end"]) for a in row["annotations"]]
            for row in trials
        }
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: expected KIT-ML annotations by trial ({error})") from error


def covered(captions: Sequence[HumanCaption], clip: ClipInfo) -> list[str]:
    """The sentences about stretches that a clip mostly shows, in this project's plain form."""
    texts = []
    for caption in captions:
        shown = min(caption.end, clip.end_seconds) - max(caption.start, clip.start_seconds)
        if shown >= _COVER * (caption.end - caption.start):
            texts.append(re.sub(r"\s+", " ", caption.text).strip().rstrip(".").lower())
    return texts
