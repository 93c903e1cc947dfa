"""Helpers for signals over frames."""

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.smoothing import gaussian

Array = NDArray[np.float64]

FPS = HUMANML3D.fps


def smooth(signal: Array, sigma_seconds: float) -> Array:
    """Gaussian smoothing over frames, see `ram_sdk.skeleton.smoothing.gaussian`."""
    return gaussian(signal, sigma_seconds, FPS)


def moving_mean(signal: Array, frames: int) -> Array:
    """Moving average over windows of `frames` frames."""
    frames = min(frames, len(signal))
    return np.convolve(signal, np.full(frames, 1 / frames), mode="valid")


def runs(mask: NDArray[np.bool_]) -> list[slice]:
    """Runs of consecutive true frames."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def reversals(signal: Array, amplitude: float) -> int:
    """Number of turning points of a signal that are at least `amplitude` apart in value."""
    count, direction, extreme = 0, 0, signal[0]
    for value in signal:
        if direction >= 0 and value < extreme - amplitude:
            count, direction, extreme = count + (direction > 0), -1, value
        elif direction <= 0 and value > extreme + amplitude:
            count, direction, extreme = count + (direction < 0), 1, value
        elif (direction > 0) == (value > extreme) or direction == 0:
            extreme = value if direction else extreme
    return count


def bumps(signal: Array, height: float) -> list[int]:
    """Frames of the peaks that rise at least `height` above the lowest points before and after them."""
    peaks, low, top, rising = [], signal[0], 0, False
    for frame, value in enumerate(signal):
        if rising and value > signal[top]:
            top = frame
        elif rising and value < signal[top] - height:
            peaks.append(top)
            low, rising = value, False
        elif not rising and value > low + height:
            top, rising = frame, True
        elif not rising:
            low = min(low, value)
    return peaks
