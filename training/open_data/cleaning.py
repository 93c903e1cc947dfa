"""Resampling captures to 20 fps and cutting them into clips."""

from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.retarget import FloatArray

BoolArray = NDArray[np.bool_]

FPS = HUMANML3D.fps
MIN_FRAMES, MAX_FRAMES = 40, 196  # frames of features; a clip has one frame of joints more

_SPIKE_SPEED = 15.0  # metres a second: no joint of a person moves faster for one captured frame
_STILL_SPEED = 0.04  # metres a second, mean over the joints, smoothed over half a second
_STILL_KEPT = 1.0  # seconds of stillness kept on either side of motion
_STILL_WHOLE = 0.5  # a take that is still for more than this share shows standing or sitting: kept
_POSE_EDGE = 0.5  # seconds from either end of a take within which a T-pose begins or ends
_POSE_SPEED = 0.3  # metres a second: hands that are faster do not hold a pose
_REST_FRAMES = 3  # dropped where the first frame is a T-pose
_PIECE_FRAMES = 150  # long stretches are cut into pieces of about this length


def resample(joints: FloatArray, fps: float) -> FloatArray:
    """Change the frame rate to 20 fps by cubic (Catmull-Rom) interpolation of positions.

    Args:
        joints: `(frames, joints, 3)`, at least two frames.
        fps: their rate.

    Returns:
        `(new frames, joints, 3)`; the first frame is kept, the last new frame is not after the last
        old one.
    """
    times = np.arange(int((len(joints) - 1) / fps * FPS + 1e-4) + 1) * (fps / FPS)
    left = np.minimum(times.astype(int), len(joints) - 2)
    t = (times - left)[:, None, None]
    padded = np.concatenate((2 * joints[:1] - joints[1:2], joints, 2 * joints[-1:] - joints[-2:-1]))
    before, here, after, later = (padded[left + k] for k in range(4))
    slope, next_slope = (after - before) / 2, (later - here) / 2
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * here
        + (t**3 - 2 * t**2 + t) * slope
        + (3 * t**2 - 2 * t**3) * after
        + (t**3 - t**2) * next_slope
    )


def spikes(joints: FloatArray, fps: float) -> FloatArray:
    """Seconds at which a joint jumps faster than 15 m/s; `joints` in metres at the captured rate."""
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max(-1) * fps
    return np.asarray((np.flatnonzero(speed > _SPIKE_SPEED) + 0.5) / fps)


def find_clips(joints: FloatArray, spike_seconds: FloatArray) -> tuple[list[tuple[int, int]], Counter[str]]:
    """Decide which parts of a take become clips.

    Args:
        joints: `(frames, 22, 3)` retargeted, in metres at 20 fps.
        spike_seconds: times of broken frames, from `spikes`.

    Returns:
        Clips as (first, last) frames of joints, both included, and the frames dropped by reason. A clip
        of n + 1 frames of joints has n frames of features, which are what is counted.
    """
    reasons: dict[str, BoolArray] = {
        "spike": _near(spike_seconds, len(joints)),
        "t-pose": _t_pose_edges(joints),
        "stillness": _long_stillness(joints),
    }
    dropped: Counter[str] = Counter()
    gone = np.zeros(len(joints), dtype=bool)
    for reason, mask in reasons.items():
        dropped[reason] = int((mask & ~gone).sum())
        gone |= mask
    clips: list[tuple[int, int]] = []
    speed = _mean_speed(joints)
    for first, last in _runs(~gone):
        if last - first < MIN_FRAMES:
            dropped["shorter than 2 s"] += last - first + 1
        else:
            clips += _pieces(first, last, speed)
    return clips, +dropped


def _pieces(first: int, last: int, speed: FloatArray) -> list[tuple[int, int]]:
    """Cut a stretch where the body is slow, in pieces that are neither too short nor too long."""
    frames = last - first
    if frames <= MAX_FRAMES:
        return [(first, last)]
    count = max(2, round(frames / _PIECE_FRAMES))
    length = frames / count
    slack = int(min(MAX_FRAMES - length, length - MIN_FRAMES) / 2)
    cuts = [first]
    for k in range(1, count):
        middle = round(first + k * length)
        window = speed[middle - slack : middle + slack + 1]
        cuts.append(middle - slack + int(np.argmin(window)))
    cuts.append(last)
    return list(pairwise(cuts))


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _near(seconds: FloatArray, frames: int) -> BoolArray:
    times = np.arange(frames) / FPS
    mask = np.zeros(frames, dtype=bool)
    for moment in seconds:
        mask |= np.abs(times - moment) < 1.75 / FPS  # as far as cubic interpolation at 24 fps reaches
    return mask


def _mean_speed(joints: FloatArray) -> FloatArray:
    """Mean speed of the joints in metres a second, smoothed over half a second, `(frames,)`."""
    if len(joints) < 2:
        return np.zeros(len(joints))
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(-1) * FPS
    speed = np.append(speed, speed[-1])
    width = int(FPS / 2) + 1
    padded = np.pad(speed, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")


def _long_stillness(joints: FloatArray) -> BoolArray:
    still = _mean_speed(joints) < _STILL_SPEED
    mask = np.zeros(len(joints), dtype=bool)
    if still.mean() > _STILL_WHOLE:
        return mask
    kept = int(_STILL_KEPT * FPS)
    for first, last in _runs(still):
        start = first if first == 0 else first + kept
        end = last if last == len(joints) - 1 else last - kept
        if end - start > kept:
            mask[start : end + 1] = True
    return mask


def _t_pose_edges(joints: FloatArray) -> BoolArray:
    """T-poses that a take begins or ends with, and the arms' way out of and into them."""
    wide, posed = _arms_out(joints)
    hands = joints[:, (20, 21)] - joints[:, :1]
    held = posed & (np.linalg.norm(np.gradient(hands, axis=0), axis=-1).max(-1) * FPS < _POSE_SPEED)
    mask = np.zeros(len(joints), dtype=bool)
    if posed[0]:  # files often begin with a single frame of the rest pose
        mask[:_REST_FRAMES] = True
    edge = int(_POSE_EDGE * FPS)
    for first, last in _runs(wide):
        if held[first : last + 1].any():
            if first <= edge:
                mask[: last + 1] = True
            if last >= len(joints) - 1 - edge:
                mask[first:] = True
    return mask


def _arms_out(joints: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Frames `(frames,)` with arms spread wide at all, and with the upright, level, straight T-pose."""
    arms = ((20, 18), (18, 16), (16, 17), (17, 19), (19, 21))
    span = sum(np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in arms)
    spread = np.linalg.norm(joints[:, 20] - joints[:, 21], axis=-1) / span
    level = np.abs(joints[:, (20, 21), 1] - joints[:, (16, 17), 1]).max(-1) < 0.18
    upright = joints[:, 0, 1] - joints[:, (7, 8), 1].max(-1) > 0.75
    return np.asarray(spread > 0.55), np.asarray((spread > 0.95) & level & upright)
