"""Targets are met in world space, smoothly, and nothing else is moved."""

import warnings

import numpy as np
import pytest
import torch
from control.test_constraints import FPS, standing, walking

from ram_sdk import Motion
from ram_sdk.control import Joints, Keep, Loop, Path, Pose, Stop
from ram_sdk.control.bodyframe import HIPS, SHOULDERS, across, turn, wrap
from ram_sdk.control.bones import keep_lengths
from ram_sdk.control.correction import correct, wanted
from ram_sdk.control.steering import finish, steer, warn_of_what_is_missed
from ram_sdk.control.targets import Targets, resolve
from ram_sdk.skeleton.features import decode_features, decode_heading, encode_joints
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.placing import facing

FRAMES = 60


def plain(frames: int = FRAMES, speed: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    return walking(frames, speed).joints.astype(np.float64), np.zeros(frames)


def finished(features: torch.Tensor, targets: Targets) -> np.ndarray:
    joints = finish(features, targets)
    warn_of_what_is_missed(joints, targets)
    return joints


def turned_pose(degrees: float, place: tuple[float, float]) -> np.ndarray:
    return turn(np.radians(degrees), standing()[0]) + np.array([place[0], 0, place[1]])


def test_any_heading_decodes_to_the_joints():
    rng = np.random.default_rng(0)
    joints, _ = plain()
    heading = np.concatenate([[0.0], rng.normal(0, 0.3, FRAMES - 1).cumsum()])
    features = encode_joints(torch.from_numpy(joints), heading=torch.from_numpy(heading))
    np.testing.assert_allclose(decode_features(features)[:, 1:], joints[:-1, 1:], atol=1e-9)
    np.testing.assert_allclose(decode_heading(features), heading[:-1], atol=1e-9)


def test_the_default_heading_is_the_data_sets():
    joints = torch.from_numpy(plain()[0])
    assert torch.equal(encode_joints(joints), encode_joints(joints, heading=None))


def test_poses_are_met_from_any_place_and_facing():
    constraints = [Pose(0.0, turned_pose(120, (2, 1))), Pose(3.0, turned_pose(200, (0, -1)))]
    targets = resolve(constraints, FRAMES, FPS)
    joints, _ = correct(*plain(), targets)
    np.testing.assert_allclose(joints[[0, -1]], np.stack([c.joints for c in constraints]), atol=1e-4)
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    assert steps.max() < 0.3  # nothing jumps


def test_the_shorter_turn_is_taken():
    targets = resolve([Pose(0, turned_pose(170, (0, 0))), Pose(3, turned_pose(-170, (0, 1)))], FRAMES, FPS)
    joints, _ = correct(*plain(), targets)
    assert abs(np.unwrap(facing(joints))[[0, -1]] @ [-1, 1]) == pytest.approx(np.radians(20), abs=0.01)


def test_met_targets_move_nothing():
    joints, heading = plain()
    targets = resolve([Pose(1.0, joints[20]), Joints(2.0, {"head": joints[40, 15]})], FRAMES, FPS)
    np.testing.assert_allclose(correct(joints, heading, targets)[0], joints, atol=1e-6)


def test_a_pinned_hand_takes_its_arm_along_and_comes_back():
    joints, heading = plain(speed=0.0)
    goal = joints[30, 20] + [-0.1, 0.1, 0.05]
    targets = resolve([Joints(1.5, {"left_hand": goal})], FRAMES, FPS)
    moved = correct(joints, heading, targets)[0] - joints
    np.testing.assert_allclose(moved[30, 20], [-0.1, 0.1, 0.05], atol=1e-4)
    assert 0.02 < np.linalg.norm(moved[30, 18]) < 0.1
    assert np.abs(moved[[0, -1]]).max() < 0.01


def test_a_hand_out_of_reach_brings_the_body():
    joints, heading = plain(speed=0.0)
    targets = resolve([Joints(2.5, {"left_hand": (1.5, 1.2, 1.0)})], FRAMES, FPS)
    moved = correct(joints, heading, targets)[0]
    np.testing.assert_allclose(moved[50, 20], (1.5, 1.2, 1.0), atol=1e-3)
    assert np.linalg.norm(moved[50, 20] - moved[50, 16]) < 0.6
    np.testing.assert_allclose(moved[0, 0, [0, 2]], 0.0, atol=1e-3)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_way_is_walked_with_the_body_turned_along(smooth):
    path = Path([(0, 0), (0, 1.5), (1.5, 1.5)], smooth=smooth)
    targets = resolve([path], FRAMES, FPS)
    joints, _ = correct(*plain(), targets)
    aside = [targets.route.nearest(place)[1] for place in joints[:, 0, [0, 2]]]
    assert np.mean(aside) < 0.03
    np.testing.assert_allclose(joints[[0, -1], 0][:, [0, 2]], [(0, 0), (1.5, 1.5)], atol=0.05)
    assert abs(wrap(facing(joints[-1]) - np.pi / 2)) < 0.3


def test_who_walks_backward_walks_a_path_backward():
    joints, heading = plain(speed=-1.0)
    corrected, _ = correct(joints, heading, resolve([Path([(0, 0), (2, 0)])], FRAMES, FPS))
    np.testing.assert_allclose(np.degrees(facing(corrected)), -90.0, atol=1.0)


def test_facing_of_a_path_in_degrees():
    targets = resolve([Path([(0, 0), (0, 2)], facing=45)], FRAMES, FPS)
    np.testing.assert_allclose(np.degrees(facing(correct(*plain(), targets)[0])), 45.0, atol=1.0)


def test_times_of_a_path_are_kept():
    targets = resolve([Path([(0, 0), (0, 1), (0, 3)], times=[0, 1.5, 3])], FRAMES, FPS)
    root = correct(*plain(), targets)[0][:, 0]
    assert root[30, 2] == pytest.approx(1.0, abs=0.15)


def test_a_stop_is_a_stop():
    targets = resolve([Stop((1.0, 1.0), 1.5, 1.0, facing=0)], FRAMES, FPS)
    joints, _ = correct(*plain(), targets)
    assert np.linalg.norm(joints[30:50, 0][:, [0, 2]] - 1.0, axis=-1).mean() < 0.05
    np.testing.assert_allclose(np.degrees(facing(joints[30:51])), 0.0, atol=2.0)


@pytest.mark.parametrize("facing_at_stop", [None, 90, 180])
@pytest.mark.parametrize("more", [[], [Path([(0, 0), (1, 1), (1, 2.5)], facing="along")]])
def test_a_finished_motion_stands_at_its_stop_and_faces_as_asked(facing_at_stop, more):
    joints, _ = plain()
    swaying = turn(0.5 * np.sin(np.arange(FRAMES) / 3)[:, None], joints - joints[:, :1]) + joints[:, :1]
    features = encode_joints(torch.from_numpy(np.concatenate([swaying, swaying[-1:]])))
    targets = resolve([Stop((1.0, 1.0), 1.5, 0.5, facing_at_stop), *more], FRAMES, FPS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = finished(features, targets).astype(np.float64)
    there = done[30:41]
    assert np.linalg.norm(there[:, 0, [0, 2]] - 1.0, axis=-1).max() < 0.01
    if facing_at_stop is not None:
        assert np.degrees(np.abs(wrap(facing(there) - np.radians(facing_at_stop)))).max() < 2.0


def test_loops_agree_in_pose_and_velocity():
    joints, heading = plain()
    bent = turn(np.linspace(0, 0.8, FRAMES)[:, None], joints)
    bent[:, 20] += np.linspace(0, 0.15, FRAMES)[:, None] ** 2
    targets = resolve([Loop()], FRAMES, FPS)
    looped = correct(bent, heading, targets)[0]
    ends = [looped[:2], looped[-2:]]
    first, last = (
        turn(-facing(part[k]), part - part[k, 0] * (1, 0, 1)) for part, k in zip(ends, (0, 1), strict=True)
    )
    np.testing.assert_allclose(first[0], last[1], atol=1e-3)
    np.testing.assert_allclose(first[1] - first[0], last[1] - last[0], atol=1e-3)


def test_upper_and_lower_body_are_kept():
    truth = walking(speed=2.0)
    joints, heading = plain(speed=0.5)
    joints = joints + np.sin(np.arange(FRAMES) / 5)[:, None, None] * 0.03
    lower = resolve([Keep(truth, part="lower")], FRAMES, FPS)
    moved = correct(joints, heading, lower)[0]
    np.testing.assert_allclose(moved[lower.pinned], truth.joints[lower.pinned], atol=1e-3)
    upper = resolve([Keep(truth, part="upper")], FRAMES, FPS)
    moved = correct(joints, heading, upper)[0]
    np.testing.assert_allclose(moved[upper.pinned], wanted(moved, upper)[upper.pinned], atol=1e-3)
    assert np.linalg.norm(moved[-1, 0] - truth.joints[-1, 0]) > 1.0  # the legs carry it elsewhere


def test_steered_features_decode_to_the_corrected_joints():
    joints, _ = plain()
    targets = resolve([Pose(3.0, turned_pose(60, (1, 2)))], FRAMES, FPS)
    following = torch.from_numpy(np.concatenate([joints, 2 * joints[-1:] - joints[-2:-1]]))
    features = encode_joints(following)
    again = decode_features(steer(features, targets)).numpy()
    goal, yaw = correct(decode_features(features).numpy(), decode_heading(features).numpy(), targets)
    goal = turn(-yaw[0], goal - goal[0, 0] * (1, 0, 1))
    np.testing.assert_allclose(again, goal, atol=1e-6)


def test_a_finished_motion_meets_its_pins_and_keeps_its_bones():
    joints, _ = plain()
    targets = resolve([Pose(0.0, joints[0]), Joints(2.0, {"right_hand": joints[40, 21] + 0.1})], FRAMES, FPS)
    features = encode_joints(torch.from_numpy(np.concatenate([joints, joints[-1:]])))
    done = finish(features, targets)
    np.testing.assert_allclose(done[0], joints[0], atol=1e-5)
    np.testing.assert_allclose(done[40, 21], joints[40, 21] + 0.1, atol=1e-5)
    forearm = np.linalg.norm(done[:, 21] - done[:, 19], axis=-1)
    assert np.ptp(forearm) < 0.005


def test_a_pin_makes_no_jump_where_bones_have_other_lengths():
    joints, _ = plain()
    given = 1.05 * joints[0]
    targets = resolve([Pose(0.0, given), Joints(2.0, {"right_hand": joints[40, 21] + 0.1})], FRAMES, FPS)
    features = encode_joints(torch.from_numpy(np.concatenate([joints, joints[-1:]])))
    third = np.linalg.norm(np.diff(finish(features, targets), n=3, axis=0), axis=-1)[30:47]
    assert third.max() < 0.03  # metres; it was 0.2 with lengths restored frame by frame


def test_a_finished_motion_keeps_the_upper_body_as_the_hips_see_it():
    truth = walking(speed=2.0)
    joints, _ = plain(speed=0.5)
    joints = turn(0.4 * np.sin(np.arange(FRAMES) / 9)[:, None], joints)
    targets = resolve([Keep(truth, part="upper")], FRAMES, FPS)
    features = encode_joints(torch.from_numpy(np.concatenate([joints, joints[-1:]])))
    done = finish(features, targets).astype(np.float64)
    np.testing.assert_allclose(done[targets.pinned], wanted(done, targets)[targets.pinned], atol=1e-4)


def test_bones_get_their_length_around_what_is_pinned():
    joints = plain()[0]
    stretched = joints.copy()
    stretched[:, 20] += [0.1, 0, 0]
    freedom = np.ones((FRAMES, 22))
    freedom[:, 0] = 0.0
    repaired = keep_lengths(
        stretched,
        _lengths(joints),
        freedom,
    )
    np.testing.assert_allclose(_lengths(repaired), _lengths(joints), atol=2e-3)
    np.testing.assert_array_equal(repaired[:, 0], joints[:, 0])


def _lengths(joints: np.ndarray) -> np.ndarray:
    parents = [max(parent, 0) for parent in HUMANML3D.parents]
    return np.linalg.norm(joints[0] - joints[0, parents], axis=-1)


def test_a_stop_and_a_path_that_joints_draw_away_are_warned_of():
    far = Joints([2.0], {"left_wrist": [(3.0, 1.2, 1.0)]})
    features = torch.from_numpy(walking(FRAMES, 1.0).features)
    with pytest.warns(UserWarning, match=r"the Stop at 1.5 s is missed by \d+ cm, because of joints that"):
        finished(features, resolve([Stop((1.0, 1.0), 1.5, 1.0, facing=0), far], FRAMES, FPS))
    with pytest.warns(UserWarning, match=r"the Path is missed by \d+ cm at 2 s, because of joints"):
        finished(features, resolve([Path([(0, 0), (0, 3)]), far], FRAMES, FPS))


def test_a_path_that_cannot_be_followed_is_warned_of_without_pins():
    there_and_back = Path([(0, 0), (8, 0), (0, 0.5), (8, 1)])
    features = torch.from_numpy(walking(FRAMES, 1.0).features)
    with pytest.warns(UserWarning, match=r"the Path is missed by \d+ cm at 0 s: move its points"):
        finished(features, resolve([there_and_back], FRAMES, FPS))


def test_a_place_of_a_path_that_comes_late_is_warned_of():
    joints = walking(FRAMES, 1.0).joints
    for late, warned in ((0.05, False), (0.15, True)):
        path = Path([(0, 0), (0, 1 + late), (0, 2)], times=[0, 1, 2])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warn_of_what_is_missed(joints, resolve([path], FRAMES, FPS))
        messages = [str(one.message) for one in caught]
        assert [message.partition(":")[0] for message in messages] == [
            "the Path is missed by 15 cm at 1 s"
        ] * warned


@pytest.mark.parametrize("degrees", [0, 90, 180, -135])
def test_the_rest_of_the_body_faces_as_the_pinned_half(degrees):
    truth = walking().offset(turn=degrees)
    features = torch.from_numpy(walking().features)
    shoulders = {
        name: truth.joints[:, joint] for joint, name in ((16, "left_shoulder"), (17, "right_shoulder"))
    }
    legs = {
        name: truth.joints[20:40, joint]
        for joint, name in enumerate(HUMANML3D.joint_names)
        if name.endswith(("pelvis", "hip", "knee", "ankle"))
    }
    times = np.arange(FRAMES) / FPS
    for constraint, there in (
        (Keep(truth, part="lower"), slice(None)),
        (Joints(times[20:40], legs), slice(20, 40)),
        (Joints(times, shoulders), slice(None)),
    ):
        joints = finish(features, resolve([constraint], FRAMES, FPS)).astype(np.float64)[there]
        assert np.degrees(np.abs(wrap(across(joints, HIPS) - across(joints, SHOULDERS)))).max() < 5.0


def test_the_free_half_follows_a_turn_without_the_sway_of_the_steps():
    joints, heading = plain()
    way = np.linspace(0, np.pi, FRAMES)
    swaying = turn((way + 0.2 * np.sin(np.arange(FRAMES) * 1.5))[:, None], joints - joints[:, :1])
    swaying += joints[:, :1]
    kept = resolve([Keep(Motion(swaying.astype(np.float32)), part="lower")], FRAMES, FPS)
    moved, _ = correct(joints, heading, kept)
    off = np.degrees(np.abs(wrap(across(moved, SHOULDERS) - way)))[5:-5]
    assert off.max() < 6.0  # of 11.5 that the hips sway


@pytest.mark.parametrize("place", [(1.0, 2.0), (-1.5, -1.0)])
def test_a_motion_with_a_stop_starts_above_the_origin_and_faces_z(place):
    joints, _ = plain()
    swaying = turn(0.3 * np.cos(np.arange(FRAMES) / 3)[:, None], joints - joints[:, :1]) + joints[:, :1]
    features = encode_joints(torch.from_numpy(np.concatenate([swaying, swaying[-1:]])))
    done = finish(features, resolve([Stop(place, 2.0, 0.5)], FRAMES, FPS)).astype(np.float64)
    np.testing.assert_allclose(done[0, 0, [0, 2]], 0.0, atol=2e-3)
    assert abs(np.degrees(facing(done[0]))) < 1.0


def test_a_stop_at_the_beginning_says_where_a_motion_starts():
    stop = Stop((1.0, 2.0), 0.0, 1.0, facing=90)
    done = finish(torch.from_numpy(walking().features), resolve([stop], FRAMES, FPS)).astype(np.float64)
    np.testing.assert_allclose(done[0, 0, [0, 2]], (1, 2), atol=0.02)
    assert np.degrees(facing(done[0])) == pytest.approx(90, abs=2)


def test_feet_stay_planted_while_the_body_moves():
    joints, heading = plain(speed=0.0)
    pelvis = joints[[20, 30, 40], 0]
    pelvis[1] += [0.08, 0, 0.05]
    moved, _ = correct(joints, heading, resolve([Joints([1.0, 1.5, 2.0], {"pelvis": pelvis})], FRAMES, FPS))
    assert np.ptp(moved[:, 0, 0]) > 0.07
    feet = [*HUMANML3D.left_foot, *HUMANML3D.right_foot]
    assert np.abs(moved[:, feet] - joints[:, feet]).max() < 0.02


def test_a_finished_motion_neither_trembles_nor_slides():
    joints, _ = plain(speed=0.0)
    joints[:, 20] += 0.02 * (-1.0) ** np.arange(FRAMES)[:, None]
    slide = 0.02 * np.sin(np.arange(FRAMES) / 4)
    for joint in HUMANML3D.left_foot:
        joints[:, joint, 2] += slide
    features = encode_joints(torch.from_numpy(np.concatenate([joints, joints[-1:]])))
    done = finish(features, resolve([Pose(3.0, joints[-1])], FRAMES, FPS)).astype(np.float64)[5:45]
    assert np.ptp(np.diff(done[:, 20], axis=0), axis=0).max() < 0.02  # it was 0.08
    assert np.ptp(done[:, HUMANML3D.left_foot[1], 2]) < 0.01  # it was 0.04


def test_a_stop_that_faces_elsewhere_is_warned_of():
    targets = resolve([Stop((0, 1), 1.0, 0.5, facing=0), Pose(1.2, turned_pose(12, (0, 1)))], FRAMES, FPS)
    with pytest.warns(UserWarning, match="the Stop at 1 s faces 12 degrees beside what is asked, because of"):
        finished(torch.from_numpy(walking().features), targets)


def test_the_worst_frame_of_a_stop_is_warned_of():
    joints = walking().joints.copy()
    joints[30:41] = joints[30]
    joints[35, :, 0] += 0.03
    targets = resolve([Stop((0.0, 1.5), 1.5, 0.5)], FRAMES, FPS)
    with pytest.warns(UserWarning, match="the Stop at 1.5 s is missed by 3 cm: move"):
        warn_of_what_is_missed(joints, targets)


def test_a_loop_whose_pins_draw_its_ends_apart_is_warned_of():
    features = torch.from_numpy(walking().features.copy())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        finished(features, resolve([Loop()], FRAMES, FPS))
    hands = Joints([0, 3], {"left_hand": [(0.3, 1.2, 0.2), (0.3, 1.2, 2.8)]})
    with pytest.warns(
        UserWarning, match=r"the ends of the Loop have left_wrist \d+ cm apart, because of joints"
    ):
        finished(features, resolve([Loop(), hands], FRAMES, FPS))
