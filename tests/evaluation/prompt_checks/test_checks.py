"""Each check passes a whole action, and fails the half, the frozen, the mirrored or another one."""

from collections.abc import Callable

import numpy as np
import puppet as p
import pytest

from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.registry import CHECKS, COUNTS, SPEEDS
from training.evaluation.prompt_checks.suite import faults

Make = Callable[[], p.Array]


def _guarded(times: int, one: Make, gap: float = 0.5) -> p.Array:
    return np.concatenate([part for _ in range(times) for part in (one(), p.stand(gap))])


def _circle(turn: float = 60.0) -> p.Array:
    return p.walk(6.0, 1.0, turn)


def _there_and_back() -> p.Array:
    return p.walk(6.0, 1.0, path=lambda t: 180 * np.clip((t - 2.6) / 0.8, 0, 1))


def _snake() -> p.Array:
    return p.walk(6.0, 1.0, path=lambda t: 60 * np.sin(2 * np.pi * t / 4))


def _eight() -> p.Array:
    return p.walk(12.0, 1.0, path=lambda t: 60 * np.where(t < 6, t, 12 - t))


def _left_up() -> p.Array:
    return p.raise_hand(p.LEFT)


def _hands_up() -> p.Array:
    return _both(p.raise_hand)


def _boxing() -> p.Array:
    return np.concatenate([p.punch(p.LEFT, 2), p.punch(p.RIGHT, 2)])


def _turn(degrees: float) -> p.Array:
    return p.turned(p.stand(2), degrees * p.ramp(40))


def _stops() -> p.Array:
    walk = p.walk(3.0)
    return np.concatenate([walk, walk[-1:].repeat(20, axis=0)])


def _starts() -> p.Array:
    walk = p.walk(3.0)
    return np.concatenate([walk[:1].repeat(20, axis=0), walk])


def _both(make: Callable[[int], p.Array]) -> p.Array:
    joints = make(p.LEFT)
    right = [17, 19, 21]
    joints[:, right] = make(p.RIGHT)[:, right]
    return joints


def _sit() -> p.Array:
    return p.sit_down()[-1:].repeat(60, axis=0)


def _sit_floor() -> p.Array:
    return np.asarray(p.sit_down() - [0, 0.25, 0] * p.ramp(60)[:, None, None])


def _lie() -> p.Array:
    return p.lie_down()[-1:].repeat(60, axis=0)


def _shrug(up: float = 0.06) -> p.Array:
    joints = p.stand(2.0)
    joints[:, [*p.SHOULDER, *p.ELBOW, *p.WRIST], 1] += up * p.bump(40)[:, None]
    return joints


def _nod(depth: float = 0.05) -> p.Array:
    joints = p.stand(2.0)
    joints[:, 15, 2] += depth * np.sin(np.linspace(0, 6 * np.pi, 40))
    return joints


def _hand_at(place: tuple[float, float, float], elbow: tuple[float, float, float]) -> p.Array:
    joints = p.stand(3.0)
    up = p.ramp(60, 0.1, 0.4)
    p.move(joints, p.WRIST[p.RIGHT], place, up)
    p.move(joints, p.ELBOW[p.RIGHT], elbow, up)
    return joints


def _salute() -> p.Array:
    return _hand_at((-0.12, 1.6, 0.14), (-0.4, 1.4, 0.1))


def _point() -> p.Array:
    return _hand_at((-0.18, 1.4, 0.52), (-0.18, 1.4, 0.26))


def _drink() -> p.Array:
    return _hand_at((-0.05, 1.47, 0.25), (-0.25, 1.2, 0.15))


def _hips() -> p.Array:
    joints = p.stand(3.0)
    for side, sign in ((p.LEFT, 1), (p.RIGHT, -1)):
        p.move(joints, p.WRIST[side], (sign * 0.2, 0.98, 0.05), p.ramp(60, 0.1, 0.4))
        p.move(joints, p.ELBOW[side], (sign * 0.4, 1.18, -0.05), p.ramp(60, 0.1, 0.4))
    return joints


