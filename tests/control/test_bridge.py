"""Interpolation of whole poses, from which the sampling of gaps begins."""

import numpy as np
import pytest
import torch
from control.test_constraints import FPS, standing, walking

from ram_sdk import RAMPipeline
from ram_sdk.control import Joints, Keep, Pose
from ram_sdk.control.bodyframe import turn
from ram_sdk.control.bridge import bridge, interpolated
from ram_sdk.control.steering import Steering
from ram_sdk.control.targets import resolve
from ram_sdk.pipeline.sampling import StepInfo
from ram_sdk.skeleton.features import decode_features
from ram_sdk.skeleton.placing import facing

KNOWN = np.r_[0:20, 40:60]


def test_straight_motion_goes_on_straight() -> None:
    joints = walking(60).joints.astype(np.float64)
    np.testing.assert_allclose(interpolated(joints, KNOWN), joints, atol=1e-3)


def test_a_turn_goes_the_short_way_and_keeps_the_body() -> None:
    yaw = np.radians(np.linspace(150, 210, 60))
    joints = turn(yaw[:, None], np.repeat(standing(), 60, axis=0))
    between = interpolated(joints, KNOWN)
    np.testing.assert_allclose(between, joints, atol=2e-3)
    np.testing.assert_allclose(facing(between), facing(joints), atol=1e-3)


def test_only_near_poses_are_bridged() -> None:
    motion = walking(60)
    gap = bridge(resolve([Keep(motion, 0, 1), Keep(motion, 2)], 60, FPS))
    assert gap is not None
    np.testing.assert_array_equal(np.flatnonzero(gap.there.numpy()), np.arange(20, 40))
    np.testing.assert_allclose(decode_features(gap.features)[:, :, 1], motion.joints[..., 1], atol=1e-3)
    poses = [Pose(0.0, motion.joints[0]), Pose(9.0, motion.joints[40])]
    assert bridge(resolve(poses, 200, FPS)) is None
    assert bridge(resolve([Pose(0.0, motion.joints[0]), Joints(2, {"head": (0, 1.5, 2)})], 60, FPS)) is None


def test_three_seconds_are_bridged_and_no_more() -> None:
    motion = walking(100)
    for frame, bridged in ((60, True), (61, False)):
        poses = [Pose(0.0, motion.joints[0]), Pose(frame / FPS, motion.joints[frame])]
        assert (bridge(resolve(poses, 100, FPS)) is not None) == bridged


def test_noisy_steps_of_a_gap_take_the_interpolation_as_their_estimate(pipeline: RAMPipeline) -> None:
    motion = walking(60)
    targets = resolve([Keep(motion, 0, 1), Keep(motion, 2)], 60, FPS)
    features = torch.from_numpy(motion.features.copy())
    wrist = 4 + 3 * (20 - 1) + 1
    features[20:40, wrist] += 0.5  # the model raises a hand in the gap
    estimate = pipeline.normalizer.normalize(features)[None]
    height = {}
    for timestep in (48, 39, 38, 0):
        corrected = Steering([targets])(pipeline, StepInfo(0, timestep, estimate))
        assert corrected is not None
        height[timestep] = float(pipeline.decode(corrected, [60])[0][30, wrist] - features[0, wrist])
    assert height == pytest.approx({48: 0.0, 39: 0.0, 38: 0.5, 0: 0.5}, abs=0.02)
