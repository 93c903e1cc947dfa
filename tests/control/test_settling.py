"""Borders between prompts: calm, and nothing else is touched."""

import numpy as np
import torch
from control.test_constraints import walking

from ram_sdk.control.settling import settled, stepping
from ram_sdk.skeleton.features import decode_features
from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.physical import foot_skating_ratio, jerk

BORDER = 60


def broken(size: float) -> torch.Tensor:
    """A walk in which all that is above the hips jumps forward at a border."""
    features = torch.from_numpy(walking(120).features.copy())
    features[BORDER:, 6:67:3] += size
    return features


def largest_step(features: torch.Tensor) -> float:
    joints = decode_features(features).numpy()
    return float(np.linalg.norm(np.diff(joints, axis=0), axis=-1).max())


def test_a_jump_becomes_a_movement() -> None:
    features = broken(0.3)
    calm = settled(features, [BORDER], HUMANML3D)
    assert largest_step(features) > 0.3
    assert largest_step(calm) <= 0.1
    around = slice(BORDER - 20, BORDER + 20)
    before, after = (jerk(decode_features(one).numpy()[around]) for one in (features, calm))
    assert after < 0.2 * before


def test_what_is_fast_on_both_sides_may_be_fast_between() -> None:
    features = torch.from_numpy(walking(120, speed=4.0).features.copy())
    calm = settled(features, [BORDER], HUMANML3D)
    np.testing.assert_allclose(decode_features(calm).numpy(), decode_features(features).numpy(), atol=1e-3)


def test_feet_step_from_one_part_s_places_to_the_other_s() -> None:
    features = torch.from_numpy(walking(120, speed=0.0).features.copy())
    share = ((torch.arange(120) - BORDER + 7) / 14).clamp(0, 1)
    for joint in (7, 8, 10, 11):
        features[:, 4 + 3 * (joint - 1)] += 0.4 * share
    calm = settled(features, [BORDER], HUMANML3D)
    stepped = stepping(calm, [BORDER])
    skating = [foot_skating_ratio(decode_features(one).numpy()) for one in (calm, stepped)]
    assert skating[1] < 0.3 * skating[0]
    far = [*range(BORDER - 15), *range(BORDER + 15, 120)]
    assert torch.equal(stepped[far], calm[far])


def test_nothing_else_is_touched() -> None:
    features = broken(0.3)
    calm = settled(features, [BORDER], HUMANML3D)
    far = torch.ones(120, dtype=torch.bool)
    far[BORDER - 15 : BORDER + 15] = False
    assert torch.equal(calm[far], features[far])
    assert torch.equal(settled(features, [], HUMANML3D), features)


def test_smoothing_lies_evenly_about_the_border() -> None:
    features = broken(0.3)
    changed = np.flatnonzero((settled(features, [BORDER], HUMANML3D) != features).any(dim=1).numpy())
    assert changed.min() + changed.max() == 2 * BORDER - 1


def test_a_jump_too_small_to_be_fast_is_smoothed_for_its_jerk() -> None:
    features = broken(0.05)
    assert largest_step(features) < 0.1
    around = slice(BORDER - 20, BORDER + 20)
    calm = settled(features, [BORDER], HUMANML3D)
    before, after = (jerk(decode_features(one).numpy()[around]) for one in (features, calm))
    assert after < 0.5 * before
