"""The 263 and 251 features against a clip that HumanML3D's own code processed, and as a round trip."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk.geometry import quaternion_conjugate, rotate, yaw_quaternion
from ram_sdk.skeleton.features import canonicalize, decode_features, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML, UNIFORM_BONE_LENGTHS

OFFICIAL = Path(__file__).resolve().parents[1] / "data" / "humanml3d_012314.npz"


@pytest.fixture(scope="module")
def official() -> tuple[torch.Tensor, torch.Tensor]:
    """Joints (171, 22, 3) and features (170, 263); the last pose follows from the last frame's velocities."""
    with np.load(OFFICIAL) as stored:
        joints = torch.from_numpy(stored["joints"]).double()
        features = torch.from_numpy(stored["features"]).double()
    to_world = quaternion_conjugate(yaw_quaternion(features[:-1, 0].sum()))
    velocities = features[-1, 193:259].reshape(22, 3)
    last = joints[-1] + rotate(to_world.expand(22, 4), velocities)
    return torch.cat((joints, last[None])), features


def test_encoding_equals_the_official_features(official):
    joints, features = official
    torch.testing.assert_close(encode_joints(joints), features, atol=1e-4, rtol=0)
    torch.testing.assert_close(encode_joints(joints)[:, :193], features[:, :193], atol=1e-5, rtol=0)


def test_decoding_equals_the_official_joints(official):
    joints, features = official
    torch.testing.assert_close(decode_features(features), joints[:-1], atol=1e-5, rtol=0)


def test_contacts_equal_the_official_ones(official):
    joints, features = official
    assert torch.equal(encode_joints(joints)[:, 259:], features[:, 259:])


def test_canonicalize_undoes_any_place_and_heading(official):
    joints, _ = official
    turn = yaw_quaternion(torch.tensor(1.1, dtype=torch.float64)).expand(*joints.shape[:-1], 4)
    moved = rotate(turn, joints) + torch.tensor([3.0, -1.0, 2.0])
    torch.testing.assert_close(canonicalize(moved), canonicalize(joints), atol=1e-9, rtol=0)
    half_round = rotate(
        yaw_quaternion(torch.tensor(torch.pi / 2).double()).expand_as(turn), canonicalize(joints)
    )
    torch.testing.assert_close(canonicalize(half_round), canonicalize(joints), atol=1e-6, rtol=0)


def test_a_canonical_clip_stands_on_the_floor_facing_z(official):
    joints = canonicalize(official[0])
    assert float(joints[..., 1].min()) == 0.0
    torch.testing.assert_close(joints[0, 0, (0, 2)], torch.zeros(2, dtype=torch.float64))
    left_to_right = joints[0, 2] - joints[0, 1] + joints[0, 17] - joints[0, 16]
    assert float(left_to_right[0]) < 0
    assert abs(float(left_to_right[2])) < 1e-6


def test_batches_equal_single_clips(official):
    joints, features = official
    other = joints.flip(0)
    batch = encode_joints(torch.stack((joints, other)))
    torch.testing.assert_close(batch[0], encode_joints(joints))
    torch.testing.assert_close(batch[1], encode_joints(other))
    both = decode_features(torch.stack((features, features * 0.9)))
    torch.testing.assert_close(both[0], decode_features(features))


@pytest.mark.parametrize("skeleton", [HUMANML3D, KIT_ML])
def test_round_trip_of_random_walks(skeleton):
    generator = torch.Generator().manual_seed(3)
    steps = 0.03 * torch.randn(60, skeleton.num_joints, 3, generator=generator, dtype=torch.float64)
    pose = torch.randn(skeleton.num_joints, 3, generator=generator, dtype=torch.float64)
    joints = canonicalize(pose + steps.cumsum(0), skeleton)
    features = encode_joints(joints, skeleton)
    assert features.shape == (59, skeleton.num_features)
    torch.testing.assert_close(decode_features(features, skeleton), joints[:-1], atol=1e-9, rtol=0)


def test_round_trip_of_a_turn_through_minus_z(official):
    """Three whole turns on the spot: the heading passes -Z six times."""
    pose = official[0][:1]
    half_angle = torch.linspace(0, 3 * torch.pi, 160, dtype=torch.float64)
    turn = yaw_quaternion(half_angle)[:, None].expand(160, 22, 4)
    joints = canonicalize(rotate(turn, pose.expand(160, 22, 3)))
    torch.testing.assert_close(decode_features(encode_joints(joints)), joints[:-1], atol=1e-9, rtol=0)


def test_feature_widths_are_263_and_251():
    assert (HUMANML3D.num_features, KIT_ML.num_features) == (263, 251)


def test_bone_lengths_are_those_of_the_official_clip(official):
    joints, _ = official
    for joint, length in enumerate(UNIFORM_BONE_LENGTHS, start=1):
        bone = (joints[:, joint] - joints[:, HUMANML3D.parents[joint]]).norm(dim=-1)
        assert abs(float(bone.mean()) - length) < 5e-4


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"\(10, 21, 3\): expected \(\.\.\., frames >= 2, 22, 3\)"):
        encode_joints(torch.zeros(10, 21, 3))
    with pytest.raises(ValueError, match="frames >= 2"):
        encode_joints(torch.zeros(1, 22, 3))
    with pytest.raises(ValueError, match="width 251: the humanml3d skeleton has 263"):
        decode_features(torch.zeros(5, 251))
