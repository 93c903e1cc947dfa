"""The benchmark of locked feet, on motions whose skating is known."""

import numpy as np

from ram_sdk.motion import Motion
from ram_sdk.skeleton.physical import foot_skating_ratio
from tests.simple_motions import walking
from training.benchmarks.foot_locking import measure, prompts


def test_skating_is_compared_motion_by_motion():
    steps = walking().astype(np.float32)
    time = np.arange(len(steps))[:, None, None] / 20
    slides = steps + (0.05 * np.sin(12 * time) * (1.0, 0.0, 0.0)).astype(np.float32)
    result = measure([Motion(steps), Motion(slides)])
    assert result.free == (foot_skating_ratio(steps), foot_skating_ratio(slides))
    assert result.locked[1] < result.free[1]
    assert result.locked[0] <= result.free[0]


def test_prompts_are_the_first_single_actions_of_the_suite():
    assert prompts(2) == ["a person walks forward", "a person runs forward"]
