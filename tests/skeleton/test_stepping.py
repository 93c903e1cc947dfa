"""Feet that slide take a step: lifted, one after the other, and back on the floor."""

import numpy as np
from simple_motions import bones_off, standing

from ram_sdk.skeleton.feet import place_feet
from ram_sdk.skeleton.physical import foot_skating_ratio
from ram_sdk.skeleton.stepping import step_feet

FPS = 20.0
FEET = (7, 8)


def sliding(ways: tuple[float, float], frames: slice) -> np.ndarray:
    """Somebody who stands, and whose left and right foot slide forward by so much in the same frames."""
    joints = standing()
    share = np.zeros(len(joints))
    share[frames] = np.linspace(0, 1, frames.stop - frames.start)
    share[frames.stop :] = 1.0
    shift = share[:, None, None] * np.array(ways)[None, :, None] * (0.0, 0.0, 1.0)
    return place_feet(joints, joints[:, FEET] + shift, joints[:, (10, 11)] + shift)


def test_a_slide_of_one_foot_becomes_a_step() -> None:
    joints = sliding((0.25, 0.0), slice(20, 30))
    stepped = step_feet(joints, FPS)
    assert foot_skating_ratio(joints) > 0.08
    assert foot_skating_ratio(stepped) < 0.02
    np.testing.assert_allclose(stepped[[19, 30]], joints[[19, 30]], atol=1e-6)
    assert 0.03 < (stepped[:, 7, 1] - joints[:, 7, 1]).max() < 0.09
    np.testing.assert_allclose(stepped[:, 8], joints[:, 8], atol=1e-9)
    assert bones_off(stepped) < bones_off(joints) + 1e-3


def test_feet_that_slide_together_step_in_turn() -> None:
    joints = sliding((0.3, 0.3), slice(20, 32))
    stepped = step_feet(joints, FPS)
    speed = np.linalg.norm(np.diff(stepped[:, FEET][..., [0, 2]], axis=0), axis=-1)
    assert (speed.min(axis=1) < 0.01).all()
    assert speed[20:26, 0].max() > 0.05 > speed[20:25, 1].max()


def test_who_stands_or_has_a_foot_in_the_air_goes_on_so() -> None:
    lifted = sliding((0.25, 0.0), slice(20, 30))
    lifted[:, (7, 10), 1] += 0.1
    for joints in (standing(), lifted):
        np.testing.assert_allclose(step_feet(joints, FPS), joints, atol=1e-6)
