"""Reading a folder of the user's motions and their table of captions.

The table is a CSV file with the columns `file` and `caption`, one row for each caption; a file may have
several. Optional columns: `start` and `end` in seconds, if a caption describes only a part of the file; `fps`
and `up`, if the file does not give its frame rate or its up axis ("y", "z", "-z").
"""

import csv
import difflib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk import Motion
from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.positions import MisreadWarning
from ram_sdk.models import NormalizerConfig
from ram_sdk.models.text_backbone import TextBackbone
from ram_sdk.skeleton.features import canonicalize, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D, SKELETONS, UNIFORM_BONE_LENGTHS, Skeleton
from ram_sdk.skeleton.mapping import pick_joints
from ram_sdk.skeleton.retarget import retarget
from ram_sdk.text_files import read_text
from training.data.clip import Clip

_MAX_SHOWN = 50  # problems in one message
_BONE_TOLERANCE = 1e-2  # relative difference from the uniform skeleton's bone lengths


class CaptionedDataError(ValueError):
    """All problems of a table of captions and its motions, one line each."""

    def __init__(self, table: Path, problems: list[str]) -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        more = [f"and {len(problems) - _MAX_SHOWN} more"] if len(problems) > _MAX_SHOWN else []
        super().__init__("\n  ".join([f"{count} in {table}:", *problems[:_MAX_SHOWN], *more]))
        self.problems = problems


@dataclass(frozen=True)
class _Row:
    line: int
    file: str
    caption: str
    start: float
    end: float | None
    fps: float | None = None
    up: str | None = None


def read_captioned(table: Path, motion: NormalizerConfig, backbone: TextBackbone) -> list[Clip]:
    """Read the motions in a table of captions, in a checkpoint's representation.

    Motions of any frame rate and body proportions are resampled to the checkpoint's frame rate and retargeted
    to its skeleton; a checkpoint with KIT-ML's 21 joints needs motions with exactly these joints. Rows of one
    file with the same start and end are captions of one clip.

    Args:
        table: the CSV file; paths in it are relative to its folder, in any format that `Motion.load` reads.
        motion: the checkpoint's motion representation, and its shortest and longest clip.
        backbone: tokenizes the captions; a caption with too many tokens is a problem.

    Returns:
        The clips, file by file.

    Raises:
        FileNotFoundError: the table does not exist.
        CaptionedDataError: the table or its motions have problems; all are listed.
    """
    skeleton = SKELETONS[motion.skeleton]
    if not table.is_file():
        raise FileNotFoundError(
            f"{table} is missing: write a CSV file with the columns file,caption and a row for each caption"
        )
    problems: list[str] = []
    files: dict[str, dict[tuple[float, float | None], list[_Row]]] = {}
    for row in _read_rows(table, problems):
        files.setdefault(row.file, {}).setdefault((row.start, row.end), []).append(row)
        tokens = len(backbone.tokenizer.encode(row.caption).ids)
        if tokens > backbone.max_tokens:
            problems.append(
                f"line {row.line}: the caption has {tokens} tokens, at most {backbone.max_tokens} can be read"
            )
    clips = []
    for file, parts in files.items():
        lines = ", ".join(str(row.line) for rows in parts.values() for row in rows)
        try:
            joints = _read_joints(table.parent / file, next(iter(parts.values()))[0], skeleton, motion.fps)
        except (ValueError, OSError, MisreadWarning) as error:
            problems.append(f"line {lines}: {file}: {error}")
            continue
        for rows in parts.values():
            try:
                features = _encode(_cut(joints, rows[0], motion), skeleton)
            except ValueError as error:
                problems.append(f"line {rows[0].line}: {file}: {error}")
                continue
            clips.append(Clip(features, tuple(row.caption for row in rows), "own"))
    if problems:
        raise CaptionedDataError(table, problems)
    return clips


def _read_rows(table: Path, problems: list[str]) -> list[_Row]:
    text = read_text(table)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True, delimiter=delimiter)
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        if missing := [column for column in ("file", "caption") if column not in columns]:
            raise CaptionedDataError(
                table,
                [
                    f"no column {' and no column '.join(missing)}: the first line is "
                    f"{delimiter.join(columns)!r}, "
                    "write file,caption or file,caption,start,end"
                ],
            )
        rows = [row for values in reader for row in _read_row(values, reader.line_num, problems)]
    except csv.Error as error:
        raise CaptionedDataError(table, [f"line {reader.reader.line_num}: {error}"]) from error
    if not rows and not problems:
        problems.append("no rows below the header: write one for each caption")
    return rows


