"""The benchmark of constraints: its measures on motions whose errors are known."""

from itertools import pairwise

import numpy as np
import pytest

from ram_sdk.control import Keep, Loop, Path
from ram_sdk.motion import Motion
from training.benchmarks.control import methods
from training.benchmarks.control.cases import Case, loop_cases, path_cases
from training.benchmarks.control.study import draw_seams, markdown, measure, repeated

FRAMES = 40


def straight(frames: int = FRAMES) -> np.ndarray:
    rest = np.random.default_rng(0).normal((0, 1, 0), 0.3, (22, 3))
    return rest + np.arange(frames)[:, None, None] * [0, 0, 0.05]


def gap() -> Case:
    truth = Motion(straight().astype(np.float32))
    free = np.zeros(FRAMES, dtype=bool)
    free[10:20] = True
    return Case("gap 0.5 s", "a person walks", FRAMES, (Keep(truth, 0, 0.5), Keep(truth, 1.0)), truth, free)


def test_errors_are_told_apart():
    joints = straight()
    joints[5] += [0.03, 0, 0]
    joints[10:20] += [0, 0.1, 0]
    measured = measure(gap(), joints, joints, real=50.0)
    assert measured["kept_cm"] == pytest.approx(3.0, abs=1e-3)
    assert measured["gap_cm"] == pytest.approx(10.0, abs=1e-3)
    assert measured["heading_deg"] == pytest.approx(0.0, abs=1e-3)


def test_straight_motion_is_interpolated_exactly():
    np.testing.assert_allclose(methods.linear(None, gap(), 0), straight(), atol=1e-5)


def test_deviation_from_a_path_and_of_a_loop():
    joints = straight()
    joints[:, 0] = np.arange(FRAMES)[:, None] * [0, 0, 0.05] + [0.02, 1, 0]
    path = Case("path: x", "a person walks", FRAMES, (Path([(0, 0), (0, 2)]),), None, np.ones(FRAMES, bool))
    assert measure(path, joints, joints, real=50.0)["path_cm"] == pytest.approx(2.0, abs=1e-6)
    loop = Case("loop", "a person walks", FRAMES, (Loop(),), None, np.ones(FRAMES, bool))
    joints[-1, 20] += [0.04, 0, 0]
    assert measure(loop, joints, joints, real=50.0)["loop_cm"] == pytest.approx(4.0, abs=1e-6)


def test_what_is_asked_can_be_met_and_the_table_has_a_row_for_each_way():
    assert [case.kind for case in path_cases()] == [
        "path: circle",
        "path: S",
        "path: square",
        "path: straight",
    ]
    assert len(loop_cases()) == 4
    entries = [{"kind": "loop", "way": "ours", "seed": 0, "loop_cm": 0.5, "jerk": 1.0}]
    table = markdown({"checkpoint": "x", "seeds": [0], "entries": entries})
    assert "| loop | ours | 1 |" in table


def test_cycles_of_a_loop_follow_each_other():
    joints = straight()
    cycles = repeated(joints, 10)
    for one, other in pairwise(cycles):
        np.testing.assert_allclose(other[0], one[-1], atol=1e-9)
    np.testing.assert_allclose(cycles[-1][-1, 0, 2] - joints[0, 0, 2], 10 * 0.05 * (FRAMES - 1), atol=1e-9)
    assert draw_seams(joints).width > 100
