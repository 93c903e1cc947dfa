"""Walks along curves: the curve is met, planted feet stay, bones keep their length."""

import numpy as np
import pytest
from simple_motions import bones_off, walking

from ram_sdk.skeleton import curves
from ram_sdk.skeleton.bending import bend
from ram_sdk.skeleton.cycles import looped
from ram_sdk.skeleton.feet import sliding
from ram_sdk.skeleton.sequences import pose_of, positions
from training.open_data.attributes import measure
from training.open_data.composition.sources import canonical

WALK = positions(looped(pose_of(walking(120)), 190))
LENGTH = float(WALK[-1, 0, 2] - WALK[0, 0, 2])


@pytest.mark.parametrize("side", [1, -1])
def test_a_circle_closes_and_turns_the_right_way(side):
    round_once = bend(WALK, curves.circle(LENGTH, side, 1.0))
    way = np.linalg.norm(round_once[-1, 0, [0, 2]] - round_once[0, 0, [0, 2]])
    assert way < 0.15 * LENGTH
    assert measure(canonical(round_once)).turn == pytest.approx(side * 360, abs=25)


def test_a_corner_turns_by_its_angle_and_an_s_both_ways():
    turned = measure(canonical(bend(WALK, curves.corner(LENGTH, 1, 90, 0.8, 0.5))))
    assert turned.turn == pytest.approx(90, abs=15)
    wound = measure(canonical(bend(WALK, curves.s_curve(LENGTH, -1, 80))))
    assert min(wound.turn_left, wound.turn_right) > 50
    assert abs(wound.turn) < 25


def test_feet_do_not_slide_more_and_bones_keep_their_length():
    for curve in (curves.circle(LENGTH, 1, 1.0), curves.corner(LENGTH, -1, 180, 0.7, 0.5)):
        bent = bend(WALK, curve)
        assert bones_off(bent) < 1e-3
        assert sliding(bent, 20) < sliding(WALK, 20) + 0.04  # metres a second


def test_a_straight_path_changes_nothing():
    assert np.abs(bend(WALK, curves.path(np.zeros(10), LENGTH)) - WALK).max() < 0.03
