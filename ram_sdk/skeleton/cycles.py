"""Repeating the cycle of a steady motion."""

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.seams import join
from ram_sdk.skeleton.sequences import cut, distances, pose_of, positions, signatures

_OVERLAP = 6  # frames of the seam between two rounds
_SHORTEST = 14  # frames of a round at 20 fps: about one stride
_ALIKE = 0.09  # metres (see `distances`) between the frames that are joined
_CLOSED = 0.03  # metres between the ends of a motion that is a loop by itself


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
    ends = signatures(positions(pose), fps)[[0, -1]]
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
    first, last = _best_round(pose, fps)
    return cut(pose, 0, last + half), cut(pose, first - half, last + half), cut(pose, first - half, len(pose))


def _best_round(pose: PoseSequence, fps: float) -> tuple[int, int]:
    """First frame and one past the last of the longest stretch whose ends are alike."""
    looks = signatures(positions(pose), fps)
    inner = np.arange(_OVERLAP, len(pose) - _OVERLAP)
    lengths = inner[None] - inner[:, None]
    apart = distances(looks[inner], looks[inner])
    fitting = (lengths >= _SHORTEST * fps / HUMANML3D.fps) & (apart < _ALIKE)
    if not fitting.any():
        raise NoCycle("no two moments of this motion are alike enough to repeat what lies between them")
    score = np.where(fitting, lengths * (1 - apart / _ALIKE), -1.0)
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    return int(inner[row]), int(inner[column])
