"""Geometric measurements of a clip, to write captions from and to check them against."""

from dataclasses import dataclass

import numpy as np

from ram_sdk.skeleton.joints import HUMANML3D
from training.open_data.events import GroundPath, alternation, bows, claps, ground_path, punches, squats
from training.open_data.signals import FPS, Array, moving_mean, reversals, runs, smooth

_PELVIS, _CHEST, _NECK, _HEAD = 0, 9, 12, 15
_HIPS, _SHOULDERS, _WRISTS = (1, 2), (16, 17), (20, 21)  # (left, right), as everywhere below
_ANKLES, _TOES = (7, 8), (10, 11)

_FLIGHT = 0.06  # metres of both feet above their lowest height: airborne
_LEAP = 0.15  # the same, to tell a leap from a running stride at more than _RUN_SPEED
_RUN_SPEED = 2.0  # metres a second
_JUMP_PELVIS = 0.98  # metres; the pelvis of the uniform skeleton stands at 0.93
_STILL_SPEED = 0.12  # metres a second, mean over the joints
_STEP_LENGTH = 0.15  # metres between two foot plants of the same foot
_SWING_SPEED = 0.6  # metres a second: horizontal speed above which a foot swings


@dataclass(frozen=True)
class Hand:
    """One hand. Heights in metres, times in seconds, speeds in metres a second."""

    above_shoulder: float  # highest point of the wrist above the shoulder on its side
    above_head: float  # highest point of the wrist above the head joint
    rise: float  # from the lowest to the highest point of the wrist, relative to the pelvis
    drop: float  # from the highest point of the wrist to its final height, relative to the pelvis
    waves: int  # sweeps to the side and back while the hand is raised
    peak_speed: float  # fastest movement of the wrist relative to the chest
    path: float  # distance that the wrist covers relative to the chest
    punches: int  # fast extensions away from the shoulder and back


@dataclass(frozen=True)
class Foot:
    """One foot. Heights in metres, speeds in metres a second."""

    rise: float  # highest point of the ankle above its lowest
    kicks: int  # fast swings that lift the ankle above the other knee
    kick_speed: float  # fastest such swing, relative to the pelvis
    up_seconds: float  # time off the floor while the other foot is planted


@dataclass(frozen=True)
class Attributes:
    """Measurements of one clip. Metres, seconds, degrees; a turn to the left is positive.

    `forward` and `left` integrate the pelvis' movement relative to the body's current heading, so that
    walking in a circle counts as forward throughout; `net_forward` and `net_left` are the final position
    relative to the first frame.
    """

    duration: float
    distance: float
    forward: float
    left: float
    net_forward: float
    net_left: float
    speed: float  # distance over duration
    peak_speed: float  # fastest half second
    start_speed: float  # first half second
    end_speed: float  # last half second
    turn: float  # change of heading from start to end, full turns included
    turn_left: float  # the largest increase of the heading within the clip
    turn_right: float  # the largest decrease, positive
    left_hand: Hand
    right_hand: Hand
    left_foot: Foot
    right_foot: Foot
    jumps: int
    jump_height: float  # of the feet, in the highest jump
    steps: int
    low_height: float  # of the pelvis: lowest
    high_height: float  # of the pelvis: highest
    start_height: float
    end_height: float
    bend: float  # largest angle between trunk and vertical
    lean: float  # median forward lean of the trunk, negative backward
    head_bend: float  # median angle between neck-to-head and vertical
    bounce: float  # vertical movement of the pelvis with each step: 3 standard deviations
    still_fraction: float  # share of frames in which the body hardly moves
    arm_spread: float  # largest distance between the wrists
    energy: float  # mean speed of the wrists relative to the chest
    path: GroundPath
    claps: int
    squats: int  # completed dips of the pelvis
    bows: int  # completed bends of the trunk
    alternation: float  # share of the steps that are followed by a step of the other foot
    turn_speed: float  # fastest turn over half a second, degrees a second
    lift_speed: float  # fastest vertical movement of the pelvis
    body_speed: float  # mean speed of the joints relative to the pelvis