def _cross() -> p.Array:
    joints = p.stand(3.0)
    for side, sign in ((p.LEFT, 1), (p.RIGHT, -1)):
        p.move(joints, p.WRIST[side], (-sign * 0.12, 1.18, 0.2), p.ramp(60, 0.1, 0.4))
    return joints


def _throw() -> p.Array:
    joints = p.stand(2.0)
    p.move(joints, p.WRIST[p.RIGHT], (-0.3, 1.6, -0.3), p.ramp(40, 0.1, 0.45))
    p.move(joints, p.WRIST[p.RIGHT], (-0.15, 1.35, 0.5), p.ramp(40, 0.5, 0.62))
    return joints


def _swing(speed: float = 0.12) -> p.Array:
    joints = p.stand(2.0)
    for side, sign in ((p.LEFT, 1), (p.RIGHT, -1)):
        p.move(joints, p.WRIST[side], (-0.45 + sign * 0.04, 1.5, 0.1), p.ramp(40, 0.0, 0.35))
        p.move(joints, p.WRIST[side], (0.35 + sign * 0.04, 0.9, 0.3), p.ramp(40, 0.5, 0.5 + speed))
    return joints


def _balance(seconds: float = 3.0) -> p.Array:
    joints = p.stand(seconds)
    for joint in (p.KNEE[0], p.ANKLE[0], p.FOOT[0]):
        joints[:, joint, 1] += 0.3 * p.ramp(len(joints), 0.1, 0.3)
    return joints


def _hop() -> p.Array:
    joints = p.jump(3, 0.2, seconds=1.8)
    joints[:, [p.ANKLE[0], p.FOOT[0]], 1] += 0.25
    return joints


def _jacks(times: int = 3) -> p.Array:
    one = _both(lambda side: p.raise_hand(side, 1.0))
    up = p.bump(20)
    for joint in (*p.WRIST, *p.ELBOW):
        one[:, joint] = p.stand(1.0)[:, joint] + up[:, None] * (one[-1, joint] - p.stand(1.0)[0, joint])
    for joint, sign in zip((*p.ANKLE, *p.FOOT), (1, -1, 1, -1), strict=True):
        one[:, joint, 0] += sign * 0.25 * up
    return np.concatenate([one] * times)


def _head_over_heels() -> p.Array:
    joints = p.stand(2.0)
    p.tilt(joints, range(22), joints[:, :1], 360 * p.ramp(40, 0.2, 0.8))
    joints[..., 1] += 0.3 * p.bump(40)[:, None]
    return joints


def _cartwheel() -> p.Array:
    joints = p.stand(2.0)
    for side in (0, 1):
        p.move(joints, p.WRIST[side], (0.2 - 0.4 * side, 1.9, 0), p.ramp(40, 0, 0.2))
    sideways = joints[..., [2, 1, 0]]
    p.tilt(sideways, range(22), sideways[:, :1], 360 * p.ramp(40, 0.2, 0.8))
    return sideways[..., [2, 1, 0]]


def _press_ups(depth: float = 0.25) -> p.Array:
    joints = p.stand(3.0)
    p.tilt(joints, range(22), np.zeros((60, 1, 3)), np.full(60, 75.0))
    joints[:, list(p.WRIST), 1] = 0.05
    down = depth * 0.5 * (1 - np.cos(np.linspace(0, 6 * np.pi, 60)))
    joints[:, [3, 6, 9, 12, 13, 14, 15, 16, 17], 1] -= down[:, None]
    return joints


def _look() -> p.Array:
    joints = p.stand(3.0)
    joints[:, 15, 0] += 0.06 * np.sin(np.linspace(0, 4 * np.pi, 60))
    return joints


def _dance() -> p.Array:
    joints = p.walk(4.0, 0.8, path=lambda t: 0 * t)
    t = np.arange(80) / 20
    joints[:, list(p.WRIST), 1] += 0.4 * (1 + np.sin(2 * np.pi * 1.5 * t))[:, None]
    joints[..., 2] -= joints[:, :1, 2]
    joints[..., 0] += (0.4 * np.sin(2 * np.pi * 0.5 * t))[:, None]
    return joints


