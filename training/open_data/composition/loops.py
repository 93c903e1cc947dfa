"""Making steady motion longer by going round its cycle again."""

import numpy as np

from ram_sdk.skeleton.kinematics import PoseSequence
from training.open_data.composition.draft import Rejected
from training.open_data.composition.poses import cut, distances, pose_of, positions, signatures
from training.open_data.composition.seams import join

_OVERLAP = 6  # frames of the seam between two rounds
_SHORTEST = 14  # frames of a round: about one stride
_ALIKE = 0.09  # metres (see `distances`) between the frames that are joined


def looped(pose: PoseSequence, frames: int) -> PoseSequence:
    """Repeat the longest stretch whose ends are alike until the motion has at least so many frames.

    Raises:
        Rejected: no two frames are alike enough.
    """
    half = _OVERLAP // 2
    first, last = _best_round(pose)
    opening, again = cut(pose, 0, last + half), cut(pose, first - half, last + half)
    ending = cut(pose, first - half, len(pose))
    rounds = [opening]
    while sum(map(len, rounds)) - _OVERLAP * len(rounds) + len(ending) < frames:
        rounds.append(again)
    rounds.append(ending)
    return pose_of(join(rounds, [_OVERLAP] * (len(rounds) - 1)).joints)


def _best_round(pose: PoseSequence) -> tuple[int, int]:
    """First frame and one past the last of the longest stretch whose ends are alike."""
    looks = signatures(positions(pose))
    inner = np.arange(_OVERLAP, len(pose) - _OVERLAP)
    lengths = inner[None] - inner[:, None]
    apart = distances(looks[inner], looks[inner])
    fitting = (lengths >= _SHORTEST) & (apart < _ALIKE)
    if not fitting.any():
        raise Rejected("no cycle")
    score = np.where(fitting, lengths * (1 - apart / _ALIKE), -1.0)
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    return int(inner[row]), int(inner[column])
