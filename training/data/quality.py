"""How well retargeting keeps a capture: distance to the captured joints, sliding of planted feet."""

from dataclasses import dataclass

import numpy as np

from ram_sdk.representation.skeleton import HUMANML3D

from .retarget import FloatArray, leg_scale

_SHARED = (1, 2, 4, 5, 7, 8, 10, 11, 12, 15, 16, 17, 18, 19, 20, 21)  # joints that every capture has
_TOES = (10, 11)
_CONTACT_HEIGHT = 0.05  # metres above the lowest that the toe gets
_CONTACT_SPEED = 0.5  # metres a second: a toe that is faster swings


@dataclass(frozen=True)
class Quality:
    """Figures of one capture.

    Attributes:
        distance: mean distance in metres between captured and retargeted joints, after the one scale of
            the capture and the one translation of each frame that bring them closest.
        contact_frames: frames in which a toe is planted in the capture, both toes counted.
        captured_sliding: mean horizontal speed of planted toes in metres a second, captured and scaled.
        sliding: the same after retargeting, in the same frames.
    """

    distance: float
    contact_frames: int
    captured_sliding: float
    sliding: float


def measure_quality(captured: FloatArray, retargeted: FloatArray) -> Quality:
    """Compare a capture with its retargeted motion, both `(frames, 22, 3)` at 20 fps."""
    a, b = captured[:, _SHARED], retargeted[:, _SHARED]
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    scaled = a * ((a * b).sum() / (a * a).sum())
    distance = float(np.linalg.norm(scaled - b, axis=-1).mean())

    toes = captured[:, _TOES] * leg_scale(captured)
    step = np.linalg.norm(np.diff(toes[..., (0, 2)], axis=0), axis=-1) * HUMANML3D.fps
    low = toes[..., 1] - toes[..., 1].min() < _CONTACT_HEIGHT
    planted = low[:-1] & low[1:] & (step < _CONTACT_SPEED)
    after = np.linalg.norm(np.diff(retargeted[:, _TOES][..., (0, 2)], axis=0), axis=-1) * HUMANML3D.fps
    count = int(planted.sum())
    if count == 0:
        return Quality(distance, 0, 0.0, 0.0)
    return Quality(distance, count, float(step[planted].mean()), float(after[planted].mean()))