def _steps_on_the_spot() -> p.Array:
    joints = p.walk(4.0, 1.0)
    joints[..., 2] -= np.arange(80)[:, None] / 20
    return joints


def _sidestep(side: int) -> p.Array:
    joints = p.turned(p.walk(3.0, 0.6), np.full(60, 90.0 if side == p.LEFT else -90.0))
    facing = p.stand(3.0)
    return np.asarray(facing + (joints[:, :1] - facing[:, :1]) * [1, 0, 1] + _foot_swing(joints, facing))


def _foot_swing(joints: p.Array, facing: p.Array) -> p.Array:
    swing = np.zeros_like(joints)
    for joint in (*p.ANKLE, *p.FOOT):
        swing[:, joint] = joints[:, joint] - joints[:, 0] - (facing[:, joint] - facing[:, 0])
        swing[:, joint] *= [1, 1, 0]
        swing[:, joint, 0] -= np.mean(swing[:, joint, 0])
    return swing


def _bow() -> p.Array:
    return p.bend(45)


WHOLE: dict[str, tuple[Make, list[Make]]] = {
    "walk": (p.walk, [p.stand, lambda: p.walk(speed=2.8), lambda: p.walk(2.5)[::-1], p.sit_down]),
    "run": (lambda: p.walk(3.0, 2.8), [p.walk, lambda: p.walk(3.0, 2.8)[::-1]]),
    "walk_back": (lambda: p.walk(speed=0.9)[::-1], [p.walk, p.stand]),
    "sidestep_left": (lambda: _sidestep(p.LEFT), [lambda: _sidestep(p.RIGHT), p.walk]),
    "sidestep_right": (lambda: _sidestep(p.RIGHT), [lambda: _sidestep(p.LEFT), p.walk]),
    "walk_straight": (p.walk, [lambda: p.walk(turn=30), p.stand]),
    "walk_stop": (_stops, [p.walk, p.stand]),
    "start_walking": (_starts, [p.walk, _stops]),
    "walk_in_place": (_steps_on_the_spot, [p.walk, p.stand]),
    "turn_left": (lambda: p.walk(turn=25), [lambda: p.walk(turn=-25), p.walk]),
    "turn_right": (lambda: p.walk(turn=-25), [lambda: p.walk(turn=25), p.walk]),
    "turn_left_90": (lambda: _turn(90), [lambda: _turn(180), lambda: _turn(-90)]),
    "turn_right_90": (lambda: _turn(-90), [lambda: _turn(90), p.stand]),
    "turn_around": (lambda: _turn(180), [lambda: _turn(90), lambda: _turn(360)]),
    "spin": (lambda: _turn(360), [lambda: _turn(180), _circle]),
    "circle": (_circle, [lambda: _circle(30), p.walk, lambda: _turn(360)]),
    "circle_left": (_circle, [lambda: _circle(-60), lambda: _circle()[:60]]),
    "circle_right": (lambda: _circle(-60), [_circle, lambda: _circle(-60)[:60]]),
    "snake": (_snake, [p.walk, _circle]),
    "figure_eight": (_eight, [lambda: _eight()[:120], _circle, _snake]),
    "there_and_back": (_there_and_back, [lambda: _there_and_back()[:60], p.walk, _circle]),
    "jump": (p.jump, [p.stand, lambda: p.jump()[:20], lambda: p.jump()[20:], p.squat]),
    "jump_forward": (lambda: p.jump(ahead=0.7), [p.jump, lambda: p.jump(ahead=-0.7)]),
    "hop": (_hop, [p.jump, lambda: p.jump(3), _balance]),
    "jumping_jacks": (_jacks, [lambda: _jacks(1), lambda: p.jump(3), _hands_up]),
    "roll": (_head_over_heels, [lambda: p.bend(80), lambda: _head_over_heels()[:20], p.stand]),
    "cartwheel": (_cartwheel, [p.stand, lambda: _cartwheel()[:20], _hands_up]),
    "push_up": (_press_ups, [lambda: _press_ups(0.0), _lie]),
    "stand": (p.stand, [p.walk, _sit, _lie]),
    "sit_down": (p.sit_down, [_sit, lambda: p.sit_down()[:30], lambda: p.sit_down()[::-1], p.squat]),
    "stand_up": (lambda: p.sit_down()[::-1], [p.sit_down, _sit, lambda: p.sit_down()[::-1][:30], p.stand]),
    "rise": (lambda: p.kneel_down()[::-1], [p.kneel_down, p.stand]),
    "sit": (_sit, [p.sit_down, p.stand]),
    "sit_floor": (_sit_floor, [p.sit_down, _sit, p.stand]),
    "lie_down": (p.lie_down, [_lie, lambda: p.lie_down()[:30], p.stand, p.sit_down]),
    "fall": (lambda: p.lie_down(2.0), [lambda: p.lie_down(8.0), lambda: p.lie_down()[::-1]]),
    "lie": (_lie, [p.lie_down, p.stand, _sit]),
    "get_up": (lambda: p.lie_down()[::-1], [p.lie_down, _lie, lambda: p.sit_down()[::-1]]),
    "kneel_down": (p.kneel_down, [lambda: p.kneel_down()[:25], p.stand, p.squat]),
    "crouch": (p.squat, [p.stand, p.lie_down, lambda: p.bend(60)]),
    "squat": (p.squat, [lambda: p.squat()[:20], p.stand, p.kneel_down]),
    "crawl": (p.crawl, [lambda: p.crawl(speed=0.0), p.walk, _lie]),
    "bow": (_bow, [lambda: _bow()[:25], p.stand, p.pick_up, p.squat]),
    "bend_down": (lambda: p.bend(80), [lambda: p.bend(80)[:25], _bow, p.stand]),
    "pick_up": (p.pick_up, [lambda: p.pick_up()[:30], _bow, p.stand]),
    "balance": (_balance, [p.stand, p.kick, p.walk]),
    "wave": (p.wave, [p.stand, p.raise_hand, lambda: p.wave(sweeps=0.5)]),
    "wave_left": (lambda: p.wave(p.LEFT), [p.wave, lambda: _both(p.wave), p.stand]),
    "wave_right": (p.wave, [lambda: p.wave(p.LEFT), lambda: _both(p.wave), p.stand]),
    "wave_both": (lambda: _both(p.wave), [p.wave, _hands_up]),
    "raise_left": (
        _left_up,
        [p.raise_hand, _hands_up, lambda: _left_up()[:12]],
    ),
    "raise_right": (
        p.raise_hand,
        [_left_up, _hands_up, p.stand],
    ),
    "raise_both": (
        _hands_up,
        [_left_up, lambda: _hands_up()[30:], p.stand],
    ),
    "arms_up": (lambda: _hands_up()[25:], [p.stand, lambda: _left_up()[25:]]),
    "clap": (p.clap, [lambda: p.clap(1), lambda: p.clap()[:1].repeat(60, axis=0), p.stand]),
    "point": (_point, [p.stand, lambda: _point()[:20], p.clap]),
    "shrug": (_shrug, [p.stand, lambda: _shrug()[:20], p.wave]),
    "nod": (_nod, [p.stand, lambda: _nod(0.002)]),
    "salute": (_salute, [p.stand, p.raise_hand, lambda: _salute()[:20]]),
    "drink": (_drink, [p.stand, p.raise_hand, _point]),
    "phone": (_salute, [p.stand, _point]),
    "hands_on_hips": (_hips, [p.stand, _cross, lambda: _hips()[:20]]),
    "cross_arms": (_cross, [p.stand, _hips, lambda: _cross()[:15]]),
    "look_around": (_look, [p.stand, p.walk]),
    "throw": (_throw, [p.stand, lambda: _throw()[:20], p.punch]),
    "swing_both": (_swing, [p.stand, lambda: _swing(0.5), p.clap]),
    "slash": (_swing, [p.stand, p.punch]),
    "dance": (_dance, [p.stand, p.walk, p.wave]),
    "punch": (p.punch, [p.stand, p.kick, lambda: p.punch()[:1].repeat(24, axis=0)]),
    "punch_left": (lambda: p.punch(p.LEFT), [p.punch, p.stand]),
    "punch_right": (p.punch, [lambda: p.punch(p.LEFT), p.stand]),
    "box": (
        _boxing,
        [p.punch, lambda: p.punch(p.LEFT, 4), p.stand],
    ),
    "kick": (p.kick, [p.stand, lambda: p.kick()[:16], lambda: p.walk(3.0, 2.8)]),
    "kick_left": (lambda: p.kick(p.LEFT), [p.kick, p.stand]),
    "kick_right": (p.kick, [lambda: p.kick(p.LEFT), p.stand]),
    "high_kick": (lambda: p.kick(height=1.1), [lambda: p.kick(height=0.6), p.stand]),
    "knee_up": (p.kick, [p.stand, p.walk, lambda: p.kick()[:16]]),
}


