"""Physical measures on motions whose answer is known, and against GMD's skating ratio."""

from pathlib import Path

import numpy as np
import pytest

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.physical import (
    bone_length_error,
    bone_lengths,
    floor_penetration,
    foot_skating_ratio,
    jerk,
)

OFFICIAL = Path(__file__).parents[1] / "data" / "humanml3d_012314.npz"


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    with np.load(OFFICIAL) as stored:
        return stored["joints"]


@pytest.fixture
def standing() -> np.ndarray:
    """A body at rest for two seconds, both toes on the floor."""
    rest = np.zeros((22, 3))
    for joint in range(1, 22):
        rest[joint] = rest[HUMANML3D.parents[joint]] + 0.2 * np.array(HUMANML3D.rest_directions[joint])
    rest[:, 1] -= rest[[10, 11], 1].min()
    return np.repeat(rest[None], 40, axis=0)


def pushed(joints: np.ndarray, speed: float) -> np.ndarray:
    """The motion on a floor that moves along X, metres a second at 20 fps."""
    out = joints.copy()
    out[..., 0] += (speed * np.arange(len(joints)) / 20).astype(np.float32)[:, None]
    return out


def lifted(joints: np.ndarray, height: float) -> np.ndarray:
    return joints + np.array([0, height, 0])


# Frames of 169 in which `calculate_skating_ratio` of GMD (korrawe/guided-motion-diffusion, commit 2f6264a)
# sees a foot slide in this clip, pushed over the floor at these speeds.
@pytest.mark.parametrize(("speed", "frames"), [(0.0, 23), (0.3, 24), (0.6, 150), (1.0, 161)])
def test_skating_ratio_is_gmds(walk, speed, frames):
    assert foot_skating_ratio(pushed(walk, speed)) == pytest.approx(frames / 169)


def test_only_a_low_foot_that_moves_skates(standing):
    assert foot_skating_ratio(standing) == 0
    assert foot_skating_ratio(pushed(standing, 0.4)) == 0
    assert foot_skating_ratio(pushed(standing, 1.0)) == 1
    # With zeros beyond the ends, the mean around the two outermost steps is 3/5 and 4/5 of the speed.
    assert foot_skating_ratio(pushed(standing, 0.6)) == pytest.approx((39 - 4) / 39)
    assert foot_skating_ratio(lifted(pushed(standing, 1.0), 0.06)) == 0
    # The same steps seen as 10 frames a second are half as fast.
    assert foot_skating_ratio(pushed(standing, 0.9), fps=10) == 0


def test_floor_penetration_is_the_mean_depth_of_the_lowest_joint(standing):
    assert floor_penetration(standing) == 0
    assert floor_penetration(lifted(standing, 0.3)) == 0
    assert floor_penetration(lifted(standing, -0.03)) == pytest.approx(0.03)
    standing[::2, 10, 1] = -0.02
    assert floor_penetration(standing) == pytest.approx(0.01)


def test_jerk_of_a_cubic_path_is_its_third_derivative(standing):
    seconds = np.arange(40) / 20
    cubic = standing + 0.5 * seconds[:, None, None] ** 3 * np.array([0.6, 0, 0.8])
    assert jerk(cubic) == pytest.approx(3.0, rel=1e-6)
    assert jerk(cubic, fps=40) == pytest.approx(24.0, rel=1e-6)
    smooth = standing + seconds[:, None, None] ** 2
    assert jerk(smooth) == pytest.approx(0, abs=1e-8)


def test_bone_length_error_is_in_metres(standing):
    lengths = bone_lengths(standing)
    assert lengths.shape == (40, 21)
    assert lengths == pytest.approx(0.2 * np.linalg.norm(HUMANML3D.rest_directions[1:], axis=1) + 0 * lengths)
    assert bone_length_error(standing, lengths.mean(0)) == pytest.approx(0, abs=1e-12)
    assert bone_length_error(1.1 * standing, lengths.mean(0)) == pytest.approx(0.02)
    standing[:20, 20, 1] -= 0.21  # the last bone of one arm, in half of the frames
    assert bone_length_error(standing, lengths.mean(0)) == pytest.approx(0.21 / 21 / 2)


def test_wrong_shapes_are_refused(standing):
    for measure, frames in ((foot_skating_ratio, 1), (jerk, 3), (floor_penetration, 0), (bone_lengths, 0)):
        with pytest.raises(ValueError, match="at least"):
            measure(standing[:frames])
    with pytest.raises(ValueError, match="22, 3"):
        jerk(standing[:, :21])
    with pytest.raises(ValueError, match="one length a bone"):
        bone_length_error(standing, np.ones(22))
