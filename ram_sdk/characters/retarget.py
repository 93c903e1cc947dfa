"""A motion on a user's character: its file with the motion as an animation."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from ram_sdk.characters import planting
from ram_sdk.characters.character import Animation, Character
from ram_sdk.characters.hands import HandPose, finger_turns
from ram_sdk.characters.posing import Placed, place, turns_of
from ram_sdk.characters.rig import SIDES, Array, Flags, Rig
from ram_sdk.files import write_whole
from ram_sdk.formats.write_options import RootMotion, chosen
from ram_sdk.skeleton import feet
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence

_LEG = [HUMANML3D.index(f"{side}_{joint}") for side in SIDES for joint in ("knee", "ankle")]
_HIPS = [HUMANML3D.index(f"{side}_hip") for side in SIDES]
_MOST_POSES = 20_000_000  # frames times nodes, each of which takes some 170 bytes: 3.4 GB
_PASSES = 2  # in which the body is moved with its feet, and feet are lifted
_TOE = 0.3  # of the leg: how far in front of the ankle a foot without a toe joint turns


@dataclass(frozen=True)
class RetargetedMotion:
    """A motion on a character.

    Attributes:
        character: of the file, with its rig.
        animation: of its nodes.
        places: `(frames, nodes, 3)` of the rig's nodes, in the file's unit and axes.
    """

    character: Character
    animation: Animation
    places: Array

    @property
    def joints(self) -> dict[str, str]:
        """The character's joint for each role of the body that it has."""
        names = self.character.rig.names
        return {role: names[joint] for role, joint in self.character.rig.roles.joints.items()}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the character with its animation; the file appears whole or not at all.

        Args:
            path: ends as the character's file does; .glb and .vrm are one format. Folders are made.

        Raises:
            ValueError: another suffix.
            OSError: the place cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in self.character.suffixes:
            raise ValueError(
                f"cannot write {str(path)!r}: the character goes into {' or '.join(self.character.suffixes)}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, self.character.to_bytes(self.animation))
        return path


def retarget(
    character: Character,
    pose: PoseSequence,
    fps: float,
    name: str,
    root: RootMotion = "hips",
    hands: HandPose = "relaxed",
) -> RetargetedMotion:
    """Put a motion on a character.

    Args:
        character: what `load_character` gives.
        pose: the motion on the skeleton in T-pose that all motions share.
        fps: frames a second.
        name: of the animation.
        root: what carries the motion over the floor.
        hands: pose of the fingers, where there are any.

    Raises:
        ValueError: more frames than can be posed with so many nodes, or an option that is not allowed.
    """
    chosen("root", root, get_args(RootMotion))
    chosen("hands", hands, get_args(HandPose))
    most = _MOST_POSES // len(character.rig.names)
    if len(pose.joints) > most:
        raise ValueError(
            f"{len(pose.joints)} frames of a character of {len(character.rig.names)} nodes: at most {most}, "
            "cut the motion"
        )
    ground = None
    if root == "ground":
        character, ground = character.with_ground_bone()
    rig = character.rig
    size = rig.leg / _leg_of(pose)  # the file's unit for a metre of the motion
    turns = turns_of(rig, pose)
    joints = pose.joints.double().numpy()
    standing = feet.contacts(joints, fps)
    ankles = [rig.roles.joints[f"{side}_ankle"] for side in SIDES]
    toes = [rig.roles.joints.get(f"{side}_foot") for side in SIDES]
    for number, (ankle, toe) in enumerate(zip(ankles, toes, strict=True)):
        turns[ankle] = planting.flat_foot(turns[ankle], standing[:, 2 * number : 2 * number + 2], fps)
        if toe is not None:
            turns[toe] = turns[ankle]
    hips = joints[:, _HIPS].mean(axis=1)
    offset = _hips_offset(rig, turns)

    def legs_below(hips: Array) -> tuple[planting.Leg, planting.Leg]:
        return _legs(character, _placed(character, turns, hips, offset, size), standing, size)

    hips = hips * (1.0, 0.0, 1.0) * planting.stride(legs_below(hips), hips) + hips * (0.0, 1.0, 0.0)
    hips = hips - planting.floor_under(legs_below(hips)) * np.array((0.0, 1.0, 0.0))
    for leg, ankle, toe in zip(legs_below(hips), ankles, toes, strict=True):
        if toe is not None:
            turns[toe] = planting.flat_toes(turns[ankle], leg.toe)
    for _ in range(_PASSES):
        hips = hips + planting.body_shift(legs_below(hips), fps)
    for _ in range(_PASSES):
        for leg, ankle in zip(legs_below(hips), ankles, strict=True):
            turns[ankle] = planting.clear_the_floor(leg) @ turns[ankle]
    legs = legs_below(hips)
    goals = planting.ankle_goals(legs[0], fps), planting.ankle_goals(legs[1], fps)
    hips[:, 1] -= planting.hips_lower(legs, goals, fps)
    legs = legs_below(hips)
    for side, leg, goal in zip(SIDES, legs, goals, strict=True):
        thigh, shin = planting.bend(leg, goal)
        for joint, more in (("hip", thigh), ("knee", shin)):
            node = rig.roles.joints[f"{side}_{joint}"]
            turns[node] = more @ turns[node]
    if root == "in_place":
        hips = hips * (0.0, 1.0, 0.0)
    placed = _placed(character, turns, hips, offset, size, ground)
    animation = _animation(character, placed, turns, finger_turns(rig, hands), ground, fps, name)
    return RetargetedMotion(character, animation, placed.places)


def _leg_of(pose: PoseSequence) -> float:
    return float(pose.offsets[_LEG].double().norm(dim=-1).sum()) / 2


def _hips_offset(rig: Rig, turns: dict[int, Array]) -> Array:
    """From the node that carries the body to the middle of the hips, `(frames, 3)`, in the file's axes."""
    body = rig.body
    placed = place(rig, turns, {body: np.zeros((len(turns[body]), 3))})
    hips = [rig.roles.joints[f"{side}_hip"] for side in SIDES]
    return np.asarray(placed.places[:, hips].mean(axis=1))


def _placed(
    character: Character,
    turns: dict[int, Array],
    hips: Array,
    offset: Array,
    size: float,
    ground: int | None = None,
) -> Placed:
    """The rig with the middle of its hips at places `(frames, 3)` of the motion."""
    rig = character.rig
    to_file = size * rig.world_frame.T
    moves = {rig.body: hips @ to_file - offset}
    if character.carrier != rig.body:
        still = place(rig, turns, {character.carrier: np.zeros_like(hips)})
        moves = {character.carrier: moves[rig.body] - still.places[:, rig.body]}
    if ground is not None:
        at_rest = rig.rest[ground] @ rig.world_frame
        path = moves[character.carrier] @ rig.world_frame
        moves[ground] = (path * (1.0, 0.0, 1.0) + at_rest * (0.0, 1.0, 0.0)) @ rig.world_frame.T
    return place(rig, turns, moves)


def _legs(
    character: Character, placed: Placed, standing: Flags, size: float
) -> tuple[planting.Leg, planting.Leg]:
    """Both legs in the body's axes and at the motion's size."""
    rig = character.rig

    def seen(places: Array) -> Array:
        return places @ rig.world_frame / size

    legs = []
    for side, sole, flags in zip(SIDES, character.soles, (standing[:, :2], standing[:, 2:]), strict=True):
        hip, knee, ankle = (rig.roles.joints[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle"))
        nodes = list(sole.nodes)
        reach = sole.points * rig.sizes[nodes][:, None]
        points = placed.places[:, nodes] + np.einsum("fnij,nj->fni", placed.turns[:, nodes], reach)
        toe = rig.roles.joints.get(f"{side}_foot")
        ahead = placed.turns[:, ankle] @ rig.rest_turns[ankle].T @ rig.body_frame[:, 2]
        front = placed.places[:, ankle] + _TOE * rig.leg * ahead if toe is None else placed.places[:, toe]
        above, middle, below = (seen(placed.places[:, joint]) for joint in (hip, knee, ankle))
        legs.append(planting.Leg(above, middle, below, seen(front), seen(points), flags))
    return legs[0], legs[1]


def _animation(
    character: Character,
    placed: Placed,
    turns: dict[int, Array],
    fingers: dict[int, Array],
    ground: int | None,
    fps: float,
    name: str,
) -> Animation:
    """The animation of the nodes that move, relative to their parents."""
    rig = character.rig
    local: dict[int, Array] = {}
    for node in turns:
        parent = rig.parents[node]
        above = placed.turns[:, parent] if parent >= 0 else np.eye(3)[None]
        local[node] = above.mT @ placed.turns[:, node]
    local |= {node: turn[None] for node, turn in fingers.items() if node not in turns}
    moves: dict[int, Array] = {}
    for node in dict.fromkeys((character.carrier, *([] if ground is None else [ground]))):
        parent = rig.parents[node]
        moves[node] = placed.places[:, node]
        if parent >= 0:
            away = placed.places[:, node] - placed.places[:, parent]
            moves[node] = np.einsum("fji,fj->fi", placed.turns[:, parent], away) / rig.sizes[parent]
    return Animation(name, fps, len(placed.places), local, moves)
