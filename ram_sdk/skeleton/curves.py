"""Curves on the floor, parametrised by length."""

from dataclasses import dataclass

import numpy as np

from ram_sdk.skeleton.sequences import Array
from ram_sdk.skeleton.smoothing import gaussian

_STEP = 0.01  # metres between the points of a curve
_BEYOND = 2.0  # metres by which a curve is extended at either end
_ROUNDING = 0.3  # metres: deviation of the Gaussian that rounds the corners of a line of points
_SHORTEST, _LONGEST = 0.1, 10_000.0  # metres of a line of points


@dataclass(frozen=True)
class Path:
    """A curve that starts at the origin towards +Z, extended straight before its start and after its end.

    Attributes:
        at: `(points,)` metres along the curve.
        heading: `(points,)` radians, positive to the left.
        points: `(points, 2)` x and z, metres.
    """

    at: Array
    heading: Array
    points: Array

    def bend(self, along: Array, aside: Array) -> tuple[Array, Array]:
        """Where points of the straight line go: ground points `(..., 2)` and headings `(...)`.

        Args:
            along: metres from the start of the line.
            aside: metres to its left.
        """
        turned = np.interp(along, self.at, self.heading)
        x, z = (np.interp(along, self.at, self.points[:, k]) for k in (0, 1))
        return np.stack((x + aside * np.cos(turned), z - aside * np.sin(turned)), axis=-1), turned


def path(curvature: Array, length: float) -> Path:
    """The curve of curvatures (1/m, positive to the left) at evenly spaced places of a length in metres."""
    at = np.arange(-_BEYOND, length + _BEYOND, _STEP)
    places = np.linspace(0.0, length, len(curvature))
    k = np.where((at < 0) | (at > length), 0.0, np.interp(at, places, curvature))
    heading = np.cumsum(k) * _STEP
    heading -= np.interp(0.0, at, heading)
    points = np.stack((np.cumsum(np.sin(heading)), np.cumsum(np.cos(heading))), axis=-1) * _STEP
    points -= np.stack([np.interp(0.0, at, points[:, k]) for k in (0, 1)])
    return Path(at, heading, points)


def through(points: Array) -> Path:
    """The curve through points on the floor, its corners rounded.

    Args:
        points: `(points, 2)` x and z, metres, at least two.

    Raises:
        ValueError: another shape, numbers that are not finite, or a curve shorter than 0.1 m.
    """
    if points.ndim != 2 or points.shape[1:] != (2,) or len(points) < 2:
        raise ValueError(f"path of shape {points.shape}: expected (points >= 2, 2), x and z in metres")
    if not np.isfinite(points).all():
        raise ValueError("path holds NaN or infinite numbers")
    knots = _lengths(points)
    if not _SHORTEST <= knots[-1] <= _LONGEST:
        raise ValueError(f"path of {knots[-1]:.2g} m: expected {_SHORTEST:g} to {_LONGEST:g} m")
    at = np.arange(-_BEYOND, knots[-1] + _BEYOND, _STEP)
    inside = np.stack([np.interp(at, knots, points[:, k]) for k in (0, 1)], axis=-1)
    first, last = (
        points[i] - points[j]
        for i, j in ((np.flatnonzero(knots > 0)[0], 0), (-1, np.searchsorted(knots, knots[-1]) - 1))
    )
    inside += np.minimum(at, 0.0)[:, None] * first / np.linalg.norm(first)
    inside += np.maximum(at - knots[-1], 0.0)[:, None] * last / np.linalg.norm(last)
    smooth = gaussian(inside, _ROUNDING, 1 / _STEP)
    steps = np.gradient(smooth, axis=0)
    at = _lengths(smooth)
    start = at[np.argmin(np.linalg.norm(smooth - points[0], axis=-1)[: int(2 * _BEYOND / _STEP)])]
    return Path(at - start, np.unwrap(np.arctan2(steps[:, 0], steps[:, 1])), smooth)


def _lengths(points: Array) -> Array:
    """Metres along a line of points, from its start."""
    return np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=-1))))


def circle(length: float, side: int, rounds: float) -> Path:
    """`rounds` laps of a circle, to the left (`side` 1) or right (-1)."""
    return path(np.full(100, side * rounds * 2 * np.pi / length), length)


def s_curve(length: float, side: int, degrees: float) -> Path:
    """A bow to one side, then one to the other, each turning by so many degrees."""
    u = np.linspace(0, 1, 200)
    return path(side * np.radians(degrees) * np.pi / length * np.sin(2 * np.pi * u), length)


def figure_eight(length: float, side: int) -> Path:
    """A circle to one side, then one to the other."""
    u = np.linspace(0, 1, 400)
    return path(side * 4 * np.pi / length * np.where(u < 0.5, 1.0, -1.0), length)


def corner(length: float, side: int, degrees: float, radius: float, where: float) -> Path:
    """Straight, round a corner of some radius at a share of the way, and straight."""
    half = radius * np.radians(degrees) / 2 / length
    u = np.linspace(0, 1, 2000)
    return path(np.where(np.abs(u - where) < half, side / radius, 0.0), length)