# held so long that a frozen moment shows them too; `faults` finds those
POSTURES = {"stand", "sit", "lie", "balance", "arms_up", "point", "phone", "cross_arms", "hands_on_hips"}


def test_every_check_has_a_case() -> None:
    assert WHOLE.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_action_passes(name: str) -> None:
    assert CHECKS[name](Body(WHOLE[name][0]()))


@pytest.mark.parametrize(
    ("name", "case"), [(name, i) for name, (_, bad) in WHOLE.items() for i in range(len(bad))]
)
def test_half_an_action_or_another_one_fails(name: str, case: int) -> None:
    assert not CHECKS[name](Body(WHOLE[name][1][case]()))


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - POSTURES))
@pytest.mark.parametrize("moment", [0.0, 0.5, 0.99])
def test_a_frozen_moment_of_the_action_fails(name: str, moment: float) -> None:
    joints = WHOLE[name][0]()
    assert not CHECKS[name](Body(joints[[int(moment * len(joints))]].repeat(len(joints), axis=0)))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("jump", lambda n: p.jump(n)),
        ("clap", lambda n: p.clap(n)),
        ("wave", lambda n: p.wave(sweeps=n)),
        ("kick", lambda n: _guarded(n, p.kick)),
        ("punch", lambda n: p.punch(times=n)),
        ("squat", lambda n: p.squat(n)),
        ("bow", lambda n: p.bend(45, times=n)),
    ],
)
@pytest.mark.parametrize("times", [2, 3, 4])
def test_counts(name: str, make: Callable[[int], p.Array], times: int) -> None:
    assert abs(COUNTS[name](Body(make(times))) - times) <= (1 if name == "wave" else 0)


