"""Planted feet that stay still, and motion in place."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D, Skeleton

Array = NDArray[np.float64]

# A toe or ankle stands when it is both this low above its own lowest point and this slow. (The contact
# numbers in the 263 features know only speed, up to 0.9 m/s: far too much for this.)
_CONTACT_HEIGHT = 0.05  # metres
_CONTACT_SPEED = 0.35  # metres a second
_LOCKED_SPEED = 0.7  # metres a second; feet that slide faster than they would stand are locked, too
_SHORTEST = 0.12  # seconds; shorter contacts are chance
_LEVEL_LIFT = 1e-3  # metres; spreads a change evenly over frames in which a foot never rises
_LARGEST = 0.06  # metres that a foot is moved at most; knees follow by about half of it
_STRAIGHT = 0.999  # of the leg's length: the knee never locks


def in_place(joints: Array) -> Array:
    """Keep the root above the origin: positions `(frames, joints, 3)` without travel over the floor."""
    return joints - joints[:, :1] * (1.0, 0.0, 1.0)


def lock_feet(joints: Array, fps: float, skeleton: Skeleton = HUMANML3D) -> Array:
    """Stop feet from sliding while they carry the body.

    Args:
        joints: `(frames, joints, 3)` positions, metres, Y up.
        fps: frames a second.
        skeleton: whose joints they are.

    Returns:
        Positions in which each planted foot stays on one spot of the floor; knees bend to compensate, bone
        lengths stay, and everything but the legs is unchanged.
    """
    out = joints.copy()
    for hip, knee, ankle, *foot in skeleton.legs:
        paths = joints[:, ankle], joints[:, foot[0]]
        standing = np.stack([_standing(path, fps, _LOCKED_SPEED) for path in paths], axis=-1)
        shift = foot_shift(*paths, standing, _LARGEST)
        target = within_reach(out[:, hip], joints[:, knee], joints[:, ankle], shift)
        out[:, foot] += (target - joints[:, ankle])[:, None]
        out[:, knee] = bend_knee(joints[:, hip], joints[:, knee], joints[:, ankle], target)
        out[:, ankle] = target
    return out


def place_feet(joints: Array, ankles: Array, toes: Array) -> Array:
    """Move the feet to given places; the knees bend for it, everything but the legs stays.

    Args:
        joints: `(frames, 22, 3)` positions, metres, Y up.
        ankles: `(frames, 2, 3)` where the left and the right ankle go; drawn back towards the hip where the
            leg is too short.
        toes: `(frames, 2, 3)` where the toes go seen from there; only the direction from the ankle counts.

    Returns:
        Positions with the same bone lengths.
    """
    out = joints.copy()
    for side, (hip, knee, ankle, toe) in enumerate(HUMANML3D.legs):
        shift = ankles[:, side] - joints[:, ankle]
        target = within_reach(joints[:, hip], joints[:, knee], joints[:, ankle], shift)
        foot = toes[:, side] - ankles[:, side]
        length = np.linalg.norm(joints[:, toe] - joints[:, ankle], axis=-1, keepdims=True)
        foot *= length / np.maximum(np.linalg.norm(foot, axis=-1, keepdims=True), 1e-9)
        out[:, knee] = bend_knee(joints[:, hip], joints[:, knee], joints[:, ankle], target)
        out[:, ankle], out[:, toe] = target, target + foot
    return out


def contacts(joints: Array, fps: float) -> NDArray[np.bool_]:
    """Which of left ankle, left toe, right ankle and right toe stand in each frame: `(frames, 4)`."""
    feet = [joint for leg in HUMANML3D.legs for joint in leg[2:]]
    return np.stack([_standing(joints[:, joint], fps) for joint in feet], axis=-1)


def sliding(joints: Array, fps: float) -> float:
    """Speed of planted feet over the floor, metres a second, mean over all contacts."""
    paths = joints[:, [*HUMANML3D.left_foot, *HUMANML3D.right_foot]][..., [0, 2]]
    speed = np.linalg.norm(np.diff(paths, axis=0), axis=-1) * fps
    standing = contacts(joints, fps)
    both = standing[1:] & standing[:-1]
    return float(speed[both].mean()) if both.any() else 0.0


def _standing(path: Array, fps: float, fastest: float = _CONTACT_SPEED) -> NDArray[np.bool_]:
    """Frames in which a point is low and slow, for long enough to mean it."""
    if len(path) < 2:
        return np.zeros(len(path), dtype=bool)
    speed = np.linalg.norm(np.gradient(path, axis=0), axis=-1) * fps
    low = path[:, 1] < path[:, 1].min() + _CONTACT_HEIGHT
    standing: NDArray[np.bool_] = low & (speed < fastest)
    for start, end in spans(standing):
        if end - start < _SHORTEST * fps:
            standing[start:end] = False
    return standing


def spans(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of true frames as (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _median(path: Array) -> Array:
    return np.asarray(np.median(path, axis=0))


def foot_shift(
    ankle: Array,
    toe: Array,
    standing: NDArray[np.bool_],
    largest: float = np.inf,
    spot: Callable[[Array], Array] = _median,
) -> Array:
    """Horizontal correction `(frames, 3)` of one foot: exact while it stands, carried over in between.

    Args:
        ankle: `(frames, 3)` its path, metres, Y up.
        toe: `(frames, 3)`.
        standing: `(frames, 2)` whether ankle and toe stand; a foot turns about the toe if both do.
        largest: metres of correction at most.
        spot: where a foot stands `(3,)`, from its path `(frames, 3)` while it does.
    """
    shift = np.zeros_like(ankle)
    fixed = np.zeros(len(ankle), dtype=bool)
    heels, toes = standing.T
    for path, still in ((toe, toes), (ankle, heels & ~toes)):
        for start, end in spans(still):
            wanted = spot(path[start:end]) - path[start:end]
            # A contact that continues from the other half of the foot keeps the correction it has there.
            if start and fixed[start - 1]:
                wanted += shift[start - 1] - wanted[0]
            elif end < len(fixed) and fixed[end]:
                wanted += shift[end] - wanted[-1]
            shift[start:end] = wanted * (1.0, 0.0, 1.0)
            fixed[start:end] = True
    size = np.linalg.norm(shift, axis=-1, keepdims=True)
    shift *= np.minimum(1.0, largest / np.maximum(size, 1e-9))
    height = np.minimum(ankle[:, 1] - ankle[:, 1].min(), toe[:, 1] - toe[:, 1].min())
    return _between(shift, fixed, height)


def _between(shift: Array, fixed: NDArray[np.bool_], height: Array) -> Array:
    """Fill the frames between contacts: a correction passes into the next one while the foot is in the air.

    A foot that is still low would slide if its correction changed. Before the first contact and after the
    last one the correction stays.
    """
    where = np.flatnonzero(fixed)
    if not len(where):
        return shift
    lift = np.maximum(height - height.min() - _CONTACT_HEIGHT, 0.0) + _LEVEL_LIFT
    way = np.concatenate(([0.0], np.cumsum((lift[1:] + lift[:-1]) / 2)))
    return np.stack([np.interp(way, way[where], axis[where]) for axis in shift.T], axis=-1)


def within_reach(hip: Array, knee: Array, ankle: Array, shift: Array) -> Array:
    """The moved ankle, drawn back towards the hip where the leg is too short."""
    length = np.linalg.norm(knee - hip, axis=-1) + np.linalg.norm(ankle - knee, axis=-1)
    now = np.linalg.norm(ankle - hip, axis=-1)
    reach = ankle + shift - hip
    distance = np.linalg.norm(reach, axis=-1)
    limit = np.maximum(_STRAIGHT * length, now)
    moved: Array = hip + reach * np.minimum(1.0, limit / np.maximum(distance, 1e-9))[:, None]
    return moved


def bend_knee(hip: Array, knee: Array, ankle: Array, target: Array) -> Array:
    """The knee for a moved ankle: bones keep their lengths, the knee its side."""
    thigh, shin = np.linalg.norm(knee - hip, axis=-1), np.linalg.norm(ankle - knee, axis=-1)
    line = target - hip
    distance = np.clip(np.linalg.norm(line, axis=-1), np.abs(thigh - shin) + 1e-6, thigh + shin)
    line /= np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-9)
    side = knee - hip
    side -= (side * line).sum(axis=-1, keepdims=True) * line
    size = np.linalg.norm(side, axis=-1, keepdims=True)
    along = (distance**2 + thigh**2 - shin**2) / (2 * distance)
    aside = np.sqrt(np.maximum(thigh**2 - along**2, 0.0))
    bent: Array = hip + along[:, None] * line + aside[:, None] * side / np.maximum(size, 1e-9)
    return np.where(size > 1e-6, bent, hip + (target - hip) * (thigh / (thigh + shin))[:, None])
