"""Whether what is pinned at one time, or at both ends of a loop, can be met by one body."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ram_sdk.control.bodyframe import (
    FACING_JOINTS,
    HIPS,
    LOWER,
    SAME,
    SHOULDERS,
    UPPER,
    Array,
    across,
    turn,
    wrap,
)
from ram_sdk.control.constraints import Stop
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.placing import facing

STRETCH = 1.05  # of the bones between two joints: how far apart they may be pinned
_SAME_FACING = 15.0  # degrees that a pinned body may face beside a stop
_TWIST = 45.0  # degrees that hips or shoulders alone may: the others turn the other way

Names = NDArray[np.object_]
"""The kind of constraint that pins a joint, `(frames, 22)`."""


def check_reach(world: Array, by: Names, names: Sequence[str], fps: float) -> None:
    """Check that two joints pinned at one time are no farther apart than the bones between them are long.

    Joints of a given motion have its own bones, whose lengths jitter in a generated one.

    Args:
        world: `(frames, 22, 3)` pinned positions, metres; NaN elsewhere.
        by: what pins them.
        names: of the joints.
        fps: frames a second.

    Raises:
        ValueError: two joints are farther apart.
    """
    for frame in np.flatnonzero(np.isfinite(world[..., 0]).any(axis=-1)):
        joints = np.flatnonzero(np.isfinite(world[frame, :, 0]))
        if len(joints) == HUMANML3D.num_joints or len(joints) < 2:
            continue
        here = world[frame, joints]
        apart = np.linalg.norm(here[:, None] - here[None], axis=-1)
        excess = apart - STRETCH * BETWEEN[np.ix_(joints, joints)]
        given = by[frame, joints] != "Joints"
        excess[given[:, None] & given] = 0.0
        if excess.max() > SAME:
            one, other = divmod(int(excess.argmax()), len(joints))
            first, second = (names[joints[k]] for k in (one, other))
            raise ValueError(
                f"{first} and {second} are pinned {apart[one, other]:.2f} m apart at {frame / fps:g} s, the "
                f"body reaches {BETWEEN[joints[one], joints[other]]:.2f} m: move one of them"
            )


def check_upper(seen: Array, world: Array, by: Names, names: Sequence[str], fps: float) -> None:
    """Check that joints of a kept upper body are pinned at most where the pinned pelvis carries them.

    Args:
        seen: `(frames, 22, 3)` joints of motions whose upper body is kept, from the pelvis; NaN elsewhere.
        world: see `check_reach`.
        by: what pins them.
        names: of the joints.
        fps: frames a second.

    Raises:
        ValueError: a joint has two places.
    """
    both = np.isfinite(seen[..., 0]) & np.isfinite(world[..., 0])
    for frame in np.flatnonzero(both[:, UPPER].any(axis=-1)):
        joints = np.flatnonzero(both[frame])
        apart = np.full(len(names), -1.0)
        apart[joints] = _apart(seen[frame, joints], world[frame, joints] - world[frame, 0])
        apart[np.isnan(apart)] = np.inf  # the pelvis is free: nothing says that it carries them there
        apart[LOWER] = -1.0
        worst = int(apart.argmax())
        if apart[worst] > SAME:
            raise ValueError(
                f'{by[frame, worst]} and Keep(part="upper") both say where {names[worst]} is at '
                f"{frame / fps:g} s, and differ: take one of the two out, or that time out of what is kept"
            )


def check_ends(world: Array, seen: Array, by: Names, names: Sequence[str], fps: float) -> None:
    """Check that both ends of a loop can have one pose, wherever the body has travelled and turned.

    Args:
        world: see `check_reach`.
        seen: see `check_upper`.
        by: what pins the joints.
        names: of the joints.
        fps: frames a second.

    Raises:
        ValueError: the ends differ.
    """
    joints = np.flatnonzero(np.isfinite(world[[0, -1], :, 0]).all(axis=0))
    apart = np.zeros(len(names))
    if len(joints):
        first, last = (pose[joints] - pose[joints].mean(axis=0) * (1, 0, 1) for pose in world[[0, -1]])
        apart[joints] = _apart(first, last)
    kinds = by
    if np.isfinite(seen[[0, -1], 0, 0]).all() and apart.max() <= SAME:
        kinds = np.full_like(by, 'Keep(part="upper")')
        apart[UPPER] = _apart(seen[0, UPPER], seen[-1, UPPER])
    worst = int(apart.argmax())
    if apart[worst] > SAME:
        raise ValueError(
            f"Loop: the first and last pose, of {kinds[0, worst]} at 0 s and {kinds[-1, worst]} at "
            f"{len(world) / fps:g} s, have {names[worst]} {apart[worst]:.2f} m apart, wherever the body "
            "goes: pin only one of them"
        )


def check_standing(named: str, stop: Stop, world: Array, by: Names, span: slice, fps: float) -> None:
    """Check that bodies that are pinned during a stop face as it asks.

    Args:
        named: what the stop is called in messages.
        stop: at a place, perhaps facing somewhere.
        world: see `check_reach`.
        by: what pins the joints.
        span: the stop's frames.
        fps: frames a second.

    Raises:
        ValueError: one faces elsewhere.
    """
    if stop.facing is None:
        return
    bodies = world[span]
    for joints, yaw, limit in (
        (FACING_JOINTS, facing(bodies), _SAME_FACING),
        (HIPS, across(bodies, HIPS), _TWIST),
        (SHOULDERS, across(bodies, SHOULDERS), _TWIST),
    ):
        away = np.degrees(np.abs(wrap(yaw - np.radians(stop.facing))))
        if (away > limit).any():
            at = int(np.flatnonzero(away > limit)[0])
            kind = by[span.start + at, joints[0]]
            raise ValueError(
                f"{named}: the {kind} at {(span.start + at) / fps:g} s faces {away[at]:.0f} degrees away "
                "from that: take one of the two out"
            )


def _apart(one: Array, other: Array) -> Array:
    """Distances `(joints,)` of points from others, turned about the vertical as they fit best."""
    flat, goal = (points[:, 2] + 1j * points[:, 0] for points in (one, other))
    yaw = np.angle((flat.conj() * goal).sum())
    return np.asarray(np.linalg.norm(turn(np.full(len(one), yaw), one) - other, axis=-1))


def _between() -> Array:
    """`[j, k]`: length of the bones between two joints, metres."""
    lengths = (0.0, *UNIFORM_BONE_LENGTHS)
    up: list[dict[int, float]] = []
    for joint, parent in enumerate(HUMANML3D.parents):
        above = {k: d + lengths[joint] for k, d in up[parent].items()} if joint else {}
        up.append({joint: 0.0, **above})
    return np.array([[min(a[k] + b[k] for k in a.keys() & b.keys()) for b in up] for a in up])


BETWEEN = _between()
