"""From one known pose to the next: what a gap most likely holds, before the model sees it.

A model's sample is one of many ways through a gap, and usually farther from the captured one than the mean of
them all. So the noisiest sampling steps use an interpolation as their estimate, and the model continues from
there (as SDEdit does, Meng et al., ICLR 2022): it decides how to move, no longer where to.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ram_sdk.control.bodyframe import Array, turn
from ram_sdk.control.correction import smoothest
from ram_sdk.control.targets import Targets
from ram_sdk.skeleton.features import canonicalize, encode_joints
from ram_sdk.skeleton.placing import facing

_EXACT = 1e7
_TENSION, _STIFFNESS = 1.0, 4.0  # velocities go on over about two frames, then the way is straight
_LONGEST = 3.0  # seconds; what happens in longer gaps is the model's own


@dataclass(frozen=True, eq=False)
class Bridge:
    """An interpolation of whole poses.

    Attributes:
        features: `(frames, 263)` in real units.
        there: `(frames,)` which of them lie between two poses.
    """

    features: Tensor
    there: Tensor


def bridge(targets: Targets) -> Bridge | None:
    """Interpolate between the whole poses of targets; None where no two of them are near each other."""
    known = np.flatnonzero(np.isfinite(targets.world).all(axis=(-1, -2)))
    there = np.zeros(len(targets), dtype=bool)
    for before, after in pairwise(known):
        if 1 < after - before <= _LONGEST * targets.fps:
            there[before + 1 : after] = True
    if not there.any():
        return None
    joints = torch.from_numpy(interpolated(targets.world, known))
    following = torch.cat((joints, 2 * joints[-1:] - joints[-2:-1]))
    return Bridge(encode_joints(canonicalize(following)), torch.from_numpy(there))


def interpolated(poses: Array, known: NDArray[np.int64]) -> Array:
    """Poses `(frames, 22, 3)` from those at some frames: smooth curves of root, facing and joints about them.

    Args:
        poses: metres; only those at `known` are read.
        known: ascending numbers of at least one frame.
    """
    frames = len(poses)
    yaw = facing(poses[known])
    root = poses[known, 0]
    around = turn(-yaw[:, None], poses[known] - root[:, None])
    values = np.concatenate([np.unwrap(yaw)[:, None], root, around.reshape(len(known), -1)], axis=-1)
    error, weight = np.zeros((frames, values.shape[1])), np.zeros(frames)
    offset = values.mean(axis=0)
    error[known], weight[known] = values - offset, _EXACT
    curve = smoothest(error, weight, tension=_TENSION, stiffness=_STIFFNESS) + offset
    joints = turn(curve[:, :1], curve[:, 4:].reshape(poses.shape)) + curve[:, None, 1:4]
    return np.asarray(joints, dtype=np.float64)