def measure(joints: Array) -> Attributes:
    """Measure a clip.

    Args:
        joints: `(frames, 22, 3)` canonical positions in metres at 20 fps: Y up, frame 0 facing +Z, +X the
            body's left; at least 4 frames.

    Returns:
        The clip's attributes.

    Raises:
        ValueError: the array has another shape, fewer frames or values that are not finite.
    """
    if joints.ndim != 3 or joints.shape[1:] != (HUMANML3D.num_joints, 3) or len(joints) < 4:
        raise ValueError(f"joints of shape {joints.shape}: expected (frames >= 4, {HUMANML3D.num_joints}, 3)")
    if not np.isfinite(joints).all():
        raise ValueError("joints: expected finite positions, got NaN or infinite ones; drop the clip")
    joints = joints.astype(np.float64)
    heading = _heading(joints)
    pelvis = smooth(joints[:, _PELVIS], 0.1)
    velocity = np.gradient(pelvis, axis=0) * FPS
    ground = np.hypot(velocity[:, 0], velocity[:, 2])
    forward = velocity[:, 0] * np.sin(heading) + velocity[:, 2] * np.cos(heading)
    left = velocity[:, 0] * np.cos(heading) - velocity[:, 2] * np.sin(heading)
    half_second = moving_mean(ground, 10)
    rise, fall = _largest_swings(heading)
    flights = _flights(joints)
    trunk = joints[:, _NECK] - joints[:, _PELVIS]
    bend = np.degrees(np.arctan2(np.hypot(trunk[:, 0], trunk[:, 2]), trunk[:, 1]))
    lean = np.degrees(np.arctan2(trunk[:, 0] * np.sin(heading) + trunk[:, 2] * np.cos(heading), trunk[:, 1]))
    head = joints[:, _HEAD] - joints[:, _NECK]
    wrists = [joints[:, wrist] - joints[:, _CHEST] for wrist in _WRISTS]
    return Attributes(
        duration=len(joints) / FPS,
        distance=float(np.trapezoid(ground) / FPS),
        forward=float(np.trapezoid(forward) / FPS),
        left=float(np.trapezoid(left) / FPS),
        net_forward=float(pelvis[-1, 2] - pelvis[0, 2]),
        net_left=float(pelvis[-1, 0] - pelvis[0, 0]),
        speed=float(ground.mean()),
        peak_speed=float(half_second.max()),
        start_speed=float(ground[:10].mean()),
        end_speed=float(ground[-10:].mean()),
        turn=float(np.degrees(heading[-1] - heading[0])),
        turn_left=rise,
        turn_right=fall,
        left_hand=_hand(joints, heading, 0),
        right_hand=_hand(joints, heading, 1),
        left_foot=_foot(joints, 0),
        right_foot=_foot(joints, 1),
        jumps=len(flights),
        jump_height=max(flights, default=0.0),
        steps=sum(_steps(joints, side) for side in (0, 1)),
        low_height=float(pelvis[:, 1].min()),
        high_height=float(pelvis[:, 1].max()),
        start_height=float(pelvis[0, 1]),
        end_height=float(pelvis[-1, 1]),
        bend=float(smooth(bend, 0.1).max()),
        lean=float(np.median(lean)),
        head_bend=float(np.median(np.degrees(np.arctan2(np.hypot(head[:, 0], head[:, 2]), head[:, 1])))),
        bounce=float(3 * (pelvis[:, 1] - smooth(pelvis[:, 1], 0.5)).std()),
        still_fraction=float((_joint_speed(joints) < _STILL_SPEED).mean()),
        arm_spread=float(np.linalg.norm(wrists[0] - wrists[1], axis=-1).max()),
        energy=float(np.mean([np.linalg.norm(np.gradient(w, axis=0), axis=-1).mean() * FPS for w in wrists])),
        path=ground_path(joints[:, _PELVIS]),
        claps=claps(joints),
        squats=squats(joints),
        bows=bows(bend),
        alternation=alternation(joints),
        turn_speed=float(np.degrees(np.abs(moving_mean(np.gradient(smooth(heading, 0.1)) * FPS, 10)).max())),
        lift_speed=float(np.abs(velocity[:, 1]).max()),
        body_speed=float(_joint_speed(joints - joints[:, :1]).mean()),
    )


def _heading(joints: Array) -> Array:
    """Unwrapped yaw of the hips and shoulders in radians, 0 at +Z, positive to the left."""
    across = joints[:, _HIPS[0]] - joints[:, _HIPS[1]] + joints[:, _SHOULDERS[0]] - joints[:, _SHOULDERS[1]]
    across = smooth(across, 0.15)
    return np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))


