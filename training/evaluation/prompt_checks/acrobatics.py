"""Checks of jumps, exercises and acrobatics."""

import numpy as np

from training.evaluation.prompt_checks.body import FPS, Body, smooth
from training.evaluation.prompt_checks.locomotion import RUN_SPEED
from training.evaluation.prompt_checks.posture import begins, dips, ends
from training.open_data.signals import runs


def jumps(body: Body) -> list[slice]:
    """Flight phases of both feet, with takeoff and landing, and with the pelvis rising and falling."""
    height = body.joints[:, 0, 1]
    found = []
    for flight in body.flights:
        around = slice(max(0, flight.start - 6), flight.stop + 6)
        peak = height[flight].max()
        rises = peak > 0.95 and peak - height[around.start : flight.start + 1].min() > 0.08
        falls = peak - height[flight.stop - 1 : around.stop].min() > 0.08
        lift = float(body.lift[flight].min(axis=1).max())
        leaps = lift > 0.15 or body.speed[flight].mean() < RUN_SPEED
        upright = body.trunk[flight].max() < 75
        if rises and falls and leaps and upright and flight.stop - flight.start <= FPS:
            found.append(flight)
    return found


def jump_count(body: Body) -> int:
    """Jumps."""
    return len(jumps(body))


def jumps_once_or_more(body: Body) -> bool:
    """Takes off with both feet, rises, and lands on its feet."""
    return jump_count(body) >= 1 and ends(body.pelvis[:, 1] > 0.55)


def jumps_forward(body: Body) -> bool:
    """Lands at least 0.4 m in front of the takeoff."""
    return any(
        body.travelled(body.forward[max(0, j.start - 3) : j.stop + 3]) > 0.4 for j in jumps(body)
    ) and ends(body.pelvis[:, 1] > 0.55)


def _hop_count(body: Body) -> int:
    """Number of flight phases during which the same foot is held up."""
    apart = body.lift[:, 0] - body.lift[:, 1]
    hops = {-1: 0, 1: 0}
    for flight in body.flights:
        around = apart[max(0, flight.start - 4) : flight.stop + 4]
        sign = int(np.sign(np.median(around)))
        if sign and (sign * around > 0.05).mean() > 0.8:
            hops[sign] += 1
    return max(hops.values())


def hops(body: Body) -> bool:
    """Hops on one leg two or more times, with the other foot held up."""
    return _hop_count(body) >= 2


def push_up_count(body: Body) -> int:
    """Push-ups: the chest goes down and up with straight legs while the hands stay on the floor."""
    prone = (body.pelvis[:, 1] < 0.6) & (body.trunk > 50) & (body.height("wrist").max(axis=1) < 0.25)
    if prone.mean() < 0.5:
        return 0
    chest = smooth(body.height("neck"), 0.1)[prone]
    middle = (np.percentile(chest, 95) + np.percentile(chest, 5)) / 2
    return dips(chest, middle - 0.05, middle + 0.05)


def does_push_ups(body: Body) -> bool:
    """Does one or more push-ups."""
    return push_up_count(body) >= 1


def rolls(body: Body) -> bool:
    """Rolls over: the head goes below the hips, on the floor or in the air, and up again."""
    over = (body.height("neck") < body.joints[:, 0, 1] - 0.05) & (body.trunk > 90)
    upright = body.trunk < 60
    if not over.any():
        return False
    first, last = np.flatnonzero(over)[[0, -1]]
    return bool(upright[: first + 1].any() and upright[last:].any())


def cartwheels(body: Body) -> bool:
    """Both feet go above the hips while a hand is near the floor, and down again."""
    over = (body.feet[:, :, 1].min(axis=1) > 0.05) & (body.height("wrist").min(axis=1) < 0.35)
    return bool(over.any()) and begins(body.standing) and ends((body.pelvis[:, 1] > 0.6) & (body.trunk < 60))


def jumping_jack_count(body: Body) -> int:
    """Number of times that both arms go above the head as the feet move apart, and down again."""
    up = body.above_shoulder.min(axis=1)
    spread = np.abs(body.feet[:, 0, 0] - body.feet[:, 1, 0])
    count = 0
    for run in runs(up > 0.1):
        wide = spread[run].max() - min(spread[: run.start + 1].min(), spread[run.stop - 1 :].min())
        down_before = run.start > 0 and up[: run.start].min() < -0.2
        count += bool(wide > 0.2 and down_before and (run.stop == len(body) or up[run.stop :].min() < -0.2))
    return count


def does_jumping_jacks(body: Body) -> bool:
    """Does two or more jumping jacks."""
    return jumping_jack_count(body) >= 2
