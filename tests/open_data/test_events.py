import numpy as np
import pytest
from synthetic_clips import FPS, mirror, squat, standing, step_feet, travel

from training.open_data.attributes import measure
from training.open_data.events import alternation, claps, ground_path, punches, squats
from training.open_data.signals import bumps


def hands_at(seconds: float, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A standing clip whose wrists are at `left` and `right` `(frames, 3)` from the shoulders."""
    joints = standing(seconds)
    joints[:, 20], joints[:, 21] = joints[:, 16] + left, joints[:, 17] + right
    return joints


@pytest.mark.parametrize("times", [1, 3, 5])
def test_claps_are_counted(times: int) -> None:
    frames = 4 * FPS
    gap = 0.28 - 0.20 * np.maximum(0, np.sin(2 * np.pi * times * np.arange(frames) / frames))
    joints = standing(4)
    joints[:, 20] = np.stack([gap, np.full(frames, 1.2), np.full(frames, 0.3)], axis=-1)
    joints[:, 21] = joints[:, 20] * [-1.0, 1.0, 1.0]
    assert claps(joints) == times
    joints[:, 20] += [0.3, 0.0, 0.0]
    assert claps(joints) == 0


@pytest.mark.parametrize("times", [1, 2, 4])
def test_squats_are_counted(times: int) -> None:
    one = squat(standing(2), 0.4)
    assert squats(np.concatenate([one] * times)) == times
    assert squats(standing(2)) == 0
    assert squats(one[:FPS]) == 0  # goes down and stays


def test_punches_are_counted_for_each_hand() -> None:
    frames = 3 * FPS
    reach = 0.2 + 0.4 * np.maximum(0, np.sin(2 * np.pi * 2 * np.arange(frames) / frames)) ** 5
    thrust = np.stack([np.zeros(frames), np.full(frames, -0.1), reach], axis=-1)
    rest = np.full((frames, 3), [0.0, -0.1, 0.25])
    joints = hands_at(3, thrust, rest)
    assert (punches(joints, 0), punches(joints, 1)) == (2, 0)
    assert (punches(mirror(joints), 0), punches(mirror(joints), 1)) == (0, 2)


def test_a_circle_closes_and_has_a_sense() -> None:
    path = ground_path(travel(8, forward=1.0, turn=400)[:, 0])
    assert path.closes
    assert path.bend > 300
    assert ground_path(travel(8, forward=1.0, turn=-400)[:, 0]).bend < -300
    assert not ground_path(travel(8, forward=1.0, turn=180)[:, 0]).closes


def test_a_straight_path_and_a_winding_one() -> None:
    straight = ground_path(travel(4, forward=1.0)[:, 0])
    assert straight.straightness > 0.99
    assert not straight.winds
    time = np.linspace(0, 8, 8 * FPS)
    assert ground_path(np.stack([1.5 * np.sin(time), np.ones_like(time), time], axis=-1)).winds


def test_feet_that_alternate() -> None:
    assert alternation(step_feet(travel(4, forward=1.2), 8)) == 1.0
    assert alternation(standing(2)) == 0.0


def test_bumps_need_both_slopes() -> None:
    assert bumps(np.array([0.0, 1, 0, 1, 0]), 0.5) == [1, 3]
    assert bumps(np.array([1.0, 0, 1]), 0.5) == []
    assert bumps(np.array([0.0, 1, 1, 1]), 0.5) == []


def test_speeds_of_a_turn_and_of_sitting_down() -> None:
    assert measure(travel(4, turn=180)).turn_speed == pytest.approx(45, abs=3)
    assert measure(squat(standing(2), 0.4)).lift_speed == pytest.approx(0.4 * np.pi / 2, rel=0.15)
