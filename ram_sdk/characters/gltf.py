"""Characters in `.glb` and `.vrm` files. The file's content stays as it is; an animation is added."""

import copy
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ram_sdk.characters.character import Animation, Character, Sole, soles_of
from ram_sdk.characters.gltf_nodes import Nodes, bind_pose, read_nodes, skinned_vertices
from ram_sdk.characters.hands import find_fingers
from ram_sdk.characters.people import choose_person
from ram_sdk.characters.rig import SIDES, Array, Rig, body_stands, not_standing
from ram_sdk.characters.vrm import humanoid_bones, split_fingers
from ram_sdk.formats.glb_file import FLOAT, GlbFile
from ram_sdk.formats.read_options import ReadOptions
from ram_sdk.geometry import matrix_to_quaternion

SUFFIXES = (".glb", ".vrm")
_MAX_BYTES = 1 << 30
_LOW = 0.1  # of the leg: a bone that is at most so far above the floor stands on it


@dataclass(frozen=True)
class GltfCharacter(Character):
    """A character of a GLB file.

    Attributes:
        glb: the file.
        nodes: of the file, in the rig's order.
    """

    glb: GlbFile
    nodes: Nodes

    @property
    def carrier(self) -> int:
        """The node that carries legs, trunk and arms."""
        return self.rig.body

    def with_ground_bone(self) -> tuple["GltfCharacter", int]:
        """The character with a bone at ground level above the hips: the file's own, or a new one, "root"."""
        rig, joints = self.rig, self.nodes.joints
        for above in rig.above(rig.body):
            if above in joints and abs(rig.rest[above] @ rig.world_frame[:, 1]) < _LOW * rig.leg:
                return self, above
        return _with_root(self), rig.body

    def to_bytes(self, animation: Animation) -> bytes:
        """The file with the animation as its first, which is the one that viewers play."""
        glb = GlbFile(copy.deepcopy(self.glb.document), bytearray(self.glb.binary), self.glb.more)
        times = (np.arange(animation.frames) / animation.fps).astype(np.float32)
        clocks = {
            count: glb.add(times[:count], FLOAT, "SCALAR", min=[0.0], max=[float(times[count - 1])])
            for count in dict.fromkeys([animation.frames, *(len(turn) for turn in animation.turns.values())])
        }
        samplers: list[dict[str, int]] = []
        channels: list[dict[str, Any]] = []
        tracks = [(node, "translation", move) for node, move in animation.moves.items()]
        tracks += [(node, "rotation", _quaternions(turn)) for node, turn in animation.turns.items()]
        for node, path, values in tracks:
            own = self.nodes.indices[node]
            _without_matrix(glb.document["nodes"][own])
            kind = "VEC3" if path == "translation" else "VEC4"
            output = glb.add(values.astype(np.float32), FLOAT, kind)
            channels.append({"sampler": len(samplers), "target": {"node": own, "path": path}})
            samplers.append({"input": clocks[len(values)], "output": output})
        added = {"name": animation.name, "samplers": samplers, "channels": channels}
        glb.document["animations"] = [added, *glb.document.get("animations", [])]
        return glb.to_bytes()


