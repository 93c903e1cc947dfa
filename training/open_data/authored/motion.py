"""Curves over time: minimum-jerk moves, slow noise, settling."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ram_sdk.skeleton.joints import HUMANML3D

Array = NDArray[np.float64]
FPS = HUMANML3D.fps
_SUBSTEPS = 8


def minimum_jerk(share: Array) -> Array:
    """Progress from 0 to 1 of the smoothest move from rest to rest (Flash and Hogan, 1985)."""
    s = np.clip(share, 0.0, 1.0)
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s**2))


def drift(rng: np.random.Generator, frames: int, size: float, seconds: float, columns: int = 3) -> Array:
    """Noise that wanders about zero, `(frames, columns)`, of a standard deviation and a time scale."""
    margin = int(4 * seconds * FPS) + 1
    noise = rng.standard_normal((frames + 2 * margin, columns))
    slow = gaussian_filter1d(noise, seconds * FPS, axis=0)[margin : margin + frames]
    return np.asarray(slow * size * np.sqrt(2.0 * np.sqrt(np.pi) * seconds * FPS))


def settled(path: Array, frequency: float, damping: float) -> Array:
    """A path `(frames, n)` followed by a damped spring: a little late, a little past the goal, then at rest.

    Args:
        path: the goals.
        frequency: of the spring, hertz.
        damping: 1 never goes past the goal.
    """
    omega, step = 2.0 * np.pi * frequency, 1.0 / (FPS * _SUBSTEPS)
    place, speed = path[0].copy(), np.zeros_like(path[0])
    followed = np.empty_like(path)
    for frame in range(len(path)):
        before = path[max(0, frame - 1)]
        for k in range(1, _SUBSTEPS + 1):
            goal = before + (path[frame] - before) * (k / _SUBSTEPS)
            speed = speed + step * (omega**2 * (goal - place) - 2.0 * damping * omega * speed)
            place = place + step * speed
        followed[frame] = place
    return followed


def arc(before: Array, after: Array, share: Array, aside: Array) -> Array:
    """From one vector to another, `(frames, 3)`, on an arc about the origin, by `aside` if they oppose."""
    weight = share[:, None]
    straight = before + (after - before) * weight
    lengths = [np.linalg.norm(v, axis=-1, keepdims=True) for v in (before, after)]
    length = lengths[0] + (lengths[1] - lengths[0]) * weight
    cosine = (before * after).sum(-1, keepdims=True) / (lengths[0] * lengths[1])
    straight = straight + aside * length * weight * (1.0 - weight) * (1.0 - cosine)
    return np.asarray(
        straight * (length / np.maximum(np.linalg.norm(straight, axis=-1, keepdims=True), 0.05))
    )
