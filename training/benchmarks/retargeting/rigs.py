"""Test characters: rigs in the styles of many tools, with a mesh of boxes, as GLB files.

Each is a human of its own rest pose, size and bone names: with arbitrary rest rotations, armatures in
centimetres or with Z up, with or without toes, fingers and twist bones.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ram_sdk.formats.glb_file import FLOAT, UINT8, UINT16, GlbFile

Array = NDArray[np.float64]

# Bones by role: parent, and offset from it in a T-pose; metres, left side (the right one is mirrored).
_BODY: dict[str, tuple[str, tuple[float, float, float]]] = {
    "hips": ("", (0.0, 0.96, 0.0)),
    "spine": ("hips", (0.0, 0.11, -0.01)),
    "chest": ("spine", (0.0, 0.16, 0.0)),
    "chest2": ("chest", (0.0, 0.13, 0.0)),
    "neck": ("chest2", (0.0, 0.16, -0.01)),
    "head": ("neck", (0.0, 0.1, 0.02)),
    "collar": ("chest2", (0.03, 0.11, 0.0)),
    "upper_arm": ("collar", (0.14, 0.02, -0.01)),
    "forearm": ("upper_arm", (0.28, 0.0, 0.0)),
    "hand": ("forearm", (0.26, 0.0, 0.0)),
    "thigh": ("hips", (0.09, -0.06, 0.0)),
    "shin": ("thigh", (0.0, -0.41, 0.01)),
    "foot": ("shin", (0.0, -0.41, -0.02)),
    "toes": ("foot", (0.0, -0.065, 0.13)),
}
_FINGERS = {"index": 0.03, "middle": 0.01, "ring": -0.01, "little": -0.03}
_SIDED = {"collar", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toes", "twist"}


@dataclass(frozen=True)
class RigStyle:
    """The conventions of a rig.

    Attributes:
        name: the bone name of a role ("thigh", "index2") and a side ("left", "right" or "").
        a_pose: angle of the arms below horizontal at rest, degrees; legs are spread by an eighth of it.
        toes: whether there are toe bones.
        fingers: whether there are finger bones.
        twists: whether upper arms have a twist bone.
        chest2: whether the trunk has a third joint.
        lean: largest angle by which rest rotations are turned about each axis, degrees.
        scale: of the armature node: 0.01 for rigs in centimetres.
        z_up: whether bones are in Z-up axes below a rotated armature.
        facing: rotation about the vertical, degrees: VRM 0 faces -Z.
        legs: scale of the leg length.
        root: name of a root bone on the ground; "": none.
        extra: adds to the document.
    """

    name: Callable[[str, str], str]
    a_pose: float = 0.0
    toes: bool = True
    fingers: bool = False
    twists: bool = False
    chest2: bool = True
    lean: float = 0.0
    scale: float = 1.0
    z_up: bool = False
    facing: float = 0.0
    legs: float = 1.0
    root: str = ""
    extra: Callable[[dict[str, Any]], None] = field(default=lambda document: None)


def _camel(names: dict[str, str], prefix: str = "") -> Callable[[str, str], str]:
    def name(role: str, side: str) -> str:
        return prefix + side.capitalize() + names.get(role, role.capitalize())

    return name


_MIXAMO = {
    "hips": "Hips", "spine": "Spine", "chest": "Spine1", "chest2": "Spine2", "collar": "Shoulder",
    "upper_arm": "Arm", "forearm": "ForeArm", "hand": "Hand", "thigh": "UpLeg", "shin": "Leg", "foot": "Foot",
    "toes": "ToeBase", "twist": "ArmTwist",
    **{f"{f}{n}": f"Hand{'Pinky' if f == 'little' else f.capitalize()}{n}" for f in (*_FINGERS, "thumb")
       for n in (1, 2, 3)},
}  # fmt: skip
_UNITY = {
    "chest2": "UpperChest", "collar": "Shoulder", "upper_arm": "UpperArm", "forearm": "LowerArm",
    "thigh": "UpperLeg", "shin": "LowerLeg", "toes": "Toes",
}  # fmt: skip
_UNREAL = {
    "hips": "pelvis", "spine": "spine_01", "chest": "spine_02", "chest2": "spine_03", "neck": "neck_01",
    "collar": "clavicle", "upper_arm": "upperarm", "forearm": "lowerarm", "shin": "calf", "toes": "ball",
    "twist": "upperarm_twist_01",
}  # fmt: skip
_RIGIFY = {
    "hips": "spine", "spine": "spine.001", "chest": "spine.002", "chest2": "spine.003", "neck": "spine.004",
    "head": "spine.006", "collar": "shoulder", "toes": "toe", "twist": "upper_arm_twist",
}  # fmt: skip


def _unreal(role: str, side: str) -> str:
    finger = role.rstrip("123")
    if finger != role and finger in (*_FINGERS, "thumb"):
        return f"{'pinky' if finger == 'little' else finger}_0{role[-1]}_{side[0]}"
    return _UNREAL.get(role, role) + (f"_{side[0]}" if side else "")


def _rigify(role: str, side: str) -> str:
    finger = role.rstrip("123")
    if finger != role and finger in (*_FINGERS, "thumb"):
        word = "thumb" if finger == "thumb" else "f_pinky" if finger == "little" else f"f_{finger}"
        return f"DEF-{word}.0{role[-1]}.{side[0].upper()}"
    return f"DEF-{_RIGIFY.get(role, role)}" + (f".{side[0].upper()}" if side else "")


_VRM_BONES = {
    **{bone: bone for bone in ("hips", "spine", "chest", "neck", "head")}, "chest2": "upperChest",
    "collar": "Shoulder", "upper_arm": "UpperArm", "forearm": "LowerArm", "hand": "Hand", "thigh": "UpperLeg",
    "shin": "LowerLeg", "foot": "Foot", "toes": "Toes",
}  # fmt: skip


def _bone_number(role: str, side: str) -> str:
    return f"b{(sorted([*_BODY, 'twist'])).index(role) if role in _BODY else role}{side[:1]}"


def _vrm_map(document: dict[str, Any]) -> dict[str, int]:
    nodes = {node["name"]: index for index, node in enumerate(document["nodes"])}
    bones = {}
    for role, bone in _VRM_BONES.items():
        for side in ("left", "right") if role in _SIDED else ("",):
            if (name := _bone_number(role, side)) in nodes:
                bones[side + bone] = nodes[name]
    return bones


def _vrm0(document: dict[str, Any]) -> None:
    bones = [{"bone": bone, "node": node} for bone, node in _vrm_map(document).items()]
    document["extensions"] = {"VRM": {"exporterVersion": "test", "humanoid": {"humanBones": bones}}}
    document["extensionsUsed"] = ["VRM"]


def _vrm1(document: dict[str, Any]) -> None:
    bones = {bone: {"node": node} for bone, node in _vrm_map(document).items()}
    vrm = {
        "specVersion": "1.0",
        "humanoid": {"humanBones": bones},
        "meta": {"name": "Ö", "authors": ["test"]},
    }
    document["extensions"] = {"VRMC_vrm": vrm}
    document["extensionsUsed"] = ["VRMC_vrm"]


STYLES = {
    "mixamo": RigStyle(_camel(_MIXAMO, "mixamorig:"), fingers=True, scale=0.01),
    "unreal": RigStyle(_unreal, a_pose=45, fingers=True, twists=True, lean=35, z_up=True, root="root"),
    "unity": RigStyle(_camel(_UNITY), a_pose=10, legs=1.12),
    "no_toes": RigStyle(_camel(_MIXAMO), toes=False, chest2=False, lean=20, legs=0.85),
    "vrm0": RigStyle(_bone_number, facing=180, extra=_vrm0),
    "vrm1": RigStyle(_bone_number, a_pose=5, toes=False, extra=_vrm1),
    "rigify": RigStyle(_rigify, a_pose=50, fingers=True, lean=70, z_up=True),
    "cm_twisted": RigStyle(
        _camel(_MIXAMO), a_pose=60, twists=True, lean=50, scale=0.01, z_up=True, legs=0.95
    ),
    "child": RigStyle(_unreal, a_pose=30, legs=0.6, fingers=True, root="root"),
}


def make_rig(style: RigStyle) -> GlbFile:
    """A rig with a body of boxes."""
    bones = _bones(style)
    names = list(bones)
    turn = _about("y", style.facing)
    places = {name: turn @ place for name, (_, _, place) in bones.items()}
    generator = np.random.default_rng(0)
    turns = {name: _lean(generator, style.lean) for name in names}
    if style.root:
        turns[names[0]] = np.eye(3)
    armature = _about("x", -90.0) if style.z_up else np.eye(3)
    number = {name: index for index, name in enumerate(names)}
    nodes: list[dict[str, Any]] = []
    for name, (parent, _, _) in bones.items():
        place, rotation = places[name], turns[name]
        if parent:
            place, rotation = turns[parent].T @ (place - places[parent]), turns[parent].T @ rotation
        else:
            place, rotation = armature.T @ place, armature.T @ rotation
        node = {
            "name": name,
            "translation": (place / style.scale).tolist(),
            "rotation": _quaternion(rotation),
        }
        if below := [number[n] for n, (p, _, _) in bones.items() if p == name]:
            node["children"] = below
        nodes.append(node)
    body, top = len(nodes), len(nodes) + 1
    nodes.append({"name": "Body", "mesh": 0, "skin": 0})
    nodes.append(
        {"name": "Armature", "rotation": _quaternion(armature), "scale": [style.scale] * 3, "children": [0]}
    )
    glb = GlbFile({
        "asset": {"version": "2.0", "generator": "tests"}, "scene": 0, "scenes": [{"nodes": [body, top]}],
        "nodes": nodes,
        "materials": [{"name": "Skin", "pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.5, 0.4, 1.0],
                                                              "metallicFactor": 0.0}}],
    })  # fmt: skip
    glb.document["meshes"] = [_boxes(glb, bones, places, turn)]
    inverse = np.tile(np.eye(4), (len(names), 1, 1))
    for index, name in enumerate(names):
        inverse[index, :3, :3] = turns[name].T / style.scale
        inverse[index, :3, 3] = -turns[name].T @ places[name] / style.scale
    columns = inverse.transpose(0, 2, 1).reshape(-1, 16).astype(np.float32)
    glb.document["skins"] = [
        {"joints": list(range(len(names))), "inverseBindMatrices": glb.add(columns, FLOAT, "MAT4")}
    ]
    style.extra(glb.document)
    return glb


_Bones = dict[str, tuple[str, str, Array]]  # name: parent's name, role, place in the world


def _bones(style: RigStyle) -> _Bones:
    """All bones in a human's rest pose, facing +Z, parents first."""
    out: _Bones = {style.root: ("", "root", np.zeros(3))} if style.root else {}
    lift = 0.82 * (style.legs - 1)
    for side in ("", "left", "right"):
        sign = -1.0 if side == "right" else 1.0
        for role, (above, offset) in _BODY.items():
            sided = role in _SIDED
            if sided != bool(side) or (role == "toes" and not style.toes):
                continue
            if role == "chest2" and not style.chest2:
                continue
            above = "chest" if above == "chest2" and not style.chest2 else above
            parent = style.name(above, side if above in _SIDED else "") if above else style.root
            at = _posed(np.array(offset), role, style) * (sign, 1.0, 1.0)
            at = (
                at
                + (out[parent][2] if parent else np.zeros(3))
                + (lift if role == "hips" else 0.0) * np.eye(3)[1]
            )
            out[style.name(role, side)] = (parent, role, at)
        if side and style.twists:
            arm = style.name("upper_arm", side)
            half = (out[arm][2] + out[style.name("forearm", side)][2]) / 2
            out[style.name("twist", side)] = (arm, "twist", half)
        if side and style.fingers:
            _add_fingers(out, style, side, sign)
    return out


