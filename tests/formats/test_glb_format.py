import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ram_sdk.body.embedded import load_body
from ram_sdk.formats import glb
from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.motion import Motion
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from tests.javascript import run_node
from tests.synthetic_motion import natural_poses

_TYPES = {5126: np.float32, 5123: np.uint16, 5121: np.uint8}
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(24).joints.float().numpy(), prompt="a person walks")


def parse(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def read_accessor(document: dict[str, Any], binary: bytes, index: int) -> np.ndarray:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    kind, width = _TYPES[accessor["componentType"]], _WIDTHS[accessor["type"]]
    array = np.frombuffer(binary, kind, accessor["count"] * width, view["byteOffset"])
    return array.reshape(accessor["count"], width)


def test_animation_holds_the_rotations(motion: Motion, tmp_path: Path) -> None:
    document, binary = parse(motion.save(tmp_path / "a.glb").read_bytes())
    pose = inverse_kinematics(torch.tensor(motion.joints))
    (animation,) = document["animations"]
    assert animation["name"] == "a person walks"
    for channel in animation["channels"]:
        sampler, target = animation["samplers"][channel["sampler"]], channel["target"]
        values = read_accessor(document, binary, sampler["output"])
        times = read_accessor(document, binary, sampler["input"])[:, 0]
        np.testing.assert_allclose(times, np.arange(24) / 20, atol=1e-6)
        if target["path"] == "translation":
            np.testing.assert_allclose(values, pose.root, atol=1e-6)
        else:
            assert (np.linalg.norm(np.diff(values, axis=0), axis=1) < 0.5).all()  # no change of sign
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1.0, atol=1e-5)
    assert len(animation["channels"]) == 18  # the root path and 17 joints that turn


def test_skeleton_and_mesh_fit_each_other(motion: Motion, tmp_path: Path) -> None:
    document, binary = parse(motion.save(tmp_path / "a.glb", names="unreal").read_bytes())
    nodes = document["nodes"]
    assert tuple(node["name"] for node in nodes[:22]) == BONE_NAMES["unreal"]
    world = np.zeros((22, 3))
    for joint, node in enumerate(nodes[:22]):
        world[joint] += node["translation"]
        for child in node.get("children", []):
            world[child] += world[joint]
    inverse = read_accessor(document, binary, document["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4)
    np.testing.assert_allclose(inverse[:, 3, :3], -world, atol=1e-6)
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    weights = read_accessor(document, binary, attributes["WEIGHTS_0"]).astype(int)
    assert (weights.sum(axis=1) == 255).all()
    normals = read_accessor(document, binary, attributes["NORMAL"])
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-5)


def test_several_motions_share_one_body(motion: Motion) -> None:
    one, both = glb.build([motion]), glb.build([motion, motion[:12]])
    document, _ = parse(both)
    assert [len(document["meshes"]), len(document["animations"])] == [1, 2]
    assert len(both) - len(one) < 10_000


def test_size(tmp_path: Path) -> None:
    motion = Motion(natural_poses(196).joints.float().numpy())
    assert motion.save(tmp_path / "a.glb").stat().st_size <= 500_000


def test_single_frame(tmp_path: Path) -> None:
    parse(Motion(natural_poses(1).joints.numpy()).save(tmp_path / "a.glb").read_bytes())


def test_khronos_validator_finds_nothing(motion: Motion, tmp_path: Path) -> None:
    paths = [motion.save(tmp_path / "a.glb"), tmp_path / "b.glb"]
    paths[1].write_bytes(glb.build([motion, motion[:1]], "unreal"))
    for path in paths:
        issues = run_node("validate_gltf.mjs", path, needs="gltf-validator")
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


@pytest.mark.parametrize("frames", [24, 2, 1])
def test_three_js_shows_the_same_vertices(motion: Motion, tmp_path: Path, frames: int) -> None:
    motion = motion[:frames]
    path = motion.save(tmp_path / "a.glb")
    seen = run_node("read_glb.mjs", path, needs="three")
    expected = load_body().posed(inverse_kinematics(torch.tensor(motion.joints))).numpy()
    for frame, vertices in seen["frames"].items():
        chosen = expected[int(frame)][:: seen["step"]]
        assert 1000 * np.linalg.norm(np.array(vertices) - chosen, axis=1).max() < 0.01
