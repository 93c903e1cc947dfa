"""Resampling captures to 20 fps and cutting them into clips."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.retarget import FloatArray

BoolArray = NDArray[np.bool_]

FPS = HUMANML3D.fps
MIN_FRAMES, MAX_FRAMES = 40, 196  # frames of features; joints have one frame more

_SPIKE_SPEED = 15.0  # metres a second between two captured frames: faster than any human joint moves
_STILL_SPEED = 0.04  # metres a second, mean over the joints, smoothed over half a second
_STILL_KEPT = 0.8  # seconds of stillness kept on either side of motion
_STILL_WHOLE = 0.5  # a take that is still for a larger share shows standing or sitting: kept
_FROZEN_SPEED = 0.003  # metres a second: less than a living body moves
_IDLE_SHARE, _IDLE_SPEED = 0.15, 0.12  # of a take's speed, and m/s: the ends of a take below both are idle
_POSE_EDGE = 0.5  # maximum seconds between either end of a take and a T-pose to be cut off
_POSE_SPEED = 0.3  # metres a second: hands that are faster do not hold a pose
_POSE_LEFT = 0.75  # maximum seconds that the arms take to leave or enter a T-pose
_REST_FRAMES = 3  # dropped if the first frame is a T-pose
_PIECE_FRAMES = 120  # long segments are cut into pieces of about this length ...
_UNEVEN = 0.15  # ... a piece of half or 1.5 times this length costs as much as a cut at this speed in m/s


def resample(joints: FloatArray, fps: float) -> FloatArray:
    """Change the frame rate to 20 fps by cubic (Catmull-Rom) interpolation of positions.

    Args:
        joints: `(frames, joints, 3)`, at least two frames.
        fps: their frame rate.

    Returns:
        `(new frames, joints, 3)`, from the first frame on; nothing is extrapolated after the last frame.
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
    """Times in seconds at which a joint is faster than 15 m/s; `joints` in metres at the captured rate."""
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max(-1) * fps
    return np.asarray((np.flatnonzero(speed > _SPIKE_SPEED) + 0.5) / fps)


def find_clips(
    joints: FloatArray, spike_seconds: FloatArray, bounds: Sequence[float] = ()
) -> tuple[list[tuple[int, int]], Counter[str]]:
    """Choose the parts of a take that become clips.

    Args:
        joints: `(frames, 22, 3)` retargeted, in metres at 20 fps.
        spike_seconds: times of broken frames, from `spikes`.
        bounds: seconds at which one action ends and another begins; the take is always cut there.

    Returns:
        Clips as (first, last) frames of joints, both inclusive, and the number of dropped frames by reason.
        A clip of n + 1 frames of joints has n frames of features; the limits of length apply to these.
    """
    speed = _mean_speed(joints)
    posed = _t_pose_edges(joints)
    reasons: dict[str, BoolArray] = {
        "spike": _near(spike_seconds, len(joints)),
        "t-pose": posed,
        "idling at the ends": _idle_ends(speed, ~posed),
        "stillness": _long_stillness(speed),
    }
    dropped: Counter[str] = Counter()
    gone = np.zeros(len(joints), dtype=bool)
    for reason, mask in reasons.items():
        dropped[reason] = int((mask & ~gone).sum())
        gone |= mask
    clips: list[tuple[int, int]] = []
    for run in _runs(~gone):
        for first, last in _split(*run, [round(bound * FPS) for bound in bounds]):
            if last - first < MIN_FRAMES:
                dropped["shorter than 2 s"] += last - first + 1
            else:
                clips += _pieces(first, last, speed)
    return clips, +dropped


def _split(first: int, last: int, bounds: Sequence[int]) -> list[tuple[int, int]]:
    """Cut a segment at the bounds inside it."""
    return list(pairwise([first, *(bound for bound in sorted(set(bounds)) if first < bound < last), last]))


def _pieces(first: int, last: int, speed: FloatArray) -> list[tuple[int, int]]:
    """Cut a segment where the body is slow, into pieces that are neither too short nor too long.

    Dynamic programming minimises the sum of the speeds at the cuts and a cost of uneven lengths.
    """
    frames = last - first
    if frames <= MAX_FRAMES:
        return [(first, last)]
    lengths = np.arange(MIN_FRAMES, MAX_FRAMES + 1)
    uneven = _UNEVEN * (2 * (lengths / _PIECE_FRAMES - 1)) ** 2
    best = np.full(frames + 1, np.inf)
    best[0] = 0.0
    before = np.zeros(frames + 1, dtype=int)
    for end in range(MIN_FRAMES, frames + 1):
        possible = lengths[lengths <= end]
        costs = best[end - possible] + uneven[: len(possible)]
        choice = int(np.argmin(costs))
        best[end] = costs[choice] + (speed[first + end] if end < frames else 0.0)
        before[end] = end - possible[choice]
    cuts = [frames]
    while cuts[-1] > 0:
        cuts.append(int(before[cuts[-1]]))
    return list(pairwise(first + cut for cut in reversed(cuts)))


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _near(seconds: FloatArray, frames: int) -> BoolArray:
    times = np.arange(frames) / FPS
    mask = np.zeros(frames, dtype=bool)
    for moment in seconds:
        mask |= np.abs(times - moment) < 1.75 / FPS  # the support of cubic interpolation at 24 fps
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


