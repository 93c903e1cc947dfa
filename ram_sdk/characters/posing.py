"""A motion's rotations on the bones of a character, whatever pose and axes the character rests in.

Every turn here is in the *body's axes* (left, up, forward), on a rest pose of the character that is bent to
the T-pose of the motion: limbs by the smallest turn that lays them along it, feet about the vertical, hands
with the palm down; the trunk stays. A character thus points its limbs where the motion points them, and
turns its trunk, collar bones, neck, head and feet as the motion does, from where they are at rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from ram_sdk.characters.hands import hand_frame, swing_one
from ram_sdk.characters.rig import SIDES, Array, Rig
from ram_sdk.geometry import matrix_to_quaternion, quaternion_to_matrix, slerp
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, forward_kinematics

_DOWN = np.array((0.0, -1.0, 0.0))
_LEFT = np.array((1.0, 0.0, 0.0))
_SPINE = (0, 3, 6, 9)  # pelvis to chest


@dataclass(frozen=True)
class Placed:
    """The nodes of a rig in every frame.

    Attributes:
        places: `(frames, nodes, 3)` in the file's unit and axes.
        turns: `(frames, nodes, 3, 3)` rotations in the world.
    """

    places: Array
    turns: Array


def turns_of(rig: Rig, pose: PoseSequence) -> dict[int, Array]:
    """How far nodes are turned from rest `(frames, 3, 3)`, in the body's axes; the others are carried."""
    source = forward_kinematics(pose.rotations.double(), pose.root.double(), pose.offsets.double())[1].numpy()
    rest = bent_to_t_pose(rig)
    turns = {
        joint: source[:, HUMANML3D.index(role)] @ rest.get(role, np.eye(3))
        for role, joint in rig.roles.joints.items()
    }
    turns[rig.body] = source[:, 0]
    trunk = rig.roles.trunk
    for number, joint in enumerate(trunk, start=1):
        if joint != rig.body:
            turns[joint] = _along_spine(source, number / len(trunk))
    return turns


def bent_to_t_pose(rig: Rig) -> dict[str, Array]:
    """The turn `(3, 3)` of each joint of the limbs from rest to the T-pose, in the body's axes."""
    turns: dict[str, Array] = {}
    for side in SIDES:
        out = _LEFT if side == "left" else -_LEFT
        for parts, goal in ((("hip", "knee", "ankle"), _DOWN), (("shoulder", "elbow", "wrist"), out)):
            carried = np.eye(3)
            for upper, lower in pairwise(parts):
                bone = _bone(rig, f"{side}_{upper}", f"{side}_{lower}")
                if bone is not None:
                    carried = swing_one(carried @ bone, goal) @ carried
                turns[f"{side}_{upper}"] = carried
            turns[f"{side}_{parts[-1]}"] = carried
        turns[f"{side}_wrist"] = _flat_hand(rig, side, turns[f"{side}_wrist"], out)
        turns[f"{side}_ankle"] = turns[f"{side}_foot"] = _straight_foot(rig, side)
    return turns


def place(rig: Rig, turns: Mapping[int, Array], moves: Mapping[int, Array]) -> Placed:
    """Forward kinematics of a rig.

    Args:
        rig: of the character.
        turns: see `turns_of`; other nodes keep their place on their parent.
        moves: `(frames, 3)` where nodes are in the world, in the file's unit; the others keep their length.
    """
    frames = len(next(iter(turns.values())))
    places = np.empty((frames, len(rig.names), 3))
    world = np.empty((frames, len(rig.names), 3, 3))
    for node, parent in enumerate(rig.parents):
        if node in moves:
            places[:, node] = moves[node]
        elif parent < 0:
            places[:, node] = rig.translations[node]
        else:
            places[:, node] = places[:, parent] + rig.sizes[parent] * (
                world[:, parent] @ rig.translations[node]
            )
        if node in turns:
            at_rest = rig.body_frame.T @ rig.rest_turns[node]
            world[:, node] = rig.world_frame @ turns[node] @ at_rest
        else:
            world[:, node] = rig.rotations[node] if parent < 0 else world[:, parent] @ rig.rotations[node]
    return Placed(places, world)


def between(a: Array, b: Array, share: Array) -> Array:
    """Rotations `(frames, 3, 3)` between two, `share` 0 to 1."""
    first, second = (matrix_to_quaternion(torch.from_numpy(np.ascontiguousarray(m))) for m in (a, b))
    return np.asarray(quaternion_to_matrix(slerp(first, second, torch.from_numpy(share))).numpy())


def _along_spine(source: Array, fraction: float) -> Array:
    """How far the trunk is turned at a part of the way from the pelvis (0) to the chest (1)."""
    place = fraction * (len(_SPINE) - 1)
    below = min(int(place + 1e-9), len(_SPINE) - 2)
    share = np.full(len(source), place - below)
    return between(source[:, _SPINE[below]], source[:, _SPINE[below + 1]], share)


def _bone(rig: Rig, upper: str, lower: str) -> Array | None:
    if lower not in rig.roles.joints:
        return None
    bone = rig.body_frame.T @ (rig.place(lower) - rig.place(upper))
    return np.asarray(bone / max(float(np.linalg.norm(bone)), 1e-12))


def _straight_foot(rig: Rig, side: str) -> Array:
    """The turn about the vertical that points a foot forward; it stays as steep as it stands at rest."""
    foot = _bone(rig, f"{side}_ankle", f"{side}_foot")
    if foot is None or np.hypot(foot[0], foot[2]) < 0.1:
        return np.eye(3)
    return about_up(np.array(-np.arctan2(foot[0], foot[2])))


def _flat_hand(rig: Rig, side: str, carried: Array, out: Array) -> Array:
    """A hand in line with its arm, with the palm down."""
    frame = hand_frame(rig, side)
    if frame is None:
        return carried
    hand = carried @ rig.body_frame.T @ frame
    laid = swing_one(hand[:, 0], out) @ hand
    palm = laid[:, 1]
    angle = np.arctan2(np.cross(palm, _DOWN) @ out, palm @ _DOWN)
    c, s = np.cos(angle), np.sin(angle) * out[0]
    roll = np.array(((1.0, 0.0, 0.0), (0.0, c, -s), (0.0, s, c)))
    return np.asarray(roll @ swing_one(hand[:, 0], out) @ carried)


def about_up(angle: Array) -> Array:
    """Rotations `(..., 3, 3)` about the vertical, radians."""
    c, s, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    rows = (c, zero, s, zero, one, zero, -s, zero, c)
    return np.stack(rows, axis=-1).reshape(*np.shape(angle), 3, 3)
