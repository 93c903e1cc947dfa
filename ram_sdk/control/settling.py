"""Seams between prompts, smoothed until they are as calm as the motion on both sides.

Blended windows still disagree a little in the last estimate, so that a seam jitters, or a limb jumps. Around
it the features are replaced by their mean over a short time: the shortest at which no joint moves faster, and
the motion has no more jerk, than in the parts on both sides. Velocities and positions are averaged alike, so
a foot that is planted in all of these frames stays planted; a limb that swings through them gets shorter,
which everything that needs bones (`Motion.pose`, exports) corrects. Where the two parts have the feet in
different places, they take a step instead of sliding.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.skeleton.features import decode_features, with_joints
from ram_sdk.skeleton.joints import HUMANML3D, Skeleton
from ram_sdk.skeleton.sequences import smooth_step
from ram_sdk.skeleton.stepping import step_feet

Array = NDArray[np.float64]

_FULL = 0.35  # seconds on each side of a border that are smoothed in full
_REACH = 0.75  # seconds on each side within which that fades
_MEANS = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3)  # seconds; deviations of the Gaussian means, tried in turn
_LARGEST_STEP = 0.1  # metres a frame that are calm, whatever lies beside
_JERK = 30.0  # metres a second^3 that are


def settled(
    features: Tensor, borders: Sequence[int], skeleton: Skeleton, columns: Sequence[int] | None = None
) -> Tensor:
    """Smooth a composed motion around the borders of its parts.

    Args:
        features: `(frames, features)` in real units.
        borders: first frame of each part but the first.
        skeleton: whose features they are.
        columns: the features to smooth; default: all.

    Returns:
        Features shaped alike; what is farther than 0.75 s from all borders is as it was.
    """
    reach = round(_REACH * skeleton.fps)
    chosen = torch.arange(features.shape[1]) if columns is None else torch.tensor(columns)
    motion = features.clone()
    for border in borders:
        first, last = max(0, border - reach), min(len(motion), border + reach)
        beside = (motion[max(0, first - reach) : first], motion[last : last + reach])
        limit = np.array([_LARGEST_STEP, _JERK])
        for part in beside:
            limit = np.maximum(limit, _unrest(part, skeleton))
        distance = (torch.arange(first, last, dtype=motion.dtype) + 0.5 - border).abs() / skeleton.fps
        weight = torch.from_numpy(smooth_step(((_REACH - distance) / (_REACH - _FULL)).numpy()))[:, None]
        calm = motion[first:last]
        for seconds in _MEANS:
            if (_unrest(calm, skeleton) <= limit).all():
                break
            mean = _gaussian_mean(motion, seconds * skeleton.fps, first, last)
            calm = motion[first:last].clone()
            calm[:, chosen] = torch.lerp(calm[:, chosen], mean[:, chosen], weight)
        motion[first:last] = calm
    return motion


def stepping(features: Tensor, borders: Sequence[int]) -> Tensor:
    """Let feet step where they slide around the borders.

    Args:
        features: `(frames, 263)` in real units.
        borders: first frame of each part but the first.

    Returns:
        Features shaped alike; what is farther than 0.75 s from all borders is as it was.
    """
    reach = round(_REACH * HUMANML3D.fps)
    motion = features.clone()
    for border in borders:
        around = slice(max(0, border - reach), border + reach)
        joints: Array = decode_features(motion[around].double()).numpy()
        stepped = torch.from_numpy(step_feet(joints, HUMANML3D.fps))
        motion[around] = with_joints(motion[around], stepped).to(motion)
    return motion


def _unrest(features: Tensor, skeleton: Skeleton) -> Array:
    """The fastest joint's largest step, metres a frame, and the mean jerk, metres a second^3."""
    if len(features) < 4:
        return np.zeros(2)
    joints = decode_features(features.double(), skeleton).numpy() / skeleton.metre
    step, third = (np.linalg.norm(np.diff(joints, n=order, axis=0), axis=-1) for order in (1, 3))
    return np.array([step.max(), third.mean() * skeleton.fps**3])


def _gaussian_mean(motion: Tensor, sigma: float, first: int, last: int) -> Tensor:
    """Frames `first` to `last` of the Gaussian mean of `(frames, features)` over frames, ends held."""
    radius = math.ceil(3 * sigma)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=motion.dtype) / sigma) ** 2)
    at = torch.arange(first - radius, last + radius).clamp(0, len(motion) - 1)
    windows = motion[at].unfold(0, 2 * radius + 1, 1)
    mean: Tensor = windows @ (kernel / kernel.sum())
    return mean
