"""Repeating the cycle of a steady motion."""

import math

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.seams import join
from ram_sdk.skeleton.sequences import Array, cut, distances, pose_of, positions, signatures

_OVERLAP = 6  # frames of the seam between two rounds
_SHORTEST = 14  # frames of a round at 20 fps: about one stride
_ALIKE = 0.09  # metres (see `distances`) between the frames that are joined
_CLOSED = 0.03  # metres between the ends of a motion that is a loop by itself
_BLOCK = 64  # frames that are compared with all later ones at once: bounds the memory of long motions


class NoCycle(ValueError):
    """A motion in which no two moments are alike enough to repeat the stretch between them."""


def looped(pose: PoseSequence, frames: int, fps: float = HUMANML3D.fps) -> PoseSequence:
    """Repeat the longest stretch whose ends are alike until the motion has at least so many frames.

    Raises:
        NoCycle: no two frames are alike enough.
    """
    opening, again, ending = _rounds(pose, fps)
    length = len(opening) + len(ending) - _OVERLAP
    return _with_rounds(opening, again, ending, -((length - frames) // (len(again) - _OVERLAP)), fps)


def repeated(pose: PoseSequence, times: int, fps: float = HUMANML3D.fps) -> PoseSequence:
    """Repeat a motion's cycle a number of times.

    The cycle of a motion that ends as it begins is the whole of it; else it is the longest stretch whose ends
    are alike, and what comes before and after it stays.

    Raises:
        NoCycle: no two frames are alike enough.
    """
    ends = _looks(pose, fps)[[0, -1]]
    if distances(ends[:1], ends[1:])[0, 0] < _CLOSED:
        return pose_of(join([pose] * times, [1] * (times - 1), fps).joints)
    return _with_rounds(*_rounds(pose, fps), times - 2, fps)


def _with_rounds(
    opening: PoseSequence, again: PoseSequence, ending: PoseSequence, more: int, fps: float
) -> PoseSequence:
    """The opening, the round `more` times, and the ending, which together hold two rounds."""
    parts = [opening, *[again] * more, ending]
    return pose_of(join(parts, [_OVERLAP] * (len(parts) - 1), fps).joints)


def _rounds(pose: PoseSequence, fps: float) -> tuple[PoseSequence, PoseSequence, PoseSequence]:
    """The motion up to the end of its cycle, the cycle, and the motion from the cycle's beginning."""
    half = _OVERLAP // 2
    first, last = best_pair(_looks(pose, fps), fps)
    return cut(pose, 0, last + half), cut(pose, first - half, last + half), cut(pose, first - half, len(pose))


def _looks(pose: PoseSequence, fps: float) -> Array:
    """The signature of each frame, which has a velocity."""
    if len(pose) < 2:
        raise NoCycle("a single frame has no cycle to repeat")
    return signatures(positions(pose), fps)


def best_pair(looks: Array, fps: float) -> tuple[int, int]:
    """First frame and one past the last of the longest stretch whose ends are alike.

    Args:
        looks: `(frames, 132)` signatures.
        fps: frames a second.

    Raises:
        NoCycle: no two frames are alike enough.
    """
    shortest = _SHORTEST * fps / HUMANML3D.fps
    stop = len(looks) - _OVERLAP
    best, found = 0.0, None
    for start in range(_OVERLAP, stop, _BLOCK):
        first = np.arange(start, min(start + _BLOCK, stop))
        last = np.arange(start + math.ceil(max(shortest, best)), stop)  # no shorter round can be better
        if not len(last):
            break
        lengths = last - first[:, None]
        apart = distances(looks[first], looks[last])
        score = np.where(lengths >= shortest, lengths * (1 - apart / _ALIKE), 0.0)
        row, column = np.unravel_index(int(score.argmax()), score.shape)
        if score[row, column] > best:
            best, found = float(score[row, column]), (int(first[row]), int(last[column]))
    if found is None:
        raise NoCycle("no two moments of this motion are alike enough to repeat what lies between them")
    return found
