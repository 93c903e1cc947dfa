from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.formats.bone_names import BONE_NAMES
from ram_sdk.formats.bvh_parser import read_bvh
from ram_sdk.motion import Motion
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D, UNIFORM_BONE_LENGTHS
from ram_sdk.skeleton.pose import Pose
from tests.javascript import run_node
from tests.synthetic_motion import natural_poses

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "captures"


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(natural_poses(30).joints.float().numpy(), prompt="a person walks")


def positions_of(path: Path, names: tuple[str, ...]) -> np.ndarray:
    bvh = read_bvh(path)
    return bvh.world_transforms()[0][:, [bvh.names.index(name) for name in names]]


@pytest.mark.parametrize("order", ["YZX", "ZXY", "XYZ"])
@pytest.mark.parametrize(("unit", "scale"), [("cm", 0.01), ("m", 1.0)])
def test_positions_come_back(motion: Motion, tmp_path: Path, order: str, unit: str, scale: float) -> None:
    path = motion.save(tmp_path / "walk.bvh", order=order, unit=unit)
    written = inverse_kinematics(torch.tensor(motion.joints)).joints.numpy()
    np.testing.assert_allclose(scale * positions_of(path, BONE_NAMES["mixamo"]), written, atol=1e-5)
    assert read_bvh(path).fps == pytest.approx(20.0)


def test_an_independent_reader_finds_the_same_positions(motion: Motion, tmp_path: Path) -> None:
    pybvh = pytest.importorskip("pybvh", reason="pip install pybvh")
    path = motion.save(tmp_path / "walk.bvh")
    bvh = pybvh.read_bvh_file(str(path))
    found = dict(zip(bvh.joint_names, np.moveaxis(bvh.joint_positions(), 1, 0), strict=False))
    written = inverse_kinematics(torch.tensor(motion.joints)).joints.numpy()
    for joint, name in enumerate(BONE_NAMES["mixamo"]):
        np.testing.assert_allclose(0.01 * found[name], written[:, joint], atol=1e-5)


def test_three_js_plays_the_same_positions(motion: Motion, tmp_path: Path) -> None:
    seen = run_node("read_bvh.mjs", motion.save(tmp_path / "walk.bvh"), needs="three")
    order = [seen["names"].index(name) for name in BONE_NAMES["mixamo"]]
    written = inverse_kinematics(torch.tensor(motion.joints)).joints.numpy()
    np.testing.assert_allclose(0.01 * np.array(seen["frames"])[:, order], written, atol=1e-5)


def test_rest_pose_is_a_t_pose_with_bones_of_some_length(motion: Motion, tmp_path: Path) -> None:
    bvh = read_bvh(motion.save(tmp_path / "walk.bvh", unit="m"))
    rest = dict(zip(bvh.names, bvh.offsets, strict=True))
    for side, out in (("Left", 1.0), ("Right", -1.0)):
        for bone in ("Arm", "ForeArm", "Hand")[1:]:
            assert rest[side + bone] / np.linalg.norm(rest[side + bone]) == pytest.approx((out, 0, 0))
        for bone in ("Leg", "Foot"):
            assert rest[side + bone] / np.linalg.norm(rest[side + bone]) == pytest.approx((0, -1, 0))
    assert not rest["Hips"].any()
    ends = [name for name in bvh.names if name.endswith("_end")]
    assert len(ends) == 5
    assert min(np.linalg.norm(rest[name]) for name in ends) > 0.05


@pytest.mark.parametrize("scheme", BONE_NAMES)
def test_names(motion: Motion, tmp_path: Path, scheme: str) -> None:
    names = read_bvh(motion.save(tmp_path / "walk.bvh", names=scheme)).names
    assert set(BONE_NAMES[scheme]) == {name for name in names if not name.endswith("_end")}


def test_resampled_file_lasts_as_long(motion: Motion, tmp_path: Path) -> None:
    bvh = read_bvh(motion.save(tmp_path / "walk.bvh", fps=60))
    assert (bvh.num_frames, bvh.fps) == (88, pytest.approx(60.0))
    coarse = read_bvh(motion.save(tmp_path / "coarse.bvh"))
    np.testing.assert_allclose(bvh.rotations[::3], coarse.rotations, atol=1e-5)


