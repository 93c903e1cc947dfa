"""Timelines: what a person does when, in prompts and in motions that are kept.

A timeline file is JSON or YAML, times in seconds:

    segments:
      - {prompt: a person walks forward, start: 0, end: 4}
      - {prompt: waves with the right hand, start: 1, end: 3, part: right arm}
      - {prompt: sits down, start: 4, end: 7}

A segment with `motion`, a file beside the timeline, in place of `prompt` keeps that motion; `from` says where
in the file it begins.
"""

import json
import math
import os
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ram_sdk.files import write_whole
from ram_sdk.motion import Motion
from ram_sdk.scalars import number
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.text_files import data_suffix, read_data

WHOLE_BODY = "whole body"
SHORTEST = 0.5
"""Seconds of the shortest segment with a prompt."""
LONGEST = 3600.0
"""Seconds of the longest timeline."""
_MOST = 1e9  # seconds; what is more, or not a number, is a mistake
_TOLERANCE = 1e-3  # seconds between an end and a start that are the same moment
_TRUNK = ("spine1", "spine2", "spine3")
_HEAD = ("neck", "head")
_ARM = ("collar", "shoulder", "elbow", "wrist")
_LEFT_ARM, _RIGHT_ARM = (tuple(f"{side}_{name}" for name in _ARM) for side in ("left", "right"))


@dataclass(frozen=True)
class Part:
    """A part of the body that can have prompts of its own.

    Attributes:
        joints: numbers of the joints that move with it.
        hinge: number of the joint that connects it to the body.
    """

    joints: tuple[int, ...]
    hinge: int


def _part(names: Sequence[str]) -> Part:
    joints = tuple(map(HUMANML3D.index, names))
    return Part(joints, HUMANML3D.parents[joints[0]])


PARTS = {
    "upper body": _part((*_TRUNK, *_HEAD, *_LEFT_ARM, *_RIGHT_ARM)),
    "arms": _part((*_LEFT_ARM, *_RIGHT_ARM)),
    "left arm": _part(_LEFT_ARM),
    "right arm": _part(_RIGHT_ARM),
    "head": _part(_HEAD),
}
"""The parts by name."""


@dataclass(frozen=True)
class Segment:
    """A prompt in time.

    Attributes:
        prompt: what the person does; one that names nobody is about "a person".
        start: when it begins, seconds.
        end: when it ends, seconds.
        part: `WHOLE_BODY`, or the name of one of `PARTS` that does this while the body does something else.

    Raises:
        ValueError: an empty prompt, times that are not numbers, negative or too close, or an unknown part.
    """

    prompt: str
    start: float
    end: float
    part: str = WHOLE_BODY

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not self.prompt.strip():
            raise ValueError(
                f"segment at {self.start} s: prompt {self.prompt!r}; say what the person does, such as "
                "'a person jumps'"
            )
        _check_times(self, SHORTEST)
        if self.part not in (WHOLE_BODY, *PARTS):
            raise ValueError(
                f"{self}: part {self.part!r}: use one of {', '.join((WHOLE_BODY, *PARTS))}; what the legs do "
                f"belongs to the {WHOLE_BODY}"
            )

    def __str__(self) -> str:
        return f"segment {self.prompt!r} ({_seconds(self.start)} to {_seconds(self.end)} s)"


@dataclass(frozen=True, eq=False)
class Kept:
    """A motion in time that stays as it is.

    Attributes:
        motion: what is kept, from its first frame.
        start: when it begins, seconds.
        end: when it ends, seconds; default: as long as the motion is.
        file: where the motion was read from, if it was, as a timeline file names it.
        offset: seconds that were left out at the beginning of that file.

    Raises:
        ValueError: times that are not numbers, negative or too close, or a motion that is too short.
    """

    motion: Motion
    start: float
    end: float = math.nan
    file: str | None = None
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.motion, Motion):
            raise TypeError(f"Kept.motion of type {type(self.motion).__name__}: expected a Motion")
        if isinstance(self.end, float | np.floating) and np.isnan(self.end):
            object.__setattr__(self, "end", number(f"{self}: start", self.start) + self.motion.duration)
        _check_times(self, 2 / self.motion.fps)
        if self.end - self.start > self.motion.duration + 1 / self.motion.fps:
            raise ValueError(f"{self}: the motion has only {self.motion.duration:g} s: choose an earlier end")

    def __str__(self) -> str:
        name = self.file or repr(self.motion.prompt or "")
        return f"kept motion {name} ({_seconds(self.start)} to {_seconds(self.end)} s)"


