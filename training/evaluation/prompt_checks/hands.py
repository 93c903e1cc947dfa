"""Checks of hands, arms, head and shoulders."""

import numpy as np

from training.evaluation.prompt_checks.body import (
    FPS,
    LEFT,
    RIGHT,
    SIDES,
    Array,
    Body,
    Mask,
    longest,
    smooth,
    turning_points,
)
from training.evaluation.prompt_checks.locomotion import stays
from training.open_data.signals import runs

_UP = -0.20  # minimum metres of the wrist above the shoulder of a raised hand
_AT_HEAD = 0.36  # maximum metres from wrist to head joint if the hand touches the head or face


def _on_feet(body: Body) -> bool:
    return bool(np.mean(body.pelvis[:, 1] > 0.75) > 0.9)


def _upright(body: Body) -> bool:
    return bool(np.mean(body.trunk < 45) > 0.9)


def sweeps(body: Body, side: int) -> int:
    """Number of turning points of a raised hand's sideways movement."""
    most = 0
    for run in runs(body.above_shoulder[:, side] > _UP):
        if run.stop - run.start >= 8:
            sideways = body.hands[run, side, 0]
            most += len(turning_points(sideways, 0.05))
    return most


def _waves_with(body: Body, side: int) -> bool:
    return sweeps(body, side) >= 3


def waves(body: Body) -> bool:
    """A raised hand sweeps from side to side, with three or more turning points."""
    return any(_waves_with(body, side) for side in SIDES)


def _waves_only(body: Body, side: int) -> bool:
    quiet = np.percentile(body.above_shoulder[:, 1 - side], 75) < _UP
    return _waves_with(body, side) and bool(quiet)


def waves_left(body: Body) -> bool:
    """Waves with the left hand only."""
    return _waves_only(body, LEFT)


def waves_right(body: Body) -> bool:
    """Waves with the right hand only."""
    return _waves_only(body, RIGHT)


def waves_both(body: Body) -> bool:
    """Both raised hands sweep from side to side."""
    return all(_waves_with(body, side) for side in SIDES)


def wave_count(body: Body) -> int:
    """Number of sweeps, to one side and back, of the hand that waves more."""
    return max(sweeps(body, side) for side in SIDES) // 2


def waving_speed(body: Body) -> float:
    """Mean sideways speed of the raised hand that waves more, metres a second."""
    side = max(SIDES, key=lambda s: sweeps(body, s))
    up = body.above_shoulder[:, side] > _UP
    sideways = np.abs(np.gradient(body.hands[:, side, 0])) * FPS
    return float(sideways[up].mean()) if up.any() else 0.0


def _raises(body: Body, side: int) -> bool:
    """The wrist rises from well below the shoulder to 5 cm above it, and stays there for 0.3 seconds."""
    above = body.above_shoulder[:, side]
    return longest(above > 0.05) >= 0.3 and bool(above[: int(np.argmax(above > 0.05)) + 1].min() < -0.2)


def raises_left(body: Body) -> bool:
    """The left hand goes above the shoulder, and the right one stays down."""
    return _raises(body, LEFT) and bool(body.above_shoulder[:, RIGHT].max() < -0.1)


def raises_right(body: Body) -> bool:
    """The right hand goes above the shoulder, and the left one stays down."""
    return _raises(body, RIGHT) and bool(body.above_shoulder[:, LEFT].max() < -0.1)


def raises_both(body: Body) -> bool:
    """Both hands go above the shoulders, and stay there together for 0.3 seconds."""
    return (
        all(_raises(body, side) for side in SIDES) and longest(body.above_shoulder.min(axis=1) > 0.05) >= 0.3
    )


def holds_arms_up(body: Body) -> bool:
    """Both wrists are above the shoulders nearly all the time."""
    return bool((body.above_shoulder.min(axis=1) > 0.05).mean() > 0.8)


def clap_count(body: Body) -> int:
    """Number of claps: the wrists meet within 0.28 m and part by 6 cm or more."""
    before = body.hands.min(axis=1)[:, 1] > -0.35  # above the hips
    return sum(
        bool(body.apart[i] < 0.28 and before[i] and _is_low(body.apart, i))
        for i in turning_points(body.apart, 0.06)
    )


def _is_low(signal: Array, i: int) -> bool:
    return bool(signal[i] <= signal[max(0, i - 3) : i + 4].min())


def claps(body: Body) -> bool:
    """The hands meet and part two or more times."""
    return clap_count(body) >= 2


