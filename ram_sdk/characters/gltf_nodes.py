"""Nodes, skins and vertices of a GLB file."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ram_sdk.characters.rig import Array, world_at_rest, world_sizes
from ram_sdk.formats.glb_file import GlbFile
from ram_sdk.geometry import quaternion_to_matrix
from ram_sdk.skeleton.tree import JointTree

_MAX_NODES = 20_000
_MAX_BONES = 100_000  # of all skins together
_MAX_VERTICES = 5_000_000  # of all meshes together, each as often as it is shown


@dataclass(frozen=True)
class Nodes:
    """The nodes of a file, parents before their children.

    Attributes:
        indices: of each node in the file.
        names: no two are the same.
        parents: -1 for a root.
        translations: `(nodes, 3)`.
        rotations: `(nodes, 3, 3)`.
        scales: `(nodes, 3)`.
        joints: which of them are joints of a skin.
        shapes: which of them show a mesh or a camera.
    """

    indices: tuple[int, ...]
    names: tuple[str, ...]
    parents: tuple[int, ...]
    translations: Array
    rotations: Array
    scales: Array
    joints: frozenset[int]
    shapes: frozenset[int]

    def named(self, bones: Mapping[str, int]) -> dict[str, str]:
        """Names of the nodes of bones, from their indices in the file."""
        names = dict(zip(self.indices, self.names, strict=True))
        return {bone: names[node] for bone, node in bones.items() if node in names}

    def places_of(self, indices: Sequence[int]) -> list[int]:
        """Which nodes these are, from their indices in the file."""
        place = {index: number for number, index in enumerate(self.indices)}
        return [place[index] for index in indices]

    def world(self) -> tuple[Array, Array]:
        """Places and world rotations of the nodes as they are."""
        return world_at_rest(self.parents, self.translations, self.rotations, self.scales)

    def tree(self) -> tuple[JointTree, list[int]]:
        """The joints of all skins with what is above them and the ends below, and which nodes these are."""
        kept = set(self.joints)
        for joint in self.joints:
            while (joint := self.parents[joint]) >= 0:
                kept.add(joint)
        for node, parent in enumerate(self.parents):
            if parent in kept and node not in self.shapes and self._hangs_on_joint(node):
                kept.add(node)
        members = sorted(kept)
        number = {node: place for place, node in enumerate(members)}
        parents = tuple(number.get(self.parents[node], -1) for node in members)
        return JointTree([self.names[node] for node in members], parents, self.world()[0][members]), members

    def _hangs_on_joint(self, node: int) -> bool:
        while (node := self.parents[node]) >= 0:
            if node in self.joints:
                return True
        return False

    def with_node(self, at: int, parent: int, place: Array, index: int, name: str) -> "Nodes":
        """These nodes with a joint more, between a node and its parent."""

        def moved(nodes: frozenset[int]) -> frozenset[int]:
            return frozenset(node + (node >= at) for node in nodes)

        parents = [p + (p >= at) for p in self.parents]
        parents[at] = at
        parents.insert(at, parent)
        return dataclasses.replace(
            self,
            indices=(*self.indices[:at], index, *self.indices[at:]),
            names=(*self.names[:at], name, *self.names[at:]),
            parents=tuple(parents),
            translations=np.insert(self.translations, at, place, axis=0),
            rotations=np.insert(self.rotations, at, np.eye(3), axis=0),
            scales=np.insert(self.scales, at, np.ones(3), axis=0),
            joints=moved(self.joints) | {at},
            shapes=moved(self.shapes),
        )


def read_nodes(glb: GlbFile) -> Nodes:
    """The nodes of a file.

    Raises:
        ValueError: they do not form trees, or hold numbers that are not finite.
    """
    try:
        nodes: list[dict[str, Any]] = glb.document.get("nodes", [])
        order, above = _in_order(nodes)
        names = _distinct([str(nodes[node].get("name") or f"node {node}") for node in order])
        place = {node: number for number, node in enumerate(order)}
        parts = [_parts(nodes[node]) for node in order]
        bones = sum(len(skin["joints"]) for skin in glb.document["skins"])
        if bones > _MAX_BONES:
            raise ValueError(f"its skins have {bones} joints: at most {_MAX_BONES} are read")
        joints = frozenset(place[joint] for skin in glb.document["skins"] for joint in skin["joints"])
        shapes = frozenset(place[node] for node in order if {"mesh", "camera"} & nodes[node].keys())
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"its nodes or skins are damaged: {error!r}") from error
    translations, rotations, scales = (np.array([part[i] for part in parts]) for i in range(3))
    if not all(np.isfinite(part).all() for part in (translations, rotations, scales)):
        raise ValueError("a node has a place, rotation or scale that is not finite")
    parents = tuple(place.get(above.get(node, -1), -1) for node in order)
    return Nodes(tuple(order), names, parents, translations, rotations, scales, joints, shapes)


def bind_pose(glb: GlbFile, nodes: Nodes) -> tuple[Array, Array]:
    """Places and world rotations of the nodes in the pose that the mesh was bound in.

    Where the file does not say, a node keeps its place relative to its parent. The whole is placed so that
    the topmost joint of each skin is where it is in the file.
    """
    places, turns = nodes.world()
    known: dict[int, Array] = {}
    for skin in glb.document["skins"]:
        matrices = _inverse_binds(glb, skin)
        joints = nodes.places_of(skin["joints"])
        if matrices is None:
            continue
        top = min(range(len(joints)), key=lambda joint: joints[joint])
        world = np.eye(4)
        world[:3, :3], world[:3, 3] = turns[joints[top]] * _sizes(nodes)[joints[top]], places[joints[top]]
        known |= {
            joint: world @ matrices[top] @ np.linalg.inv(matrix)
            for joint, matrix in zip(joints, matrices, strict=True)
        }
    for node, parent in enumerate(nodes.parents):
        if node in known:
            linear = known[node][:3, :3]
            places[node] = known[node][:3, 3]
            turns[node] = linear / np.cbrt(abs(np.linalg.det(linear)))
        elif parent >= 0:
            turns[node] = turns[parent] @ nodes.rotations[node]
            places[node] = places[parent] + _sizes(nodes)[parent] * turns[parent] @ nodes.translations[node]
    return places, turns


def skinned_vertices(
    glb: GlbFile, nodes: Nodes, places: Array, turns: Array, sizes: Array
) -> tuple[Array, Array]:
    """The node that moves each skinned vertex most `(vertices,)`, and where that puts it at rest.

    Compressed meshes are left out.
    """
    owners, vertices = [np.zeros(0, dtype=int)], [np.zeros((0, 3))]
    skins: dict[int, tuple[Array | None, Array]] = {}
    left = _MAX_VERTICES
    for node in glb.document["nodes"]:
        if "skin" not in node or "mesh" not in node:
            continue
        if node["skin"] not in skins:
            skin = glb.document["skins"][node["skin"]]
            skins[node["skin"]] = _inverse_binds(glb, skin), np.array(nodes.places_of(skin["joints"]))
        matrices, joints = skins[node["skin"]]
        for primitive in glb.document["meshes"][node["mesh"]]["primitives"]:
            left -= glb.count(primitive["attributes"].get("POSITION"))
            if left < 0:
                raise ValueError(f"its meshes have more than {_MAX_VERTICES} vertices")
            arrays = [
                glb.array(primitive["attributes"][name]) if name in primitive["attributes"] else None
                for name in ("POSITION", "JOINTS_0", "WEIGHTS_0")
            ]
            position, bones, weights = arrays
            if matrices is None or position is None or bones is None or weights is None:
                continue
            strongest = np.take_along_axis(bones, weights.argmax(axis=1)[:, None], axis=1)[:, 0]
            if strongest.max(initial=0) >= len(joints):
                raise ValueError("its mesh names a bone that its skin does not have")
            own = np.einsum("vij,vj->vi", matrices[strongest][:, :3, :3], position)
            own += matrices[strongest][:, :3, 3]
            owner = joints[strongest]
            turned = np.einsum("vij,vj->vi", turns[owner], own * sizes[owner][:, None])
            owners.append(owner)
            vertices.append(places[owner] + turned)
    places = np.concatenate(vertices)
    if not np.isfinite(places).all():
        raise ValueError("its mesh holds places that are not finite")
    return np.concatenate(owners), places


def _sizes(nodes: Nodes) -> Array:
    return world_sizes(nodes.parents, nodes.scales)


def _inverse_binds(glb: GlbFile, skin: dict[str, Any]) -> Array | None:
    """Matrices `(joints, 4, 4)` from the mesh to each joint; None if they are compressed."""
    count = len(skin["joints"])
    if "inverseBindMatrices" not in skin:
        return np.tile(np.eye(4), (count, 1, 1))
    matrices = glb.array(skin["inverseBindMatrices"])
    if matrices is None:
        return None
    if matrices.shape[1] != 16 or len(matrices) < count or not np.isfinite(matrices).all():
        raise ValueError("the bind matrices of its skin are damaged or not finite")
    square = matrices[:count].reshape(-1, 4, 4).mT.astype(np.float64)
    if (np.abs(np.linalg.det(square[:, :3, :3])) < 1e-18).any():
        raise ValueError("a bind matrix of its skin has no inverse")
    return square


def _in_order(nodes: list[dict[str, Any]]) -> tuple[list[int], dict[int, int]]:
    """All nodes, parents before their children, and the parent of each."""
    if len(nodes) > _MAX_NODES:
        raise ValueError(f"it has {len(nodes)} nodes: at most {_MAX_NODES} are read")
    above: dict[int, int] = {}
    for index, node in enumerate(nodes):
        for child in node.get("children", []):
            if not 0 <= child < len(nodes) or child in above:
                raise ValueError(f"node {child} is a child of two nodes, or not there")
            above[child] = index
    order = [index for index in range(len(nodes)) if index not in above]
    for index in order:
        order.extend(nodes[index].get("children", []))
    if len(order) != len(nodes):
        raise ValueError("its nodes form a circle")
    return order, above


def _parts(node: dict[str, Any]) -> tuple[Array, Array, Array]:
    """Translation, rotation and scale of a node."""
    if "matrix" in node:
        matrix = np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        scale *= np.sign(np.linalg.det(matrix[:3, :3]))
        return matrix[:3, 3], matrix[:3, :3] / np.where(scale == 0, 1.0, scale), scale
    x, y, z, w = _numbers(node.get("rotation", (0.0, 0.0, 0.0, 1.0)), 4)
    quaternion = np.array((w, x, y, z))
    if not np.linalg.norm(quaternion) > 0.5:
        raise ValueError(f"node {node.get('name')!r} has an invalid rotation")
    turn = quaternion_to_matrix(torch.from_numpy(quaternion / np.linalg.norm(quaternion))).numpy()
    translation = _numbers(node.get("translation", (0.0, 0.0, 0.0)), 3)
    return translation, turn, _numbers(node.get("scale", (1.0, 1.0, 1.0)), 3)


def _numbers(values: Sequence[float], count: int) -> Array:
    numbers = np.array(values, dtype=np.float64)
    if numbers.shape != (count,):
        raise ValueError(f"{values} where {count} numbers are expected")
    return numbers


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Names of which a second one, and so on, gets its number."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(out)
