"""Counting repeated movements in a clip, and the shape of its ground path."""

import itertools
from dataclasses import dataclass

import numpy as np

from training.open_data.signals import FPS, Array, bumps, smooth

_PELVIS, _NECK = 0, 12
_SHOULDERS, _WRISTS, _TOES = (16, 17), (20, 21), (10, 11)  # (left, right)

_CLAP_GAP = 0.30  # metres between the wrists when the palms meet
_CLAP_OPENING = 0.06  # metres by which they part between two claps
_SQUAT_DEPTH = 0.18  # metres that the pelvis goes down
_BOW_ANGLE = 22.0  # degrees that the trunk bends
_REACH = 0.13  # metres by which a fist is nearer to its shoulder before and after a punch
_PUNCH_SPEED = 2.0  # metres a second
_WALKING = 0.25  # metres a second: below this speed a path has no direction
_LOOP_TURN = 300.0  # minimum degrees of turning of a closed path
_LOOP_GAP = 0.4  # of the path's extent: how close to an earlier point it must pass


@dataclass(frozen=True)
class GroundPath:
    """The pelvis' path over the floor; degrees, a bend to the left is positive."""

    bend: float  # change of the direction of travel from start to end, full turns included
    bend_left: float  # the largest change of direction to the left within the clip
    bend_right: float  # the same to the right, positive
    straightness: float  # distance between start and end over the length of the path
    closes: bool  # turns one way and comes back near an earlier point

    @property
    def winds(self) -> bool:
        """Whether the path bends clearly one way and then the other, as an S does."""
        return min(self.bend_left, self.bend_right) > 50


def ground_path(pelvis: Array) -> GroundPath:
    """Shape of the path of the pelvis `(frames, 3)`, smoothed to remove the sway of steps."""
    place = smooth(pelvis[:, [0, 2]], 0.4)
    velocity = np.gradient(place, axis=0) * FPS
    speed = np.hypot(*velocity.T)
    length = float(np.trapezoid(speed) / FPS)
    moving = speed > _WALKING
    if moving.sum() < FPS / 2 or length < 0.8:
        return GroundPath(0.0, 0.0, 0.0, 0.0, False)
    course = np.degrees(np.unwrap(np.arctan2(velocity[moving, 0], velocity[moving, 1])))
    bend = float(course[-1] - course[0])
    return GroundPath(
        bend=bend,
        bend_left=float((course - np.minimum.accumulate(course)).max()),
        bend_right=float((np.maximum.accumulate(course) - course).max()),
        straightness=float(np.linalg.norm(place[-1] - place[0])) / length,
        closes=abs(bend) > _LOOP_TURN and _comes_back(place[moving], course),
    )


def _comes_back(place: Array, course: Array) -> bool:
    """Whether the path, after most of a full turn, passes near an earlier point."""
    extent = float(np.ptp(place, axis=0).max())
    for start in range(0, len(place), 5):
        later = place[start:][np.abs(course[start:] - course[start]) > _LOOP_TURN * 0.9]
        if len(later) and np.linalg.norm(later - place[start], axis=-1).min() < _LOOP_GAP * extent:
            return True
    return False


def claps(joints: Array) -> int:
    """Number of times that the hands part and meet."""
    gap = np.linalg.norm(joints[:, _WRISTS[0]] - joints[:, _WRISTS[1]], axis=-1)
    meetings = bumps(-np.concatenate(([gap.max()], gap, [gap.max()])), _CLAP_OPENING)
    return sum(bool(gap[min(frame - 1, len(gap) - 1)] < _CLAP_GAP) for frame in meetings)


def squats(joints: Array) -> int:
    """Number of times that the pelvis goes down and comes up again."""
    return len(bumps(-smooth(joints[:, _PELVIS, 1], 0.1), _SQUAT_DEPTH))


def bows(bend: Array) -> int:
    """Number of times that the trunk, at `bend` degrees from the vertical, goes down and comes up again."""
    return len(bumps(smooth(bend, 0.1), _BOW_ANGLE))


def punches(joints: Array, side: int) -> int:
    """Number of times that a wrist moves fast away from its shoulder and comes back."""
    arm = joints[:, _WRISTS[side]] - joints[:, _SHOULDERS[side]]
    reach = np.linalg.norm(arm, axis=-1)
    thrust = np.gradient(reach) * FPS
    low = arm[:, 1] > -0.35
    return sum(
        bool(thrust[max(0, peak - 6) : peak + 1].max() > _PUNCH_SPEED and low[peak])
        for peak in bumps(reach, _REACH)
    )


def alternation(joints: Array) -> float:
    """Share of the steps that are followed by a step of the other foot; 0 for fewer than two steps."""
    order = []
    for side, toe in enumerate(_TOES):
        ground = smooth(joints[:, toe][:, [0, 2]], 0.05)
        speed = np.hypot(*np.gradient(ground, axis=0).T) * FPS
        order += [(frame, side) for frame in bumps(np.concatenate(([0.0], speed, [0.0])), 0.5)]
    sides = [side for _, side in sorted(order)]
    if len(sides) < 2:
        return 0.0
    return sum(a != b for a, b in itertools.pairwise(sides)) / (len(sides) - 1)
