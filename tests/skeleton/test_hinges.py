import math

import pytest
import torch
import torch.nn.functional as F

from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.skeleton.hinges import LIMBS, Limb, hinge_axis, rest_axis, turn_hinges
from ram_sdk.skeleton.inverse_kinematics import inverse_kinematics
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import PoseSequence, canonical_offsets
from ram_sdk.skeleton.retarget import mirror
from tests.synthetic_motion import angle_between, natural_poses

UPPER = [limb.chain[-1] for limb in LIMBS]
HINGES = [limb.hinge for limb in LIMBS]


def bent_limbs(frames: int, least: float) -> PoseSequence:
    """Arms and legs turned every way, twist included, on hinges bent by `least` degrees and more."""
    random = torch.Generator().manual_seed(4)
    angles = torch.zeros(frames, 22, 3, dtype=torch.float64)
    angles[:, UPPER] = 0.6 * torch.randn(frames, 4, 3, generator=random, dtype=torch.float64)
    bend = math.radians(least) + torch.rand(frames, generator=random, dtype=torch.float64)
    for joint, axis, sign in ((18, 1, -1), (19, 1, 1), (4, 0, 1), (5, 0, 1)):
        angles[:, joint, axis] = sign * bend
    return PoseSequence(axis_angle_to_matrix(angles), torch.zeros(frames, 3).double(), canonical_offsets())


@pytest.mark.parametrize("limb", LIMBS, ids=lambda limb: HUMANML3D.joint_names[limb.hinge])
def test_a_bent_limb_shows_the_axis_of_its_hinge(limb: Limb) -> None:
    truth = bent_limbs(50, least=60)
    turn = truth.rotations[:, limb.chain[-1]]  # nothing else in the chain turns
    bone = F.normalize(truth.offsets[limb.hinge], dim=-1)
    lower = truth.rotations[:, limb.hinge] @ truth.offsets[limb.end[0]]
    found = hinge_axis(limb, turn @ bone, (turn @ lower[..., None]).squeeze(-1))
    cosine = F.cosine_similarity(found, turn @ rest_axis(limb, bone), dim=-1)
    assert torch.rad2deg(cosine.clamp(-1, 1).acos()).mean() < 10


@pytest.mark.parametrize("refine", [True, False])
def test_upper_arms_get_their_twist(refine: bool) -> None:
    truth = bent_limbs(50, least=60)
    pose = inverse_kinematics(truth.joints, refine=refine)
    assert angle_between(pose.rotations, truth.rotations)[:, UPPER[:2]].mean() < 12  # without: 30


def test_no_joint_moves() -> None:
    random = torch.Generator().manual_seed(2)
    turns = axis_angle_to_matrix(torch.randn(20, 22, 3, generator=random, dtype=torch.float64))
    pose = PoseSequence(turns, torch.zeros(20, 3).double(), canonical_offsets())
    turned = PoseSequence(turn_hinges(turns, pose.offsets), pose.root, pose.offsets)
    torch.testing.assert_close(turned.joints, pose.joints)


def test_left_and_right_are_treated_alike() -> None:
    joints = natural_poses(20).joints.numpy()
    rest = canonical_offsets().numpy()
    rest = torch.from_numpy((rest + mirror(rest)) / 2)
    flip = torch.diag(torch.tensor((-1.0, 1.0, 1.0), dtype=torch.float64))
    there = inverse_kinematics(torch.from_numpy(joints), rest=rest).rotations
    back = flip @ inverse_kinematics(torch.from_numpy(mirror(joints)), rest=rest).rotations @ flip
    for left, right in zip(LIMBS[::2], LIMBS[1::2], strict=True):
        for joint, other in zip((*left.chain, left.hinge), (*right.chain, right.hinge), strict=True):
            torch.testing.assert_close(there[:, joint], back[:, other], atol=1e-6, rtol=0)


def test_straight_limbs_do_not_twist_with_the_noise_of_positions() -> None:
    pose = natural_poses(100)
    rotations = pose.rotations.clone()
    rotations[:, HINGES] = torch.eye(3, dtype=torch.float64)
    joints = PoseSequence(rotations, pose.root, pose.offsets).joints
    noise = torch.randn(joints.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = inverse_kinematics(joints + 0.003 * noise, refine=False).rotations[:, UPPER]
    assert angle_between(found[1:], found[:-1]).max() < 45


def test_limbs_of_no_length() -> None:
    joints = natural_poses(5).joints
    joints[:, 18] = joints[:, 16]
    joints[:, 7] = joints[:, 4]
    assert torch.isfinite(inverse_kinematics(joints, "clip").rotations).all()