def _posed(offset: Array, role: str, style: RigStyle) -> Array:
    if role in ("forearm", "hand"):
        return _about("z", -style.a_pose) @ offset
    if role in ("shin", "foot"):
        return _about("z", style.a_pose / 8) @ offset * style.legs
    return offset


def _add_fingers(out: _Bones, style: RigStyle, side: str, sign: float) -> None:
    hand = style.name("hand", side)
    turn = _about("z", -style.a_pose)
    for finger, aside in _FINGERS.items():
        parent, at = hand, turn @ np.array((0.09, 0.0, aside))
        for number in (1, 2, 3):
            name = style.name(f"{finger}{number}", side)
            out[name] = (parent, "finger", out[parent][2] + at * (sign, 1.0, 1.0))
            parent, at = name, turn @ np.array((0.035, 0.0, 0.0))
    parent, at = hand, turn @ np.array((0.03, -0.01, 0.03))
    for number in (1, 2, 3):
        name = style.name(f"thumb{number}", side)
        out[name] = (parent, "finger", out[parent][2] + at * (sign, 1.0, 1.0))
        parent, at = name, turn @ np.array((0.022, -0.003, 0.022))


_THICK = {
    "finger": 0.008,
    "hand": 0.02,
    "toes": 0.02,
    "head": 0.07,
    "chest": 0.09,
    "chest2": 0.1,
    "hips": 0.09,
}
_TIPS = {
    "head": (0.0, 0.2, 0.0),
    "toes": (0.0, -0.01, 0.08),
    "hand": (0.09, 0.0, 0.0),
    "finger": (0.03, 0.0, 0.0),
}


