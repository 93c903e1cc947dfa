"""Checks of sitting, lying, kneeling, bending and actions on the floor."""

import numpy as np

from training.evaluation.prompt_checks.body import FPS, STANDING, Array, Body, Mask, longest, smooth
from training.evaluation.prompt_checks.locomotion import stays

_EDGE = 5  # frames at either end that show the first and the last posture


def begins(mask: Mask) -> bool:
    """Whether the clip begins in a posture."""
    return bool(mask[:_EDGE].mean() > 0.5)


def ends(mask: Mask) -> bool:
    """Whether the clip ends in a posture."""
    return bool(mask[-_EDGE:].mean() > 0.5)


def stands(body: Body) -> bool:
    """Stands upright in place all the time, with hardly a step."""
    return bool(body.standing.mean() > 0.95) and stays(body) and body.travelled(body.speed) < 0.6


def sits_down(body: Body) -> bool:
    """Stands at the start, and is seated at rest at the end."""
    sinking = np.abs(np.gradient(body.pelvis[:, 1]))[-_EDGE:].mean() * FPS
    rests = body.motion[-_EDGE:].mean() < 0.8 and sinking < 0.2
    return begins(body.standing) and ends(body.seated) and bool(rests)


def stands_up(body: Body) -> bool:
    """Is seated at the start, and stands at the end."""
    return begins(body.seated) and ends(body.standing)


def rises(body: Body) -> bool:
    """Kneels, sits or lies at the start, and stands at the end."""
    return begins(body.pelvis[:, 1] < 0.7) and ends(body.standing)


def sits(body: Body) -> bool:
    """Is seated all the time."""
    return bool(body.seated.mean() > 0.9)


def sits_on_floor(body: Body) -> bool:
    """Stands at the start, and sits on the floor at the end."""
    return begins(body.standing) and ends((body.pelvis[:, 1] < 0.32) & (body.trunk < 60))


def lies_down(body: Body) -> bool:
    """Stands at the start, and lies on the floor at the end."""
    return begins(body.standing) and ends(body.lying)


def falls(body: Body) -> bool:
    """Stands at the start and lies at the end, with the hips falling within a second."""
    height = body.pelvis[:, 1]
    drop = np.max(height[:-20] - height[20:]) if len(body) > 20 else 0.0
    return lies_down(body) and bool(drop > 0.4)


def lies(body: Body) -> bool:
    """Lies on the floor all the time."""
    return bool(body.lying.mean() > 0.9)


def gets_up(body: Body) -> bool:
    """Lies on the floor at the start, and stands at the end."""
    return begins(body.lying) and ends(body.standing)


def kneels_down(body: Body) -> bool:
    """Stands at the start, and kneels with the trunk up at the end or for half a second."""
    return begins(body.standing) and (ends(body.kneeling) or longest(body.kneeling) > 0.5)


def crouches(body: Body) -> bool:
    """Goes from standing to a crouch on its feet, with bent knees and the hips below 0.65 m."""
    low = (body.pelvis[:, 1] < 0.65) & (body.height("knee").min(axis=1) > 0.15) & (body.trunk < 80)
    low &= np.linalg.norm(body.feet[:, :, [0, 2]].mean(axis=1), axis=-1) < 0.4
    return begins(body.pelvis[:, 1] > STANDING) and longest(low & (body.lift.max(axis=1) < 0.2)) > 0.25


def dips(signal: Array, low: float, high: float) -> int:
    """Number of times that a signal goes from above `high` to below `low` and back above `high`."""
    count, state = 0, 0
    for value in signal:
        if state == 0 and value > high:
            state = 1
        elif state == 1 and value < low:
            state = 2
        elif state == 2 and value > high:
            count, state = count + 1, 1
    return count


def squat_count(body: Body) -> int:
    """Number of deep knee bends from standing, with planted feet and the trunk up."""
    flat = body.lift.max(axis=1) < 0.15
    height = np.where(flat & (body.trunk < 65), body.pelvis[:, 1], 1.0)
    return dips(height, 0.66, STANDING) if stays(body) else 0


def squats(body: Body) -> bool:
    """Bends the knees deeply and comes up again, in place."""
    return squat_count(body) >= 1


def crawls(body: Body) -> bool:
    """Moves 0.4 m or more with hips and chest low, and knees and hands near the floor."""
    low = (body.pelvis[:, 1] < 0.7) & (body.height("neck") < 0.9)
    down = (body.height("knee").min(axis=1) < 0.2) & (body.height("wrist").min(axis=1) < 0.3)
    crawling = low & down
    return bool(crawling.mean() > 0.5) and body.travelled(body.speed * crawling) > 0.4


def bow_count(body: Body) -> int:
    """Number of forward bends of the trunk by 25 degrees or more and back, with the hands off the floor."""
    high = (body.pelvis[:, 1] > 0.7) & (body.height("wrist").min(axis=1) > 0.25)
    return dips(-np.where(high, body.lean, 90.0), -25.0, -16.0) if high.mean() > 0.9 else 0


def bows(body: Body) -> bool:
    """Bends the trunk forward from upright and comes up again, with straight legs, in place."""
    return bow_count(body) >= 1 and stays(body)


def _reaches_floor(body: Body, metres: float) -> bool:
    """A hand goes from hip height to below `metres` and up again."""
    lowest = smooth(body.height("wrist").min(axis=1), 0.05)
    return dips(lowest, metres, 0.7) >= 1


def picks_up(body: Body) -> bool:
    """From standing, a wrist goes below 0.5 m and up again, with the feet on the floor."""
    on_floor = body.lift.min(axis=1).max() < 0.15
    return bool(on_floor) and begins(body.standing) and ends(body.standing) and _reaches_floor(body, 0.5)


def bends_down(body: Body) -> bool:
    """Bends over by 50 degrees or more from standing, and stands up again."""
    return begins(body.standing) and ends(body.standing) and dips(-body.trunk, -50, -25) >= 1


def balances(body: Body) -> bool:
    """Holds one foot up for 1.2 seconds or more while the other is planted, in place."""
    up = [(body.lift[:, s] > 0.1) & (body.lift[:, 1 - s] < 0.06) for s in (0, 1)]
    return stays(body) and max(longest(one) for one in up) > 1.2


def sitting_speed(body: Body) -> float:
    """Fastest descent of the hips over half a second, metres a second."""
    return float(-np.gradient(smooth(body.joints[:, 0, 1], 0.2)).min() * FPS)


def bowing_speed(body: Body) -> float:
    """Fastest bend of the trunk over half a second, degrees a second."""
    return float(np.abs(np.gradient(smooth(body.lean, 0.2))).max() * FPS)
