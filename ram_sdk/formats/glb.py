"""`.glb`: the embedded body, skinned and animated, as binary glTF 2.0."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.body.embedded import Body, load_body
from ram_sdk.clip import Clip
from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.json import plain
from ram_sdk.formats.write_options import GlbOptions
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import children

_FLOAT, _UINT16, _UINT8 = 5126, 5123, 5121  # component types
_VERTICES, _INDICES = 34962, 34963  # buffer targets
_CLAY = {
    "name": "Clay",
    "pbrMetallicRoughness": {
        "baseColorFactor": [0.55, 0.61, 0.7, 1.0],
        "metallicFactor": 0.0,
        "roughnessFactor": 0.75,
    },
}


def write(motion: Clip, path: Path, options: GlbOptions) -> None:
    """Write the motion on the embedded body.

    glTF counts in seconds: set the scene's frame rate before importing into Blender to keep frames on frames.
    """
    if options.fps is not None:
        motion = motion.resample(options.fps)
    path.write_bytes(build([motion], options.names))


def build(motions: Sequence[Clip], names: str = "mixamo") -> bytes:
    """A GLB file with one body and one animation for each motion."""
    body, labels = load_body(), BONE_NAMES[names]
    buffer = _Buffer()
    mesh = _add_mesh(buffer, body)
    skin = _add_skin(buffer, body)
    animations = [_add_animation(buffer, motion, index) for index, motion in enumerate(motions)]
    joints = HUMANML3D.num_joints
    document = {
        "asset": _asset(motions),
        "scene": 0,
        "scenes": [{"nodes": [joints + 1, joints]}],
        "nodes": [*_skeleton(body, labels), {"name": "Body", "mesh": 0, "skin": 0},
                  {"name": "Armature", "children": [0]}],
        "meshes": [mesh],
        "materials": [_CLAY],
        "skins": [skin],
        "animations": animations,
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.content)}],
    }  # fmt: skip
    text = json.dumps(document, separators=(",", ":"), default=plain).encode()
    text += b" " * (-len(text) % 4)
    content = bytes(buffer.content)
    length = 12 + 8 + len(text) + 8 + len(content)
    return b"".join(
        (
            struct.pack("<4sII", b"glTF", 2, length),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(content), b"BIN\0"),
            content,
        )
    )


def _asset(motions: Sequence[Clip]) -> dict[str, Any]:
    """Who made the file, and how: prompts, settings, and the licence of the weights."""
    asset: dict[str, Any] = {"version": "2.0", "generator": "ram_sdk"}
    licences = dict.fromkeys(str(one.settings["licence"]) for one in motions if "licence" in one.settings)
    if licences:
        asset["copyright"] = "made with weights under " + "; ".join(licences)
    made = [{"prompt": one.prompt, "settings": dict(one.settings)} for one in motions]
    return {**asset, "extras": {"motions": made}}


class _Buffer:
    """The binary part, with a view and an accessor for each array in it."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: NDArray[Any], component: int, kind: str, **extra: Any) -> int:
        """Append an array; returns the index of its accessor. `target` belongs to the view."""
        target = {"target": extra.pop("target")} if "target" in extra else {}
        content = np.ascontiguousarray(array).tobytes()
        view = {"buffer": 0, "byteOffset": len(self.content), "byteLength": len(content), **target}
        self.content += content + b"\0" * (-len(content) % 4)
        self.views.append(view)
        accessor = {"bufferView": len(self.views) - 1, "componentType": component, "count": len(array)}
        self.accessors.append({**accessor, "type": kind, **extra})
        return len(self.accessors) - 1


def _add_mesh(buffer: _Buffer, body: Body) -> dict[str, Any]:
    vertices = body.vertices
    low, high = vertices.min(axis=0).tolist(), vertices.max(axis=0).tolist()
    attributes = {
        "POSITION": buffer.add(vertices, _FLOAT, "VEC3", target=_VERTICES, min=low, max=high),
        "NORMAL": buffer.add(vertex_normals(body), _FLOAT, "VEC3", target=_VERTICES),
        "JOINTS_0": buffer.add(body.bones, _UINT8, "VEC4", target=_VERTICES),
        "WEIGHTS_0": buffer.add(body.bone_weights, _UINT8, "VEC4", target=_VERTICES, normalized=True),
    }
    faces = body.faces.astype(np.uint16).reshape(-1)
    indices = buffer.add(faces, _UINT16, "SCALAR", target=_INDICES)
    return {
        "name": "Body",
        "primitives": [{"attributes": attributes, "indices": indices, "material": 0}],
    }


def vertex_normals(body: Body) -> NDArray[np.float32]:
    """Unit vertex normals, faces weighted by their area."""
    corners = body.vertices[body.faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(body.vertices)
    for corner in range(3):
        np.add.at(normals, body.faces[:, corner], face_normals)
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True), dtype=np.float32)


def _add_skin(buffer: _Buffer, body: Body) -> dict[str, Any]:
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(body.joints), 1, 1))
    inverse[:, :3, 3] = -body.joints
    columns = inverse.transpose(0, 2, 1).reshape(-1, 16)
    return {
        "joints": list(range(len(body.joints))),
        "skeleton": 0,
        "inverseBindMatrices": buffer.add(columns, _FLOAT, "MAT4"),
    }


def _skeleton(body: Body, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    nodes = []
    for joint, bones in enumerate(children(HUMANML3D.parents)):
        parent = HUMANML3D.parents[joint]
        offset = body.joints[joint] - (body.joints[parent] if joint else 0.0)
        node = {"name": labels[joint], "translation": [round(float(length), 7) for length in offset]}
        nodes.append({**node, "children": list(bones)} if bones else node)
    return nodes


def _add_animation(buffer: _Buffer, motion: Clip, index: int) -> dict[str, Any]:
    pose = motion.pose
    times = (np.arange(len(pose)) / motion.fps).astype(np.float32)
    clock = buffer.add(times, _FLOAT, "SCALAR", min=[0.0], max=[float(times[-1])])
    outputs = [(0, "translation", buffer.add(pose.root, _FLOAT, "VEC3"))]
    quaternions = pose.quaternions[..., [1, 2, 3, 0]]  # glTF's order is x, y, z, w
    for joint, bones in enumerate(children(pose.parents)):
        if bones:  # joints without a bone of their own do not turn
            outputs.append((joint, "rotation", buffer.add(quaternions[:, joint], _FLOAT, "VEC4")))
    return {
        "name": motion.prompt or f"Motion {index + 1}",
        "samplers": [{"input": clock, "output": output} for _, _, output in outputs],
        "channels": [
            {"sampler": i, "target": {"node": joint, "path": path}}
            for i, (joint, path, _) in enumerate(outputs)
        ],
    }
