"""The table that says what each take shows."""

import pytest

from training.open_data.labels import label_of


def test_a_style_is_the_manner_and_a_woman_is_known() -> None:
    label = label_of("bandai-namco", "dataset-2_wave-left-hand_feminine_012")
    assert (label.actions, label.manner, label.woman) == (("wave",), "feminine", True)
    assert label_of("bandai-namco", "dataset-2_walk_normal_001").manner == ""
    assert label_of("accad", "Female1_C03_Run", label="run").woman


def test_actions_are_in_order_of_time_and_the_object_is_known() -> None:
    label = label_of("accad", "Male1_B21_PutDownBoxToWalk", label="put down box to walk")
    assert (label.actions, label.object) == (("put_down", "walk"), "a box")


def test_parts_of_a_take_have_their_own_actions() -> None:
    label = label_of("cmu", "14_06", label="jumping jacks, jog, squats, side twists, stretches")
    assert label.actions_between(0.5, 4.0) == ("jumping_jacks",)
    assert label.actions_between(9.5, 13.0) == ("squat",)
    assert label.actions_between(41.0, 44.0) == label.actions
    assert {4.3, 9.2} <= set(label.bounds)


def test_a_take_without_an_entry_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"'cmu/99_99 yodelling': no entry of labels\.json"):
        label_of("cmu", "99_99", label="yodelling")
