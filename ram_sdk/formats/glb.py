"""`.glb`: the embedded body, skinned and animated, as binary glTF 2.0."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.body.embedded import Body, load_body
from ram_sdk.clip import Clip
from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.glb_file import FLOAT, UINT8, UINT16, GlbFile
from ram_sdk.formats.json import plain
from ram_sdk.formats.root_motion import ROOT, split
from ram_sdk.formats.write_options import GlbOptions, RootMotion
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import children

_VERTICES, _INDICES = 34962, 34963  # buffer targets
_BODY, _ARMATURE, _GROUND = range(HUMANML3D.num_joints, HUMANML3D.num_joints + 3)  # nodes after the joints
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
    path.write_bytes(build([motion], options.names, options.root))


def build(motions: Sequence[Clip], names: str = "mixamo", root: RootMotion = "hips") -> bytes:
    """A GLB file with one body and one animation for each motion; `root` as in `GlbOptions`."""
    body, labels = load_body(), BONE_NAMES[names]
    glb = GlbFile({
        "asset": _asset(motions),
        "scene": 0,
        "scenes": [{"nodes": [_ARMATURE, _BODY]}],
        "nodes": [*_skeleton(body, labels), {"name": "Body", "mesh": 0, "skin": 0},
                  {"name": "Armature", "children": [0]}],
        "materials": [_CLAY],
    })  # fmt: skip
    glb.document["meshes"] = [_add_mesh(glb, body)]
    glb.document["skins"] = [_add_skin(glb, body, root)]
    if root == "ground":
        glb.document["nodes"].append({"name": ROOT, "children": [0]})
        glb.document["nodes"][_ARMATURE]["children"] = [_GROUND]
    glb.document["animations"] = [
        _add_animation(glb, motion, index, root) for index, motion in enumerate(motions)
    ]
    return glb.to_bytes()


def _asset(motions: Sequence[Clip]) -> dict[str, Any]:
    """Who made the file, and how: prompts, settings, and the licence of the weights."""
    asset: dict[str, Any] = {"version": "2.0", "generator": "ram_sdk"}
    licences = dict.fromkeys(str(one.settings["licence"]) for one in motions if "licence" in one.settings)
    if licences:
        asset["copyright"] = "made with weights under " + "; ".join(licences)
    made = [{"prompt": one.prompt, "settings": dict(one.settings)} for one in motions]
    return {**asset, "extras": {"motions": json.loads(json.dumps(made, default=plain))}}


def _add_mesh(glb: GlbFile, body: Body) -> dict[str, Any]:
    vertices = body.vertices
    low, high = vertices.min(axis=0).tolist(), vertices.max(axis=0).tolist()
    attributes = {
        "POSITION": glb.add(vertices, FLOAT, "VEC3", target=_VERTICES, min=low, max=high),
        "NORMAL": glb.add(vertex_normals(body), FLOAT, "VEC3", target=_VERTICES),
        "JOINTS_0": glb.add(body.bones, UINT8, "VEC4", target=_VERTICES),
        "WEIGHTS_0": glb.add(body.bone_weights, UINT8, "VEC4", target=_VERTICES, normalized=True),
    }
    faces = body.faces.astype(np.uint16).reshape(-1)
    indices = glb.add(faces, UINT16, "SCALAR", target=_INDICES)
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


def _add_skin(glb: GlbFile, body: Body, root: RootMotion) -> dict[str, Any]:
    ground = [_GROUND] if root == "ground" else []
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(body.joints) + len(ground), 1, 1))
    inverse[: len(body.joints), :3, 3] = -body.joints
    columns = inverse.transpose(0, 2, 1).reshape(-1, 16)
    return {
        "joints": [*range(len(body.joints)), *ground],
        "skeleton": ground[0] if ground else 0,
        "inverseBindMatrices": glb.add(columns, FLOAT, "MAT4"),
    }


def _skeleton(body: Body, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    nodes = []
    for joint, bones in enumerate(children(HUMANML3D.parents)):
        parent = HUMANML3D.parents[joint]
        offset = body.joints[joint] - (body.joints[parent] if joint else 0.0)
        node = {"name": labels[joint], "translation": [round(float(length), 7) for length in offset]}
        nodes.append({**node, "children": list(bones)} if bones else node)
    return nodes


def _add_animation(glb: GlbFile, motion: Clip, index: int, root: RootMotion) -> dict[str, Any]:
    pose = motion.pose
    times = (np.arange(len(pose)) / motion.fps).astype(np.float32)
    clock = glb.add(times, FLOAT, "SCALAR", min=[0.0], max=[float(times[-1])])
    ground, hips = split(pose.root, root)
    outputs = [(0, "translation", glb.add(hips, FLOAT, "VEC3"))]
    if ground is not None:
        outputs.append((_GROUND, "translation", glb.add(ground, FLOAT, "VEC3")))
    quaternions = pose.quaternions[..., [1, 2, 3, 0]]  # glTF's order is x, y, z, w
    for joint, bones in enumerate(children(pose.parents)):
        if bones:  # joints without a bone of their own do not turn
            outputs.append((joint, "rotation", glb.add(quaternions[:, joint], FLOAT, "VEC4")))
    return {
        "name": motion.prompt or f"Motion {index + 1}",
        "samplers": [{"input": clock, "output": output} for _, _, output in outputs],
        "channels": [
            {"sampler": i, "target": {"node": joint, "path": path}}
            for i, (joint, path, _) in enumerate(outputs)
        ],
    }
