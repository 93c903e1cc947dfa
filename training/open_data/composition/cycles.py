"""Detecting jumps, waves, kicks, punches, claps, squats and steps."""

from collections.abc import Callable

import numpy as np

from ram_sdk.skeleton.sequences import Array
from training.open_data.signals import FPS, bumps

_CHEST = 9
_SIDES = ((1, 4, 7, 10, 16, 20), (2, 5, 8, 11, 17, 21))  # hip, knee, ankle, toe, shoulder, wrist


def event_frames(kind: str, joints: Array) -> list[int]:
    """Frames of the events of a kind, in order.

    Args:
        kind: a key of `CYCLES`.
        joints: `(frames, 22, 3)` positions, metres, the floor at 0.
    """
    return CYCLES[kind](joints)


def _peaks(signal: Array, prominence: float, least: float) -> list[int]:
    """Frames of the peaks that rise and fall by `prominence` and reach `least`."""
    return [frame for frame in bumps(signal, prominence) if signal[frame] >= least]


def _jumps(joints: Array) -> list[int]:
    feet = joints[:, (7, 8, 10, 11), 1]
    off = (feet - np.percentile(feet, 5, axis=0)).min(axis=1)
    return [frame for frame in _peaks(off, 0.06, 0.06) if joints[frame, 0, 1] > np.median(joints[:, 0, 1])]


def _waves(joints: Array) -> list[int]:
    """The outward swings of the raised hand that swings more often."""
    found: list[list[int]] = []
    for side, (*_, shoulder, wrist) in enumerate(_SIDES):
        across = joints[:, 16] - joints[:, 17]
        across /= np.linalg.norm(across, axis=-1, keepdims=True)
        out = ((joints[:, wrist] - joints[:, _CHEST]) * across).sum(-1) * (1, -1)[side]
        up = joints[:, wrist, 1] > joints[:, shoulder, 1] - 0.1
        found.append([frame for frame in bumps(out, 0.08) if up[frame]])
    return max(found, key=len)


def _kicks(joints: Array) -> list[int]:
    found = []
    for hip, _, ankle, *_ in _SIDES:
        reach = joints[:, ankle, 1] - joints[:, hip, 1]
        found += _peaks(reach, 0.3, -0.5)
    return sorted(found)


def _punches(joints: Array) -> list[int]:
    found = []
    for *_, shoulder, wrist in _SIDES:
        found += _peaks(np.linalg.norm(joints[:, wrist] - joints[:, shoulder], axis=-1), 0.15, 0.38)
    return sorted(found)


def _claps(joints: Array) -> list[int]:
    return _peaks(-np.linalg.norm(joints[:, 20] - joints[:, 21], axis=-1), 0.08, -0.22)


def _squats(joints: Array) -> list[int]:
    return _peaks(-joints[:, 0, 1], 0.2, -0.72)


def _steps(joints: Array) -> list[int]:
    """The middle of each step of either foot."""
    found = []
    for _, _, ankle, toe, *_ in _SIDES:
        ground = joints[:, (ankle, toe)].mean(axis=1)[:, [0, 2]]
        moving = np.linalg.norm(np.gradient(ground, axis=0), axis=-1) * FPS > 0.5
        edges = np.flatnonzero(np.diff(np.concatenate(([0], moving.astype(int), [0]))))
        for first, stop in zip(edges[::2], edges[1::2], strict=True):
            if np.linalg.norm(ground[stop - 1] - ground[first]) > 0.12:
                found.append(int(first + stop) // 2)
    return sorted(found)


CYCLES: dict[str, Callable[[Array], list[int]]] = {
    "jump": _jumps,
    "wave": _waves,
    "kick": _kicks,
    "punch": _punches,
    "clap": _claps,
    "squat": _squats,
    "step": _steps,
}
