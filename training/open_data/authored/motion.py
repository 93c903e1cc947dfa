"""Curves over time: minimum-jerk interpolation, slow noise, spring followers."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ram_sdk.skeleton.joints import HUMANML3D

Array = NDArray[np.float64]
FPS = HUMANML3D.fps
_SUBSTEPS = 8


def minimum_jerk(progress: Array) -> Array:
    """Minimum-jerk interpolation from 0 to 1 between two states of rest (Flash and Hogan, 1985)."""
    s = np.clip(progress, 0.0, 1.0)
    return np.asarray(s**3 * (10.0 - 15.0 * s + 6.0 * s**2))


def drift(rng: np.random.Generator, frames: int, size: float, seconds: float, columns: int = 3) -> Array:
    """Low-pass noise around zero, `(frames, columns)`, with a standard deviation and a time scale."""
    margin = int(4 * seconds * FPS) + 1
    noise = rng.standard_normal((frames + 2 * margin, columns))
    slow = gaussian_filter1d(noise, seconds * FPS, axis=0)[margin : margin + frames]
    return np.asarray(slow * size * np.sqrt(2.0 * np.sqrt(np.pi) * seconds * FPS))


def spring(path: Array, frequency: float, damping: float) -> Array:
    """A damped spring that follows a path `(frames, n)`: with a slight lag and overshoot.

    Args:
        path: the targets.
        frequency: natural frequency of the spring, hertz.
        damping: damping ratio; 1 does not overshoot.
    """
    omega, step = 2.0 * np.pi * frequency, 1.0 / (FPS * _SUBSTEPS)
    position, velocity = path[0].copy(), np.zeros_like(path[0])
    followed = np.empty_like(path)
    for frame in range(len(path)):
        before = path[max(0, frame - 1)]
        for k in range(1, _SUBSTEPS + 1):
            target = before + (path[frame] - before) * (k / _SUBSTEPS)
            velocity = velocity + step * (omega**2 * (target - position) - 2.0 * damping * omega * velocity)
            position = position + step * velocity
        followed[frame] = position
    return followed


def arc(before: Array, after: Array, progress: Array, aside: Array) -> Array:
    """Interpolate vectors `(frames, 3)` on an arc about the origin, via `aside` if they are opposite."""
    weight = progress[:, None]
    straight = before + (after - before) * weight
    lengths = [np.linalg.norm(v, axis=-1, keepdims=True) for v in (before, after)]
    length = lengths[0] + (lengths[1] - lengths[0]) * weight
    cosine = (before * after).sum(-1, keepdims=True) / (lengths[0] * lengths[1])
    straight = straight + aside * length * weight * (1.0 - weight) * (1.0 - cosine)
    return np.asarray(
        straight * (length / np.maximum(np.linalg.norm(straight, axis=-1, keepdims=True), 0.05))
    )
