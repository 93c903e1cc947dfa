"""Constraints in a file, JSON or YAML, as `to_json` writes them; motions may be named instead of written out.

    - {kind: Path, points: [[0, 0], [1, 1.75], [-1, 3.5]], smooth: true}
    - {kind: Joints, times: 2, positions: {left_hand: [0.3, 1.5, 0.4]}}
    - {kind: Pose, time: 4, joints: {motion: sit.bvh, time: 1.5}}
    - {kind: Keep, motion: walk.npz, start: 0, end: 1.5}

A motion is a file beside this one; the joints of a Pose may be those of a motion at a time.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ram_sdk import scalars
from ram_sdk.control.constraints import Constraint, from_entries
from ram_sdk.motion import Motion
from ram_sdk.text_files import read_data


def load_constraints(path: str | os.PathLike[str]) -> list[Constraint]:
    """Read constraints from a `.json`, `.yaml` or `.yml` file; see the module for what it holds.

    Raises:
        OSError: the file, or a motion that it names, cannot be read.
        ValueError: it is not such a file, or one of its constraints is wrong; the message names the file.
    """
    path = Path(path)
    try:
        entries = read_data(path)
        if isinstance(entries, list):
            entries = [_with_motions(entry, path.parent) for entry in entries]
        return from_entries(entries)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _with_motions(entry: Any, folder: Path) -> Any:
    """A constraint's fields with the motions that it names in place of their files."""
    if not isinstance(entry, Mapping):
        return entry
    changed = dict(entry)
    if isinstance(name := entry.get("motion"), str):
        changed["motion"] = Motion.load(folder / name)
    if isinstance(where := entry.get("joints"), Mapping):
        changed["joints"] = _pose(where, folder)
    return changed


def _pose(where: Mapping[str, Any], folder: Path) -> Any:
    if where.keys() != {"motion", "time"} or not isinstance(where["motion"], str):
        raise ValueError("Pose.joints: expected 22 positions, or {motion: FILE, time: SECONDS}")
    motion = Motion.load(folder / where["motion"])
    time = scalars.number("Pose.joints.time", where["time"])
    if not 0 <= time <= motion.duration:
        raise ValueError(f"Pose.joints.time {time:g}: {where['motion']} has 0 to {motion.duration:g} s")
    return motion.joints[min(round(time * motion.fps), len(motion) - 1)]
