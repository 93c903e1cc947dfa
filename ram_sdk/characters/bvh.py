"""Characters in `.bvh` files: their skeleton, onto which another motion is written."""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ram_sdk.characters.character import Animation, Character, soles_of
from ram_sdk.characters.hands import find_fingers
from ram_sdk.characters.people import choose_person
from ram_sdk.characters.rig import SIDES, Array, Rig, body_stands, not_standing, world_at_rest
from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.geometry import matrix_to_euler
from ram_sdk.skeleton.pose import least_jumping
from ram_sdk.skeleton.tree import JointTree

SUFFIXES = (".bvh",)
_AXES = "XYZ"
_ROOT = re.compile(r"^\s*ROOT\b", re.IGNORECASE | re.MULTILINE)
_GROUND = """ROOT root
{
\tOFFSET 0.000000 0.000000 0.000000
\tCHANNELS 3 Xposition Yposition Zposition
"""


@dataclass(frozen=True)
class BvhCharacter(Character):
    """A skeleton of a BVH file.

    Attributes:
        channels: of each joint, as (axis, whether it turns about it).
        hierarchy: the text that describes the skeleton.
    """

    channels: tuple[tuple[tuple[int, bool], ...], ...]
    hierarchy: str

    @property
    def carrier(self) -> int:
        """The nearest joint at or above the body whose position can be written."""
        for joint in (self.rig.body, *self.rig.above(self.rig.body)):
            if sum(not turns for _, turns in self.channels[joint]) == len(_AXES):
                return joint
        raise ValueError(
            f"no joint at or above {self.rig.names[self.rig.body]!r} has position channels: it cannot travel"
        )

    def with_ground_bone(self) -> tuple["BvhCharacter", int]:
        """The character with a joint "root" on the floor, above all others of the first skeleton."""
        pieces = _ROOT.split(self.hierarchy)
        if len(pieces) != 2:
            raise ValueError("it has several roots: a ground-level root goes above a single one")
        head, rest = pieces
        rig = self.rig

        def more(values: Array, row: Array) -> Array:
            return np.concatenate((row[None], values))

        roles = dataclasses.replace(
            rig.roles,
            joints={role: joint + 1 for role, joint in rig.roles.joints.items()},
            trunk=tuple(joint + 1 for joint in rig.roles.trunk),
        )
        larger = Rig(
            ("root", *rig.names), (-1, *(parent + 1 for parent in rig.parents)),
            more(rig.translations, np.zeros(3)), more(rig.rotations, np.eye(3)),
            more(rig.scales, np.ones(3)), roles, more(rig.rest, np.zeros(3)), more(rig.rest_turns, np.eye(3)),
            {key: tuple(joint + 1 for joint in joints) for key, joints in rig.fingers.items()},
        )  # fmt: skip
        left, right = (
            dataclasses.replace(sole, nodes=tuple(node + 1 for node in sole.nodes)) for sole in self.soles
        )
        channels = (tuple((axis, False) for axis in range(3)), *self.channels)
        hierarchy = f"{head.rstrip()}\n{_GROUND}JOINT{rest.rstrip()}\n}}\n"
        changed = dataclasses.replace(
            self, rig=larger, soles=(left, right), channels=channels, hierarchy=hierarchy
        )
        return changed, 0

    def to_bytes(self, animation: Animation) -> bytes:
        """The skeleton as it was, with the animation as its motion."""
        columns = [self._columns(joint, animation) for joint in range(len(self.rig.names))]
        rows = np.concatenate([column for column in columns if column.shape[1]], axis=1)
        lines = [
            "MOTION",
            f"Frames: {animation.frames}",
            f"Frame Time: {1 / animation.fps:.8f}",
            *(" ".join(f"{value:.5f}" for value in row) for row in rows.tolist()),
        ]
        return (self.hierarchy.rstrip() + "\n" + "\n".join(lines) + "\n").encode()

    def _columns(self, joint: int, animation: Animation) -> Array:
        """The numbers of one joint `(frames, channels)`."""
        channels = self.channels[joint]
        out = np.zeros((animation.frames, len(channels)))
        moved = animation.moves.get(joint, self.rig.translations[joint][None])
        turned = animation.turns.get(joint, self.rig.rotations[joint][None])
        order = "".join(_AXES[axis] for axis, turns in channels if turns)
        angles = np.broadcast_to(_angles(turned, order), (animation.frames, len(order)))
        angle = 0
        for number, (axis, turns) in enumerate(channels):
            if turns:
                out[:, number] = angles[:, angle]
                angle += 1
            else:
                out[:, number] = moved[:, axis]
        return out


def read(path: Path, options: ReadOptions) -> BvhCharacter:
    """Read the skeleton of a file.

    Raises:
        ValueError: the file is damaged, or holds no body that can be posed.
    """
    bvh = read_bvh(path, options.fps, options.longest)
    translations, rotations = np.median(bvh.translations, axis=0), np.tile(np.eye(3), (len(bvh.names), 1, 1))
    scales = np.ones_like(translations)
    tree = JointTree(bvh.names, bvh.parents, bvh.rest_positions())
    roles, notes = choose_person(tree, range(len(bvh.names)), options, {})
    places, turns = world_at_rest(bvh.parents, translations, rotations, scales)
    if not body_stands(roles, places):
        positions, world = bvh.world_transforms()
        places, turns = positions[0], world[0]  # many files begin with the pose in which they stand
        if not body_stands(roles, places):
            raise ValueError(not_standing(bvh.names, roles))
    wrists = {side: roles.joints[f"{side}_wrist"] for side in SIDES if f"{side}_wrist" in roles.joints}
    fingers = find_fingers(bvh.names, bvh.parents, wrists)
    rig = Rig(bvh.names, bvh.parents, translations, rotations, scales, roles, places, turns, fingers)
    return BvhCharacter(rig, soles_of(rig), SUFFIXES, bvh.channels, bvh.hierarchy, notes=notes)


def _angles(turns: Array, order: str) -> Array:
    """Euler angles `(frames, len(order))` in degrees that jump as little as they can between frames."""
    if len(order) != len(_AXES) or set(order) != set(_AXES):
        return np.zeros((len(turns), len(order)))  # a joint with fewer channels stays as it is
    angles = least_jumping(matrix_to_euler(torch.from_numpy(np.ascontiguousarray(turns)), order).numpy())
    return np.asarray(np.degrees(angles))