@dataclass(frozen=True)
class Timeline:
    """What a person does when.

    The segments of the whole body follow each other from 0 s without gaps; those of parts lie anywhere
    within.

    Attributes:
        segments: in any order; they are kept in order of time.

    Raises:
        ValueError: gaps, overlaps, nothing to generate, two kept motions in a row, or more than `LONGEST`
            seconds; the message names the segments and says what to do.
    """

    segments: tuple[Segment | Kept, ...]

    def __post_init__(self) -> None:
        if isinstance(self.segments, Segment | Kept):
            raise TypeError("segments: expected a tuple; of one segment, write Timeline((segment,))")
        for segment in self.segments:
            if not isinstance(segment, Segment | Kept):
                raise TypeError(f"segment {segment!r}: expected a Segment or a Kept motion")
        object.__setattr__(self, "segments", tuple(sorted(self.segments, key=lambda one: one.start)))
        if not any(isinstance(segment, Segment) for segment in self.segments):
            raise ValueError("the timeline has no prompt: add a segment that says what the person does")
        self._check_body()
        self._check_parts()
        object.__setattr__(self, "segments", _joined(self.segments))

    @property
    def only_prompts(self) -> bool:
        """Whether it holds prompts for the whole body and nothing else."""
        return not self.parts and all(isinstance(one, Segment) for one in self.body)

    @classmethod
    def of(cls, items: Sequence[str | Motion], durations: Sequence[float | None]) -> "Timeline":
        """Prompts and kept motions one after the other.

        Args:
            items: prompts, and motions that are kept.
            durations: seconds of each; None for the whole of a motion.

        Raises:
            ValueError: a duration that cannot be, or what `Timeline` refuses.
        """
        segments: list[Segment | Kept] = []
        now = 0.0
        for item, seconds in zip(items, durations, strict=True):
            whole = seconds is None and isinstance(item, Motion)
            end = math.nan if whole else now + _checked_duration(item, seconds)
            segments.append(Segment(item, now, end) if isinstance(item, str) else Kept(item, now, end))
            now = segments[-1].end
        return cls(tuple(segments))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Timeline":
        """Read a timeline from a `.json`, `.yaml` or `.yml` file; see the module for what it holds.

        Raises:
            OSError: the file, or a motion that it names, cannot be read.
            ValueError: it is not such a file, or holds no valid timeline; the message names the file.
        """
        path = Path(path)
        try:
            return cls(tuple(_segment(entry, path.parent) for entry in _entries(path)))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path.name}: {error}") from error

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the timeline as `.json`, `.yaml` or `.yml`; the file appears whole or not at all.

        Raises:
            OSError: the place cannot be written.
            ValueError: another suffix, or a kept motion that was not read from a file.
        """
        path = Path(path)
        nameless = next((one for one in self.segments if isinstance(one, Kept) and one.file is None), None)
        if nameless is not None:
            raise ValueError(f"{nameless} has no file: save the motion, and name it as Kept(..., file=...)")
        content = {"segments": self.entries()}
        text = (
            json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            if data_suffix(path) == ".json"
            else yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        )
        write_whole(path, text.encode())
        return path

    def entries(self) -> list[dict[str, Any]]:
        """The segments as plain values, as files hold them."""
        entries: list[dict[str, Any]] = []
        for one in self.segments:
            times = {"start": one.start, "end": one.end}
            if isinstance(one, Kept):
                known = {} if one.file else {"prompt": one.motion.prompt}
                entries.append({"motion": one.file, **known, **times, "from": one.offset})
            else:
                entries.append({"prompt": one.prompt, **times, "part": one.part})
        return entries

    @property
    def caption(self) -> str:
        """What the person does, such as "walks (right arm: waves), then sits down".

        What several parts of one kept motion show stands once.
        """
        said: list[str] = []
        for one in self.body:
            if isinstance(one, Kept):
                if one.motion.prompt and one.motion.prompt not in said:
                    said.append(one.motion.prompt)
                continue
            during = [other for other in self.parts if one.start <= other.start < one.end]
            meanwhile = "; ".join(f"{other.part}: {other.prompt}" for other in during)
            said.append(f"{one.prompt} ({meanwhile})" if meanwhile else one.prompt)
        return ", then ".join(said)

    @property
    def body(self) -> tuple[Segment | Kept, ...]:
        """The segments of the whole body, in order."""
        return tuple(one for one in self.segments if isinstance(one, Kept) or one.part == WHOLE_BODY)

    @property
    def parts(self) -> tuple[Segment, ...]:
        """The segments of parts of the body, in order."""
        return tuple(one for one in self.segments if isinstance(one, Segment) and one.part != WHOLE_BODY)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.body[-1].end

    def _check_body(self) -> None:
        body = self.body
        if not body:
            last = max(one.end for one in self.segments)
            raise ValueError(
                f"nothing for the {WHOLE_BODY}, only parts: add a segment without part, such as "
                f"'a person stands still' from 0 to {_seconds(last)} s"
            )
        if body[0].start > _TOLERANCE:
            raise ValueError(
                f"nothing for the {WHOLE_BODY} before {body[0]}: start there, or add a segment such as "
                f"'a person stands still' from 0 to {_seconds(body[0].start)} s"
            )
        for before, after in pairwise(body):
            if after.start < before.end - _TOLERANCE:
                raise ValueError(
                    f"{after} overlaps {before}: start it at {_seconds(before.end)} s, or give it a part "
                    f"({', '.join(PARTS)})"
                )
            if after.start > before.end + _TOLERANCE:
                raise ValueError(
                    f"gap before {after}: start it at {_seconds(before.end)} s, or add a segment such as "
                    "'a person stands still' between"
                )
            if isinstance(before, Kept) and isinstance(after, Kept):
                raise ValueError(f"{after} follows {before}: put a prompt between them")
        if self.duration > LONGEST:
            raise ValueError(
                f"the timeline ends at {_seconds(self.duration)} s: at most {LONGEST:g} s; make several "
                "motions, each beginning with the kept end of the one before"
            )

    def _check_parts(self) -> None:
        for index, one in enumerate(self.parts):
            if one.end > self.duration + _TOLERANCE:
                raise ValueError(
                    f"{one} of the {one.part} ends after the {WHOLE_BODY} does: end it by "
                    f"{_seconds(self.duration)} s, or lengthen the {WHOLE_BODY}"
                )
            for kept in self.body:
                if (
                    isinstance(kept, Kept)
                    and min(one.end, kept.end) - max(one.start, kept.start) > _TOLERANCE
                ):
                    raise ValueError(
                        f"{one} of the {one.part} overlaps {kept}, which stays as it is: move it, or make "
                        "that part of the motion anew with RAMPipeline.edit"
                    )
            for other in self.parts[:index]:
                shared = set(PARTS[one.part].joints) & set(PARTS[other.part].joints)
                if shared and other.end > one.start + _TOLERANCE:
                    raise ValueError(
                        f"{one} of the {one.part} overlaps {other} of the {other.part}: start it at "
                        f"{_seconds(other.end)} s"
                    )


def _joined(segments: Sequence[Segment | Kept]) -> tuple[Segment | Kept, ...]:
    """The segments, each beginning exactly when the one that it follows ends."""
    ends = [one.end for one in segments]
    starts = [
        next((end for end in ends if abs(end - one.start) <= _TOLERANCE), one.start) for one in segments
    ]
    return tuple(
        one if one.start == start else replace(one, start=start)
        for one, start in zip(segments, starts, strict=True)
    )


def _checked_duration(item: str | Motion, value: float | None) -> float:
    seconds = number("duration", value)  # type: ignore[arg-type]
    shortest = SHORTEST if isinstance(item, str) else 2 / item.fps
    if not shortest - _TOLERANCE <= seconds <= LONGEST:
        raise ValueError(f"duration {seconds:g} s: expected {shortest:g} to {LONGEST:g} seconds")
    return seconds


def _check_times(one: Segment | Kept, shortest: float) -> None:
    for name in ("start", "end"):
        value = getattr(one, name)
        seconds = number(f"{one}: {name}", value)
        if not abs(seconds) <= _MOST:
            raise ValueError(f"{one}: {name} {reprlib.repr(value)}: expected a number of seconds")
        object.__setattr__(one, name, seconds)
    if one.start < 0:
        raise ValueError(f"{one}: it starts before 0 s: use times from 0 on")
    if one.end - one.start < shortest - _TOLERANCE:
        raise ValueError(f"{one}: expected an end at least {shortest:g} s after the start")


def _seconds(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else reprlib.repr(value)


def _entries(path: Path) -> list[Any]:
    content = read_data(path)
    entries = content.get("segments") if isinstance(content, Mapping) and len(content) == 1 else content
    if not isinstance(entries, list) or not entries:
        raise ValueError('expected {"segments": [{"prompt": ..., "start": ..., "end": ...}, ...]}')
    return entries


def _segment(entry: Any, folder: Path) -> Segment | Kept:
    if not isinstance(entry, Mapping) or ("prompt" in entry) == ("motion" in entry):
        raise ValueError(f"segment {entry!r}: expected a prompt or a motion, with start and end")
    known = ("prompt", "start", "end", "part") if "prompt" in entry else ("motion", "start", "end", "from")
    if unknown := [str(name) for name in entry if name not in known]:
        raise ValueError(f"segment {dict(entry)!r}: it has {', '.join(unknown)}; known: {', '.join(known)}")
    for name in ("start", "end"):
        if name not in entry:
            raise ValueError(f"segment {dict(entry)!r} has no {name}: give it in seconds")
    if "prompt" in entry:
        return Segment(entry["prompt"], entry["start"], entry["end"], entry.get("part", WHOLE_BODY))
    return _kept(entry, folder)


def _kept(entry: Mapping[str, Any], folder: Path) -> Kept:
    name, offset = entry["motion"], entry.get("from", 0.0)
    if not isinstance(name, str):
        raise ValueError(f"motion {name!r}: expected the name of a file beside the timeline")
    motion = Motion.load(folder / name)
    seconds = number(f"motion {name}: from", offset)
    if not 0 <= seconds < motion.duration:
        raise ValueError(f"motion {name}: from {seconds:g}: expected 0 to {motion.duration:g} seconds")
    return Kept(motion[round(seconds * motion.fps) :], entry["start"], entry["end"], name, seconds)