def _read_row(
    values: dict[str | None, str | list[str] | None], line: int, problems: list[str]
) -> Iterator[_Row]:
    if None in values:
        problems.append(f"line {line}: more cells than columns: quote captions that contain commas")
        return
    cells = {str(column): str(value or "").strip() for column, value in values.items()}
    empty = [column for column in ("file", "caption") if not cells[column]]
    problems.extend(f"line {line}: the column {column} is empty" for column in empty)
    times: dict[str, float | None] = {"start": 0.0, "end": None, "fps": None}
    for column in times:
        if text := cells.get(column, ""):
            try:
                times[column] = float(text)
            except ValueError:
                unit = "" if column == "fps" else " of seconds"
                problems.append(f"line {line}: {column} {text!r} is not a number{unit}")
                return
    start, end = times["start"] or 0.0, times["end"]
    if not empty:
        yield _Row(line, cells["file"], cells["caption"], start, end, times["fps"], cells.get("up") or None)


def _read_joints(path: Path, row: _Row, skeleton: Skeleton, fps: float) -> NDArray[np.float64]:
    """Joints `(frames, joints, 3)` of a row's file, 22 on the uniform skeleton, at the given frame rate.

    `MisreadWarning` is an error here, because the model would learn from misread positions.
    """
    if not path.is_file():
        names = [entry.name for entry in path.parent.glob("*")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, names, n=1)
        raise FileNotFoundError("there is no such file" + (f"; did you mean {near[0]}?" if near else ""))
    with warnings.catch_warnings():
        warnings.simplefilter("error", MisreadWarning)
        motion = Motion.load(path, fps=row.fps, up=row.up)
    if skeleton is HUMANML3D:
        motion = motion.to_humanml3d()
    elif motion.skeleton is not skeleton:
        raise ValueError(
            f"it has {motion.skeleton.num_joints} joints: the checkpoint needs the {skeleton.num_joints} of "
            f"{skeleton.name}"
        )
    joints = motion.joints.astype(np.float64)
    if len(joints) < 2:
        raise ValueError("it has only one frame")
    bones = np.linalg.norm(joints[:, 1:] - joints[:, skeleton.parents[1:]], axis=-1)
    if skeleton is HUMANML3D and not np.allclose(bones, UNIFORM_BONE_LENGTHS, rtol=_BONE_TOLERANCE):
        joints = retarget(pick_joints(BONE_NAMES["smpl"], joints))
    return Motion(joints.astype(np.float32), motion.fps).resample(fps).joints.astype(np.float64)


def _cut(joints: NDArray[np.float64], row: _Row, motion: NormalizerConfig) -> NDArray[np.float64]:
    """The frames of a row's part, plus one for the velocities.

    A file of n frames gives n frames of features. The frame after its last is extrapolated at constant
    horizontal velocity; heights stay the same, so that the floor does.
    """
    after = 2 * joints[-1:] - joints[-2:-1]
    after[..., 1] = joints[-1:, :, 1]
    joints = np.concatenate([joints, after])
    duration = (len(joints) - 1) / motion.fps
    end = duration if row.end is None else row.end
    if not 0 <= row.start < end <= duration + 1e-6:
        raise ValueError(f"{row.start:g} to {end:g} s is not within its {duration:.2f} s")
    piece = joints[round(row.start * motion.fps) : round(end * motion.fps) + 1]
    if not motion.min_frames <= len(piece) - 1 <= motion.max_frames:
        shortest, longest = motion.min_frames / motion.fps, motion.max_frames / motion.fps
        raise ValueError(
            f"{(len(piece) - 1) / motion.fps:.2f} s, the checkpoint takes {shortest:g} to {longest:g} s: "
            "choose a part with the columns start and end, or a longer file"
        )
    return piece


def _encode(joints: NDArray[np.float64], skeleton: Skeleton) -> NDArray[np.float32]:
    features = encode_joints(canonicalize(torch.from_numpy(joints), skeleton), skeleton)
    return np.asarray(features.float().numpy())
