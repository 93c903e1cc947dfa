"""The rules by which positions are judged: they see what is wrong, and leave people who move oddly alone."""

import numpy as np
import pytest
import torch

from ram_sdk.geometry import axis_angle_to_matrix
from ram_sdk.motion import Motion
from ram_sdk.skeleton.features import canonicalize
from ram_sdk.skeleton.joints import HUMANML3D, KIT_ML
from ram_sdk.skeleton.plausibility import check_real_units, faults
from ram_sdk.skeleton.upright import AXES, turn_to_y
from tests.synthetic_kit import kit_joints
from tests.synthetic_motion import natural_poses


def walking(frames: int = 60, seed: int = 0) -> np.ndarray:
    return canonicalize(natural_poses(frames, seed).joints).numpy()


def lying(axis: int) -> np.ndarray:
    """Somebody who lies on the floor, on the back or on a side, and moves."""
    turn = axis_angle_to_matrix(torch.tensor(np.eye(3)[axis] * np.pi / 2)).double()
    poses = natural_poses(60)
    still = poses.joints - poses.root[:, None]
    return canonicalize(0.1 * still @ turn.T + 0.9 * still[:1] @ turn.T).numpy()


@pytest.mark.parametrize("seed", range(4))
def test_people_are_left_alone(seed: int) -> None:
    assert faults(walking(seed=seed), 20.0) == []
    assert faults(kit_joints(40), 12.5, KIT_ML) == []
    assert faults(walking(3, seed), 20.0) == []


@pytest.mark.parametrize("axis", [0, 2])
def test_people_who_lie_are_not_certain(axis: int) -> None:
    assert all(not fault.certain for fault in faults(lying(axis), 20.0))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("up", sorted(set(AXES) - {"+y"}))
def test_another_up_axis_is_seen(up: str, seed: int) -> None:
    joints = walking(seed=seed) @ turn_to_y(up)
    (fault,) = faults(joints, 20.0)
    assert (fault.kind, fault.up, fault.certain) == ("up", up, True)
    assert f"stands along {up.removeprefix('+')}, not along y" in fault.text


@pytest.mark.parametrize(
    ("factor", "text"),
    [(100.0, "they look like centimetres"), (1000.0, "they look like millimetres")],
)
def test_another_unit_is_seen(factor: float, text: str) -> None:
    (fault,) = faults(walking() * factor, 20.0)
    assert (fault.kind, fault.certain, fault.scale) == ("unit", True, 1 / factor)
    assert text in fault.text


@pytest.mark.parametrize(("divisor", "text"), [(1000, "they look like metres"), (10, "centimetres")])
def test_another_unit_of_kit_ml_is_seen(divisor: float, text: str) -> None:
    (fault,) = faults(kit_joints(40) / divisor, 12.5, KIT_ML)
    assert (fault.kind, fault.certain, fault.scale) == ("unit", True, divisor)
    assert text in fault.text


def test_a_giant_is_only_doubted() -> None:
    (fault,) = faults(walking() * 5, 20.0)
    assert (fault.kind, fault.certain) == ("unit", False)


@pytest.mark.parametrize("seed", range(3))
def test_swapped_sides_are_detected(seed: int) -> None:
    joints = walking(seed=seed)
    for wrong in (joints * (-1.0, 1.0, 1.0), joints[:, HUMANML3D.mirrored]):
        (fault,) = faults(wrong, 20.0)
        assert (fault.kind, fault.certain) == ("sides", True)
    assert faults((joints * (-1.0, 1.0, 1.0))[:, HUMANML3D.mirrored], 20.0) == []
    kit = kit_joints(40)
    assert [fault.kind for fault in faults(kit * (-1.0, 1.0, 1.0), 12.5, KIT_ML)] == ["sides"]


def test_sides_need_a_second_of_standing() -> None:
    """Of both feet together: half a second on two feet shows where toes point, less does not."""
    standing = np.repeat(walking(1), 20, axis=0) * (-1.0, 1.0, 1.0)
    assert [fault.kind for fault in faults(standing[:10], 20.0)] == ["sides"]
    assert faults(standing[:9], 20.0) == []


def test_normalised_features_are_refused() -> None:
    for motion in (Motion(walking().astype(np.float32)), Motion(kit_joints(40).astype(np.float32))):
        features = motion.features
        check_real_units(Motion.from_features(features).joints, motion.skeleton)
        normal = (features - features.mean(0)) / (features.std(0) + 0.1)
        for wrong in (normal, features * 0.01):
            with pytest.raises(ValueError, match=r"multiply them by Std.npy and add Mean.npy"):
                check_real_units(Motion.from_features(wrong).joints, motion.skeleton)
