"""Human-written captions of the captures, from KIT-ML and HumanML3D. They are not part of this project."""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.open_data.clip import ClipInfo
from training.open_data.signals import FPS

_COVER = 0.75  # minimum share of the described segment that a clip must show
_SAME = 0.85  # minimum overlap, relative to the union, with a clip that shows the same segment
_MIN_FRAMES, _MAX_FRAMES = 40, 196  # of a clip, see `cleaning`


@dataclass(frozen=True)
class HumanCaption:
    """A human-written sentence about a segment of a trial, in seconds."""

    text: str
    start: float
    end: float


def read_human_captions(folder: Path) -> dict[str, list[HumanCaption]]:
    """Sentences by the stem of the capture's file ('07_01', 'Male1_A1_Stand').

    Args:
        folder: has `kit_ml_cmu.json`, `cmu_on_our_trials.csv` and `accad_on_our_bvh.csv`; missing tables give
            no sentences.

    Raises:
        ValueError: a table has another format.
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
    """The sentences about segments that a clip mostly shows, in lower case without a full stop.

    Sentences whose segment matches the clip best come first.
    """
    found = []
    for caption in captions:
        overlap = min(caption.end, clip.end_seconds) - max(caption.start, clip.start_seconds)
        if overlap >= _COVER * (caption.end - caption.start):
            union = max(caption.end, clip.end_seconds) - min(caption.start, clip.start_seconds)
            found.append((round(-overlap / union, 1), plain_text(caption.text)))
    return [text for _, text in sorted(found, key=lambda pair: pair[0])]


def human_windows(
    captions: Sequence[HumanCaption], pieces: Sequence[tuple[int, int]], spike_seconds: Sequence[float]
) -> list[tuple[int, int]]:
    """The segments of a take that have human-written captions, as additional clips.

    Args:
        captions: the take's sentences.
        pieces: its clips as (first, last) frames at 20 fps; frames before the first and after the last clip
            are not used.
        spike_seconds: times of broken frames.

    Returns:
        (first, last) frames of 2 to 9.8 s, without segments that are a clip already.
    """
    windows: list[tuple[int, int]] = []
    if not pieces:
        return windows
    begin, end = min(first for first, _ in pieces), max(last for _, last in pieces)
    for caption in captions:
        first, last = max(begin, round(caption.start * FPS)), min(end, round(caption.end * FPS))
        last = min(last, first + _MAX_FRAMES)
        complete = last - first >= max(_MIN_FRAMES, _COVER * (caption.end - caption.start) * FPS)
        broken = any(first - 2 < second * FPS < last + 2 for second in spike_seconds)
        if (
            complete
            and not broken
            and not any(_overlap((first, last), other) > _SAME for other in (*pieces, *windows))
        ):
            windows.append((first, last))
    return windows


def plain_text(text: str) -> str:
    """A sentence in lower case, with single spaces and without a final full stop."""
    return re.sub(r"\s+", " ", text).strip().rstrip(".").strip().lower()


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    return max(0, min(a[1], b[1]) - max(a[0], b[0])) / (max(a[1], b[1]) - min(a[0], b[0]))


def _kit_ml(path: Path) -> Iterator[tuple[str, HumanCaption]]:
    for row in json.loads(path.read_text(encoding="utf-8")).values():
        trial = row["trial"]
        for a in row["annotations"]:
            yield trial, HumanCaption(a["text"], a["start"], a["end"])


def _cmu(path: Path) -> Iterator[tuple[str, HumanCaption]]:
    """HumanML3D's sentences about CMU, except those whose times do not fit our copy of the trial."""
    for row in _rows(path):
        if row["fits"] == "yes":
            yield Path(row["our_file"]).name.removesuffix(".bvh").removesuffix(".npz"), _caption(row)


def _accad(path: Path) -> Iterator[tuple[str, HumanCaption]]:
    """HumanML3D's sentences about ACCAD, except those that end after the end of our file."""
    for row in _rows(path):
        if float(row["end_s"]) <= float(row["bvh_seconds"]) + 0.5:
            yield Path(row["bvh"]).stem, _caption(row)


def _caption(row: Mapping[str, str]) -> HumanCaption:
    return HumanCaption(row["caption"], float(row["start_s"]), float(row["end_s"]))


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
