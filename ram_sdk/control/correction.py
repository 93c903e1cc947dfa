"""The smoothest displacement of a motion that brings it to its targets, in world space and in closed form.

Its parts, from the whole body to single joints: the heading turns and takes the path with it, the root shifts
over the floor, planted feet stay planted, and the remaining error at the pinned frames is added to the
joints, fading over about 0.4 s. Each is the minimum over frames of

    sum_t w_t (d_t - e_t)^2 + hold d_t^2 + tension (d_t+1 - d_t)^2 + stiffness (d_t+2 - 2 d_t+1 + d_t)^2

a smoothing spline, where e_t is the error and w_t its weight: a large number for what must be exact, 1 for
the path, which the root follows except for the sway of its steps.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ram_sdk.control.bodyframe import (
    GROUND,
    HIPS,
    SHOULDERS,
    Array,
    across,
    gaussian,
    pelvis_facing,
    steady_angle,
    steady_facing,
    turn,
    wrap,
)
from ram_sdk.control.route import Route
from ram_sdk.control.targets import Targets
from ram_sdk.skeleton.feet import place_feet
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.placing import facing

Lead = Literal["there", "back", "nowhere"]
"""How the root is led: along its route, with the body turned to it; back to where it must be, if a stop's
facing turned its way; or nowhere, so that it only stands still at its stops, wherever they are."""

_EXACT = 1e7
_AT_STOP = 1000.0  # a stop is held to a few millimetres
_DRAWN = 50.0  # likewise where a pinned joint draws the body away from it, which would be a jump
_STIFFNESS = 800.0  # frames^4 at 20 fps: a way is followed up to about 0.6 Hz
_TENSION = 8.0  # frames^2: straight on between pins more than about a second apart
_FADE_STIFFNESS = 625.0  # frames^4: a joint's displacement fades over about 0.4 s
_SPREAD = 0.5  # how fast a joint's displacement fades from bone to bone
_PACE = 0.3  # seconds; standard deviation of the mean that takes single steps out of a velocity
_MOVING = 0.4  # metres a second from which on a direction of travel counts in full
_REACH = 0.97  # of a stretched limb

_STANDING = 1000.0  # how much the velocity of a standing foot counts against where the body takes it
_SLOW = 0.5  # metres a second at which a foot half stands
_EVEN = 10.0  # frames^4: feet swing evenly from one place to the next
_ANKLES, _TOES = (list(pair) for pair in zip(HUMANML3D.left_foot, HUMANML3D.right_foot, strict=True))

_LIMBS = {20: 16, 21: 17, 18: 16, 19: 17, 7: 1, 8: 2, 10: 1, 11: 2, 4: 1, 5: 2, 15: 0}
"""Joints that can be pinned, and the joint that carries their limb."""


def correct(joints: Array, heading: Array, targets: Targets, *, lead: Lead = "there") -> tuple[Array, Array]:
    """Bring a motion to its targets.

    Args:
        joints: `(frames, 22, 3)` metres, anywhere.
        heading: `(frames,)` yaw of its frames of reference, radians.
        targets: as many frames.
        lead: how the root is led, see `Lead`.

    Returns:
        Joints and heading in the world of the targets.
    """
    route = targets.route if lead == "there" or (lead == "back" and targets.stops) else None
    places = None if route is None else route.places(_speed(joints, targets.fps))
    turned = _heading_displacement(joints, targets, places if lead == "there" else None)
    moved = _bend(joints, turned)
    moved = moved + _root_displacement(moved, targets, lead, places)[:, None]
    moved = _plant_feet(joints, moved, turned, targets.fps)
    return moved + _joint_displacement(moved, wanted(moved, targets)), heading + turned


def wanted(joints: Array, targets: Targets) -> Array:
    """Target positions `(frames, 22, 3)` of the joints, NaN where there is none.

    Those in the pelvis' frame of reference and the ends of a loop depend on where the motion is.
    """
    yaw = pelvis_facing(joints, targets.fps)[:, None]
    carried = turn(yaw, targets.local) + joints[:, :1]
    world = np.where(np.isfinite(targets.world), targets.world, carried)
    if targets.loop:
        ends = _loop_ends(np.where(np.isfinite(world), world, joints), world)
        frames = [0, 1, -2, -1]
        world[frames] = np.where(np.isfinite(world[frames]), world[frames], ends)
    return world


def _heading_displacement(joints: Array, targets: Targets, places: Array | None) -> Array:
    error, weight = np.zeros(len(joints)), np.zeros(len(joints))
    if targets.route is not None and places is not None:
        span = targets.route.span
        error[span], weight[span] = _travel_error(joints, targets.fps, targets.route, places)
    if targets.starts_at_origin:
        error[0], weight[0] = -facing(joints[0]), _EXACT
    for pair in (SHOULDERS, HIPS):
        pinned: NDArray[np.bool_] = np.all(np.isfinite(targets.world[:, pair, 0]), axis=-1)
        missing = across(targets.world, pair) - across(joints, pair)
        error[pinned] = steady_angle(missing, pinned, targets.fps)[pinned]
        weight[pinned] = _EXACT
    asked = np.isfinite(targets.heading)
    error[asked], weight[asked] = (targets.heading - facing(joints))[asked], _EXACT
    frames = np.flatnonzero(weight)
    if not len(frames):
        return np.zeros(len(joints))
    error[frames] = np.unwrap(wrap(error[frames]))
    return smoothest(error, weight, tension=_TENSION, stiffness=_STIFFNESS)


def _travel_error(joints: Array, fps: float, route: Route, places: Array) -> tuple[Array, Array]:
    """Angles still missing to the route's facing, and their weights, in the route's frames."""
    steady = steady_facing(joints, fps)
    if isinstance(route.facing, float | int):
        return np.radians(route.facing) - steady[route.span], np.ones(len(places))
    way = _velocity(places, fps)
    weight = np.clip(np.abs(way) / _MOVING, 0.0, 1.0)
    if route.facing == "along":
        return np.angle(way) - steady[route.span], weight
    own = _velocity(joints[route.span, 0][:, GROUND], fps)
    return np.angle(way * own.conj()), weight * np.clip(np.abs(own) / _MOVING, 0.0, 1.0)


def _velocity(places: Array, fps: float) -> NDArray[np.complex128]:
    """Velocities over the floor without single steps, as complex numbers whose angle is the yaw."""
    if len(places) < 2:
        return np.zeros(len(places), dtype=np.complex128)
    x, z = (gaussian(np.gradient(places[:, axis]) * fps, _PACE * fps) for axis in (0, 1))
    velocity: NDArray[np.complex128] = z + 1j * x
    return velocity


def _speed(joints: Array, fps: float) -> Array:
    return np.abs(_velocity(joints[:, 0][:, GROUND], fps))


def _bend(joints: Array, turned: Array) -> Array:
    """Turn each frame, and the way from it to the next with it."""
    ground = joints[:, 0] * (1.0, 0.0, 1.0)
    steps = turn(turned[:-1], np.diff(ground, axis=0))
    bent = np.concatenate([turn(turned[:1], ground[:1]), steps]).cumsum(axis=0)
    return np.asarray(turn(turned[:, None], joints - ground[:, None]) + bent[:, None])


def _root_displacement(joints: Array, targets: Targets, lead: Lead, places: Array | None) -> Array:
    root = joints[:, 0][:, GROUND]
    error, weight = np.zeros_like(root), np.zeros(len(root))
    if targets.route is not None and places is not None:
        span = targets.route.span
        error[span], weight[span] = places - root[span], 1.0
    if targets.starts_at_origin:
        error[0], weight[0] = -root[0], _EXACT
    excess = _beyond_reach(joints, targets.world)
    far, pinned = np.linalg.norm(excess, axis=-1) > 0, np.isfinite(targets.world[:, 0, 0])
    second = round(targets.fps)
    for stop in targets.stops:
        span = stop.span
        if lead == "nowhere":
            error[span], weight[span] = root[span].mean(axis=0) - root[span], 1.0
        else:
            drawn = (far | pinned)[max(0, span.start - second) : span.stop + second].any()
            error[span], weight[span] = stop.place - root[span], _DRAWN if drawn else _AT_STOP
    error[far], weight[far] = excess[far], _EXACT
    error[pinned], weight[pinned] = (targets.world[:, 0][:, GROUND] - root)[pinned], _EXACT
    shift = np.zeros_like(joints[:, 0])
    if weight.any():
        shift[:, GROUND] = smoothest(error, weight, tension=_TENSION, stiffness=_STIFFNESS)
    return shift


def _beyond_reach(joints: Array, world: Array) -> Array:
    """How far over the floor `(frames, 2)` the body must come for its limbs to reach their pins."""
    excess, count = np.zeros((len(joints), 2)), np.zeros(len(joints))
    for joint, base in _LIMBS.items():
        frames = np.flatnonzero(np.isfinite(world[:, joint, 0]) & ~np.isfinite(world[:, 0, 0]))
        gap = world[frames, joint] - joints[frames, base]
        distance = np.linalg.norm(gap, axis=-1)
        now = np.linalg.norm(joints[frames, joint] - joints[frames, base], axis=-1)
        reach = np.maximum(_REACH * _limb_length(joints[frames], joint, base), now)
        missing = np.maximum(distance - reach, 0.0)
        excess[frames] += gap[:, GROUND] * (missing / np.maximum(distance, 1e-9))[:, None]
        count[frames] += missing > 0
    return excess / np.maximum(count, 1)[:, None]


def _limb_length(joints: Array, joint: int, base: int) -> Array:
    length = np.zeros(len(joints))
    while joint != base:
        parent = HUMANML3D.parents[joint]
        length += np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1)
        joint = parent
    return length


def _plant_feet(before: Array, after: Array, turned: Array, fps: float) -> Array:
    """Keep feet planted that were planted before the body was moved; knees bend for it.

    Each foot's path over the floor is the least-squares compromise between where the body takes it and its
    own velocity from before, which counts the more the slower the foot was.
    """
    ankles, toes = after[:, _ANKLES].copy(), after[:, _TOES].copy()
    for side, pair in enumerate(zip(_ANKLES, _TOES, strict=True)):
        own, carried = (joints[:, pair].mean(axis=1) * (1.0, 0.0, 1.0) for joints in (before, after))
        velocity = turn(turned[:-1], np.diff(own, axis=0))
        slowest = np.linalg.norm(np.diff(before[:, pair], axis=0), axis=-1).min(axis=-1) * fps
        standing = _STANDING / (1.0 + (slowest / _SLOW) ** 4)
        shift = smoothest_path(velocity - np.diff(carried, axis=0), standing)
        ankles[:, side] += shift
        toes[:, side] += shift
    return place_feet(after, ankles, toes)


def smoothest_path(steps: Array, weight: Array) -> Array:
    """Small and even displacements `(frames, 3)` whose steps `(frames - 1, 3)` are met by weight."""
    frames = len(weight) + 1
    first, second = np.diff(np.eye(frames), axis=0), np.diff(np.eye(frames), n=2, axis=0)
    matrix = np.eye(frames) + first.T @ (weight[:, None] * first) + _EVEN * second.T @ second
    right = first.T @ (weight[:, None] * steps)
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _joint_displacement(joints: Array, places: Array) -> Array:
    error = places - joints
    pinned = np.isfinite(error[..., 0])
    frames = pinned.any(axis=-1)
    if not frames.any():
        return np.zeros_like(joints)
    error[~pinned] = 0.0
    error = _carry(error, pinned)
    flat = smoothest(
        error.reshape(len(joints), -1),
        np.where(frames, _EXACT, 0.0),
        hold=1.0,
        tension=0.0,
        stiffness=_FADE_STIFFNESS,
    )
    return flat.reshape(joints.shape)


def _carry(error: Array, pinned: NDArray[np.bool_]) -> Array:
    """Take the joints that are not pinned along: with the pelvis, and less and less from bone to bone."""
    out = error.copy()
    for pattern in np.unique(pinned, axis=0):
        fixed, loose = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        if not len(fixed) or not len(loose):
            continue
        frames = np.flatnonzero((pinned == pattern).all(axis=-1))
        base = error[frames, :1] if pattern[0] else np.zeros((len(frames), 1, 3))
        spread = np.linalg.solve(
            _LAPLACIAN[np.ix_(loose, loose)] + _SPREAD * np.eye(len(loose)), -_LAPLACIAN[np.ix_(loose, fixed)]
        )
        out[np.ix_(frames, loose)] = base + spread @ (error[np.ix_(frames, fixed)] - base)
    return out


def _loop_ends(joints: Array, world: Array) -> Array:
    """Where frames 0, 1, -2 and -1 of a loop have to be: the ends' mean pose and mean velocity."""
    first, last = facing(joints[0]), facing(joints[-1])
    origin, goal = joints[0, 0] * (1, 0, 1), joints[-1, 0] * (1, 0, 1)
    start, end = turn(-first, joints[:2] - origin), turn(-last, joints[-2:] - goal)
    pose = 0.5 * (start[0] + end[1])
    if np.isfinite(world[0]).all():
        pose = start[0]
    elif np.isfinite(world[-1]).all():
        pose = end[1]
    step = 0.5 * (start[1] - start[0] + end[1] - end[0])
    return np.concatenate(
        [
            turn(first, np.stack([pose, pose + step])) + origin,
            turn(last, np.stack([pose - step, pose])) + goal,
        ]
    )


def smoothest(error: Array, weight: Array, *, tension: float, stiffness: float, hold: float = 0.0) -> Array:
    """The smoothing spline of the module's head, for `(frames,)` or `(frames, n)` errors at once."""
    frames = len(error)
    first = np.diff(np.eye(frames), axis=0)
    second = np.diff(np.eye(frames), n=2, axis=0)
    matrix = np.diag(weight + hold) + tension * first.T @ first + stiffness * second.T @ second
    weighted = (weight * error.T).T
    solution = np.linalg.solve(matrix + 1e-9 * np.eye(frames), weighted)
    return np.asarray(solution, dtype=np.float64)


def _tree_laplacian() -> Array:
    laplacian = np.zeros((HUMANML3D.num_joints,) * 2)
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        laplacian[[joint, parent], [joint, parent]] += 1.0
        laplacian[[joint, parent], [parent, joint]] -= 1.0
    return laplacian


_LAPLACIAN = _tree_laplacian()
