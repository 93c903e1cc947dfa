"""A character in a file: its rig, its soles, and an animation to be added."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ram_sdk.characters.rig import SIDES, Array, Rig

_SOLE = 0.04  # of the leg: vertices that are at most so far above the lowest one belong to the sole
_DIRECTIONS = 12  # in which the outermost points of a sole are looked for
_HEEL, _TOES = 0.08, 0.2  # of the leg: how far a foot reaches behind the ankle and before it


@dataclass(frozen=True)
class Animation:
    """An animation of nodes.

    Attributes:
        name: of the animation.
        fps: frames a second.
        frames: number of frames.
        turns: `(frames or 1, 3, 3)` rotations of nodes relative to their parents.
        moves: `(frames, 3)` translations of nodes relative to their parents.
    """

    name: str
    fps: float
    frames: int
    turns: Mapping[int, Array]
    moves: Mapping[int, Array]


@dataclass(frozen=True)
class Sole:
    """Points of a foot that can touch the floor, each fixed to a node.

    Attributes:
        nodes: the node of each point.
        points: `(points, 3)` in the axes and the unit of that node.
    """

    nodes: tuple[int, ...]
    points: Array


@dataclass(frozen=True)
class Character(ABC):
    """A character of a file.

    Attributes:
        rig: its nodes.
        soles: of the left and the right foot.
        suffixes: of the files that it can be written to.
        notes: what was assumed about the file.
    """

    rig: Rig
    soles: tuple[Sole, Sole]
    suffixes: tuple[str, ...]
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def carrier(self) -> int:
        """The node that carries the body over the floor: `rig.body` or one above it."""

    @abstractmethod
    def with_ground_bone(self) -> tuple["Character", int]:
        """The character with a bone at ground level above the carrier, and that bone's node."""

    @abstractmethod
    def to_bytes(self, animation: Animation) -> bytes:
        """The file with the animation."""


def soles_of(rig: Rig, owners: Array | None = None, vertices: Array | None = None) -> tuple[Sole, Sole]:
    """The soles of both feet.

    Args:
        rig: of the character.
        owners: `(vertices,)` the node that moves each vertex most.
        vertices: `(vertices, 3)` in the world, at rest; without them joints at the height of the floor do.
    """
    left, right = (_sole(rig, side, owners, vertices) for side in SIDES)
    return left, right


def _sole(rig: Rig, side: str, owners: Array | None, vertices: Array | None) -> Sole:
    up, forward = rig.world_frame[:, 1], rig.world_frame[:, 2]
    ankle = rig.roles.joints[f"{side}_ankle"]
    foot = rig.below(ankle)
    if owners is not None and vertices is not None and (mine := np.isin(owners, foot)).any():
        points, nodes = vertices[mine], owners[mine].astype(int)
        heights = points @ up
        low = np.flatnonzero(heights < heights.min() + _SOLE * rig.leg)
        outermost = {int(low[0]), int(low[heights[low].argmin()])}
        angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
        for angle in angles:
            direction = np.cos(angle) * forward + np.sin(angle) * rig.world_frame[:, 0]
            outermost.add(int(low[(points[low] @ direction - heights[low]).argmax()]))
        chosen = sorted(outermost)
        return _attached(rig, [int(nodes[index]) for index in chosen], points[chosen])
    floor = _floor_of_joints(rig)
    toe = rig.roles.joints.get(f"{side}_foot", ankle)
    at = rig.rest[ankle]
    places = [
        at - _HEEL * rig.leg * forward,
        at + _TOES * rig.leg * forward if toe == ankle else rig.rest[toe],
    ]
    ends = [node for node in rig.below(toe) if node != toe]
    places += [rig.rest[node] for node in ends]
    level = [place + (floor - place @ up) * up for place in places]
    return _attached(rig, [ankle, ankle, *([toe] * len(ends))], np.array(level))


def _attached(rig: Rig, nodes: list[int], places: Array) -> Sole:
    local = np.einsum("nji,nj->ni", rig.rest_turns[nodes], places - rig.rest[nodes])
    return Sole(tuple(nodes), local / rig.sizes[nodes][:, None])


def _floor_of_joints(rig: Rig) -> float:
    """Height of the floor under a rig without a mesh: 0 if its feet are a little above that."""
    up = rig.world_frame[:, 1]
    lowest = min(float(rig.rest[node] @ up) for node in rig.below(rig.body))
    return 0.0 if 0 <= lowest < 0.2 * rig.leg else lowest
