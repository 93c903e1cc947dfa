"""Reading BVH files: any hierarchy, channel order and frame rate."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_AXES = {"X": 0, "Y": 1, "Z": 2}
_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)
_FRAMES = re.compile(r"Frames\s*:\s*(\d+)", re.IGNORECASE)
_FRAME_TIME = re.compile(r"Frame\s+Time\s*:\s*(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class BvhMotion:
    """A BVH file in memory: lengths in the file's own unit, rotations as matrices.

    Attributes:
        names: one per joint; the end site of joint "Foot" is called "Foot_end".
        parents: index of each joint's parent, -1 for a root; parents precede their children.
        offsets: `(joints, 3)` rest offset from the parent.
        frame_time: seconds a frame.
        translations: `(frames, joints, 3)` offset from the parent in each frame.
        rotations: `(frames, joints, 3, 3)` rotation relative to the parent, for column vectors.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: NDArray[np.float64]
    frame_time: float
    translations: NDArray[np.float64]
    rotations: NDArray[np.float64]

    @property
    def fps(self) -> float:
        """Frames a second."""
        return 1.0 / self.frame_time

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        return len(self.rotations)

    def world_transforms(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Forward kinematics: positions `(frames, joints, 3)` and rotations `(frames, joints, 3, 3)`."""
        positions = np.empty_like(self.translations)
        rotations = np.empty_like(self.rotations)
        for joint, parent in enumerate(self.parents):
            if parent < 0:
                positions[:, joint] = self.translations[:, joint]
                rotations[:, joint] = self.rotations[:, joint]
                continue
            turned = rotations[:, parent] @ self.translations[:, joint, :, None]
            positions[:, joint] = positions[:, parent] + turned[..., 0]
            rotations[:, joint] = rotations[:, parent] @ self.rotations[:, joint]
        return positions, rotations


@dataclass
class _Joint:
    name: str
    parent: int
    offset: tuple[float, float, float] | None = None
    channels: tuple[tuple[int, bool], ...] = ()  # (axis, is it a rotation)


def read_bvh(path: str | Path) -> BvhMotion:
    """Read a BVH file.

    Args:
        path: the file.

    Returns:
        The motion; angles are converted from degrees, Euler rotations applied in the order in which
        each joint lists its channels. A joint without position channels keeps its rest offset.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a complete BVH file; the message names the line.
    """
    return parse_bvh(Path(path).read_text(encoding="utf-8", errors="replace"), str(path))


def parse_bvh(text: str, name: str = "BVH text") -> BvhMotion:
    """Read the text of a BVH file; `name` stands for the file in error messages. See `read_bvh`."""
    motion = re.search(r"^\s*MOTION\s*$", text, re.MULTILINE)
    if motion is None:
        raise ValueError(f"{name}: no MOTION section; the file is not BVH or is cut off")
    joints = _parse_hierarchy(text[: motion.start()], name)
    frames, frame_time, body = _parse_motion_head(text, motion.end(), name)
    values = _parse_values(text, body, frames, sum(len(joint.channels) for joint in joints), name)
    offsets = np.array([joint.offset for joint in joints], dtype=np.float64)
    translations, rotations = _local_transforms(joints, offsets, values)
    return BvhMotion(
        names=tuple(joint.name for joint in joints),
        parents=tuple(joint.parent for joint in joints),
        offsets=offsets,
        frame_time=frame_time,
        translations=translations,
        rotations=rotations,
    )


def _parse_hierarchy(text: str, name: str) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        try:
            match words:
                case [] | ["HIERARCHY"]:
                    continue
                case ["ROOT" | "JOINT", *label]:
                    joints.append(_Joint(" ".join(label), open_joints[-1] if open_joints else -1))
                case ["End", *_]:
                    joints.append(_Joint(f"{joints[open_joints[-1]].name}_end", open_joints[-1]))
                case ["{"]:
                    open_joints.append(len(joints) - 1)
                case ["}"]:
                    open_joints.pop()
                case ["OFFSET", x, y, z]:
                    joints[open_joints[-1]].offset = (float(x), float(y), float(z))
                case ["CHANNELS", count, *labels] if int(count) == len(labels):
                    joints[open_joints[-1]].channels = tuple(_parse_channel(label) for label in labels)
                case _:
                    raise ValueError("unexpected words")
        except (ValueError, IndexError) as error:
            raise ValueError(f"{name}, line {number}: cannot read {line.strip()!r} ({error})") from None
    if open_joints or not joints:
        raise ValueError(f"{name}: the HIERARCHY section is incomplete")
    for joint in joints:
        if joint.offset is None:
            raise ValueError(f"{name}: joint {joint.name!r} has no OFFSET")
    return joints


def _parse_channel(label: str) -> tuple[int, bool]:
    match = _CHANNEL.fullmatch(label)
    if match is None:
        raise ValueError(f"{label!r} is not a channel; channels are Xposition ... Zrotation")
    return _AXES[match[1].upper()], match[2].lower() == "rotation"


def _parse_motion_head(text: str, start: int, name: str) -> tuple[int, float, int]:
    """Number of frames, seconds a frame, and where the numbers begin."""
    frames = _FRAMES.search(text, start)
    frame_time = _FRAME_TIME.search(text, start)
    if frames is None or frame_time is None:
        raise ValueError(f"{name}: the MOTION section needs 'Frames:' and 'Frame Time:' lines")
    try:
        seconds = float(frame_time[1])
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < 10.0:
        raise ValueError(
            f"{name}, line {_line_of(text, frame_time.start())}: Frame Time {frame_time[1]!r}; "
            "expected seconds a frame, above 0 and below 10"
        )
    return int(frames[1]), seconds, frame_time.end()


def _parse_values(text: str, body: int, frames: int, channels: int, name: str) -> NDArray[np.float64]:
    words = text[body:].split()
    expected = frames * channels
    if frames == 0 or len(words) != expected:
        raise ValueError(
            f"{name}, from line {_line_of(text, body) + 1}: {len(words)} numbers, but {frames} frames of "
            f"{channels} channels need {expected}; the file is cut off or its header is wrong"
        )
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError as error:
        word = str(error).split(":", 1)[-1].strip(" '")
        line = _line_of(text, text.index(word, body))
        raise ValueError(f"{name}, line {line}: {word!r} is not a number") from None
    if not np.isfinite(values).all():
        frame = int(np.flatnonzero(~np.isfinite(values))[0]) // channels
        raise ValueError(f"{name}: frame {frame} holds a number that is not finite")
    return values.reshape(frames, channels)


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _local_transforms(
    joints: list[_Joint], offsets: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    translations = np.tile(offsets, (len(values), 1, 1))
    rotations = np.tile(np.eye(3), (len(values), len(joints), 1, 1))
    column = 0
    for index, joint in enumerate(joints):
        for axis, is_rotation in joint.channels:
            if is_rotation:
                rotations[:, index] = rotations[:, index] @ axis_rotation(axis, values[:, column])
            else:
                translations[:, index, axis] = values[:, column]
            column += 1
    return translations, rotations


def axis_rotation(axis: int, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation matrices `(n, 3, 3)` by `degrees` `(n,)` about the x (0), y (1) or z (2) axis."""
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    matrices = np.zeros((len(angle), 3, 3))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrices[:, axis, axis] = 1.0
    matrices[:, first, first] = cosine
    matrices[:, second, second] = cosine
    matrices[:, first, second] = -sine
    matrices[:, second, first] = sine
    return matrices
