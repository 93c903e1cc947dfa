"""Interpolation of whole poses, from which the sampling of gaps begins."""

import numpy as np
import torch
from control.test_constraints import FPS, standing, walking

from ram_sdk import Motion, RAMPipeline
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
    raised = walking(60).joints.copy()
    raised[40:, [18, 20], 1] += 0.2  # both parts stand still, and the arm rises in the gap
    targets = resolve([Keep(Motion(raised), 0, 1), Keep(Motion(raised), 2)], 60, FPS)
    between = bridge(targets)
    assert between is not None
    estimate = torch.zeros(1, 60, 263)
    wrist = 4 + 3 * (20 - 1) + 1
    for timestep, bridged in ((48, True), (39, True), (38, False), (0, False)):
        corrected = Steering([targets])(pipeline, StepInfo(0, timestep, estimate))
        assert corrected is not None
        made = pipeline.decode(corrected, [60])[0][25:35, wrist]
        assert (np.abs(made - between.features[25:35, wrist]).max() < 0.01) == bridged
