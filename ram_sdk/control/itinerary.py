"""The route of a motion from its Path, its stops and its pinned places, checked for what nobody can do."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ram_sdk.control.bodyframe import Array
from ram_sdk.control.constraints import Path, Stop
from ram_sdk.control.route import Route, corners, polyline

NEAR_PATH = 0.1  # metres that a pinned pelvis or a stop may lie beside the path
FASTEST_ROOT = 10.0  # metres a second: the best sprinters' mean
_TOLERANCE = 0.01  # metres

TimedStop = tuple[Stop, int, int]
"""A stop, its first and its last frame."""


def way(places: dict[int, Array], stops: Iterable[TimedStop], fps: float, *, from_origin: bool) -> Route:
    """Straight from one place to the next.

    Args:
        places: `(2,)` metres by frame, where the pelvis is pinned.
        stops: further places.
        fps: frames a second.
        from_origin: whether it starts there.

    Raises:
        ValueError: it is faster than people run.
    """
    if from_origin:
        places = {0: np.zeros(2)} | places
    places = places | {frame: stop.place for stop, *frames in stops for frame in frames}
    frames = sorted(places)
    points = np.stack([places[frame] for frame in frames])
    arc = corners(points)
    check_pace("the way to a Stop or pinned pelvis", frames, np.diff(arc), FASTEST_ROOT, fps)
    return Route(points, np.array(frames), arc, None)


def along(
    path: Path,
    times: Sequence[int],
    pins: Iterable[tuple[int, Array]],
    stops: Iterable[TimedStop],
    fps: float,
) -> Route:
    """Along a Path, which passes stops and pinned places when their time has come.

    Args:
        path: where it goes.
        times: the frame of each of its points, or of its ends.
        pins: frames in which the pelvis is pinned, and where, `(2,)` metres.
        stops: where it stands.
        fps: frames a second.

    Raises:
        ValueError: a place beside the Path or on it at another time, or a faster way than people run.
    """
    line, at_points = polyline(path.points, path.smooth)
    arc = corners(line)
    ends = arc[at_points] if path.times is not None else arc[[0, -1]]
    for frame, after in pairwise(times):
        if frame >= after:
            raise ValueError(
                f"Path.times: two of its points are reached in one frame, at {frame / fps:g} s: leave "
                f"{1 / fps:g} s or more between their times, or take one of the two out"
            )
    knots = dict(zip(times, map(float, ends), strict=True))
    route = Route(line, np.array(sorted(knots)), np.array([knots[f] for f in sorted(knots)]), path.facing)
    for frame, place in pins:
        if route.frames[0] <= frame <= route.frames[-1]:
            _check_beside("a pinned pelvis", frame, route.nearest(place)[1], fps)
    for stop, first, last in sorted(stops, key=lambda one: one[1]):
        if first <= route.frames[-1] and last >= route.frames[0]:
            _check_beside("a Stop", first, route.nearest(stop.place)[1], fps)
            knots[first] = knots[last] = _passage((stop, first, last), route, knots)
    frames = np.array(sorted(knots))
    along_path = np.maximum.accumulate([knots[frame] for frame in frames])
    check_pace("Path", frames, np.diff(along_path), FASTEST_ROOT, fps)
    return Route(line, frames, along_path, path.facing)


def check_pace(
    what: str, frames: Sequence[int] | NDArray[np.integer], way: Array, limit: float, fps: float
) -> None:
    """Raise ValueError where `way` metres between consecutive frames ask for more than `limit` m/s."""
    seconds = np.diff(frames) / fps
    for before, metres, span in zip(frames, way, seconds, strict=False):
        if metres > limit * span + _TOLERANCE:
            raise ValueError(
                f"{what}: {metres:.1f} m in {span:g} s from {before / fps:g} s on are "
                f"{metres / span:.0f} m/s, nobody is faster than {limit:g}: give it "
                f"{math.ceil(metres / limit * fps - 1e-6) / fps:g} s or a shorter way; if that is too "
                "long for one motion, make several and join them"
            )


def _check_beside(what: str, frame: int, aside: float, fps: float) -> None:
    if aside > NEAR_PATH:
        raise ValueError(
            f"{what} at {frame / fps:g} s lies {aside:.2f} m beside the Path: lead the Path "
            "through it or take one of the two out"
        )


def _passage(timed: TimedStop, route: Route, knots: dict[int, float]) -> float:
    """How far along its Path, metres, a stop is: where the Path passes it, the passage of its time.

    Args:
        timed: a stop on the route.
        route: the Path.
        knots: how far along it must be in frames, of the Path's own times and of earlier stops.

    Raises:
        ValueError: the Path passes the stop only at other times.
    """
    stop, first, last = timed
    frames = sorted(knots)
    least = max((knots[f] for f in frames if f <= last), default=0.0)
    most = min((knots[f] for f in frames if f >= first), default=np.inf)
    passages = route.passages(stop.place, NEAR_PATH)
    fitting = passages[(passages >= least - NEAR_PATH) & (passages <= most + NEAR_PATH)]
    if not len(fitting):
        low, high = sorted((least, most))
        raise ValueError(
            f"a Stop at {stop.time:g} s lies {passages[0]:.1f} m along the Path, which has to be "
            f"{low:.1f} to {high:.1f} m along then: change the time of the Stop, or the Path"
        )
    expected = np.interp((first + last) / 2, frames, [knots[f] for f in frames])
    low, high = sorted((least, most))
    return float(np.clip(fitting[np.abs(fitting - expected).argmin()], low, high))
