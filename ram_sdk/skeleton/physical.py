"""How physically plausible joints are, without any evaluator: each measure is a mean over one motion.

Joints are `(frames, 22, 3)` of the HumanML3D skeleton in metres, Y up, the floor at 0. They lie inside the
body: the floor is that of the data set's processing, which the lowest joint of a clip touches.
"""

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.joints import HUMANML3D

Array = NDArray[np.floating]

# The thresholds and the window of GMD's measure, by which the field compares.
_SKATING_HEIGHT = 0.05  # metres
_SKATING_SPEED = 0.5  # metres a second
_SKATING_WINDOW = 5  # frames
_FROZEN_SPEED = 0.02  # metres a second: less than somebody who stands still
_ENDING = 0.2  # seconds
_BUSY_SPEED = 0.05  # metres a second: a body that never moves faster rests from the beginning to the end
_TOES = (HUMANML3D.left_foot[1], HUMANML3D.right_foot[1])


def foot_skating_ratio(joints: Array, fps: float = HUMANML3D.fps) -> float:
    """Share of steps between frames in which a foot slides, 0 to 1.

    A foot slides where its toe joint is below 0.05 m in both frames and moves over the floor faster than
    0.5 m/s, in this step as well as on average over the five steps around it (Karunratanakul et al., "Guided
    Motion Diffusion", ICCV 2023; the window, with zeros beyond the ends, as in their code).

    Args:
        joints: `(frames, 22, 3)` metres.
        fps: frames a second.

    Raises:
        ValueError: fewer than two frames, or another shape.
    """
    toes = _checked(joints, 2)[:, _TOES]
    speed = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1) * fps
    around = np.pad(speed, ((_SKATING_WINDOW // 2,) * 2, (0, 0)))
    smooth = np.lib.stride_tricks.sliding_window_view(around, _SKATING_WINDOW, axis=0).mean(axis=-1)
    low = toes[..., 1] < _SKATING_HEIGHT
    sliding = low[:-1] & low[1:] & (speed > _SKATING_SPEED) & (smooth > _SKATING_SPEED)
    return float(sliding.any(axis=-1).mean())


def floor_penetration(joints: Array) -> float:
    """Depth of the lowest joint below the floor, metres, mean over frames (0 where it is above).

    As PhysDiff's measure (Yuan et al., ICCV 2023), of joints in place of a body's surface.

    Raises:
        ValueError: no frames, or another shape.
    """
    return float(np.maximum(-_checked(joints, 1)[..., 1].min(axis=-1), 0).mean())


def jerk(joints: Array, fps: float = HUMANML3D.fps) -> float:
    """Size of the third derivative of position, m/s^3, mean over joints and frames.

    Raises:
        ValueError: fewer than four frames, or another shape.
    """
    third = np.diff(_checked(joints, 4), n=3, axis=0) * fps**3
    return float(np.linalg.norm(third, axis=-1).mean())


def highest_speed(joints: Array, fps: float = HUMANML3D.fps) -> float:
    """Speed of the fastest joint between two frames, m/s; people stay below 15.

    Raises:
        ValueError: fewer than two frames, or another shape.
    """
    return float(np.linalg.norm(np.diff(_checked(joints, 2), axis=0), axis=-1).max() * fps)


def frozen_share(joints: Array, fps: float = HUMANML3D.fps) -> float:
    """Share of steps between frames in which the joints move at less than 0.02 m/s in the mean, 0 to 1.

    Raises:
        ValueError: fewer than two frames, or another shape.
    """
    return float((_mean_speed(_checked(joints, 2), fps) < _FROZEN_SPEED).mean())


def ending_activity(joints: Array, fps: float = HUMANML3D.fps) -> float:
    """How busy the body is at the end, as a share of its busiest moments: near 0 where the action has ended.

    The mean speed of the joints against the pelvis in the last fifth of a second, divided by the 95th
    percentile of it over the motion. A walk may end in the middle of a step, a wave should not.

    Raises:
        ValueError: fewer than two frames, or another shape.
    """
    checked = _checked(joints, 2)
    speed = _mean_speed(checked - checked[:, :1], fps)
    return float(speed[-max(1, round(_ENDING * fps)) :].mean() / max(np.percentile(speed, 95), _BUSY_SPEED))


def bone_lengths(joints: Array) -> Array:
    """Lengths `(frames, 21)` of the bones into joints 1 to 21, metres.

    Raises:
        ValueError: no frames, or another shape.
    """
    checked = _checked(joints, 1)
    lengths: Array = np.linalg.norm(checked[:, 1:] - checked[:, HUMANML3D.parents[1:]], axis=-1)
    return lengths


def bone_length_error(joints: Array, true_lengths: Array) -> float:
    """Absolute difference of bone lengths from the true ones, metres, mean over bones and frames.

    Args:
        joints: `(frames, 22, 3)` metres.
        true_lengths: `(21,)` metres, such as the mean of `bone_lengths` of the ground truth.

    Raises:
        ValueError: no frames, or other shapes.
    """
    if true_lengths.shape != (HUMANML3D.num_joints - 1,):
        raise ValueError(f"true_lengths {true_lengths.shape}: expected (21,), one length a bone")
    return float(np.abs(bone_lengths(joints) - true_lengths).mean())


def _mean_speed(joints: Array, fps: float) -> Array:
    """Speed of each step, m/s, mean over the joints."""
    return np.asarray(np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(axis=-1) * fps)


def _checked(joints: Array, frames: int) -> Array:
    """The joints in float64.

    Raises:
        ValueError: fewer frames than these, or another shape.
    """
    if joints.ndim != 3 or joints.shape[1:] != (HUMANML3D.num_joints, 3) or len(joints) < frames:
        raise ValueError(f"joints {joints.shape}: expected (frames, 22, 3) with at least {frames} frames")
    return joints.astype(np.float64)
