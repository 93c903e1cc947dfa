"""Fingers: which nodes they are, and relaxed, flat and fist poses for them."""

import re
from collections.abc import Mapping
from typing import Literal

import numpy as np

from ram_sdk.characters.rig import SIDES, Array, Rig

HandPose = Literal["relaxed", "flat", "fist"]
Fingers = Mapping[tuple[str, str], tuple[int, ...]]

_FINGERS = {
    "thumb": "thumb",
    "index": "index",
    "middle": "middle",
    r"(?<!sp)(?<!st)(?<!ear)ring": "ring",  # no spring, string or earring
    "pinky": "pinky",
    "little": "pinky",
}
_IN_THE_PALM = re.compile(r"meta|palm|carpal", re.IGNORECASE)
_PHALANGES = 3

# Degrees that each phalanx is bent towards the palm, seen from the hand.
_BENDS: dict[str, tuple[float, float, float]] = {
    "flat": (0.0, 0.0, 0.0),
    "relaxed": (18.0, 42.0, 60.0),
    "fist": (75.0, 170.0, 235.0),
}
_MORE_PER_FINGER = {"index": 0.8, "middle": 1.0, "ring": 1.1, "pinky": 1.2}  # of relaxed fingers
# Where the phalanges of a thumb point: along the fingers, to the palm's side, towards the index finger.
_THUMBS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "flat": ((0.7, 0.15, 0.7), (0.8, 0.1, 0.6), (0.85, 0.1, 0.5)),
    "relaxed": ((0.75, 0.4, 0.5), (0.85, 0.4, 0.3), (0.9, 0.4, 0.15)),
    "fist": ((0.6, 0.6, 0.5), (0.6, 0.65, -0.2), (0.2, 0.3, -0.9)),
}


def find_fingers(names: tuple[str, ...], parents: tuple[int, ...], wrists: Mapping[str, int]) -> Fingers:
    """The phalanges of each finger below the wrists, from the palm out, without the bones in the palm."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for side, wrist in wrists.items():
        below = {wrist}
        for node, parent in enumerate(parents):
            if parent not in below:
                continue
            below.add(node)
            word = next((w for w in _FINGERS if re.search(w, names[node].casefold())), None)
            if word is None or (_IN_THE_PALM.search(names[node]) and word != "thumb"):
                continue
            key = side, _FINGERS[word]
            if len(found.get(key, ())) < _PHALANGES and (key not in found or parent == found[key][-1]):
                found[key] = (*found.get(key, ()), node)
    return found


def hand_frame(rig: Rig, side: str) -> Array | None:
    """A hand at rest: along the fingers, to the palm's side, towards the index finger, as columns.

    In the file's axes; None for hands without an index finger and another one.
    """
    bases = {finger: rig.rest[nodes[0]] for (of, finger), nodes in rig.fingers.items() if of == side}
    outer = next((bases[finger] for finger in ("pinky", "ring", "middle") if finger in bases), None)
    if "index" not in bases or outer is None or f"{side}_wrist" not in rig.roles.joints:
        return None
    along = _unit((bases["index"] + outer) / 2 - rig.place(f"{side}_wrist"))
    across = bases["index"] - outer
    across = _unit(across - (across @ along) * along)
    palm = np.cross(along, across) * (1.0 if side == "left" else -1.0)
    return np.stack((along, palm, across), axis=1)


def finger_turns(rig: Rig, pose: HandPose) -> dict[int, Array]:
    """Rotations `(3, 3)` of fingers relative to their parents."""
    turns: dict[int, Array] = {}
    for side in SIDES:
        frame = hand_frame(rig, side)
        if frame is None:
            continue
        for (of, finger), nodes in rig.fingers.items():
            if of == side:
                turns |= _finger(rig, nodes, _directions(rig, frame, finger, nodes, pose))
    return turns


def _directions(rig: Rig, frame: Array, finger: str, nodes: tuple[int, ...], pose: HandPose) -> list[Array]:
    """Where the phalanges of a finger should point, in the world at rest."""
    if finger == "thumb":
        return [_unit(frame @ np.array(way)) for way in _THUMBS[pose]]
    along, palm = frame[:, 0], frame[:, 1]
    bone = rig.rest[nodes[1]] - rig.rest[nodes[0]] if len(nodes) > 1 else along
    straight = _unit(bone - (bone @ palm) * palm) if bone @ along > 0 else along
    more = _MORE_PER_FINGER[finger] if pose == "relaxed" else 1.0
    angles = np.radians(_BENDS[pose]) * more
    return [np.cos(angle) * straight + np.sin(angle) * palm for angle in angles]


def _finger(rig: Rig, nodes: tuple[int, ...], directions: list[Array]) -> dict[int, Array]:
    """Rotations that make a finger's bones point as they should; the last bone continues the one before."""
    turns: dict[int, Array] = {}
    ends = [*nodes[1:], next((n for n, parent in enumerate(rig.parents) if parent == nodes[-1]), -1)]
    carried, bone = np.eye(3), directions[0]
    world = {rig.parents[nodes[0]]: rig.rest_turns[rig.parents[nodes[0]]]}
    for node, end, direction in zip(nodes, ends, directions, strict=False):
        between = rig.rest[end] - rig.rest[node] if end >= 0 else bone
        bone = _unit(between) if np.linalg.norm(between) > 1e-9 else bone
        carried = swing_one(carried @ bone, direction) @ carried
        world[node] = carried @ rig.rest_turns[node]
        turns[node] = world[rig.parents[node]].T @ world[node]
    return turns


def swing_one(u: Array, v: Array) -> Array:
    """The smallest rotation `(3, 3)` from one unit direction to another."""
    axis, cosine = np.cross(u, v), float(u @ v)
    if cosine < -1 + 1e-9:
        helper = np.eye(3)[int(np.abs(u).argmin())]
        half = _unit(np.cross(u, helper))
        return np.asarray(2 * np.outer(half, half) - np.eye(3))
    x, y, z = axis
    cross = np.array(((0.0, -z, y), (z, 0.0, -x), (-y, x, 0.0)))
    return np.asarray(np.eye(3) + cross + cross @ cross / (1 + cosine))


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12))
