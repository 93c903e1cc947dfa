"""GLB files of rigs: the one to send, and the animation of the returned one."""

import json
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mathutils import Matrix, Quaternion, Vector

_Y_UP = Matrix(((1, 0, 0, 0), (0, 0, 1, 0), (0, -1, 0, 0), (0, 0, 0, 1)))  # from Blender's axes to glTF's
_WIDTH = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
_FLOAT = 5126
_JSON, _BINARY = 0x4E4F534A, 0x004E4942


def at_origin(content: bytes) -> bytes:
    """The file of a rig without its armature's location and rotation, so that it moves relative to them."""
    document, binary = _parts(content)
    _, armature = _joints(document)
    if armature is not None:
        for name in ("translation", "rotation"):
            document["nodes"][armature].pop(name, None)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary))
    return (
        head + struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(binary), _BINARY) + binary
    )


def _parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary part of a file."""
    length = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def _joints(document: dict[str, Any]) -> tuple[set[int], int | None]:
    """The nodes that are bones, and the parent of the root bones."""
    joints = {joint for skin in document["skins"] for joint in skin["joints"]}
    parents = _parents(document)
    return joints, next(parents.get(joint) for joint in joints if parents.get(joint) not in joints)


def _parents(document: dict[str, Any]) -> dict[int, int]:
    return {
        child: index for index, node in enumerate(document["nodes"]) for child in node.get("children", [])
    }


@dataclass(frozen=True)
class _Track:
    times: Sequence[float]
    values: list[tuple[float, ...]]

    def at(self, time: float) -> tuple[tuple[float, ...], tuple[float, ...], float]:
        """The keys before and after a time, and its relative position between them."""
        after = min(bisect_right(self.times, time), len(self.times) - 1)
        before = max(after - 1, 0)
        span = self.times[after] - self.times[before]
        part = min(max((time - self.times[before]) / span, 0.0), 1.0) if span else 0.0
        return self.values[before], self.values[after], part


class GlbAnimation:
    """Bones of a skinned body and their animation.

    Attributes:
        animated: names of the bones that have keys themselves, or whose armature has.
        duration: seconds from the first key to the last.
    """

    def __init__(self, content: bytes) -> None:
        """Read a file.

        Raises:
            ValueError: it is not a GLB file with an animated skin.
        """
        try:
            self._read(content)
        except (LookupError, TypeError, struct.error) as error:
            raise ValueError(f"the server's file cannot be read: {error!r}") from error

    def _read(self, content: bytes) -> None:
        self._document, self._binary = _parts(content)
        self._parents = _parents(self._document)
        joints, armature = _joints(self._document)
        self._bones = {self._document["nodes"][joint]["name"]: joint for joint in joints}
        animation = self._document["animations"][0]
        self._tracks: dict[tuple[int, str], _Track] = {}
        for channel in animation["channels"]:
            sampler, target = animation["samplers"][channel["sampler"]], channel["target"]
            times = [time for (time,) in self._values(sampler["input"])]
            self._tracks[target["node"], target["path"]] = _Track(times, self._values(sampler["output"]))
        self.duration = max(track.times[-1] for track in self._tracks.values())
        moving = {node for node, _ in self._tracks}
        all_move = not moving <= joints
        self.animated = [
            name
            for name, joint in self._bones.items()
            if joint in moving or (all_move and self._parents.get(joint) not in joints)
        ]
        at_rest = self._world(None)
        around = Matrix() if armature is None else at_rest[armature]
        self._to_armature = _Y_UP.inverted() @ around.inverted()
        self._rests = {joint: (self._to_armature @ at_rest[joint]).inverted() for joint in joints}

    def moves(self, time: float) -> dict[str, Matrix]:
        """The transform of each bone from rest to a time, by name, in the armature's axes."""
        world = self._world(time)
        return {
            name: self._to_armature @ world[joint] @ self._rests[joint] for name, joint in self._bones.items()
        }

    def _world(self, time: float | None) -> dict[int, Matrix]:
        """World matrices of the bones and their ancestors at a time; None: at rest."""
        found: dict[int, Matrix] = {}
        for joint in self._bones.values():
            self._place(joint, time, found)
        return found

    def _place(self, node: int, time: float | None, found: dict[int, Matrix]) -> Matrix:
        if node not in found:
            own = self._local(node, time)
            parent = self._parents.get(node)
            found[node] = own if parent is None else self._place(parent, time, found) @ own
        return found[node]

    def _local(self, index: int, time: float | None) -> Matrix:
        node = self._document["nodes"][index]
        if "matrix" in node:
            rows = Matrix([node["matrix"][row : row + 4] for row in range(0, 16, 4)])
            place, turn, scale = rows.transposed().decompose()
        else:
            place = Vector(node.get("translation", (0, 0, 0)))
            turn = _quaternion(node.get("rotation", (0, 0, 0, 1)))
            scale = Vector(node.get("scale", (1, 1, 1)))
        if time is not None and (track := self._tracks.get((index, "translation"))):
            before, after, part = track.at(time)
            place = Vector(before).lerp(Vector(after), part)
        if time is not None and (track := self._tracks.get((index, "rotation"))):
            before, after, part = track.at(time)
            turn = _quaternion(before).slerp(_quaternion(after), part)
        return Matrix.LocRotScale(place, turn, scale)

    def _values(self, accessor: int) -> list[tuple[float, ...]]:
        one = self._document["accessors"][accessor]
        if one["componentType"] != _FLOAT:
            raise ValueError("the server's file has an animation whose values are not floats")
        width = _WIDTH[one["type"]]
        start = self._document["bufferViews"][one["bufferView"]].get("byteOffset", 0) + one.get(
            "byteOffset", 0
        )
        return list(struct.iter_unpack(f"<{width}f", self._binary[start : start + 4 * width * one["count"]]))


def _quaternion(xyzw: Sequence[float]) -> Quaternion:
    x, y, z, w = xyzw
    return Quaternion((w, x, y, z))
