import numpy as np
import pytest
from synthetic_clips import jump, kick, mirror, raise_hand, squat, standing, step_feet, travel

from training.open_data.attributes import measure
from training.open_data.captions import check_caption

_WALK = step_feet(travel(4, forward=1.2), 8)
_LEFT_TURN = step_feet(travel(5, forward=1.1, turn=90), 10)
_RIGHT_TURN = mirror(_LEFT_TURN)
_RISE = np.linspace(0, 0.6, 80)[:, None, None] * np.array([0.0, 1.0, 0.0])
_LEFT_WAVE = raise_hand(standing(4), 0, waves=4)


@pytest.mark.parametrize(
    ("caption", "joints", "agrees"),
    [
        ("a person walks forward", _WALK, True),
        ("a person walks backward", _WALK, False),
        ("a person walks straight ahead", _LEFT_TURN, False),
        ("a person walks and turns left", _LEFT_TURN, True),
        ("a person walks and turns to the right", _LEFT_TURN, False),
        ("a person turns around", _LEFT_TURN, False),
        ("someone turns clockwise", _RIGHT_TURN, True),
        ("someone turns counterclockwise", _RIGHT_TURN, False),
        ("the man steps to the left", travel(3, left=0.5), True),
        ("the man steps to the right", travel(3, left=0.5), False),
        ("a person waves with the left hand", _LEFT_WAVE, True),
        ("a person waves the right hand", _LEFT_WAVE, False),
        ("a person raises both hands", _LEFT_WAVE, False),
        ("a person lifts his left arm above his head", _LEFT_WAVE, True),
        ("a person jumps twice", jump(standing(4), 2), True),
        ("a person jumps three times", jump(standing(4), 2), False),
        ("a person jumps", _WALK, False),
        ("a person takes eight steps forward", _WALK, True),
        ("a person takes three steps forward", _WALK, False),
        ("a person kicks with the right foot", kick(standing(3), 1), True),
        ("a person kicks with his left leg", kick(standing(3), 1), False),
        ("a person squats down", squat(standing(3), 0.4), True),
        ("a person lies down", squat(standing(3), 0.4), False),
        ("a person sits down", standing(3), False),
        ("a person runs forward", _WALK, False),
        ("a person stands still", standing(3), True),
        ("a person stands still", _WALK, False),
        ("a person climbs up a ladder", _LEFT_WAVE + _RISE, True),
        ("a person climbs down a ladder", _LEFT_WAVE + _RISE, False),
        ("a person climbs up and down", _LEFT_WAVE + _RISE, False),
        ("a person does jumping jacks", _LEFT_WAVE, False),
        ("a person twists the upper body", _WALK, False),
        ("a person runs rapidly", step_feet(travel(2, forward=4.0), 6), True),
        ("a person walks rapidly", step_feet(travel(4, forward=0.8), 7), False),
        ("a person raises the left hand and lowers it again", _LEFT_WAVE, False),
        ("a person turns one way and then the other", _LEFT_TURN, False),
        ("a person smiles", _WALK, True),
    ],
)
def test_contradictions_are_found(caption: str, joints: np.ndarray, agrees: bool) -> None:
    assert (check_caption(caption, measure(joints)) == []) is agrees
