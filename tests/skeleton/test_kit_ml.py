"""KIT-ML's motions everywhere that HumanML3D's go."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML, UNIFORM_BONE_LENGTHS
from tests.synthetic_kit import kit_joints
from tests.synthetic_motion import natural_poses


@pytest.fixture(scope="module")
def motion() -> Motion:
    return Motion(kit_joints(25).astype(np.float32), prompt="a person walks")


def test_kit_joints_land_on_humanml3d_s(motion: Motion) -> None:
    """Against the 22 joints that the 21 were made from, in metres and at 12.5 frames a second."""
    body = motion.to_humanml3d()
    assert (motion.fps, body.fps, body.prompt, body.skeleton) == (12.5, 12.5, "a person walks", HUMANML3D)
    truth = canonicalize(natural_poses(25).joints).numpy()
    assert np.linalg.norm(body.joints - truth, axis=-1).mean() < 0.02
    bones = np.linalg.norm(body.joints[:, 1:] - body.joints[:, HUMANML3D.parents[1:]], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(UNIFORM_BONE_LENGTHS, bones.shape), atol=1e-5)
    assert body.to_humanml3d() is body


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.25])
@pytest.mark.parametrize("seed", [1, 2])
def test_bodies_of_any_size_come_out_on_one_skeleton(scale: float, seed: int) -> None:
    body = Motion((scale * kit_joints(25, seed)).astype(np.float32)).to_humanml3d()
    truth = canonicalize(natural_poses(25, seed).joints)
    joints = canonicalize(torch.from_numpy(body.joints).double())
    assert (joints - truth).norm(dim=-1).mean() < 0.02
    assert abs(body.joints[..., 1].min()) < 0.03


@pytest.mark.parametrize("suffix", [".bvh", ".glb", ".html", ".usda", ".obj", ".npz", ".json", ".npy"])
def test_every_format_takes_kit_ml(motion: Motion, tmp_path: Path, suffix: str) -> None:
    path = motion.save(tmp_path / f"a{suffix}")
    if suffix == ".bvh":
        read = Motion.load(path)
        assert read.fps == 12.5
        np.testing.assert_allclose(read.joints, motion.pose.joints, atol=1e-3)
        clip = Motion.load(motion.save(tmp_path / "clip.bvh", skeleton="clip"))
        assert np.linalg.norm(clip.joints - motion.to_humanml3d().joints, axis=-1).mean() < 0.02
    elif suffix == ".usda":
        assert "framesPerSecond = 12.5" in path.read_text(encoding="utf-8")
    elif suffix == ".html":
        assert '"fps": 12.5' in path.read_text(encoding="utf-8")
    elif suffix in (".npz", ".json", ".npy"):
        read = Motion.load(path)
        assert (read.skeleton, read.fps) == (KIT_ML, 12.5)
        np.testing.assert_allclose(read.joints, motion.joints, atol=1e-3)


@pytest.mark.parametrize("layout", ["smplh", "smplx"])
def test_kit_ml_as_smpl(motion: Motion, tmp_path: Path, layout: str) -> None:
    read = Motion.load(motion.save(tmp_path / "a.npz", layout=layout, fps=12.5))
    assert (read.fps, len(read)) == (12.5, len(motion))
    expected = canonicalize(torch.from_numpy(motion.to_humanml3d().joints)).numpy()
    assert np.linalg.norm(read.joints - expected, axis=-1).mean() < 2e-3
    assert motion.to_smpl().transl.norm(dim=-1).max() < 3  # metres


def test_a_json_file_says_which_joints(motion: Motion, tmp_path: Path) -> None:
    content = json.loads(motion.save(tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (content["joint_names"], content["fps"]) == (list(KIT_ML.joint_names), 12.5)


def test_locked_feet_and_motion_on_the_spot_stay_in_millimetres(motion: Motion) -> None:
    slide = 20 * np.arange(len(motion))[:, None, None] * (1.0, 0.0, 0.0) / len(motion)
    standing = Motion(np.repeat(kit_joints(1), 25, axis=0) + slide)
    locked = standing.lock_feet()
    feet = [*KIT_ML.left_foot, *KIT_ML.right_foot]
    assert np.ptp(standing.joints[:, feet, 0], axis=0).min() > 15
    assert np.ptp(locked.joints[:, feet, 0], axis=0).max() < 1
    np.testing.assert_allclose(locked.joints[:, :11], standing.joints[:, :11], atol=1e-3)
    lengths = [np.linalg.norm(m.joints[:, 12] - m.joints[:, 11], axis=-1) for m in (standing, locked)]
    np.testing.assert_allclose(*lengths, atol=0.1)
    assert not motion.in_place().joints[:, 0, [0, 2]].any()
    assert (locked.skeleton, motion.in_place().skeleton) == (KIT_ML, KIT_ML)


@pytest.mark.parametrize("fps", [25.0, 30.0, 5.0])
def test_another_frame_rate(motion: Motion, fps: float) -> None:
    again = motion.resample(fps)
    assert (again.fps, again.skeleton) == (fps, KIT_ML)
    assert again.duration == pytest.approx(motion.duration, abs=0.2)
    np.testing.assert_array_equal(again.joints[0], motion.joints[0])
    if fps == 25:
        np.testing.assert_allclose(again.joints[::2], motion.joints, atol=1e-3)


def test_the_player_in_notebooks(motion: Motion) -> None:
    assert "iframe" in motion._repr_html_()
