"""Checks of walking, running, turning and paths."""

import numpy as np

from training.evaluation.prompt_checks.body import FPS, Body, longest, smooth

RUN_SPEED = 1.9  # metres a second
_STILL = 0.2  # maximum metres a second over the floor of a body that has stopped


def _upright(body: Body) -> bool:
    return bool(np.mean(body.pelvis[:, 1] > 0.65) > 0.9 and np.median(body.trunk) < 40)


def _goes(body: Body, metres: float) -> bool:
    """Travels far enough on foot, upright and with steps."""
    return body.travelled(body.speed) > metres and _upright(body) and len(body.steps) >= 2


def _mostly(body: Body, direction: float) -> bool:
    return direction > 0.6 * body.travelled(body.speed)


def walks(body: Body) -> bool:
    """Moves forward on foot by 0.8 m or more, without running."""
    return (
        _goes(body, 0.8)
        and _mostly(body, body.travelled(body.forward))
        and float(np.percentile(body.pace, 90)) < RUN_SPEED + 0.2
    )


def runs_forward(body: Body) -> bool:
    """Moves forward faster than 1.9 m/s for half a second or more."""
    fast = (body.pace > RUN_SPEED) & (body.forward > 0.6 * body.speed)
    return _goes(body, 1.2) and longest(fast) >= 0.5


def walks_back(body: Body) -> bool:
    """Moves backward by half a metre or more."""
    return _goes(body, 0.5) and _mostly(body, -body.travelled(body.forward))


def _sidesteps(body: Body, sign: int) -> bool:
    sideways = sign * body.travelled(body.left)
    return _goes(body, 0.4) and sideways > 0.4 and sideways > abs(body.travelled(body.forward))


def sidesteps_left(body: Body) -> bool:
    """Moves to its left by 0.4 m or more, and farther than forward or backward."""
    return _sidesteps(body, 1)


def sidesteps_right(body: Body) -> bool:
    """Moves to its right by 0.4 m or more, and farther than forward or backward."""
    return _sidesteps(body, -1)


def walks_straight(body: Body) -> bool:
    """Walks, with every point of the path near the line from start to end."""
    ground = body.pelvis[:, [0, 2]]
    way = ground[-1] - ground[0]
    length = float(np.linalg.norm(way))
    if not walks(body) or length < 0.8:
        return False
    off = np.abs(np.cross(np.append(way, 0), np.c_[ground - ground[0], np.zeros(len(body))])[:, 2]) / length
    return bool(off.max() < 0.12 * length + 0.05)


def stops(body: Body) -> bool:
    """Walks 0.8 m or more, and then stands still for half a second or more until the end."""
    last = max(4, int(0.5 * FPS))
    moving = np.flatnonzero(body.pace > _STILL + 0.1)
    if len(body) < 3 * last or not len(moving):
        return False
    still = bool(body.pace[-last:].max() < _STILL + 0.1 and body.standing[-last:].mean() > 0.8)
    return still and walks(body.window(0, max(4, int(moving[-1]) + 1)))


def starts(body: Body) -> bool:
    """Stands still for half a second or more, and then walks."""
    moving = np.flatnonzero(body.pace > _STILL + 0.1)
    if not len(moving) or moving[0] < 0.5 * FPS or len(body) - moving[0] < FPS:
        return False
    return walks(body.window(int(moving[0]), len(body)))


def stays(body: Body) -> bool:
    """Never farther than 0.6 m from its median position."""
    ground = body.pelvis[:, [0, 2]]
    return bool(np.linalg.norm(ground - np.median(ground, axis=0), axis=-1).max() < 0.6)


def walks_in_place(body: Body) -> bool:
    """Lifts the feet alternately, with four or more changes, in place."""
    lifts = smooth(body.joints[:, 7, 1] - body.joints[:, 8, 1], 0.05)
    swaps = np.count_nonzero(np.diff(np.sign(lifts[np.abs(lifts) > 0.05])))
    return stays(body) and _upright(body) and int(swaps) >= 4


def _turns_while_walking(body: Body, sign: int) -> bool:
    turned = sign * body.turned
    kept = turned[-1] > 40 and (sign * -body.turned).max() < 35
    return bool(kept) and _goes(body, 0.8) and _mostly(body, body.travelled(body.forward))


def turns_left(body: Body) -> bool:
    """Faces at least 40 degrees farther left at the end of a walk, and never far to the right."""
    return _turns_while_walking(body, 1)


def turns_right(body: Body) -> bool:
    """Faces at least 40 degrees farther right at the end of a walk, and never far to the left."""
    return _turns_while_walking(body, -1)


