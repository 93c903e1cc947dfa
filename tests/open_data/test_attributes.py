import dataclasses

import numpy as np
import pytest

from tests.synthetic_clips import jump, kick, mirror, raise_hand, squat, standing, step_feet, travel
from training.open_data.attributes import Attributes, Foot, Hand, measure


def test_standing_still() -> None:
    a = measure(standing(3))
    assert a.duration == pytest.approx(3)
    assert a.still_fraction == 1
    assert abs(a.distance) < 1e-6
    assert abs(a.turn) < 1e-6
    assert a.jumps == a.steps == a.left_foot.kicks == a.right_foot.kicks == 0
    assert a.low_height == pytest.approx(a.high_height)
    assert 0.85 < a.low_height < 1.0
    assert a.left_hand.above_shoulder < -0.4
    assert a.bend < 10


@pytest.mark.parametrize(("forward", "left"), [(1.2, 0), (-0.8, 0), (0, 0.6), (0, -0.6), (1.0, 0.5)])
def test_displacement_in_the_body_frame(forward: float, left: float) -> None:
    a = measure(travel(4, forward, left))
    assert a.forward == pytest.approx(4 * forward, abs=0.15)
    assert a.left == pytest.approx(4 * left, abs=0.15)
    assert a.net_forward == pytest.approx(4 * forward, abs=0.15)
    assert a.speed == pytest.approx(np.hypot(forward, left), rel=0.05)


def test_walking_in_a_circle_moves_forward_all_the_time() -> None:
    a = measure(travel(6, forward=1.0, turn=360))
    assert a.forward == pytest.approx(6, abs=0.3)
    assert abs(a.net_forward) < 0.3
    assert a.turn == pytest.approx(360, abs=10)


@pytest.mark.parametrize("degrees", [45, 90, -90, 180, -180, 400])
def test_turns_are_signed_and_counted_whole(degrees: float) -> None:
    a = measure(travel(5, turn=degrees))
    assert a.turn == pytest.approx(degrees, abs=12)
    largest, other = (a.turn_left, a.turn_right) if degrees > 0 else (a.turn_right, a.turn_left)
    assert largest == pytest.approx(abs(degrees), abs=15)
    assert other < 5


@pytest.mark.parametrize("side", [0, 1])
def test_raised_and_waving_hand(side: int) -> None:
    a = measure(raise_hand(standing(4), side, waves=4))
    hand, other = (a.left_hand, a.right_hand) if side == 0 else (a.right_hand, a.left_hand)
    assert hand.above_head > 0.1
    assert hand.above_shoulder > 0.4
    assert hand.rise > 0.8
    assert hand.drop < 0.1
    assert 3 <= hand.waves <= 5
    assert other.waves == 0
    assert other.rise < 0.01
    assert hand.path > 5 * other.path


@pytest.mark.parametrize("times", [1, 2, 3])
def test_jumps_are_counted(times: int) -> None:
    a = measure(jump(standing(4), times))
    assert a.jumps == times
    assert a.jump_height == pytest.approx(0.3, abs=0.05)


def test_strides_are_no_jumps() -> None:
    assert measure(step_feet(travel(4, forward=1.2), 8)).jumps == 0


@pytest.mark.parametrize("steps", [4, 7, 10])
def test_steps_are_counted(steps: int) -> None:
    a = measure(step_feet(travel(0.55 * steps, forward=1.3), steps))
    assert abs(a.steps - steps) <= 1


@pytest.mark.parametrize("side", [0, 1])
def test_kicking_foot(side: int) -> None:
    a = measure(kick(standing(3), side))
    foot, other = (a.left_foot, a.right_foot) if side == 0 else (a.right_foot, a.left_foot)
    assert foot.kicks == 1
    assert foot.rise > 0.6
    assert foot.kick_speed > 2.5
    assert other.kicks == 0


def test_squat_depth() -> None:
    a = measure(squat(standing(3), 0.45))
    assert a.high_height - a.low_height == pytest.approx(0.45, abs=0.03)
    assert a.start_height - a.low_height > 0.35
    assert a.jumps == 0


@pytest.mark.parametrize(
    "joints",
    [
        step_feet(travel(4, forward=1.1, left=0.2, turn=70), 8),
        raise_hand(travel(4, turn=-120), 0, waves=3),
        kick(jump(standing(5), 1), 1),
    ],
)
def test_a_mirrored_clip_has_mirrored_attributes(joints: np.ndarray) -> None:
    plain, mirrored = measure(joints), measure(mirror(joints))
    swapped = dataclasses.replace(
        plain,
        left=-plain.left,
        net_left=-plain.net_left,
        turn=-plain.turn,
        turn_left=plain.turn_right,
        turn_right=plain.turn_left,
        left_hand=plain.right_hand,
        right_hand=plain.left_hand,
        left_foot=plain.right_foot,
        right_foot=plain.left_foot,
        path=dataclasses.replace(
            plain.path,
            bend=-plain.path.bend,
            bend_left=plain.path.bend_right,
            bend_right=plain.path.bend_left,
        ),
    )
    assert _numbers(mirrored) == pytest.approx(_numbers(swapped), abs=1e-6)


@pytest.mark.parametrize("shape", [(3, 22, 3), (40, 21, 3), (40, 22, 2), (40, 66)])
def test_other_arrays_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        measure(np.zeros(shape))


def test_broken_captures_are_refused() -> None:
    joints = standing(2)
    joints[3, 5, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        measure(joints)


def _numbers(record: Attributes | Hand | Foot) -> list[float]:
    values: list[float] = []
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        values += _numbers(value) if dataclasses.is_dataclass(value) else [float(value)]
    return values
