"""Nodes and skinned vertices of a GLB file in every frame, computed from its bytes.

Independent of `ram_sdk.characters`: full 4x4 matrices down the node tree, as glTF 2.0 specifies.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_TYPES: dict[int, Any] = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def parse(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and the binary part of a file."""
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def numbers(document: dict[str, Any], binary: bytes, index: int) -> Array:
    """An accessor's values, `(count, width)`."""
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    kind, width = np.dtype(_TYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride", kind.itemsize * width)
    shape, strides = (accessor["count"], width), (stride, kind.itemsize)
    array = np.ndarray(shape, kind, binary, start, strides)
    return array / int(np.iinfo(str(kind)).max) if accessor.get("normalized") else array


class GlbReader:
    """A file and its first animation."""

    def __init__(self, path: Path) -> None:
        self.document, self.binary = parse(path.read_bytes())
        self.nodes = self.document["nodes"]
        self.names = [node.get("name", "") for node in self.nodes]
        self.parents = {c: p for p, node in enumerate(self.nodes) for c in node.get("children", [])}

    def array(self, index: int) -> Array:
        """See `numbers`."""
        return numbers(self.document, self.binary, index)

    def worlds(self, animated: bool = True) -> Array:
        """World matrices `(frames, nodes, 4, 4)`."""
        tracks: dict[tuple[int, str], Array] = {}
        frames = 1
        if animated:
            animation = self.document["animations"][0]
            for channel in animation["channels"]:
                target, sampler = channel["target"], animation["samplers"][channel["sampler"]]
                tracks[target["node"], target["path"]] = self.array(sampler["output"]).astype(np.float64)
            frames = max(len(track) for track in tracks.values())
        local = np.stack([self._local(node, tracks, frames) for node in range(len(self.nodes))], axis=1)
        world: dict[int, Array] = {}

        def of(node: int) -> Array:
            if node not in world:
                above = self.parents.get(node)
                world[node] = local[:, node] if above is None else of(above) @ local[:, node]
            return world[node]

        return np.stack([of(node) for node in range(len(self.nodes))], axis=1)

    def _local(self, node: int, tracks: dict[tuple[int, str], Array], frames: int) -> Array:
        own = self.nodes[node]
        matrix = np.tile(np.eye(4), (frames, 1, 1))
        if "matrix" in own:
            matrix[:] = np.array(own["matrix"]).reshape(4, 4).T
            return matrix
        t = tracks.get((node, "translation"), np.array([own.get("translation", (0, 0, 0))], float))
        x, y, z, w = tracks.get((node, "rotation"), np.array([own.get("rotation", (0, 0, 0, 1))], float)).T
        rows = (
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        )  # fmt: skip
        turn = np.stack(rows, axis=-1).reshape(-1, 3, 3)
        matrix[:, :3, :3] = turn * np.array(own.get("scale", (1.0, 1.0, 1.0)))
        matrix[:, :3, 3] = t
        return matrix

    def places(self, names: list[str], animated: bool = True) -> Array:
        """Positions of nodes, `(frames, names, 3)`."""
        return self.worlds(animated)[..., :3, 3][:, [self.names.index(name) for name in names]]

    def vertices(self, animated: bool = True) -> tuple[Array, Array]:
        """Skinned vertices `(frames, vertices, 3)`, and the joint node with the largest weight for each."""
        worlds = self.worlds(animated)
        parts, owners = [], []
        for node in self.nodes:
            if "skin" not in node or "mesh" not in node:
                continue
            skin = self.document["skins"][node["skin"]]
            joints = np.array(skin["joints"])
            bind = self.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).mT[: len(joints)]
            for primitive in self.document["meshes"][node["mesh"]]["primitives"]:
                arrays = (primitive["attributes"][name] for name in ("POSITION", "JOINTS_0", "WEIGHTS_0"))
                position, bones, weights = map(self.array, arrays)
                matrices = worlds[:, joints] @ bind
                mixed = np.einsum("vk,fvkij->fvij", weights, matrices[:, bones])
                at = np.einsum("fvij,vj->fvi", mixed[..., :3, :3], position) + mixed[..., :3, 3]
                parts.append(at)
                owners.append(joints[np.take_along_axis(bones, weights.argmax(1)[:, None], 1)[:, 0]])
        return np.concatenate(parts, axis=1), np.concatenate(owners)