def test_counts_steps() -> None:
    assert COUNTS["step"](Body(p.walk(4.0))) == pytest.approx(8, abs=1)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("walk", lambda f: p.walk(speed=f)),
        ("turn", lambda f: p.turned(p.stand(3 / f), 180 * p.ramp(int(60 / f)))),
        ("wave", lambda f: p.wave(seconds=4 / f)),
        ("sit", lambda f: p.sit_down(3 / f)),
        ("bow", lambda f: p.bend(45, 3 / f)),
    ],
)
def test_speeds_grow_with_the_motion(name: str, make: Callable[[float], p.Array]) -> None:
    slow, quick = (SPEEDS[name](Body(make(factor))) for factor in (0.7, 1.4))
    assert 1.6 < quick / slow < 2.4


def test_faults() -> None:
    assert faults(Body(p.walk())) == ()
    assert faults(Body(p.stand())) == ("frozen",)
    flung = p.walk()
    flung[40, 21] += 1.0
    assert faults(Body(flung)) == ("too fast",)
    assert faults(Body(p.walk() - [0, 1.0, 0])) == ("below the floor",)


def test_a_clip_of_another_skeleton_is_refused() -> None:
    with pytest.raises(ValueError, match="22, 3"):
        Body(np.zeros((10, 21, 3)))
