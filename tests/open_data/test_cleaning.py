"""Resampling, and what is cut away before clips are made."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synthetic_motion import natural_poses
from training.open_data.cleaning import FPS, MAX_FRAMES, MIN_FRAMES, find_clips, resample, spikes

NO_SPIKES = np.empty(0)


def walking(frames: int) -> np.ndarray:
    """A body in motion, `(frames, 22, 3)` metres at 20 fps."""
    return natural_poses(frames).joints.numpy()


def in_t_pose(joints: np.ndarray) -> np.ndarray:
    """One frame of the body with straight arms held out to the sides."""
    pose = joints[0].copy()
    pose[:, 1] += 0.95 - pose[0, 1]
    for side, (shoulder, elbow, wrist) in ((1, (16, 18, 20)), (-1, (17, 19, 21))):
        pose[elbow] = pose[shoulder] + (side * 0.26, 0.0, 0.0)
        pose[wrist] = pose[elbow] + (side * 0.26, 0.0, 0.0)
    for hip, knee, ankle, toe in ((1, 4, 7, 10), (2, 5, 8, 11)):
        pose[knee] = pose[hip] - (0.0, 0.4, 0.0)
        pose[ankle] = pose[knee] - (0.0, 0.42, 0.0)
        pose[toe] = pose[ankle] + (0.0, -0.05, 0.13)
    return pose


@pytest.mark.parametrize("fps", [24.0, 29.97, 30.0, 60.0, 100.0, 119.88, 120.0])
def test_resampling_follows_the_motion(fps: float) -> None:
    def path(t: np.ndarray) -> np.ndarray:
        return np.stack([np.sin(7 * t + k) for k in range(6)], axis=-1).reshape(len(t), 2, 3)

    old = np.arange(int(4 * fps)) / fps
    new = resample(path(old), fps)
    times = np.arange(len(new)) / FPS
    assert len(new) == int((len(old) - 1) / fps * FPS + 1e-4) + 1
    np.testing.assert_allclose(new, path(times), atol=6e-3)


def test_resampling_at_20_fps_changes_nothing() -> None:
    joints = walking(50)
    np.testing.assert_allclose(resample(joints, 20.0), joints, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(MIN_FRAMES + 1, 2500))
def test_clips_cover_a_take_without_overlap(frames: int) -> None:
    rng = np.random.default_rng(frames)
    joints = np.cumsum(rng.normal(scale=0.02, size=(frames, 22, 3)), axis=0)
    clips, dropped = find_clips(joints, NO_SPIKES)
    assert dropped.total() == 0
    assert clips[0][0] == 0
    assert clips[-1][1] == frames - 1
    assert all(before[1] == after[0] for before, after in pairwise(clips))
    assert all(MIN_FRAMES <= last - first <= MAX_FRAMES for first, last in clips)


def test_long_takes_are_cut_where_the_body_is_slow() -> None:
    joints = walking(300)
    pause = 145
    joints[pause - 6 : pause + 6] = joints[pause]
    clips, _ = find_clips(joints, NO_SPIKES)
    assert len(clips) == 2
    assert abs(clips[0][1] - pause) <= 6


def test_a_later_stretch_is_cut_where_it_is_slow_itself() -> None:
    joints = walking(450)
    spike, pause = 150, 265
    joints[pause - 6 : pause + 6] = joints[pause]
    clips, _ = find_clips(joints, np.array([spike / FPS]))
    later = [(first, last) for first, last in clips if first > spike]
    assert len(later) == 2
    assert abs(later[0][1] - pause) <= 6


def test_a_spike_breaks_the_take() -> None:
    joints = walking(200)
    joints[100, 20] += (0.0, 1.0, 0.0)
    found = spikes(joints, FPS)
    np.testing.assert_allclose(found, [4.975, 5.025])
    clips, dropped = find_clips(joints, found)
    assert dropped["spike"] == 5
    assert all(not first <= 100 <= last for first, last in clips)
    assert len(spikes(walking(200), FPS)) == 0


def test_t_poses_at_the_ends_go() -> None:
    joints = walking(120)
    pose = in_t_pose(joints)
    clips, dropped = find_clips(np.concatenate([[pose] * 30, joints, [pose] * 10]), NO_SPIKES)
    assert clips == [(30, 149)]
    assert dropped == {"t-pose": 40}


def test_one_frame_of_the_rest_pose_goes() -> None:
    joints = walking(120)
    clips, dropped = find_clips(np.concatenate([[in_t_pose(joints)], joints]), NO_SPIKES)
    assert clips == [(3, 120)]
    assert dropped == {"t-pose": 3}


def test_stillness_between_movements_is_shortened() -> None:
    joints = walking(200)
    still = np.repeat(joints[100:101], 120, axis=0)
    clips, dropped = find_clips(np.concatenate([joints[:100], still, joints[100:]]), NO_SPIKES)
    assert 65 <= dropped["stillness"] <= 90  # most of a second stays on either side
    assert len(clips) == 2
    breath = 0.003 * np.sin(np.arange(100) / 4)[:, None, None]
    whole, dropped = find_clips(joints[:1] + breath, NO_SPIKES)
    assert whole == [(0, 99)]  # a take that is still throughout shows standing
    assert not dropped


def test_what_is_too_short_is_counted() -> None:
    clips, dropped = find_clips(walking(MIN_FRAMES), NO_SPIKES)
    assert clips == []
    assert dropped == {"shorter than 2 s": MIN_FRAMES}


def test_idling_at_the_ends_goes_but_for_the_rest_around_the_action() -> None:
    joints = walking(100)
    sway = 0.02 * np.sin(np.arange(100) / 8)[:, None, None] * (1.0, 0.0, 0.0)
    clips, dropped = find_clips(
        np.concatenate([joints[:1] + sway[::-1], joints, joints[-1:] + sway]), NO_SPIKES
    )
    ((first, last),) = clips
    assert 75 <= first <= 90  # the rest before the action stays
    assert 210 <= last <= 225
    assert set(dropped) == {"idling at the ends"}


def test_a_short_action_keeps_enough_rest_to_be_a_clip() -> None:
    joints = walking(12)
    clips, _ = find_clips(
        np.concatenate([np.repeat(joints[:1], 24, 0), joints, np.repeat(joints[-1:], 24, 0)]), NO_SPIKES
    )
    assert len(clips) == 1
    assert clips[0][1] - clips[0][0] >= MIN_FRAMES


def test_a_frozen_tail_goes() -> None:
    joints = walking(100)
    clips, dropped = find_clips(np.concatenate([joints, np.repeat(joints[-1:], 150, 0)]), NO_SPIKES)
    assert clips[-1][1] < 125
    assert dropped.total() > 100


def test_a_take_is_cut_where_one_action_ends_and_another_begins() -> None:
    clips, _ = find_clips(walking(160), NO_SPIKES, bounds=(3.0, 99.0))
    assert clips == [(0, 60), (60, 159)]


def test_arms_that_sag_from_a_t_pose_go_too() -> None:
    joints = walking(120)
    pose = in_t_pose(joints)
    for side, (shoulder, elbow, wrist) in ((1, (16, 18, 20)), (-1, (17, 19, 21))):
        pose[elbow] = pose[shoulder] + 0.26 * np.array((side * 0.87, -0.5, 0.0))
        pose[wrist] = pose[elbow] + 0.26 * np.array((side * 0.87, -0.5, 0.0))
    clips, dropped = find_clips(np.concatenate([[pose] * 30, joints]), NO_SPIKES)
    assert clips == [(30, 149)]
    assert dropped == {"t-pose": 30}
