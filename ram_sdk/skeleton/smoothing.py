"""Paths of joints without jitter and without corners."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CUTOFF = 6.0
"""Hz; what gait analysis commonly takes."""


def smooth(joints: Array, fps: float, cutoff: float) -> Array:
    """Remove movement faster than `cutoff` from the joints' paths, without lag.

    As gait analysis treats markers (Winter, "Biomechanics and Motor Control of Human Movement"): the gain is
    that of a second-order Butterworth filter run forwards and backwards, 1 / (1 + (f / cutoff)^4). First and
    last frame stay where they are: the paths, without the line between their ends, are continued as odd
    functions.

    Args:
        joints: `(frames, joints, 3)` positions, metres, in any frame that does not move.
        fps: frames a second.
        cutoff: frequency that is halved, Hz.

    Returns:
        Positions of the same shape. Fast movement loses some of its reach, and bones some of their length.
    """
    frames = len(joints)
    if frames < 3:
        return joints.copy()
    way = np.linspace(0.0, 1.0, frames)[:, None, None]
    line: Array = joints[0] + way * (joints[-1] - joints[0])
    rest = joints - line
    periodic = np.concatenate([rest, -rest[-2:0:-1]])
    gain = 1.0 / (1.0 + (np.fft.rfftfreq(len(periodic), 1.0 / fps) / cutoff) ** 4)
    filtered = np.fft.irfft(np.fft.rfft(periodic, axis=0) * gain[:, None, None], len(periodic), axis=0)
    return line + filtered[:frames]


def gaussian(signal: Array, sigma_seconds: float, fps: float) -> Array:
    """Gaussian smoothing over frames (the first axis), which keeps the ends and straight lines."""
    radius = max(1, int(3 * sigma_seconds * fps))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (sigma_seconds * fps)) ** 2)
    kernel /= kernel.sum()
    flat = signal.reshape(len(signal), -1)
    padded = np.pad(flat, ((radius, radius), (0, 0)), mode="reflect", reflect_type="odd")
    columns = [np.convolve(column, kernel, mode="valid") for column in padded.T]
    return np.stack(columns, axis=-1).reshape(signal.shape)


def between(joints: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Joints at times that are counted in frames: Catmull-Rom splines, which have no corners.

    Args:
        joints: `(frames, joints, 3)`, at least two frames.
        times: from 0 to the last frame.
    """
    frame = np.minimum(times.astype(int), len(joints) - 2)
    f = (times - frame)[:, None, None]
    a, b, c, d = (joints[np.clip(frame + k, 0, len(joints) - 1)] for k in (-1, 0, 1, 2))
    bent = 2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)
    return np.asarray(b + 0.5 * f * (c - a + f * bent), dtype=np.float32)
