"""A stick person to pose: whole synthetic actions for the tests of the prompt checks.

Joints are `(frames, 22, 3)`, metres, Y up, facing +Z, 20 fps; bones may stretch a little.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FPS = 20
LEFT, RIGHT = 0, 1
KNEE, ANKLE, FOOT = (4, 5), (7, 8), (10, 11)
SHOULDER, ELBOW, WRIST = (16, 17), (18, 19), (20, 21)
TRUNK = (3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)  # all that is above the pelvis
LEGS = (4, 5, 7, 8, 10, 11)

_STANDING = np.array(
    [
        [0, 0.93, 0], [0.06, 0.85, 0], [-0.06, 0.85, 0], [0, 1.05, 0],  # pelvis, hips, spine1
        [0.08, 0.47, 0.02], [-0.08, 0.47, 0.02], [0, 1.18, 0],  # knees, spine2
        [0.08, 0.08, 0], [-0.08, 0.08, 0], [0, 1.24, 0],  # ankles, spine3
        [0.08, 0.02, 0.13], [-0.08, 0.02, 0.13], [0, 1.44, 0],  # feet, neck
        [0.07, 1.36, 0], [-0.07, 1.36, 0], [0, 1.55, 0.03],  # collars, head
        [0.18, 1.40, 0], [-0.18, 1.40, 0], [0.2, 1.14, 0], [-0.2, 1.14, 0],  # shoulders, elbows
        [0.22, 0.88, 0.02], [-0.22, 0.88, 0.02],  # wrists
    ]
)  # fmt: skip


def stand(seconds: float = 2.0) -> Array:
    """Upright, arms hanging."""
    return np.repeat(_STANDING[None], int(seconds * FPS), axis=0)


def ramp(frames: int, start: float = 0.2, stop: float = 0.8) -> Array:
    """From 0 to 1, smoothly, between two parts of the clip."""
    t = np.clip((np.linspace(0, 1, frames) - start) / (stop - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def bump(frames: int) -> Array:
    """From 0 to 1 and back to 0."""
    return ramp(frames, 0.1, 0.5) - ramp(frames, 0.5, 0.9)


def mirror(joints: Array) -> Array:
    """Left and right swapped."""
    order = [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20]
    return joints[:, order] * [-1, 1, 1]


def move(joints: Array, joint: int, to: Sequence[float], amount: Array) -> None:
    """Blend one joint from where it is to a place of the body."""
    joints[:, joint] += amount[:, None] * (np.asarray(to) - joints[:, joint])


def tilt(joints: Array, which: Sequence[int], pivot: Array, degrees: Array) -> None:
    """Turn joints about the left-right axis through a pivot, to the front for positive angles."""
    angle = np.radians(degrees)[:, None]
    away = joints[:, list(which)] - pivot
    y, z = away[..., 1].copy(), away[..., 2].copy()
    away[..., 1], away[..., 2] = y * np.cos(angle) - z * np.sin(angle), y * np.sin(angle) + z * np.cos(angle)
    joints[:, list(which)] = pivot + away


def walk(
    seconds: float = 4.0,
    speed: float = 1.2,
    turn: float = 0.0,
    body: Array | None = None,
    path: Callable[[Array], Array] | None = None,
) -> Array:
    """Along a path with planted feet: at a speed, turning left by so many degrees a second.

    Args:
        body: the posture to carry along, standing if None.
        path: yaw in degrees at each second, instead of `turn`.
    """
    time = np.arange(int(seconds * FPS)) / FPS
    dense = np.arange(-1, seconds + 1, 0.01)
    yaw_at = path or (lambda t: turn * t)
    direction = np.radians(yaw_at(dense))
    xs, zs = (np.cumsum(np.full(len(dense), speed * 0.01) * f(direction)) for f in (np.sin, np.cos))

    def root(t: Array) -> tuple[Array, Array, Array]:
        return np.interp(t, dense, xs), np.interp(t, dense, zs), np.radians(yaw_at(np.asarray(t)))

    joints = (stand(seconds) if body is None else body).copy()
    for side in (LEFT, RIGHT):
        plants = np.arange(-1.0 + 0.5 * side, seconds + 1.0, 1.0)
        step, part = np.divmod(time - plants[0], 1.0)
        swing = np.clip((part - 0.3) / 0.4, 0, 1)
        stands = plants[0] + step + swing
        x, z, yaw = root(stands)
        joints[:, ANKLE[side], 1] += 0.1 * np.sin(np.pi * swing)
        joints[:, FOOT[side], 1] += 0.08 * np.sin(np.pi * swing)
        for joint in (ANKLE[side], FOOT[side]):
            joints[:, joint] = _placed(joints[:, [joint]], x, z, yaw)[:, 0]
    x, z, yaw = root(time)
    others = [j for j in range(22) if j not in (*ANKLE, *FOOT)]
    joints[:, others] = _placed(joints[:, others], x, z, yaw)
    return joints


def _placed(joints: Array, x: Array, z: Array, yaw: Array) -> Array:
    sin, cos = np.sin(yaw)[:, None], np.cos(yaw)[:, None]
    across, up, ahead = joints[..., 0], joints[..., 1], joints[..., 2]
    return np.stack(
        [x[:, None] + across * cos + ahead * sin, up, z[:, None] - across * sin + ahead * cos], axis=-1
    )


def turned(joints: Array, degrees: Array) -> Array:
    """On the spot, to the left for positive angles."""
    zero = np.zeros(len(joints))
    return _placed(joints, zero, zero, np.radians(degrees))


def wave(side: int = RIGHT, seconds: float = 3.0, sweeps: float = 4, body: Array | None = None) -> Array:
    """One hand goes up and sweeps from side to side."""
    joints = stand(seconds) if body is None else body.copy()
    sign = 1 if side == LEFT else -1
    up = ramp(len(joints), 0, 0.25)
    swing = 0.15 * np.sin(2 * np.pi * sweeps * np.clip(np.linspace(-0.25, 1, len(joints)), 0, 1))
    lift = joints[:, 0] - _STANDING[0]
    target = np.stack([sign * 0.35 + swing, np.full(len(joints), 1.6), np.full(len(joints), 0.15)], axis=-1)
    joints[:, WRIST[side]] += up[:, None] * (target + lift - joints[:, WRIST[side]])
    joints[:, ELBOW[side]] += up[:, None] * (
        np.array([sign * 0.35, 1.3, 0.08]) + lift - joints[:, ELBOW[side]]
    )
    return joints


def raise_hand(side: int = RIGHT, seconds: float = 2.5, body: Array | None = None) -> Array:
    """One hand goes up above the head and stays."""
    joints = stand(seconds) if body is None else body.copy()
    sign = 1 if side == LEFT else -1
    up = ramp(len(joints), 0.1, 0.5)
    move(joints, WRIST[side], (sign * 0.25, 1.9, 0.05), up)
    move(joints, ELBOW[side], (sign * 0.22, 1.65, 0.03), up)
    return joints


def clap(times: int = 4, seconds: float = 3.0, body: Array | None = None) -> Array:
    """Hands meet and part before the chest."""
    joints = stand(seconds) if body is None else body.copy()
    lift = joints[:, 0] - _STANDING[0]
    apart = 0.14 + 0.11 * np.cos(2 * np.pi * times * np.linspace(0, 1, len(joints)))
    for side, sign in ((LEFT, 1), (RIGHT, -1)):
        joints[:, WRIST[side]] = np.array([0, 1.2, 0.35]) + lift
        joints[:, WRIST[side], 0] += sign * apart
        joints[:, ELBOW[side]] = np.array([sign * 0.25, 1.12, 0.12]) + lift
    return joints


def jump(times: int = 1, height: float = 0.35, ahead: float = 0.0, seconds: float = 2.0) -> Array:
    """Crouches, takes off, lands and stands, so many times."""
    one = stand(seconds)
    t = np.linspace(0, seconds, len(one))
    dip = -0.2 * (np.exp(-(((t - 0.6) / 0.15) ** 2)) + np.exp(-(((t - 1.4) / 0.15) ** 2)))
    air = np.clip((t - 0.75) / 0.5, 0, 1)
    for joint in range(22):
        one[:, joint, 1] += height * 4 * air * (1 - air) + (dip if joint not in (*ANKLE, *FOOT) else 0)
        one[:, joint, 2] += ahead * air
    return np.concatenate([one + np.array([0, 0, ahead * i]) for i in range(times)])


def sit_down(seconds: float = 3.0) -> Array:
    """From standing to a chair behind."""
    joints = stand(seconds)
    down = ramp(len(joints), 0.2, 0.7)
    joints[:, [j for j in range(22) if j not in LEGS]] += down[:, None, None] * np.array([0, -0.42, -0.4])
    for side, sign in ((LEFT, 1), (RIGHT, -1)):
        move(joints, KNEE[side], (sign * 0.1, 0.48, 0.05), down)
    return joints


def squat(times: int = 1, seconds: float = 2.0) -> Array:
    """Deep knee bends over planted feet."""
    one = stand(seconds)
    down = bump(len(one))
    one[:, [j for j in range(22) if j not in LEGS]] += down[:, None, None] * np.array([0, -0.45, -0.12])
    one[:, list(KNEE), 2] += 0.3 * down[:, None]
    return np.concatenate([one] * times)


def bend(degrees: float, seconds: float = 2.5, times: int = 1) -> Array:
    """The trunk bends forward from the hips, and comes up again."""
    one = stand(seconds)
    tilt(one, TRUNK, one[:, :1], degrees * bump(len(one)))
    return np.concatenate([one] * times)


def pick_up(seconds: float = 3.0) -> Array:
    """Bends over, a hand goes down to the floor, and up again."""
    joints = bend(75, seconds)
    move(joints, WRIST[RIGHT], (-0.15, 0.2, 0.45), bump(len(joints)))
    return joints


def lie_down(seconds: float = 3.0) -> Array:
    """Goes over backward until the body is flat on the floor."""
    joints = stand(seconds)
    tilt(joints, range(22), np.zeros((len(joints), 1, 3)), -88 * ramp(len(joints)))
    joints[..., 1] += 0.1 * ramp(len(joints))[:, None]
    return joints


def kneel_down(seconds: float = 2.5) -> Array:
    """Sinks onto both knees, trunk up."""
    joints = stand(seconds)
    down = ramp(len(joints))
    joints[:, [j for j in range(22) if j not in LEGS]] += down[:, None, None] * np.array([0, -0.42, 0])
    for side, sign in ((LEFT, 1), (RIGHT, -1)):
        move(joints, KNEE[side], (sign * 0.08, 0.07, 0.0), down)
        move(joints, ANKLE[side], (sign * 0.08, 0.1, -0.4), down)
        move(joints, FOOT[side], (sign * 0.08, 0.02, -0.5), down)
    return joints


def crawl(seconds: float = 4.0, speed: float = 0.4) -> Array:
    """On hands and knees, going ahead."""
    joints = kneel_down(2.0)[-1:].repeat(int(seconds * FPS), axis=0)
    tilt(joints, TRUNK, joints[:, :1], np.full(len(joints), 80.0))
    for side, sign in ((LEFT, 1), (RIGHT, -1)):
        move(joints, WRIST[side], (sign * 0.18, 0.08, 0.5), np.ones(len(joints)))
    joints[..., 2] += (speed * np.arange(len(joints)) / FPS)[:, None]
    return joints


def kick(side: int = RIGHT, height: float = 0.85, seconds: float = 1.6) -> Array:
    """One foot swings up in front and comes down."""
    joints = stand(seconds)
    sign = 1 if side == LEFT else -1
    t = np.linspace(0, seconds, len(joints))
    up = np.exp(-(((t - seconds / 2) / 0.16) ** 2))
    move(joints, KNEE[side], (sign * 0.08, 0.8, 0.4), up)
    move(joints, ANKLE[side], (sign * 0.08, height, 0.75), up)
    move(joints, FOOT[side], (sign * 0.08, height + 0.1, 0.8), up)
    return joints


def punch(side: int = RIGHT, times: int = 1, seconds: float = 1.2) -> Array:
    """A fist shoots out from a guard, and comes back."""
    one = stand(seconds)
    for s, sign in ((LEFT, 1), (RIGHT, -1)):
        one[:, WRIST[s]] = (sign * 0.12, 1.35, 0.2)
        one[:, ELBOW[s]] = (sign * 0.22, 1.15, 0.05)
    sign = 1 if side == LEFT else -1
    out = np.exp(-(((np.linspace(0, seconds, len(one)) - seconds / 2) / 0.12) ** 2))
    move(one, WRIST[side], (sign * 0.1, 1.38, 0.53), out)
    return np.concatenate([one] * times)
