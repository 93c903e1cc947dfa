"""Checks of punches, kicks and exercises with arms and legs."""

import numpy as np

from training.evaluation.prompt_checks.body import FPS, LEFT, RIGHT, SIDES, Body, turning_points
from training.open_data.signals import runs

_PUNCH_SPEED = 1.3  # minimum horizontal speed of a fist away from the chest, metres a second


def punch_frames(body: Body, side: int) -> list[int]:
    """Frames of maximum extension of a fist that is thrown forward fast between belly and head height."""
    away = np.hypot(body.hands[:, side, 0], body.hands[:, side, 2])
    out = np.gradient(away) * FPS
    level = (body.hands[:, side, 1] > -0.3) & (body.hands[:, side, 1] < 0.4) & (body.hands[:, side, 2] > 0.15)
    hits = []
    for i in turning_points(away, 0.1):
        before = slice(max(0, i - 7), i + 1)
        ahead = body.hands[i, side, 2] - body.hands[before, side, 2].min() > 0.08
        far = away[i] - away[before].min() > 0.12 and body.reach[i, side] > 0.38
        if out[before].max() > _PUNCH_SPEED and level[i] and ahead and far:
            hits.append(i)
    return hits


def punch_count(body: Body) -> int:
    """Number of punches of both hands."""
    return sum(len(punch_frames(body, side)) for side in SIDES)


def _on_feet(body: Body) -> bool:
    return bool(np.mean(body.pelvis[:, 1] > 0.6) > 0.9)


def punches(body: Body) -> bool:
    """A fist is thrown forward fast, and comes back."""
    return punch_count(body) >= 1 and _on_feet(body)


def _punches_only(body: Body, side: int) -> bool:
    hits = [len(punch_frames(body, s)) for s in SIDES]
    return hits[side] > hits[1 - side] and _on_feet(body)


def punches_left(body: Body) -> bool:
    """Punches more often with the left fist than with the right one."""
    return _punches_only(body, LEFT)


def punches_right(body: Body) -> bool:
    """Punches more often with the right fist than with the left one."""
    return _punches_only(body, RIGHT)


def boxes(body: Body) -> bool:
    """Throws three or more punches, with both fists."""
    hits = [len(punch_frames(body, s)) for s in SIDES]
    return sum(hits) >= 3 and min(hits) >= 1 and _on_feet(body)


def kick_frames(body: Body, side: int) -> list[slice]:
    """Fast swings that lift an ankle above the other knee, or far out, and come down again."""
    speed = np.linalg.norm(np.gradient(body.feet, axis=0), axis=-1)[:, side] * FPS
    stretched = np.linalg.norm(body.feet[:, side], axis=-1) > 0.55
    up = (body.feet[:, side, 1] > -0.5) & stretched & (body.lift[:, 1 - side] < 0.35)
    kicks = []
    for run in runs(up):
        around = speed[max(0, run.start - 5) : run.stop + 3]
        out = body.feet[run, side]
        before = bool(((out[:, 2] > 0.2) | (np.abs(out[:, 0]) > 0.4)).any())
        if (
            before
            and around.max() > 2.5
            and run.stop < len(body)
            and body.lift[run.stop :, side].min() < 0.15
        ):
            kicks.append(run)
    return kicks


def kick_count(body: Body) -> int:
    """Number of kicks of both feet."""
    return sum(len(kick_frames(body, side)) for side in SIDES)


def kicks(body: Body) -> bool:
    """A foot swings fast above the other knee, and comes down."""
    return kick_count(body) >= 1


def _kicks_only(body: Body, side: int) -> bool:
    return bool(kick_frames(body, side)) and not kick_frames(body, 1 - side)


def kicks_left(body: Body) -> bool:
    """Kicks with the left foot only."""
    return _kicks_only(body, LEFT)


def kicks_right(body: Body) -> bool:
    """Kicks with the right foot only."""
    return _kicks_only(body, RIGHT)


def kicks_high(body: Body) -> bool:
    """Kicks with the ankle at hip height or higher."""
    return any(body.feet[kick, side, 1].max() > -0.05 for side in SIDES for kick in kick_frames(body, side))


def knees_up(body: Body) -> bool:
    """A knee is raised to hip height, and comes down."""
    knees = body.height("knee") - body.height("hip")
    return any(
        run.stop < len(body) and run.start > 0 for s in SIDES for run in runs(knees[:, s] > -0.08)
    ) and _on_feet(body)


def throws(body: Body) -> bool:
    """A hand rises beside or behind the body, and then swings forward faster than 2.5 m/s."""
    for side in SIDES:
        front = body.hands[:, side, 2]
        fast = np.gradient(front) * FPS
        peak = int(fast.argmax())
        before, after = slice(max(0, peak - 12), peak + 1), slice(peak, peak + 8)
        swing = front[after].max() - front[before].min()
        back = front[before].min() < 0.12
        raised = body.above_shoulder[before.start : after.stop, side].max() > -0.1
        alone = fast[peak] > 1.3 * np.gradient(body.hands[:, 1 - side, 2])[before].max() * FPS
        if fast[peak] > 2.5 and swing > 0.45 and back and raised and alone:
            return True
    return False


def swings_both(body: Body) -> bool:
    """Both hands together swing faster than 2.5 m/s over 0.6 m or more, as with a club, bat or sword."""
    middle = body.hands.mean(axis=1)
    speed = np.linalg.norm(np.gradient(middle, axis=0), axis=-1) * FPS
    together = body.apart < 0.4
    peak = int((speed * together).argmax())
    window = middle[max(0, peak - 8) : peak + 8]
    return bool(speed[peak] > 2.5 and together[peak] and np.linalg.norm(np.ptp(window, axis=0)) > 0.6)


def dances(body: Body) -> bool:
    """Moves arms and legs nearly all the time, on its feet, and not just straight ahead."""
    busy = (body.motion > 0.6).mean() > 0.75 and body.hand_speed.mean() > 0.45
    ahead = abs(body.travelled(body.forward)) / max(body.travelled(body.speed), 0.1)
    return bool(busy) and _on_feet(body) and ahead < 0.7 and body.travelled(body.speed) > 0.3


def slashes(body: Body) -> bool:
    """Both hands together, or one hand very fast, sweep through an arc of 0.6 m or more."""
    middle = body.hands.mean(axis=1)
    speed = np.linalg.norm(np.gradient(middle, axis=0), axis=-1) * FPS * (body.apart < 0.4)
    sweeps = [(middle, speed, 1.4)] + [(body.hands[:, s], body.hand_speed[:, s], 3.5) for s in SIDES]
    for path, fast, least in sweeps:
        peak = int(fast.argmax())
        arc = np.ptp(path[max(0, peak - 8) : peak + 8], axis=0)
        if fast[peak] > least and np.linalg.norm(arc) > 0.6:
            return True
    return False