def _idle_ends(speed: FloatArray, usable: BoolArray) -> BoolArray:
    """Idle frames before and after the action of a take, except a short rest around it.

    Args:
        speed: from `_mean_speed`.
        usable: frames that are not dropped already; only these are searched for the action.
    """
    mask = np.zeros(len(speed), dtype=bool)
    if not usable.any() or (speed < _STILL_SPEED).mean() > _STILL_WHOLE:
        return mask
    usual = float(np.percentile(speed[usable], 95))
    active = np.flatnonzero(usable & (speed > np.clip(_IDLE_SHARE * usual, _STILL_SPEED, _IDLE_SPEED)))
    if len(active) == 0:
        return mask
    first, last = np.flatnonzero(usable)[[0, -1]]
    kept = max(int(_STILL_KEPT * FPS), (MIN_FRAMES + 1 - int(active[-1] - active[0])) // 2 + 1)
    mask[first : max(first, active[0] - kept)] = True
    mask[min(last, active[-1] + kept) + 1 : last + 1] = True
    return mask


def _long_stillness(speed: FloatArray) -> BoolArray:
    """The middle of long pauses; in takes that are mostly still, only frozen frames."""
    mask = np.zeros(len(speed), dtype=bool)
    still = speed < _STILL_SPEED
    if still.mean() > _STILL_WHOLE:
        still = speed < _FROZEN_SPEED
    kept = int(_STILL_KEPT * FPS)
    for first, last in _runs(still):
        start = first if first == 0 else first + kept
        end = last if last == len(speed) - 1 else last - kept
        if end - start > kept:
            mask[start : end + 1] = True
    return mask


def _t_pose_edges(joints: FloatArray) -> BoolArray:
    """T- and A-poses at either end of a take, with the arms' movement out of or into them."""
    mask = np.zeros(len(joints), dtype=bool)
    wide, posed = _arms_out(joints)
    if posed[0]:  # files often begin with a single frame of the rest pose
        mask[:_REST_FRAMES] = True
    hands = joints[:, (20, 21)] - joints[:, :1]
    slow = np.linalg.norm(np.gradient(hands, axis=0), axis=-1).max(-1) * FPS < _POSE_SPEED
    edge, leave = int(_POSE_EDGE * FPS), int(_POSE_LEFT * FPS)
    held = _without_gaps(posed & slow, edge)
    for first, last in _runs(held):
        if first <= edge:
            mask[: _last_of_run(wide, last, leave) + 1] = True
        if last >= len(joints) - 1 - edge:
            mask[len(joints) - 1 - _last_of_run(wide[::-1], len(joints) - 1 - first, leave) :] = True
    return mask


def _without_gaps(mask: BoolArray, longest: int) -> BoolArray:
    """The mask with gaps of up to `longest` frames between its runs filled."""
    closed = mask.copy()
    for (_, last), (first, _) in pairwise(_runs(mask)):
        if first - last <= longest:
            closed[last:first] = True
    return closed


def _last_of_run(mask: BoolArray, start: int, longest: int) -> int:
    """The last frame of the run of true values from `start` on, at most `longest` frames later."""
    ends = np.flatnonzero(~mask[start : start + longest + 1])
    return int(start + (ends[0] - 1 if len(ends) else min(longest, len(mask) - 1 - start)))


def _arms_out(joints: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Masks `(frames,)` of arms spread wide, and of an upright pose with straight arms held out."""
    arms = ((20, 18), (18, 16), (16, 17), (17, 19), (19, 21))
    span = sum(np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in arms)
    spread = np.linalg.norm(joints[:, 20] - joints[:, 21], axis=-1) / span
    drop = np.abs(joints[:, (20, 21), 1] - joints[:, (16, 17), 1]).max(-1)
    upright = joints[:, 0, 1] - joints[:, (7, 8), 1].max(-1) > 0.75
    return np.asarray(spread > 0.55), np.asarray((spread > 0.85) & (drop < 0.32) & upright)
