"""Joining motions: blended in rotations, with feet that stay planted or take a step.

Over the seam the pelvis moves with the blended velocity of both motions, so that somebody who walks into
standing slows down and never moves backward. Each foot follows the first motion, then the second, and
changes over while it is off the floor in either; where it stands in both, it takes a small step, the other
foot before or after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import torch

from ram_sdk.skeleton.feet import place_feet
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.sequences import (
    Array,
    blend_rotations,
    cut,
    heading,
    place,
    positions,
    smooth_step,
)

_FEET = ((7, 10), (8, 11))  # ankle and toe, left and right
_STANDING_HEIGHT = 0.09  # metres of the toe above the floor
_STANDING_SPEED = 0.4  # metres a second
_LIFT, _HIGHEST = 0.4, 0.09  # a step is lifted by this share of its length, up to so many metres
_SHORT_STEP = 0.015  # metres over which a foot is not lifted
_CHANGING = 0.6  # of the seam: how long a foot takes to change over
_BOTH_OFF = 0.6  # frames of standing that a frame with both feet changing over counts as


@dataclass(frozen=True)
class Joined:
    """A joined motion.

    Attributes:
        joints: `(frames, 22, 3)` positions, metres.
        spans: first frame and one past the last of each part; neighbours meet in the middle of the seam.
        seams: first frame and one past the last of each seam.
    """

    joints: Array
    spans: tuple[tuple[int, int], ...]
    seams: tuple[tuple[int, int], ...]


def join(parts: Sequence[PoseSequence], overlaps: Sequence[int], fps: float = HUMANML3D.fps) -> Joined:
    """Join motions one after the other.

    Args:
        parts: at least one, each as long as the seams at its ends together.
        overlaps: frames of each seam, one fewer than parts.
        fps: frames a second of all parts.

    Returns:
        The first part stays in its place, each further one continues in the position and heading in which
        the one before it ends.

    Raises:
        ValueError: a part is shorter than its seams.
    """
    around = (0, *overlaps, 0)
    if any(len(part) < a + b for part, (a, b) in zip(parts, pairwise(around), strict=True)):
        raise ValueError("a part is shorter than the seams at its ends: use shorter overlaps")
    whole, feet, seams = parts[0], [], []
    for part, overlap in zip(parts[1:], overlaps, strict=True):
        start = len(whole) - overlap
        before = cut(whole, start, len(whole))
        blended, after = _crossfade(before, part)
        feet.append((positions(before), positions(cut(after, 0, overlap))))
        seams.append((start, len(whole)))
        pieces = (cut(whole, 0, start), blended, cut(after, overlap, len(after)))
        whole = PoseSequence(
            torch.cat([piece.rotations for piece in pieces]),
            torch.cat([piece.root for piece in pieces]),
            whole.offsets,
        )
    joints = positions(whole)
    for (start, stop), (first, second) in zip(seams, feet, strict=True):
        joints[start:stop] = place_feet(joints[start:stop], *_foot_paths(first, second, fps))
    borders = (0, *((start + stop) // 2 for start, stop in seams), len(joints))
    return Joined(joints, tuple(pairwise(borders)), tuple(seams))


def _crossfade(before: PoseSequence, part: PoseSequence) -> tuple[PoseSequence, PoseSequence]:
    """The frames of the seam, and the whole of `part` placed so that it continues from them."""
    frames = len(before)
    weight = torch.from_numpy(smooth_step((np.arange(frames) + 1) / (frames + 1)))
    middle = frames // 2
    part = place(part, heading(before, middle) - heading(part, middle), torch.zeros(3, dtype=torch.float64))
    start = cut(part, 0, frames)
    between = (weight[1:] + weight[:-1])[:, None] / 2
    steps = torch.lerp(before.root.diff(dim=0), start.root.diff(dim=0), between)
    root = before.root[0] + torch.cat((torch.zeros(1, 3, dtype=torch.float64), steps.cumsum(dim=0)))
    root[:, 1] = torch.lerp(before.root[:, 1], start.root[:, 1], weight)
    shift = (root[-1] - start.root[-1]) * torch.tensor((1.0, 0.0, 1.0), dtype=torch.float64)
    rotations = blend_rotations(before.rotations, start.rotations, weight)
    return PoseSequence(rotations, root, before.offsets), PoseSequence(
        part.rotations, part.root + shift, part.offsets
    )


def _foot_paths(before: Array, after: Array, fps: float) -> tuple[Array, Array]:
    """Ankles and toes `(frames, 2, 3)` over a seam, from the positions of both motions in it."""
    frames = len(before)
    length = min(frames, max(4, round(_CHANGING * frames)))
    standing = np.stack(
        [_standing(before, toe, fps) + _standing(after, toe, fps) for _, toe in _FEET]
    )  # (2, frames): in how many of the two motions
    starts = range(frames - length + 1)
    cost = [[standing[side, s : s + length].sum() for s in starts] for side in (0, 1)]
    left, right = min(
        product(starts, starts),
        key=lambda pair: (
            cost[0][pair[0]] + cost[1][pair[1]] + _BOTH_OFF * max(0, length - abs(pair[0] - pair[1]))
        ),
    )
    ankles, toes = np.empty((frames, 2, 3)), np.empty((frames, 2, 3))
    for side, start in ((0, left), (1, right)):
        ankle, toe = _FEET[side]
        u = (np.arange(frames) - start + 1) / (length + 1)
        weight = smooth_step(u)[:, None]
        ankles[:, side] = (1 - weight) * before[:, ankle] + weight * after[:, ankle]
        direction = (1 - weight) * (before[:, toe] - before[:, ankle]) + weight * (
            after[:, toe] - after[:, ankle]
        )
        middle = min(start + length // 2, frames - 1)
        distance = float(np.linalg.norm((after[middle, ankle] - before[middle, ankle])[[0, 2]]))
        grounded = standing[side, start : start + length].mean() / 2
        lift = min(_HIGHEST, _LIFT * distance) * grounded if distance > _SHORT_STEP else 0.0
        ankles[:, side, 1] += lift * np.sin(np.pi * np.clip(u, 0.0, 1.0)) ** 2
        toes[:, side] = ankles[:, side] + direction
    return ankles, toes


def _standing(joints: Array, toe: int, fps: float) -> Array:
    path = joints[:, toe]
    speed = np.linalg.norm(np.gradient(path, axis=0), axis=-1) * fps if len(path) > 1 else np.zeros(1)
    return np.asarray((path[:, 1] < _STANDING_HEIGHT) & (speed < _STANDING_SPEED), dtype=np.float64)