def read(path: Path, options: ReadOptions) -> GltfCharacter:
    """Read the character of a file.

    Args:
        path: the file.
        options: `person`, which of several, and `skeleton`, names of joints by role.

    Raises:
        ValueError: the file is damaged, holds no skinned body, or one that cannot be posed.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES >> 30} GB")
    glb = GlbFile.parse(path.read_bytes())
    try:
        nodes, rig, soles, notes = _rig_and_soles(glb, options)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"its parts do not fit each other: {error!r}") from error
    return GltfCharacter(rig, soles, SUFFIXES, glb, nodes, notes=notes)


def _rig_and_soles(
    glb: GlbFile, options: ReadOptions
) -> tuple[Nodes, Rig, tuple[Sole, Sole], tuple[str, ...]]:
    _check(glb)
    nodes = read_nodes(glb)
    given, vrm_fingers = split_fingers(nodes.named(humanoid_bones(glb.document)))
    tree, members = nodes.tree()
    roles, notes = choose_person(tree, members, options, given)
    places, turns = nodes.world()
    if not body_stands(roles, places):
        places, turns = bind_pose(glb, nodes)
        if not body_stands(roles, places):
            raise ValueError(not_standing(nodes.names, roles))
    wrists = {s: roles.joints[f"{s}_wrist"] for s in SIDES if f"{s}_wrist" in roles.joints}
    fingers = {key: tuple(nodes.names.index(bone) for bone in bones) for key, bones in vrm_fingers.items()}
    rig = Rig(
        nodes.names, nodes.parents, nodes.translations, nodes.rotations, nodes.scales, roles, places, turns,
        fingers or find_fingers(nodes.names, nodes.parents, wrists),
    ).check()  # fmt: skip
    owners, vertices = skinned_vertices(glb, nodes, places, turns, rig.sizes)
    soles: tuple[Sole, Sole] = soles_of(rig, owners, vertices) if len(vertices) else soles_of(rig)
    return nodes, rig, soles, notes


def _check(glb: GlbFile) -> None:
    document = glb.document
    if not document.get("skins"):
        raise ValueError("it has no skin: bind the mesh to an armature, then export it with the mesh")
    if "uri" in (document.get("buffers") or [{}])[0]:
        raise ValueError("its data is in another file: export it as one binary glTF file (.glb)")


def _with_root(character: GltfCharacter) -> GltfCharacter:
    """The character with a new bone below the hips, on the floor, to which they are moved."""
    rig, nodes, glb = character.rig, character.nodes, character.glb
    body, document = rig.body, copy.deepcopy(glb.document)
    glb = GlbFile(document, bytearray(glb.binary), glb.more)
    parent, own = rig.parents[body], nodes.indices[body]
    up = rig.world_frame[:, 1]
    drop = -(rig.rest[body] @ up) * up  # in the world, from the hips to the floor
    if parent >= 0:
        drop = rig.rest_turns[parent].T @ drop / rig.sizes[parent]
    place = rig.translations[body] + drop

    new, hips = len(document["nodes"]), document["nodes"][own]
    _without_matrix(hips)
    hips["translation"] = (-drop).tolist()
    document["nodes"].append({"name": "root", "children": [own], "translation": place.tolist()})
    siblings = [node.get("children", []) for node in document["nodes"][:new]]
    for children in [*siblings, *(scene.get("nodes", []) for scene in document.get("scenes", []))]:
        children[:] = [new if child == own else child for child in children]
    for skin in document["skins"]:
        if own in skin["joints"]:
            _join_skin(glb, skin, own, new)

    def insert(values: Array, row: Array) -> Array:
        return np.insert(values, body, row, axis=0)

    def moved(joint: int) -> int:
        return joint + (joint >= body)

    turn = rig.rest_turns[parent] if parent >= 0 else np.eye(3)
    translations = rig.translations.copy()
    translations[body] = -drop
    parents = [moved(p) for p in rig.parents]
    parents[body] = body
    parents.insert(body, parent)
    roles = dataclasses.replace(
        rig.roles,
        joints={role: moved(joint) for role, joint in rig.roles.joints.items()},
        trunk=tuple(map(moved, rig.roles.trunk)),
    )
    larger = Rig(
        (*rig.names[:body], "root", *rig.names[body:]), tuple(parents), insert(translations, place),
        insert(rig.rotations, np.eye(3)), insert(rig.scales, np.ones(3)), roles,
        insert(rig.rest, rig.rest[body] - (rig.rest[body] @ up) * up), insert(rig.rest_turns, turn),
        {key: tuple(map(moved, bones)) for key, bones in rig.fingers.items()},
    )  # fmt: skip
    left, right = (Sole(tuple(map(moved, sole.nodes)), sole.points) for sole in character.soles)
    return dataclasses.replace(
        character, rig=larger, soles=(left, right), glb=glb,
        nodes=nodes.with_node(body, parent, place, new, "root"),
    )  # fmt: skip


def _join_skin(glb: GlbFile, skin: dict[str, Any], hips: int, root: int) -> None:
    """Make a node a joint of a skin: the last one, so that no vertex changes its bone."""
    if "inverseBindMatrices" in skin:
        matrices = glb.array(skin["inverseBindMatrices"])
        if matrices is None:
            return  # compressed: the bone moves the hips without being in the skin's list
        own = matrices[skin["joints"].index(hips)].reshape(4, 4).T.astype(np.float64)
        node = glb.document["nodes"][hips]
        at = np.eye(4)
        x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
        at[:3, :3] = _matrix(x, y, z, w) * np.array(node.get("scale", (1.0, 1.0, 1.0)))
        at[:3, 3] = node["translation"]
        more = (at @ own).T.reshape(1, 16)  # seen from the new bone, of which the hips hang
        stacked = np.concatenate((matrices, more)).astype(np.float32)
        stacked[-1, [3, 7, 11, 15]] = 0.0, 0.0, 0.0, 1.0
        skin["inverseBindMatrices"] = glb.add(stacked, FLOAT, "MAT4")
    skin["joints"].append(root)
    if skin.get("skeleton") == hips:
        skin["skeleton"] = root


def _matrix(x: float, y: float, z: float, w: float) -> Array:
    return np.array((
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ))  # fmt: skip


def _quaternions(turns: Array) -> Array:
    """GlTF's x, y, z, w, without sign changes between frames."""
    q = matrix_to_quaternion(torch.from_numpy(np.ascontiguousarray(turns))).numpy()
    flips = np.where((q[1:] * q[:-1]).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    q[1:] *= np.cumprod(flips, axis=0)
    return np.asarray(q[:, [1, 2, 3, 0]])


def _without_matrix(node: dict[str, Any]) -> None:
    """A node that is to be animated has parts in place of a matrix."""
    if "matrix" not in node:
        return
    matrix = np.array(node.pop("matrix"), dtype=np.float64).reshape(4, 4).T
    scale = np.linalg.norm(matrix[:3, :3], axis=0) * math.copysign(1.0, np.linalg.det(matrix[:3, :3]))
    node["translation"] = matrix[:3, 3].tolist()
    node["rotation"] = _quaternions((matrix[:3, :3] / scale)[None])[0].tolist()
    node["scale"] = scale.tolist()
