"""Travel on the hips, on a bone at ground level, or none."""

from pathlib import Path

import numpy as np
import pytest

from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.motion import Motion
from tests.javascript import run_node
from tests.synthetic_motion import natural_poses
from training.benchmarks.retargeting.glb_reader import GlbReader

NAMES = list(BONE_NAMES["mixamo"])
LEVEL = np.array((1.0, 0.0, 1.0))


@pytest.fixture(scope="module")
def motion() -> Motion:
    joints = natural_poses(12).joints.float().numpy()
    return Motion(joints + np.linspace(0, 1, 12, dtype=np.float32)[:, None, None] * (0.5, 0.0, 2.0))


def _expected(motion: Motion, root: str) -> np.ndarray:
    joints = motion.pose.joints
    return joints - joints[:, :1] * LEVEL if root == "in_place" else joints


@pytest.mark.parametrize("root", ["hips", "ground", "in_place"])
def test_bvh(motion: Motion, tmp_path: Path, root: str) -> None:
    bvh = read_bvh(motion.save(tmp_path / "a.bvh", root=root, unit="m"))
    positions = bvh.world_transforms()[0]
    joints = positions[:, [bvh.names.index(name) for name in NAMES]]
    np.testing.assert_allclose(joints, _expected(motion, root), atol=1e-4)
    if root == "ground":
        assert bvh.names[0] == "root"
        np.testing.assert_allclose(positions[:, 0], motion.pose.root * LEVEL, atol=1e-4)
        read = Motion.load(tmp_path / "a.bvh")
        np.testing.assert_allclose(
            read.joints, Motion.load(motion.save(tmp_path / "b.bvh")).joints, atol=1e-3
        )


@pytest.mark.parametrize("root", ["hips", "ground", "in_place"])
def test_glb(motion: Motion, tmp_path: Path, root: str) -> None:
    seen = GlbReader(motion.save(tmp_path / "a.glb", root=root))
    np.testing.assert_allclose(seen.places(NAMES), _expected(motion, root), atol=1e-5)
    if root == "ground":
        np.testing.assert_allclose(seen.places(["root"])[:, 0], motion.pose.root * LEVEL, atol=1e-6)
        np.testing.assert_allclose(
            seen.vertices()[0], motion.to_mesh().vertices, atol=3e-3
        )  # weights are bytes in the file
        assert run_node("validate_gltf.mjs", tmp_path / "a.glb", needs="gltf-validator")["numErrors"] == 0


@pytest.mark.parametrize("root", ["hips", "ground", "in_place"])
def test_usd(motion: Motion, tmp_path: Path, root: str) -> None:
    usd = pytest.importorskip("pxr.Usd")
    skel = pytest.importorskip("pxr.UsdSkel")
    stage = usd.Stage.Open(str(motion.save(tmp_path / "a.usda", root=root)))
    query = skel.Cache().GetSkelQuery(skel.Skeleton(stage.GetPrimAtPath("/Body/Skeleton")))
    names = [path.split("/")[-1] for path in query.GetJointOrder()]
    expected = _expected(motion, root)
    for frame in (0, 7, 11):
        cache = query.ComputeJointSkelTransforms(usd.TimeCode(frame))
        places = np.array([np.array(matrix)[3, :3] for matrix in cache])
        np.testing.assert_allclose(places[[names.index(n) for n in NAMES]], expected[frame], atol=1e-4)
    assert (names[0] == "root") == (root == "ground")
    mesh = np.array(stage.GetPrimAtPath("/Body/Skin").GetAttribute("primvars:skel:jointIndices").Get())
    assert mesh.min() == (root == "ground")


def test_an_unknown_carrier_is_refused(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="root 'floor': choose 'hips', 'ground' or 'in_place'"):
        motion.save(tmp_path / "a.glb", root="floor")
    assert not list(tmp_path.iterdir())
