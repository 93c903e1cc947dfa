"""Captions that people wrote: KIT-ML's sentences about CMU trials. They are read, not copied."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.open_data.clip import ClipInfo

_COVER = 0.75  # part of the described stretch that a clip must show


@dataclass(frozen=True)
class HumanCaption:
    """A sentence that a person wrote about one stretch of a trial, in seconds."""

    text: str
    start: float
    end: float


def read_human_captions(path: Path) -> dict[str, list[HumanCaption]]:
    """Sentences by trial name ('07_01').

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
    """The sentences about stretches that a clip mostly shows, in lower case without a full stop."""
    texts = []
    for caption in captions:
        shown = min(caption.end, clip.end_seconds) - max(caption.start, clip.start_seconds)
        if shown >= _COVER * (caption.end - caption.start):
            texts.append(re.sub(r"\s+", " ", caption.text).strip().rstrip(".").lower())
    return texts