def _largest_swings(heading: Array) -> tuple[float, float]:
    """Largest increase and largest decrease of the heading, in degrees, without the sway of walking."""
    yaw = np.degrees(smooth(heading, 0.3))
    rise = (yaw - np.minimum.accumulate(yaw)).max()
    fall = (np.maximum.accumulate(yaw) - yaw).max()
    return float(rise), float(fall)


def _joint_speed(joints: Array) -> Array:
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(axis=-1) * FPS
    return np.append(steps, steps[-1])


def _flights(joints: Array) -> list[float]:
    """Height of each jump: both feet well off the floor around a peak of the pelvis."""
    lifts = np.stack(
        [
            np.minimum(
                joints[:, ankle, 1] - np.percentile(joints[:, ankle, 1], 5),
                joints[:, toe, 1] - np.percentile(joints[:, toe, 1], 5),
            )
            for ankle, toe in zip(_ANKLES, _TOES, strict=True)
        ]
    ).min(axis=0)
    pelvis = joints[:, _PELVIS, 1]
    speed = np.linalg.norm(np.gradient(joints[:, _PELVIS][:, [0, 2]], axis=0), axis=-1) * FPS
    heights = []
    for run in runs(lifts > _FLIGHT):
        height, peak = float(lifts[run].max()), pelvis[run].max()
        rises = peak > _JUMP_PELVIS and peak - pelvis[max(0, run.start - 6) : run.stop + 6].min() > 0.12
        leaps = height > _LEAP or speed[run].mean() < _RUN_SPEED
        if rises and leaps and run.stop - run.start <= FPS:
            heights.append(height)
    return heights


def _steps(joints: Array, side: int) -> int:
    """Number of steps of one foot, including steps cut off at either end of the clip."""
    ground = joints[:, _TOES[side]][:, [0, 2]]
    moving = np.linalg.norm(np.gradient(ground, axis=0), axis=-1) * FPS > _SWING_SPEED
    lengths = [np.linalg.norm(ground[run.stop - 1] - ground[run.start]) for run in runs(moving)]
    return sum(bool(length > _STEP_LENGTH) for length in lengths)


def _hand(joints: Array, heading: Array, side: int) -> Hand:
    wrist, shoulder = joints[:, _WRISTS[side]], joints[:, _SHOULDERS[side]]
    height = wrist[:, 1] - joints[:, _PELVIS, 1]
    above = wrist[:, 1] - shoulder[:, 1]
    relative = wrist - joints[:, _CHEST]
    step = np.linalg.norm(np.diff(smooth(relative, 0.03), axis=0), axis=-1)
    return Hand(
        above_shoulder=float(above.max()),
        above_head=float((wrist[:, 1] - joints[:, _HEAD, 1]).max()),
        rise=float(height.max() - height.min()),
        drop=float(height.max() - height[-1]),
        waves=_waves(relative, heading, above),
        peak_speed=float(step.max() * FPS),
        path=float(step.sum()),
        punches=punches(joints, side),
    )


def _waves(relative: Array, heading: Array, above: Array) -> int:
    """Sideways sweeps, there and back, of a wrist near or above the shoulder."""
    sideways = relative[:, 0] * np.cos(heading) - relative[:, 2] * np.sin(heading)
    count = 0
    for run in runs(above > -0.20):
        if run.stop - run.start >= 8:
            count += reversals(smooth(sideways[run], 0.05), 0.05) // 2
    return count


def _foot(joints: Array, side: int) -> Foot:
    ankle, other = joints[:, _ANKLES[side]], joints[:, _ANKLES[1 - side]]
    relative = smooth(ankle - joints[:, _PELVIS], 0.05)
    speed = np.linalg.norm(np.gradient(relative, axis=0), axis=-1) * FPS
    lift = ankle[:, 1] - np.percentile(ankle[:, 1], 5)
    standing = other[:, 1] < np.percentile(other[:, 1], 5) + 0.08
    knee_high = (relative[:, 1] > -0.45) & (np.linalg.norm(relative, axis=-1) > 0.6)
    kicks = [run for run in runs(knee_high) if speed[max(0, run.start - 4) : run.stop + 2].max() > 2.5]
    return Foot(
        rise=float(lift.max()),
        kicks=len(kicks),
        kick_speed=max((float(speed[max(0, r.start - 4) : r.stop + 2].max()) for r in kicks), default=0.0),
        up_seconds=float(((lift > 0.12) & standing).sum() / FPS),
    )