def turns_left_90(body: Body) -> bool:
    """Ends facing 55 to 130 degrees to the left of the start, upright."""
    return _upright(body) and bool(55 < body.turned[-1] < 130 and body.turned.min() > -35)


def turns_right_90(body: Body) -> bool:
    """Ends facing 55 to 130 degrees to the right of the start, upright."""
    return _upright(body) and bool(-130 < body.turned[-1] < -55 and body.turned.max() < 35)


def turns_around(body: Body) -> bool:
    """Ends facing backward, 135 to 240 degrees from the start, upright."""
    return _upright(body) and bool(135 < abs(body.turned[-1]) < 240)


def spins(body: Body) -> bool:
    """Makes a full turn in place, 300 degrees or more in one direction."""
    return stays(body) and spin_count(body) >= 1


def spin_count(body: Body) -> int:
    """Number of full turns in one direction, from 300 degrees on."""
    return int((np.ptp(body.turned) + 60) // 360)


def _circles(body: Body, sign: int) -> bool:
    """Walks round to the same heading and near the same place, on a circle at least as wide as a step."""
    if not (_goes(body, 1.5) and _mostly(body, body.travelled(body.forward))):
        return False
    ground, turned = body.pelvis[:, [0, 2]], sign * body.turned
    way = np.concatenate(([0.0], np.cumsum(body.speed[1:] / FPS)))
    for start in range(0, len(body), 4):
        round_ = (turned[start:] - turned[start] > 290) & (way[start:] - way[start] > 1.5)
        gap = np.linalg.norm(ground[start:] - ground[start], axis=-1)
        wide = np.maximum.accumulate(gap)
        if bool((round_ & (gap < 0.25 * (way[start:] - way[start])) & (wide > 0.4)).any()):
            return True
    return False


def circles_left(body: Body) -> bool:
    """Walks a closed circle counterclockwise."""
    return _circles(body, 1)


def circles_right(body: Body) -> bool:
    """Walks a closed circle clockwise."""
    return _circles(body, -1)


def circles(body: Body) -> bool:
    """Walks a closed circle in either direction."""
    return _circles(body, 1) or _circles(body, -1)


def _bends(body: Body, degrees: float) -> list[float]:
    """Successive bends of the path in alternating directions, each of at least `degrees`."""
    path = np.unwrap(np.arctan2(body.velocity[:, 0], body.velocity[:, 2]))
    path = np.degrees(smooth(path, 0.3))[body.pace > 0.25]
    bends: list[float] = []
    start = extreme = path[0] if len(path) else 0.0
    for angle in path:
        if (angle - extreme) * (extreme - start) >= 0:
            extreme = angle
        elif abs(angle - extreme) > degrees:
            if abs(extreme - start) > degrees:
                bends.append(extreme - start)
            start, extreme = extreme, angle
    return [*bends, extreme - start] if abs(extreme - start) > degrees else bends


def snakes(body: Body) -> bool:
    """Walks a winding path that bends by 30 degrees or more one way and then the other."""
    return _goes(body, 1.5) and _mostly(body, body.travelled(body.forward)) and len(_bends(body, 30)) >= 2


def figure_eight(body: Body) -> bool:
    """Walks two loops, each of 200 degrees or more, one to each side."""
    bends = _bends(body, 60)
    both = any(b > 200 for b in bends) and any(b < -200 for b in bends)
    return _goes(body, 2.5) and both


def there_and_back(body: Body) -> bool:
    """Walks away 0.8 m or more, turns around and walks back near the start."""
    gap = np.linalg.norm(body.pelvis[:, [0, 2]] - body.pelvis[0, [0, 2]], axis=-1)
    far = int(gap.argmax())
    if gap[far] < 0.8 or not 10 <= far <= len(body) - 10:
        return False
    away, back = body.window(0, far), body.window(far, len(body))
    faces_back = abs(abs(np.degrees(np.median(back.heading) - np.median(away.heading))) - 180) < 70
    direct = away.travelled(away.speed) < 1.35 * gap[far]
    returns = direct and bool(gap[-1] < 0.5 * gap[far])
    return returns and faces_back and body.travelled(body.forward) > 0.6 * body.travelled(body.speed)


def walking_speed(body: Body) -> float:
    """Median speed over the floor in moving frames, metres a second."""
    moving = body.pace[body.pace > 0.25]
    return float(np.median(moving)) if len(moving) else 0.0


def turning_speed(body: Body) -> float:
    """Fastest turn over half a second, degrees a second."""
    return float(np.abs(np.gradient(body.turned)).max() * FPS)


def step_count(body: Body) -> int:
    """Number of steps of both feet."""
    return len(body.steps)
