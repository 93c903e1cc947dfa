"""A low-pass filter that reduces jitter."""

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
