import numpy as np
import pytest

from ram_sdk.motion import Motion
from ram_sdk.skeleton.feet import contacts, in_place, lock_feet, sliding
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.physical import foot_skating_ratio
from tests.synthetic_motion import natural_poses

FPS = 20.0
LEGS = [4, 5, 7, 8, 10, 11]


def walk(frames: int = 80) -> np.ndarray:
    """A body that steps: each foot stands for a second while the other one swings forward."""
    joints = np.repeat(natural_poses(1).joints.numpy(), frames, axis=0)
    time = np.arange(frames) / FPS
    joints += 0.5 * time[:, None, None] * (0.0, 0.0, 1.0)
    hips = joints[:, [1, 2]]
    for side, (knee, ankle, toe) in enumerate(((4, 7, 10), (5, 8, 11))):
        phase = (time + side) % 2.0
        progress = np.floor((time + side) / 2.0) + np.clip(phase - 1.0, 0, 1)
        foot = np.zeros((frames, 3))
        foot[:, 0], foot[:, 2] = hips[:, side, 0], progress - side / 2 + 0.2
        foot[:, 1] = 0.09 + 0.12 * np.sin(np.pi * np.clip(phase - 1.0, 0, 1))
        joints[:, ankle], joints[:, toe] = foot, foot + np.array((0.0, -0.07, 0.13))
        joints[:, knee] = (hips[:, side] + foot) / 2 + (0.0, 0.0, 0.12)
    return joints


def bone_lengths(joints: np.ndarray) -> np.ndarray:
    return np.linalg.norm(joints[:, 1:] - joints[:, list(HUMANML3D.parents[1:])], axis=-1)


def test_contacts_are_found_where_feet_stand() -> None:
    standing = contacts(walk(), FPS)
    assert standing[5:15, :2].all()  # the left foot stands in the first second
    assert not standing[25:35, :2].any()  # and swings in the next
    assert standing[25:35, 2:].all()


def test_sliding_feet_are_stopped_and_nothing_else_moves() -> None:
    joints = walk()
    time = np.arange(len(joints))[:, None, None] / FPS
    joints += 0.02 * np.sin(4 * time) * (1.0, 0.0, 0.5)
    locked = lock_feet(joints, FPS)
    assert sliding(locked, FPS) < 0.2 * sliding(joints, FPS)
    moved = np.linalg.norm(locked - joints, axis=-1)
    assert moved[:, [joint for joint in range(22) if joint not in LEGS]].max() == 0
    assert moved.max() < 0.06
    np.testing.assert_allclose(bone_lengths(locked), bone_lengths(joints), atol=1e-9)


def test_corrections_come_and_go_smoothly() -> None:
    joints = walk()
    joints += 0.02 * np.sin(4 * np.arange(len(joints)) / FPS)[:, None, None] * (1.0, 0.0, 0.5)
    correction = lock_feet(joints, FPS) - joints
    assert np.abs(np.diff(correction, axis=0)).max() < 0.012  # metres a frame


@pytest.mark.parametrize("speed", [0.55, 0.6, 0.65])
def test_the_measure_of_the_field_falls(speed: float) -> None:
    """Feet that slide as fast as GMD's foot skating ratio counts are locked; steps add no sliding."""
    joints = walk()
    joints += speed / 12 * np.sin(12 * np.arange(len(joints)) / FPS)[:, None, None] * (1.0, 0.0, 0.0)
    steps_alone = foot_skating_ratio(walk(), FPS)
    assert foot_skating_ratio(joints, FPS) > steps_alone
    assert foot_skating_ratio(lock_feet(joints, FPS), FPS) <= steps_alone


def test_standing_feet_that_do_not_slide_are_left_alone() -> None:
    joints = walk()
    np.testing.assert_allclose(lock_feet(joints, FPS), joints, atol=5e-3)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_clips(frames: int) -> None:
    joints = natural_poses(frames).joints.numpy()
    assert np.isfinite(lock_feet(joints, FPS)).all()


def test_motion_on_the_spot() -> None:
    motion = Motion(walk(), FPS, "a person walks")
    still = motion.in_place()
    assert not still.joints[:, 0, [0, 2]].any()
    np.testing.assert_allclose(bone_lengths(still.joints), bone_lengths(motion.joints), atol=1e-5)
    np.testing.assert_array_equal(still.joints[..., 1], motion.joints[..., 1])
    assert (still.prompt, len(motion.lock_feet())) == ("a person walks", len(motion))
    np.testing.assert_allclose(still.joints, in_place(walk()), atol=1e-6)
