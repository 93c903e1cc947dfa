"""The arms of one motion on the legs of another."""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray

from ram_sdk.skeleton.kinematics import PoseSequence
from ram_sdk.skeleton.sequences import Array, blend_rotations, smooth_step

FADE = 0.5  # seconds in which arms go over into those of the other motion, and back
_ARMS = ((13, 16, 18), (14, 17, 19))  # joints whose rotations move the left and the right arm
_HEAD = (12,)
_SHOULDERS, _WRISTS = (16, 17), (20, 21)
_IDLE = 0.55  # of the busier wrist's path: an arm that moves less hangs ...
_HELD = 0.35  # ... unless it is held: metres by which a hanging wrist is below its shoulder, at least


def busy_arms(joints: Array) -> list[int]:
    """The arms that a gesture is made with, which move or are held: 0 is the left one, 1 the right one.

    Args:
        joints: `(frames, 22, 3)`, metres.
    """
    wrists = joints[:, _WRISTS] - joints[:, :1]
    paths = np.linalg.norm(np.diff(wrists, axis=0), axis=-1).sum(axis=0)
    below = (joints[:, _SHOULDERS, 1] - joints[:, _WRISTS, 1]).mean(axis=0)
    return [side for side in (0, 1) if paths[side] > _IDLE * max(paths) or below[side] < _HELD]


def with_arms(
    base: PoseSequence, gesture: PoseSequence, arms: Collection[int], start: int, fps: float
) -> PoseSequence:
    """A motion with the arms of another from frame `start` on, and its head, too, if both arms are.

    Args:
        base: the motion.
        gesture: the other, of the same frame rate; it ends with the motion or before.
        arms: which of them, see `busy_arms`.
        start: frame of the motion in which the gesture begins.
        fps: frames a second.
    """
    carried = [joint for side in arms for joint in _ARMS[side]] + list(_HEAD if len(arms) == 2 else ())
    stop = start + len(gesture)
    weight = torch.from_numpy(_fade(len(gesture), FADE * fps, start > 0, stop < len(base)))
    rotations = base.rotations.clone()
    rotations[start:stop, carried] = blend_rotations(
        base.rotations[start:stop, carried], gesture.rotations[:, carried], weight
    )
    return PoseSequence(rotations, base.root, base.offsets)


def _fade(frames: int, length: float, rises: bool, falls: bool) -> NDArray[np.float64]:
    at = np.arange(frames) + 1
    up = smooth_step(at / length) if rises else np.ones(frames)
    return np.asarray(up * (smooth_step((frames + 1 - at) / length) if falls else 1.0))
