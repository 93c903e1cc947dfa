"""The rig of a character: a tree of nodes, how it stands at rest, and which nodes are which part of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ram_sdk.skeleton.mapping import place_joints
from ram_sdk.skeleton.roles import Roles
from ram_sdk.skeleton.upright import AXES, stands

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
SIDES = ("left", "right")

_TRUNK_UP = 0.85  # cosine between trunk and legs of a body that stands
_SNAP = np.cos(np.radians(15))  # of directions that are meant to be along an axis
_EVEN = 0.01  # difference between the scales of a node's axes that does not matter


@dataclass(frozen=True)
class Rig:
    """Nodes of a file in its own unit and axes; parents precede their children.

    Attributes:
        names: one per node.
        parents: index of each node's parent, -1 for a root.
        translations: `(nodes, 3)` place relative to the parent.
        rotations: `(nodes, 3, 3)` rotation relative to the parent.
        scales: `(nodes, 3)`.
        roles: which nodes are the joints of the body.
        rest: `(nodes, 3)` places in a pose in which the body stands.
        rest_turns: `(nodes, 3, 3)` world rotations in that pose.
        fingers: nodes of each finger that the file itself names, from the palm out, such as
            `("left", "index")`.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    translations: Array
    rotations: Array
    scales: Array
    roles: Roles
    rest: Array
    rest_turns: Array
    fingers: Mapping[tuple[str, str], tuple[int, ...]]

    @cached_property
    def sizes(self) -> Array:
        """How large a unit below each node is in the world `(nodes,)`, its own scale included."""
        return world_sizes(self.parents, self.scales)

    @cached_property
    def body(self) -> int:
        """The node that carries legs, trunk and arms."""
        joints = [self.roles.joints[f"{side}_{part}"] for side in SIDES for part in ("hip", "shoulder")]
        body = self.roles.joints["neck"]
        for joint in joints:
            body = self._common_ancestor(body, joint)
        return body

    def _common_ancestor(self, first: int, second: int) -> int:
        while first != second:
            first, second = min(first, second), self.parents[max(first, second)]
        return first

    def above(self, node: int) -> list[int]:
        """The ancestors of a node, nearest first."""
        way: list[int] = []
        while (node := self.parents[node]) >= 0:
            way.append(node)
        return way

    def below(self, node: int) -> list[int]:
        """A node and everything below it."""
        kept = {node}
        for index, parent in enumerate(self.parents):
            if parent in kept:
                kept.add(index)
        return sorted(kept)

    def place(self, role: str) -> Array:
        """Where a joint of the body is at rest."""
        return np.asarray(self.rest[self.roles.joints[role]])

    @cached_property
    def leg(self) -> float:
        """Length of thigh and shin, mean of both legs, in the file's unit."""
        bones = [
            self.place(f"{side}_{lower}") - self.place(f"{side}_{upper}")
            for side in SIDES
            for upper, lower in (("hip", "knee"), ("knee", "ankle"))
        ]
        return float(np.linalg.norm(bones, axis=1).sum()) / 2

    @cached_property
    def body_frame(self) -> Array:
        """Rotation `(3, 3)` from (left, up, forward) to the file's axes, of the body at rest."""
        sides = [_unit(self.place(f"{side}_hip") - self.place(f"{side}_ankle")) for side in SIDES]
        legs = sides[0] + sides[1]
        return _frame(_snapped(_unit(legs)), self._left())

    @cached_property
    def world_frame(self) -> Array:
        """Rotation `(3, 3)` from (left, up, forward) to the file's axes, of the world the body stands in."""
        up = max(AXES.values(), key=lambda axis: float(axis @ self.body_frame[:, 1]))
        return _frame(up, self._left())

    def _left(self) -> Array:
        hips, shoulders = (
            self.place(f"left_{joint}") - self.place(f"right_{joint}") for joint in ("hip", "shoulder")
        )
        return np.asarray(hips + shoulders)

    def check(self) -> "Rig":
        """This rig, if it can be posed.

        Raises:
            ValueError: a node above a joint is scaled unevenly or mirrored, so that what is below it shears.
        """
        for node in {above for joint in self.roles.joints.values() for above in [joint, *self.above(joint)]}:
            scale = self.scales[node]
            if not scale.min() > 0 or scale.max() > scale.min() * (1 + _EVEN):
                raise ValueError(
                    f"its node {self.names[node]!r} is scaled by {', '.join(f'{s:g}' for s in scale)}: "
                    "apply the scale to the mesh in the program that made the file"
                )
        return self


def world_sizes(parents: tuple[int, ...], scales: Array) -> Array:
    """How large a unit below each node is in the world `(nodes,)`."""
    sizes: Array = np.cbrt(scales.prod(axis=1))
    for node, parent in enumerate(parents):
        if parent >= 0:
            sizes[node] *= sizes[parent]
    return sizes


def world_at_rest(
    parents: tuple[int, ...], translations: Array, rotations: Array, scales: Array
) -> tuple[Array, Array]:
    """Places `(nodes, 3)` and world rotations `(nodes, 3, 3)` of nodes as they are."""
    places, turns, sizes = translations.copy(), rotations.copy(), world_sizes(parents, scales)
    for node, parent in enumerate(parents):
        if parent >= 0:
            places[node] = places[parent] + sizes[parent] * turns[parent] @ translations[node]
            turns[node] = turns[parent] @ rotations[node]
    return places, turns


def body_stands(roles: Roles, places: Array) -> bool:
    """Whether a body stands upright with straight legs in a pose `(nodes, 3)`."""
    joints = place_joints(roles, places[None]).positions[0]
    legs = _unit(joints[1] - joints[7]) + _unit(joints[2] - joints[8])
    return stands(joints) and float(_unit(joints[12] - joints[0]) @ _unit(legs)) > _TRUNK_UP


def not_standing(names: Sequence[str], roles: Roles) -> str:
    """The message for a body that stands in no pose of its file."""
    legs = ", ".join(repr(names[roles.joints[f"{side}_hip"]]) for side in SIDES)
    return (
        f"no body stands at rest on the legs that begin at {legs}: save the character in an A-pose or a "
        'T-pose, or name its joints with skeleton={"left_hip": "joint name", ...}'
    )


def _frame(up: Array, left: Array) -> Array:
    forward = _snapped(_unit(np.cross(left, up)))
    forward = _unit(forward - (forward @ up) * up)
    return np.stack((np.cross(up, forward), up, forward), axis=1)


def _snapped(direction: Array) -> Array:
    """The nearest axis, if it is near."""
    axis = max(AXES.values(), key=lambda one: float(one @ direction))
    return axis if float(axis @ direction) > _SNAP else direction


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
