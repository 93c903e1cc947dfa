"""Feet that would slide from one place to another take a step there.

Where a foot is low and fast, it covers the distance in a smooth step, lifted by a part of its length; where
both slide at once, the left foot steps first while the right one stands. The pelvis and everything above it
stay; knees bend.
"""

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.feet import place_feet, spans
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.sequences import smooth_step

Array = NDArray[np.float64]

_LOW = 0.055  # metres of the toe above the floor
_SLIDING = 0.4  # metres a second
_PAUSE = 0.15  # seconds; shorter ones belong to the slide
_SHORT = 0.03  # metres; shorter slides stay
_LIFT, _HIGHEST = 0.3, 0.08  # a step is lifted by this share of its length, up to so many metres
_IN_TURN = 0.4  # seconds that a slide of both feet must last for two steps
_ANKLES, _TOES = (list(pair) for pair in zip(HUMANML3D.left_foot, HUMANML3D.right_foot, strict=True))


def step_feet(joints: Array, fps: float) -> Array:
    """Turn slides of the feet into steps.

    Args:
        joints: `(frames, 22, 3)` positions, metres, Y up, the floor at 0.
        fps: frames a second.

    Returns:
        Positions of the same shape, with the same bone lengths.
    """
    ankles, toes = joints[:, _ANKLES].copy(), joints[:, _TOES].copy()
    slides = [_slides(joints[:, toe], fps) for toe in _TOES]
    for side, (own, other) in enumerate(zip(slides, slides[::-1], strict=True)):
        for first, last in own:
            shared = max((min(last, q) - max(first, p) for p, q in other), default=0)
            start, stop = first, last
            if shared > _PAUSE * fps and last - first >= _IN_TURN * fps:
                middle = (first + last) // 2
                start, stop = ((first, middle), (middle, last))[side]
            _step(ankles[:, side], toes[:, side], (first, last), (start, stop))
    return place_feet(joints, ankles, toes)


def _slides(toe: Array, fps: float) -> list[tuple[int, int]]:
    """First and last frame of each slide of a toe `(frames, 3)`."""
    step = np.linalg.norm(np.diff(toe[:, [0, 2]], axis=0), axis=-1)
    low = toe[:, 1] < _LOW
    sliding = low[:-1] & low[1:] & (step * fps > _SLIDING)
    for start, stop in spans(~sliding):
        if start and stop < len(sliding) and stop - start < _PAUSE * fps:
            sliding[start:stop] = True
    return [
        (start, stop)
        for start, stop in spans(sliding)
        if np.linalg.norm(toe[stop, [0, 2]] - toe[start, [0, 2]]) > _SHORT
    ]


def _step(ankle: Array, toe: Array, slide: tuple[int, int], moving: tuple[int, int]) -> None:
    """Move one foot over the distance of a slide within a part of its frames, in place."""
    first, last = slide
    start, stop = moving
    share = np.clip((np.arange(first, last + 1) - start) / max(stop - start, 1), 0.0, 1.0)
    way = smooth_step(share)[:, None]
    lift = min(_HIGHEST, _LIFT * float(np.linalg.norm(toe[last, [0, 2]] - toe[first, [0, 2]])))
    for path in (ankle, toe):
        here = path[first : last + 1]
        here[:, [0, 2]] = path[first, [0, 2]] + way * (path[last, [0, 2]] - path[first, [0, 2]])
        here[:, 1] += lift * np.sin(np.pi * share) ** 2
