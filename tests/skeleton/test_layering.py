"""The arms of one motion on the legs of another."""

import numpy as np

from ram_sdk.skeleton.layering import busy_arms, with_arms
from ram_sdk.skeleton.sequences import cut, pose_of, positions
from tests.synthetic_clips import raise_hand, travel

WALK, HAND = travel(3, forward=1.2), raise_hand(travel(3), 0)
_LEFT, _RIGHT = [16, 18, 20], [17, 19, 21]
_LEGS = [0, 1, 2, 4, 5, 7, 8, 10, 11]


def test_the_arm_that_moves_is_busy():
    assert busy_arms(HAND) == [0]
    assert busy_arms(raise_hand(HAND, 1)) == [0, 1]


def test_an_arm_that_is_held_is_busy():
    held = HAND.copy()
    held[:, 20] = held[:, 16] + [0.3, 0.1, 0.2]
    held[:, 21] = held[:, 17] - [0.1, 0.45, 0.0] + 0.1 * np.sin(np.arange(len(held)))[:, None]
    assert busy_arms(held) == [0, 1]


def test_legs_stay_and_the_arm_does_what_the_other_motion_does():
    made = positions(with_arms(pose_of(WALK), pose_of(HAND), [0], 0, 20.0))
    walk, hand = positions(pose_of(WALK)), positions(pose_of(HAND))
    np.testing.assert_allclose(made[:, _LEGS + _RIGHT], walk[:, _LEGS + _RIGHT], atol=1e-6)
    apart = made[:, _LEFT] - made[:, [13]]
    np.testing.assert_allclose(
        np.linalg.norm(apart - (hand[:, _LEFT] - hand[:, [13]]), axis=-1).max(), 0.0, atol=0.02
    )
    assert np.abs(made[-1, 20] - walk[-1, 20]).max() > 0.5


def test_a_gesture_begins_and_ends_in_the_other_arms():
    gesture = cut(pose_of(HAND), 15, 45)
    made = positions(with_arms(pose_of(WALK), gesture, [0], 15, 20.0))
    walk = positions(pose_of(WALK))
    np.testing.assert_allclose(
        made[[*range(15), *range(45, 60)]], walk[[*range(15), *range(45, 60)]], atol=1e-6
    )
    assert np.linalg.norm(np.diff(made[:, 20], axis=0), axis=-1).max() < 0.35  # metres a frame: no jump