def points(body: Body) -> bool:
    """One arm is held stretched out, with the hand away from the body at chest height or higher."""
    for side in SIDES:
        away = np.hypot(body.hands[:, side, 0], body.hands[:, side, 2])
        out = (body.reach[:, side] > 0.44) & (away > 0.42) & (body.above_shoulder[:, side] > -0.25)
        steady = body.hand_speed[:, side] < 1.0
        if longest(out & steady) >= 0.3 and body.above_shoulder[:, 1 - side].min() < -0.3:
            return True
    return False


def shrugs(body: Body) -> bool:
    """Both shoulders rise towards the head by 2.5 cm or more and sink again, standing in place."""
    gap = smooth((body.height("head")[:, None] - body.height("shoulder")).max(axis=1), 0.08)
    rest = float(np.percentile(gap, 80))
    low = int(gap.argmin())
    sinks = gap[low:].max() - gap[low] > 0.02
    return stays(body) and _on_feet(body) and rest - gap[low] > 0.025 and bool(sinks)


def _head(body: Body) -> Array:
    """Head relative to the neck in the body's axes (left, up, front)."""
    return smooth(body.in_body(body.joints[:, 15] - body.joints[:, 12]), 0.05)


def nods(body: Body) -> bool:
    """The head moves forward and back relative to the neck twice, by 1.5 cm or more, with a still trunk."""
    quiet = np.ptp(body.lean) < 20
    return bool(quiet) and stays(body) and len(turning_points(_head(body)[:, 2], 0.015)) >= 2


def salutes(body: Body) -> bool:
    """One hand rises to the brow and is held there, and the other stays down."""
    for side in SIDES:
        brow = (body.to_head[:, side] < 0.3) & (body.above_head[:, side] > -0.12)
        held = brow & (body.hand_speed[:, side] < 0.6)
        lifts = body.above_shoulder[:, side].min() < -0.2
        if longest(held) >= 0.3 and lifts and body.above_shoulder[:, 1 - side].max() < -0.2:
            return True
    return False


def _at_face(body: Body) -> Mask:
    return (body.to_head < _AT_HEAD) & (body.hands[:, :, 2] > 0.0)


def drinks(body: Body) -> bool:
    """One hand rises to the mouth from below and stays there for 0.4 seconds or more."""
    face = _at_face(body)
    return any(
        longest(face[:, side] & ~face[:, 1 - side]) >= 0.4 and body.above_shoulder[:, side].min() < -0.15
        for side in SIDES
    ) and _upright(body)


def phones(body: Body) -> bool:
    """One hand is held at the head for a second or more and most of the clip, and the other is not."""
    near = body.to_head < 0.3
    return any(
        longest(near[:, s]) >= 1.0 and near[:, s].mean() > 0.4 and near[:, 1 - s].mean() < 0.1 for s in SIDES
    )


def hands_on_hips(body: Body) -> bool:
    """Both wrists are at the hips, elbows out, for 0.8 seconds or more."""
    hips, elbows = body.joints[:, [1, 2]], body.joints[:, [18, 19]]
    wrists = body.joints[:, [20, 21]]
    near = np.linalg.norm(wrists - hips, axis=-1).max(axis=1) < 0.30
    across = np.linalg.norm(elbows[:, 0] - elbows[:, 1], axis=-1)
    bent = body.reach.max(axis=1) < 0.48
    return longest(near & bent & (across > 0.5)) >= 0.8


def crosses_arms(body: Body) -> bool:
    """Each wrist is on the other side of the chest, close to it, for 0.8 seconds or more."""
    left, right = body.hands[:, 0], body.hands[:, 1]
    crossed = (left[:, 0] < right[:, 0]) & (np.abs(left[:, 1] - right[:, 1]) < 0.3)
    at_chest = (body.hands[:, :, 1].min(axis=1) > -0.35) & (body.hands[:, :, 2].max(axis=1) < 0.45)
    return longest(crossed & at_chest) >= 0.8


def looks_around(body: Body) -> bool:
    """The face turns to either side and back, 30 degrees or more in total, in place, with still arms."""
    head = _head(body)
    side = np.degrees(np.arctan2(head[:, 0], np.hypot(head[:, 1], head[:, 2])))
    sway = np.ptp(body.turned) + np.ptp(side)
    quiet = body.hand_speed.mean() < 0.4
    turns = 30 < sway < 320 and turning_points(body.turned + side, 10)
    return stays(body) and _on_feet(body) and bool(quiet and turns)
