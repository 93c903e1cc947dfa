"""The path of the root over the floor, walked at the motion's own pace between timed places."""

from dataclasses import dataclass

import numpy as np

from ram_sdk.control.bodyframe import Array
from ram_sdk.control.constraints import Facing

_EVEN = 0.25  # share of even speed in the pace, so that a way is also walked where the motion stands
_CURVE_STEPS = 20  # straight pieces between two points of a smooth path


@dataclass(frozen=True, eq=False)
class Route:
    """A line over the floor with the frames at which places on it are passed.

    Attributes:
        line: `(n, 2)` corners, x and z, metres.
        frames: `(k,)` ascending frames at which the root has a place on the line.
        arc: `(k,)` where that is, metres along the line.
        facing: see `Path.facing`.
    """

    line: Array
    frames: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    arc: Array
    facing: Facing

    @property
    def span(self) -> slice:
        """The frames that are on the way."""
        return slice(int(self.frames[0]), int(self.frames[-1]) + 1)

    def places(self, speed: Array) -> Array:
        """Where the root is in each frame of `span`: `(frames, 2)`.

        Args:
            speed: `(frames of the motion,)` its own; only its course between two timed places counts.
        """
        arc = np.empty(self.frames[-1] + 1 - self.frames[0])
        arc[0] = self.arc[0]
        pace = speed + _EVEN * speed.mean() + 1e-6
        for first, last, start, end in zip(
            self.frames[:-1], self.frames[1:], self.arc[:-1], self.arc[1:], strict=True
        ):
            way = pace[first:last].cumsum()
            piece = slice(first + 1 - self.frames[0], last + 1 - self.frames[0])
            arc[piece] = start + (end - start) * way / way[-1]
        return self.at(arc)

    def at(self, arc: Array) -> Array:
        """Places `(n, 2)` so many metres along the line."""
        return np.stack([np.interp(arc, corners(self.line), self.line[:, axis]) for axis in (0, 1)], axis=-1)

    def nearest(self, place: Array) -> tuple[float, float]:
        """Metres along the line to its point nearest to a place, and the distance between the two."""
        along, apart = self._passing(place)
        best = int(apart.argmin())
        return float(along[best]), float(apart[best])

    def passages(self, place: Array, within: float) -> Array:
        """Metres along the line `(n,)` to each point where it passes within so many metres of a place."""
        along, apart = self._passing(place)
        around = np.pad(apart, 1, constant_values=np.inf)
        passing = (apart <= within) & (apart <= around[:-2]) & (apart < around[2:])
        return along[passing]

    def _passing(self, place: Array) -> tuple[Array, Array]:
        """Of each piece of the line: metres along to its point nearest to a place, and their distance."""
        start, way = self.line[:-1], np.diff(self.line, axis=0)
        squared = np.maximum((way**2).sum(axis=-1), 1e-12)
        share = np.clip(((place - start) * way).sum(axis=-1) / squared, 0.0, 1.0)
        apart = np.linalg.norm(start + share[:, None] * way - place, axis=-1)
        return corners(self.line)[:-1] + share * np.sqrt(squared), apart


def corners(line: Array) -> Array:
    """Metres along a line `(n, 2)` to each of its corners."""
    return np.concatenate([[0.0], np.linalg.norm(np.diff(line, axis=0), axis=-1).cumsum()])


def polyline(points: Array, smooth: bool) -> tuple[Array, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """The line through points, straight or a Catmull-Rom curve, and the index of each point on it."""
    if not smooth:
        return points, np.arange(len(points))
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, end, after = (padded[k : len(padded) - 3 + k, None] for k in range(4))
    t = np.linspace(0.0, 1.0, _CURVE_STEPS, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    line = np.concatenate([curve.reshape(-1, 2), points[-1:]])
    return line, np.arange(len(points)) * _CURVE_STEPS