def _boxes(glb: GlbFile, bones: _Bones, places: dict[str, Array], turn: Array) -> dict[str, Any]:
    """A box around each bone, weighted to it alone; soles are flat on the floor."""
    vertices: list[Array] = []
    owners: list[int] = []
    faces: list[tuple[int, int, int]] = []
    names = list(bones)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    for index, (name, (_, role, _)) in enumerate(bones.items()):
        if role in ("root", "twist"):
            continue
        below = [n for n, (p, r, _) in bones.items() if p == name and r not in ("twist",)]
        start = places[name]
        sign = -1.0 if start @ turn[:, 0] < 0 else 1.0
        tip = start + turn @ (np.array(_TIPS.get(role, (0.0, 0.05, 0.0))) * (sign, 1.0, 1.0))
        end = np.mean([places[n] for n in below], axis=0) if below else tip
        thick = _THICK.get(role, 0.045)
        along = (end - start) / np.linalg.norm(end - start)
        one = np.cross(along, (0.3, 0.5, 0.8))
        one /= np.linalg.norm(one)
        two = np.cross(along, one)
        corners = [
            point + thick * (a * one + b * two) for point in (start, end) for a in (-1, 1) for b in (-1, 1)
        ]
        if role in ("foot", "toes"):
            heel = start - turn @ (0.0, 0.0, 0.06 if role == "foot" else 0.0)
            front = tip if not below else end
            front = front if role == "toes" or below else start + turn @ np.array((0.0, 0.0, 0.2))
            low = [
                point * (1.0, 0.0, 1.0) + s * 0.04 * turn[:, 0] for point in (heel, front) for s in (-1, 1)
            ]
            high = [p + (0.0, 0.05, 0.0) * np.array((1.0, 1.0, 1.0)) for p in low]
            corners = [low[0], high[0], low[1], high[1], low[2], high[2], low[3], high[3]]
        base = len(vertices)
        vertices += corners
        owners += [index] * 8
        for a, b, c, d in quads:
            faces += [(base + a, base + b, base + c), (base + a, base + c, base + d)]
    at = np.array(vertices, np.float32)
    joints = np.zeros((len(at), 4), np.uint8)
    joints[:, 0] = owners
    weights = np.tile(np.array((1, 0, 0, 0), np.float32), (len(at), 1))
    attributes = {
        "POSITION": glb.add(at, FLOAT, "VEC3", target=34962, min=at.min(0).tolist(), max=at.max(0).tolist()),
        "JOINTS_0": glb.add(joints, UINT8, "VEC4", target=34962),
        "WEIGHTS_0": glb.add(weights, FLOAT, "VEC4", target=34962),
    }
    indices = glb.add(np.array(faces, np.uint16).reshape(-1), UINT16, "SCALAR", target=34963)
    assert len(names) < 256
    return {"name": "Body", "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}


def _about(axis: str, degrees: float) -> Array:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {
        "x": np.array(((1, 0, 0), (0, c, -s), (0, s, c))),
        "y": np.array(((c, 0, s), (0, 1, 0), (-s, 0, c))),
        "z": np.array(((c, -s, 0), (s, c, 0), (0, 0, 1))),
    }[axis]


def _lean(generator: np.random.Generator, degrees: float) -> Array:
    turn = np.eye(3)
    for axis in "xyz":
        turn = turn @ _about(axis, generator.uniform(-degrees, degrees))
    return turn


def _quaternion(m: Array) -> list[float]:
    """x, y, z, w of a rotation matrix, by an eigenvector."""
    k = np.array((
        (m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]),
        (m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]),
        (m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]),
        (m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m.trace()),
    ))  # fmt: skip
    quaternion: list[float] = np.linalg.eigh(k)[1][:, 3].tolist()
    return quaternion