def test_angles_do_not_jump_where_the_rotation_does_not() -> None:
    turns = torch.deg2rad(torch.arange(0, 720, 10, dtype=torch.float64))
    pose = natural_poses(len(turns))
    spin = torch.eye(3, dtype=torch.float64).repeat(len(turns), 1, 1)
    spin[:, 0, 0], spin[:, 0, 2], spin[:, 2, 0], spin[:, 2, 2] = (
        turns.cos(),
        turns.sin(),
        -turns.sin(),
        turns.cos(),
    )
    pose.rotations[:, 0] = spin
    for order in ("YZX", "ZYX", "XYZ"):
        steps = np.abs(np.diff(Pose.from_tensors(pose).euler(order)[:, 0], axis=0))
        assert np.degrees(steps).max() == pytest.approx(10.0, abs=1e-6)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"unit": "inch"}, "choose 'cm' or 'm'"),
        ({"order": "XYX"}, "choose 'XYZ', 'XZY'"),
        ({"names": "maya"}, "choose 'mixamo', "),
        ({"skeleton": "mine"}, "choose 'canonical' or 'clip'"),
    ],
)
def test_unknown_options_leave_no_file(motion: Motion, tmp_path: Path, option: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        motion.save(tmp_path / "walk.bvh", **option)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [{}, {"unit": "m", "names": "unreal", "order": "ZXY"}, {"names": "mixamorig"}]
)
def test_own_files_come_back_as_they_were(motion: Motion, tmp_path: Path, options: dict) -> None:
    placed = Motion(motion.joints + np.array((2.0, 0.0, -1.0)), 25.0)
    again = Motion.load(placed.save(tmp_path / "walk.bvh", **options))
    assert again.fps == 25.0
    np.testing.assert_allclose(again.joints, placed.pose.joints, atol=1e-5)


def test_own_file_of_a_lying_body_is_not_turned(motion: Motion, tmp_path: Path) -> None:
    """The head is far along Z from everything else, as in files whose Z points up."""
    lying = Motion(motion.joints[..., [0, 2, 1]] * np.array((1.0, -1.0, 1.0)), motion.fps)
    again = Motion.load(lying.save(tmp_path / "lying.bvh"))
    np.testing.assert_allclose(again.joints, lying.pose.joints, atol=1e-5)


@pytest.mark.parametrize("name", ["accad/Male2_B10_WalkTurnLeft45.bvh", "cmu-salsa/01.bvh"])
def test_captures_of_other_skeletons_land_on_the_uniform_one(name: str) -> None:
    clip = Motion.load(CAPTURES / name)
    bones = np.linalg.norm(clip.joints[:, 1:] - clip.joints[:, list(HUMANML3D.parents[1:])], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(UNIFORM_BONE_LENGTHS, bones.shape), atol=1e-5)
    assert clip.joints[..., 1].min() == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(clip.joints[0, 0, [0, 2]], 0.0, atol=1e-6)
    across = clip.joints[0, 1] - clip.joints[0, 2]
    assert across[0] > 0.08  # left is +X: it faces +Z
    assert clip.joints[:, 15, 1].mean() > 1.4  # a head's height


def test_a_file_with_z_up_is_turned(tmp_path: Path) -> None:
    source = read_bvh(CAPTURES / "accad/Male2_B10_WalkTurnLeft45.bvh")
    lines = (CAPTURES / "accad/Male2_B10_WalkTurnLeft45.bvh").read_text().splitlines()
    root = next(i for i, line in enumerate(lines) if line.startswith("ROOT"))
    lines[root] = (
        "ROOT World\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\nJOINT" + lines[root][4:]
    )
    motion = lines.index("MOTION")
    first = next(i for i in range(motion, len(lines)) if lines[i].startswith("Frame Time")) + 1
    numbers = [f"90 0 0 {line}" for line in lines[first:] if line.strip()]
    path = tmp_path / "z_up.bvh"
    path.write_text("\n".join([*lines[:motion], "}", *lines[motion:first], *numbers]))
    assert len(numbers) == source.num_frames
    expected = Motion.load(CAPTURES / "accad/Male2_B10_WalkTurnLeft45.bvh")
    np.testing.assert_allclose(Motion.load(path).joints, expected.joints, atol=1e-4)


def test_an_unknown_skeleton_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(
        "HIERARCHY\nROOT Tail\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation Zrotation\nEnd Site\n{\n"
        "OFFSET 0 1 0\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.05\n0 0 0\n"
    )
    with pytest.raises(ValueError, match=r"a\.bvh.*no person found: no joint for left_hip.* among Tail"):
        Motion.load(path)
