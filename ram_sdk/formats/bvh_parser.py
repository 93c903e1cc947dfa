"""Reading BVH files: any hierarchy, channel order and frame rate."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ram_sdk.formats.bvh_numbers import NumberReader, line_of, lines, read_rows
from ram_sdk.formats.read_options import Longest
from ram_sdk.notices import warn
from ram_sdk.text_files import MAX_MOTION_BYTES, read_text

_AXES = {"X": 0, "Y": 1, "Z": 2}
_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)
_MOTION = re.compile(r"^\s*MOTION(?=\s*$|\s+Frame)", re.IGNORECASE | re.MULTILINE)
_FRAMES = re.compile(r"Frames\s*:?\s*(\d{1,18})\b", re.IGNORECASE)
_FRAME_TIME = re.compile(r"Frame\s*Time\s*:?\s*(\S+)", re.IGNORECASE)
_HEAD = 1000  # characters after MOTION in which its head is looked for
# At braces, and before keywords that another one stands in front of on the same line.
_PIECES = re.compile(
    r"(?<=[{}])|(?=[{}])|(?<=HIERARCHY)\s+|\s+(?=OFFSET\s+[-+.\d]|CHANNELS\s+\d)", re.IGNORECASE
)
_MAX_JOINTS = 2000
_JOINTS_PER_VALUE, _SMALL = 1, 200_000  # a file of joints that nothing moves would fill the memory
_JOINT_BYTES = 12 * 8  # translation and rotation of one joint in one frame, as float64
_MAX_BYTES = 1 << 30  # of all of them
_STILL = 1e-6  # largest change of a matrix entry of a joint that never turns
_SHOWN = 60  # characters of a line in a message


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
        channels: of each joint in the file's order, as (axis, whether it turns about it).
        hierarchy: the text up to the MOTION section.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: NDArray[np.float64]
    frame_time: float
    translations: NDArray[np.float64]
    rotations: NDArray[np.float64]
    channels: tuple[tuple[tuple[int, bool], ...], ...]
    hierarchy: str

    @property
    def fps(self) -> float:
        """Frames a second."""
        return 1.0 / self.frame_time

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        return len(self.rotations)

    def rest_positions(self) -> NDArray[np.float64]:
        """Places of the joints `(joints, 3)` with all angles zero; where they are mostly, if they slide."""
        rest = np.asarray(np.median(self.translations, axis=0))
        for joint, parent in enumerate(self.parents):
            if parent >= 0:
                rest[joint] += rest[parent]
        return rest

    def still_rotation_above(self, joint: int) -> NDArray[np.float64]:
        """World rotation `(3, 3)` of the joints above one that never turn."""
        rotation = np.eye(3)
        while (joint := self.parents[joint]) >= 0:
            own = self.rotations[:, joint]
            if np.abs(own - own[0]).max() < _STILL:
                rotation = own[0] @ rotation
        return rotation

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
    line: int
    offset: tuple[float, ...] | None = None
    channels: tuple[tuple[int, bool], ...] = ()  # (axis, is it a rotation)


def read_bvh(path: str | Path, fps: float | None = None, longest: Longest | None = None) -> BvhMotion:
    """Read a BVH file.

    Args:
        path: the file, in any encoding of `text.read_text`.
        fps: frames a second, in place of the file's own.
        longest: how long it may be.

    Returns:
        The motion; angles are converted from degrees, Euler rotations applied in the order in which
        each joint lists its channels. A joint without position channels keeps its rest offset.

    Warns:
        UserWarning: something in the file had to be guessed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a complete BVH file; the message names the line. Or it is too large.
    """
    return parse_bvh(read_text(path, MAX_MOTION_BYTES), str(path), fps, longest)


def parse_bvh(
    text: str, name: str = "BVH text", fps: float | None = None, longest: Longest | None = None
) -> BvhMotion:
    """Read the text of a BVH file; `name` stands for the file in messages. See `read_bvh`."""
    motion = _MOTION.search(text)
    if motion is None:
        raise ValueError(f"{name}: no MOTION section; the file is not BVH or is cut off")
    reader, longest = NumberReader(), longest or Longest()
    joints = _parse_hierarchy(text[: motion.start()], name, reader)
    channels = sum(len(joint.channels) for joint in joints)
    if not channels:
        raise ValueError(f"{name}: no joint has channels, so nothing moves")
    frames, frame_time, body = _parse_motion_head(text, motion.end(), name, fps)
    values = read_rows(text, body, frames, channels, longest.frames, name, reader)
    _check_size(len(values), joints, channels, frame_time, longest, name)
    offsets = np.array([joint.offset for joint in joints], dtype=np.float64)
    translations, rotations = _local_transforms(joints, offsets, values, reader)
    for assumption in sorted(reader.assumed):
        warn(f"{name}: {assumption}", stacklevel=2)
    return BvhMotion(
        names=tuple(joint.name for joint in joints),
        parents=tuple(joint.parent for joint in joints),
        offsets=offsets,
        frame_time=frame_time,
        translations=translations,
        rotations=rotations,
        channels=tuple(joint.channels for joint in joints),
        hierarchy=text[: motion.start()],
    )


def _parse_hierarchy(text: str, name: str, reader: NumberReader) -> list[_Joint]:
    joints: list[_Joint] = []
    open_joints: list[int] = []
    for number, line in enumerate(lines(text), start=1):
        for piece in filter(str.strip, _PIECES.split(line)):
            try:
                _parse_piece(piece.strip(), number, joints, open_joints, reader)
            except (ValueError, IndexError) as error:
                shown = piece.strip()[:_SHOWN]
                raise ValueError(f"{name}, line {number}: cannot read {shown!r} ({error})") from None
        if len(joints) > _MAX_JOINTS:
            raise ValueError(f"{name}, line {number}: more than {_MAX_JOINTS} joints: so many are not read")
    if open_joints or not joints:
        raise ValueError(f"{name}: the HIERARCHY section is incomplete")
    for joint in joints:
        if joint.offset is None:
            raise ValueError(f"{name}, line {joint.line}: joint {joint.name!r} has no OFFSET")
    return joints


def _parse_piece(
    piece: str, line: int, joints: list[_Joint], open_joints: list[int], reader: NumberReader
) -> None:
    """Read one brace, or one keyword with what belongs to it, into the joints."""
    keyword, *words = piece.split()
    match keyword.casefold():
        case "hierarchy" if not words:
            pass
        case "root" | "joint":
            joints.append(_Joint(" ".join(words), open_joints[-1] if open_joints else -1, line))
        case "end" | "endsite":
            joints.append(_Joint(f"{joints[open_joints[-1]].name}_end", open_joints[-1], line))
        case "{":
            open_joints.append(len(joints) - 1)
        case "}":
            open_joints.pop()
        case "offset":
            offset = tuple(reader.read(" ".join(words)))
            if len(offset) != len(_AXES):
                raise ValueError("an offset is three numbers")
            joints[open_joints[-1]].offset = offset
        case "channels":
            count, *labels = words
            if int(count) != len(labels):
                raise ValueError(f"{len(labels)} channels are listed")
            joints[open_joints[-1]].channels = tuple(_parse_channel(label) for label in labels)
        case _:
            raise ValueError("unexpected words")


def _parse_channel(label: str) -> tuple[int, bool]:
    match = _CHANNEL.fullmatch(label)
    if match is None:
        raise ValueError(f"{label!r} is not a channel; channels are Xposition ... Zrotation")
    return _AXES[match[1].upper()], match[2].lower() == "rotation"


def _parse_motion_head(text: str, start: int, name: str, fps: float | None) -> tuple[int | None, float, int]:
    """Number of frames if it is there, seconds a frame, and where the numbers begin."""
    frames = _FRAMES.search(text, start, start + _HEAD)
    frame_time = _FRAME_TIME.search(text, start, start + _HEAD)
    body = max(match.end() if match else start for match in (frames, frame_time))
    if fps is not None:
        return int(frames[1]) if frames else None, 1.0 / fps, body
    if frame_time is None:
        raise ValueError(f"{name}: the MOTION section has no 'Frame Time:' line; give the frame rate as fps=")
    try:
        seconds = float(frame_time[1].replace(",", "."))
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < 10.0:
        raise ValueError(
            f"{name}, line {line_of(text, frame_time.start())}: Frame Time {frame_time[1]!r}; "
            "expected seconds a frame, above 0 and below 10; or give the frame rate as fps="
        )
    return int(frames[1]) if frames else None, seconds, body


def _check_size(
    frames: int, joints: list[_Joint], channels: int, frame_time: float, longest: Longest, name: str
) -> None:
    """Refuse what would fill the memory, before angles become matrices."""
    try:
        longest.check(frames, 1.0 / frame_time)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    moves = frames * len(joints)
    if moves > _JOINTS_PER_VALUE * frames * channels + _SMALL:
        raise ValueError(f"{name}: {len(joints)} joints, but only {channels} channels move them")
    if moves * _JOINT_BYTES > _MAX_BYTES:
        most = _MAX_BYTES // _JOINT_BYTES // len(joints)
        raise ValueError(
            f"{name}: {frames} frames of {len(joints)} joints: at most {most} are read; cut it first"
        )


def _local_transforms(
    joints: list[_Joint], offsets: NDArray[np.float64], values: NDArray[np.float64], reader: NumberReader
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    translations = np.tile(offsets, (len(values), 1, 1))
    rotations = np.tile(np.eye(3), (len(values), len(joints), 1, 1))
    column = 0
    for index, joint in enumerate(joints):
        own = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        moved = [i for i, (_, is_rotation) in enumerate(joint.channels) if not is_rotation]
        if moved and joint.parent >= 0 and offsets[index].any() and not own[:, moved].any():
            reader.assumed.add("joints whose positions are all zero are taken to be at their OFFSET")
            moved = []
        for i, (axis, is_rotation) in enumerate(joint.channels):
            if is_rotation:
                rotations[:, index] = rotations[:, index] @ axis_rotation(axis, own[:, i])
            elif i in moved:
                translations[:, index, axis] = own[:, i]
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
