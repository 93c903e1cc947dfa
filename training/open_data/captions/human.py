"""Captions that people wrote about our captures: KIT-ML's and HumanML3D's. They are read, not copied."""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.open_data.clip import ClipInfo
from training.open_data.signals import FPS

_COVER = 0.75  # part of the described stretch that a clip must show
_SAME = 0.85  # overlap, relative to the union, of a stretch that is a clip already
_LEAST_FRAMES, _MOST_FRAMES = 40, 196  # of a clip, see `cleaning`


@dataclass(frozen=True)
class HumanCaption:
    """A sentence that a person wrote about one stretch of a trial, in seconds."""

    text: str
    start: float
    end: float


def read_human_captions(folder: Path) -> dict[str, list[HumanCaption]]:
    """Sentences by the stem of the capture's file ('07_01', 'Male1_A1_Stand').

    Args:
        folder: holds `kit_ml_cmu.json`, `cmu_on_our_trials.csv` and `accad_on_our_bvh.csv`; a table that is
            not there gives no sentences.

    Raises:
        ValueError: a table does not hold such sentences.
    """
    captions: dict[str, list[HumanCaption]] = {}
    for name, read in (
        ("kit_ml_cmu.json", _kit_ml),
        ("cmu_on_our_trials.csv", _cmu),
        ("accad_on_our_bvh.csv", _accad),
    ):
        path = folder / name
        if path.is_file():
            try:
                for stem, caption in read(path):
                    captions.setdefault(stem, []).append(caption)
            except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
                raise ValueError(f"{path}: expected sentences by trial with seconds ({error!r})") from error
    return captions


def covered(captions: Sequence[HumanCaption], clip: ClipInfo) -> list[str]:
    """The sentences about stretches that a clip mostly shows, in lower case without a full stop.

    Those about the clip's own seconds come before those about a part of it.
    """
    found = []
    for caption in captions:
        shown = min(caption.end, clip.end_seconds) - max(caption.start, clip.start_seconds)
        if shown >= _COVER * (caption.end - caption.start):
            union = max(caption.end, clip.end_seconds) - min(caption.start, clip.start_seconds)
            found.append((round(-shown / union, 1), plain_text(caption.text)))
    return [text for _, text in sorted(found, key=lambda pair: pair[0])]


def human_windows(
    captions: Sequence[HumanCaption], pieces: Sequence[tuple[int, int]], spike_seconds: Sequence[float]
) -> list[tuple[int, int]]:
    """The stretches of a take that people described, as further clips of it.

    Args:
        captions: the take's sentences.
        pieces: its clips as (first, last) frames at 20 fps; what lies before the first and after the last
            one is no motion.
        spike_seconds: times of broken frames.

    Returns:
        (first, last) frames of 2 to 9.8 s, those that are a clip already left out.
    """
    windows: list[tuple[int, int]] = []
    if not pieces:
        return windows
    begin, end = min(first for first, _ in pieces), max(last for _, last in pieces)
    for caption in captions:
        first, last = max(begin, round(caption.start * FPS)), min(end, round(caption.end * FPS))
        last = min(last, first + _MOST_FRAMES)
        whole = last - first >= max(_LEAST_FRAMES, _COVER * (caption.end - caption.start) * FPS)
        broken = any(first - 2 < second * FPS < last + 2 for second in spike_seconds)
        if (
            whole
            and not broken
            and not any(_overlap((first, last), held) > _SAME for held in (*pieces, *windows))
        ):
            windows.append((first, last))
    return windows


def plain_text(text: str) -> str:
    """A sentence in lower case, one space between words, without a full stop at the end."""
    return re.sub(r"\s+", " ", text).strip().rstrip(".").strip().lower()


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    return max(0, min(a[1], b[1]) - max(a[0], b[0])) / (max(a[1], b[1]) - min(a[0], b[0]))


def _kit_ml(path: Path) -> Iterator[tuple[str, HumanCaption]]:
    for row in json.loads(path.read_text(encoding="utf-8")).values():
        trial = row["trial"]
        for a in row["annotations"]:
            yield trial, HumanCaption(a["text"], a["start"], a["end"])


def _cmu(path: Path) -> Iterator[tuple[str, HumanCaption]]:
    """HumanML3D's sentences on CMU; those whose seconds our copy of the trial does not have are left out."""
    for row in _rows(path):
        if row["fits"] == "yes":
            yield Path(row["our_file"]).name.removesuffix(".bvh").removesuffix(".npz"), _caption(row)


def _accad(path: Path) -> Iterator[tuple[str, HumanCaption]]:
    """HumanML3D's sentences on ACCAD; those that end after our file are left out."""
    for row in _rows(path):
        if float(row["end_s"]) <= float(row["bvh_seconds"]) + 0.5:
            yield Path(row["bvh"]).stem, _caption(row)


def _caption(row: Mapping[str, str]) -> HumanCaption:
    return HumanCaption(row["caption"], float(row["start_s"]), float(row["end_s"]))


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
