"""Joined motion: bones, continuity, standing feet, place and heading."""

import numpy as np
import pytest
import torch
from simple_motions import bones_off, standing, walking, waving

from ram_sdk.skeleton.feet import place_feet
from ram_sdk.skeleton.seams import join
from ram_sdk.skeleton.sequences import cut, place, pose_of, positions


def fastest(joints):
    return np.linalg.norm(np.diff(joints, axis=0), axis=-1).max()


def elsewhere(joints, yaw):
    return place(pose_of(joints), yaw, torch.tensor((3.0, 0.0, -2.0), dtype=torch.float64))


def test_a_seam_keeps_bones_and_moves_no_joint_far():
    joined = join([pose_of(walking()), elsewhere(waving(), 2.0), elsewhere(walking(), -1.0)], [12, 12])
    assert len(joined.joints) == 100 + 90 + 100 - 24
    assert bones_off(joined.joints) < 1e-3
    assert fastest(joined.joints) < max(fastest(walking()), fastest(waving())) + 0.10
    assert joined.seams == ((88, 100), (166, 178))
    assert joined.spans == ((0, 94), (94, 172), (172, 266))


def test_the_second_part_goes_on_where_and_as_the_first_ends():
    joined = join([pose_of(standing()), elsewhere(standing(), 1.0)], [8])
    assert np.abs(joined.joints[-1, 0, [0, 2]]).max() < 0.02
    across = joined.joints[-1, 1] - joined.joints[-1, 2]
    assert np.degrees(np.arctan2(-across[2], across[0])) == pytest.approx(0.0, abs=3.0)


def test_walking_slows_down_into_standing_without_going_back():
    joined = join([pose_of(walking()), pose_of(standing())], [10])
    assert np.diff(joined.joints[80:130, 0, 2]).min() > -0.005


def test_feet_that_stand_in_both_parts_step_one_after_the_other():
    wide = standing()
    stance = wide.copy()
    feet = wide[:, (7, 8)] + np.array((0.0, 0.0, 0.2)) * np.array((1, -1))[None, :, None]
    stance = place_feet(wide, feet, feet + wide[:, (10, 11)] - wide[:, (7, 8)])
    joined = join([pose_of(wide), pose_of(stance)], [12])
    start, stop = joined.seams[0]
    heights = joined.joints[start:stop, (7, 8), 1] - joined.joints[0, (7, 8), 1]
    speeds = np.linalg.norm(np.diff(joined.joints[start:stop, (7, 8)][..., [0, 2]], axis=0), axis=-1) * 20
    assert heights.max() > 0.03
    assert (speeds.min(axis=1) < 0.4).mean() > 0.7  # hardly ever do both move


def test_a_part_shorter_than_its_seams_is_refused():
    short = cut(pose_of(standing()), 0, 10)
    with pytest.raises(ValueError, match="shorter than the seams"):
        join([pose_of(standing()), short, pose_of(standing())], [8, 8])


def test_positions_survive_the_way_through_rotations():
    joints = walking()
    assert np.abs(positions(pose_of(joints)) - joints).max() < 1e-3
