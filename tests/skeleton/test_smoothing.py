import numpy as np
import pytest

from ram_sdk.motion import Motion
from ram_sdk.skeleton.smoothing import smooth
from tests.synthetic_motion import natural_poses

FPS = 20.0


def wave(hertz: float, frames: int = 200) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(frames) / FPS)[:, None, None] * np.ones((1, 22, 3))


@pytest.mark.parametrize("hertz", [1.0, 3.0, 6.0, 8.0])
def test_gain_is_a_butterworth_filters_run_twice(hertz):
    middle = slice(40, 160)
    filtered = smooth(wave(hertz), FPS, 6.0)
    expected = wave(hertz) / (1 + (hertz / 6.0) ** 4)
    np.testing.assert_allclose(filtered[middle], expected[middle], atol=2e-2)


@pytest.mark.parametrize("frames", [1, 2, 3, 40])
def test_ends_stay_and_steady_movement_too(frames):
    joints = natural_poses(frames).joints.numpy()
    filtered = smooth(joints, FPS, 6.0)
    assert filtered.shape == joints.shape
    np.testing.assert_allclose(filtered[[0, -1]], joints[[0, -1]], atol=1e-12)
    steady = np.arange(float(frames))[:, None, None] * (0.1, 0.0, -0.2) + np.ones((1, 22, 3))
    np.testing.assert_allclose(smooth(steady, FPS, 6.0), steady, atol=1e-12)


def test_jitter_is_removed_and_the_motion_stays():
    joints = natural_poses(120).joints.numpy()
    jittery = joints + np.random.default_rng(0).normal(0, 0.005, joints.shape)
    filtered = Motion(jittery.astype(np.float32), prompt="a person walks").smooth()
    third = np.diff(np.stack([jittery, filtered.joints]), n=3, axis=1)
    before, after = np.linalg.norm(third, axis=-1).mean(axis=(1, 2))
    assert after < before / 2
    assert np.linalg.norm(filtered.joints - joints, axis=-1).mean() < 0.8 * 0.005 * np.sqrt(8 / np.pi)
    assert np.abs(smooth(joints, FPS, 6.0) - joints).max() < 5e-3
    assert filtered.prompt == "a person walks"


@pytest.mark.parametrize("cutoff", [0.0, -1.0, np.nan, np.inf])
def test_cutoffs_that_are_none(cutoff):
    with pytest.raises(ValueError, match=r"cutoff .*: expected a positive frequency in hertz"):
        Motion(natural_poses(5).joints.numpy()).smooth(cutoff)
