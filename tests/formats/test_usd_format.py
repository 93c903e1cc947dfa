from pathlib import Path

import numpy as np
import pytest

from ram_sdk.body.embedded import load_body
from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.motion import Motion
from tests.synthetic_motion import natural_poses


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(6).joints.float().numpy(), prompt='a person "waves" \\ walks\non')


@pytest.mark.parametrize("suffix", [".usd", ".usda"])
def test_stage_opens_and_poses_like_the_motion(motion: Motion, tmp_path: Path, suffix: str) -> None:
    pxr = pytest.importorskip("pxr", reason="pip install usd-core")
    from pxr import Usd, UsdGeom, UsdSkel

    stage = Usd.Stage.Open(str(motion.save(tmp_path / f"a{suffix}")))
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode(), stage.GetFramesPerSecond()) == (0, 5, 20)
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    root = UsdSkel.Root(stage.GetDefaultPrim())
    cache = UsdSkel.Cache()
    cache.Populate(root, pxr.Usd.PrimDefaultPredicate)
    query = cache.GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath("/Body/Skeleton")))
    names = [path.rsplit("/", 1)[-1] for path in query.GetJointOrder()]
    assert tuple(names) == BONE_NAMES["mixamo"]
    vertices = motion.to_mesh().vertices
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/Body/Skin"))
    skinning = cache.GetSkinningQuery(mesh.GetPrim())
    for frame in (0, 5):
        joints = np.array([np.array(m)[3, :3] for m in query.ComputeJointSkelTransforms(frame)])
        np.testing.assert_allclose(joints, motion.pose.joints[frame], atol=1e-5)
        points = mesh.GetPointsAttr().Get()
        skinning.ComputeSkinnedPoints(query.ComputeSkinningTransforms(frame), points)
        np.testing.assert_allclose(np.array(points), vertices[frame], atol=2e-5)


def test_text_holds_every_vertex_and_frame(motion: Motion, tmp_path: Path) -> None:
    text = motion.save(tmp_path / "a.usda", names="unreal").read_text(encoding="utf-8")
    assert text.startswith("#usda 1.0\n")
    assert '"pelvis/thigh_l/calf_l/foot_l/ball_l"' in text
    points = text.split("point3f[] points = [")[1].split("]")[0]
    assert points.count("(") == len(load_body().vertices)
    assert text.count("\n            5: [") == 2
    assert text.count("{") == text.count("}")


def test_names_with_colons_are_refused(motion: Motion, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose 'mixamo'"):
        motion.save(tmp_path / "a.usda", names="mixamorig")
    assert not list(tmp_path.iterdir())
