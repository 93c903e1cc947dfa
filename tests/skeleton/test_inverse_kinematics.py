import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets
from tests.synthetic_motion import angle_between, natural_poses

DETERMINED = [joint for joint in range(22) if joint in HUMANML3D.parents]  # joints that carry a bone
HUMANML3D_CLIP = Path(__file__).resolve().parents[1] / "data" / "humanml3d_012314.npz"


def millimetres(pose: PoseSequence, joints: torch.Tensor) -> torch.Tensor:
    return 1000 * (pose.joints - joints).norm(dim=-1)


@pytest.mark.parametrize("seed", range(3))
def test_meets_positions_and_recovers_natural_rotations(seed: int) -> None:
    truth = natural_poses(100, seed)
    pose = inverse_kinematics(truth.joints)
    assert millimetres(pose, truth.joints).mean() < 0.01
    assert angle_between(pose.rotations, truth.rotations)[:, DETERMINED].mean() < 5.0


def test_closed_form_step_alone_is_close() -> None:
    truth = natural_poses(60)
    pose = inverse_kinematics(truth.joints, refine=False)
    assert millimetres(pose, truth.joints).max() < 0.01
    assert angle_between(pose.rotations, truth.rotations)[:, DETERMINED].mean() < 6.0


@pytest.mark.parametrize("degrees", [60, 120, 180])
def test_local_rotations_do_not_know_place_or_heading(degrees: float) -> None:
    joints = natural_poses(60).joints.float()
    turn = axis_angle_to_matrix(torch.tensor((0.0, math.radians(degrees), 0.0)))
    moved = joints @ turn.T + torch.tensor((5.0, -1.0, 3.0))
    pose, other = inverse_kinematics(joints), inverse_kinematics(moved)
    assert angle_between(pose.rotations[:, 1:], other.rotations[:, 1:]).max() < 0.01


def test_rotations_never_flip() -> None:
    pose = inverse_kinematics(natural_poses(200, seed=5).joints)
    assert angle_between(pose.rotations[1:], pose.rotations[:-1]).max() < 30.0


def test_clip_skeleton_takes_the_clips_own_measures() -> None:
    truth = natural_poses(60)
    random = torch.Generator().manual_seed(1)
    stretch = 0.8 + 0.5 * torch.rand(22, 1, generator=random, dtype=torch.float64)
    odd = PoseSequence(truth.rotations, truth.root, truth.offsets * stretch)
    clip, canonical = (inverse_kinematics(odd.joints, skeleton) for skeleton in ("clip", "canonical"))
    torch.testing.assert_close(clip.offsets.norm(dim=-1), odd.offsets.norm(dim=-1))
    assert millimetres(clip, odd.joints).mean() < 0.05
    assert millimetres(canonical, odd.joints).mean() > 5.0
    torch.testing.assert_close(canonical.offsets, canonical_offsets())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 3.0), st.integers(1, 5))
def test_any_pose_of_any_size_gives_proper_rotations(seed: int, size: float, frames: int) -> None:
    random = torch.Generator().manual_seed(seed)
    turns = axis_angle_to_matrix(1.5 * torch.randn(frames, 22, 3, generator=random, dtype=torch.float64))
    joints = PoseSequence(
        turns, torch.randn(frames, 3, generator=random).double(), size * canonical_offsets()
    ).joints
    pose = inverse_kinematics(joints, "clip")
    identity = torch.eye(3, dtype=torch.float64).expand_as(pose.rotations)
    torch.testing.assert_close(pose.rotations.mT @ pose.rotations, identity)
    assert (torch.det(pose.rotations) > 0).all()
    assert millimetres(pose, joints).mean() < 30 * size


def test_frames_are_solved_one_by_one_however_long_the_clip() -> None:
    joints = natural_poses(517).joints
    whole = inverse_kinematics(joints)
    torch.testing.assert_close(whole.rotations[507:], inverse_kinematics(joints[507:]).rotations)


def test_very_long_clips() -> None:
    joints = natural_poses(20_000).joints.float()
    whole = inverse_kinematics(joints, refine=False)
    assert len(whole) == 20_000
    part = inverse_kinematics(joints[-5:], refine=False)
    torch.testing.assert_close(whole.rotations[-5:], part.rotations)


def test_one_frame() -> None:
    truth = natural_poses(1)
    for skeleton in ("canonical", "clip"):
        assert millimetres(inverse_kinematics(truth.joints, skeleton), truth.joints).max() < 0.05


def test_bones_of_no_length_are_left_at_rest() -> None:
    joints = natural_poses(10).joints
    joints[:, 20] = joints[:, 18]  # the left wrist sits on the elbow
    joints[:, 12] = joints[:, 9]
    pose = inverse_kinematics(joints, "clip")
    assert torch.isfinite(pose.rotations).all()
    assert millimetres(pose, joints).mean() < 1.0


def test_refuses_what_is_not_a_clip() -> None:
    joints = natural_poses(3).joints
    with pytest.raises(ValueError, match=r"\(3, 21, 3\): expected \(frames >= 1, 22, 3\)"):
        inverse_kinematics(joints[:, 1:])
    with pytest.raises(ValueError, match="frames >= 1"):
        inverse_kinematics(joints[:0])
    with pytest.raises(ValueError, match="expected 'canonical' or 'clip'"):
        inverse_kinematics(joints, "mine")  # type: ignore[arg-type]
    joints[1, 4, 2] = math.nan
    with pytest.raises(ValueError, match="NaN"):
        inverse_kinematics(joints)


@pytest.mark.parametrize("fps", [30.0, 20.0, 12.5, 60.0])
def test_resampling_keeps_the_motion(fps: float) -> None:
    pose = natural_poses(41)
    again = pose.resample(20.0, fps)
    assert len(again) == int(40 / 20 * fps) + 1
    torch.testing.assert_close(again.joints[0], pose.joints[0])
    torch.testing.assert_close(again.joints[-1], pose.joints[-1])
    back = again.resample(fps, 20.0)
    assert millimetres(back, pose.joints[: len(back)]).max() < (0.001 if fps % 20 == 0 else 25.0)


@pytest.mark.parametrize(("skeleton", "mean"), [("clip", 0.1), ("canonical", 3.0)])
def test_error_on_a_humanml3d_clip(skeleton: str, mean: float) -> None:
    joints = torch.from_numpy(np.load(HUMANML3D_CLIP)["joints"])
    pose = inverse_kinematics(joints, skeleton)  # type: ignore[arg-type]
    assert millimetres(pose, joints).mean() < mean
    assert angle_between(pose.rotations[1:], pose.rotations[:-1]).max() < 90.0
