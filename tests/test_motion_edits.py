"""Edits of whole motions: what changes, what must not, and what is refused."""

import tracemalloc

import numpy as np
import pytest
from simple_motions import bones_off, standing, walking, waving

from ram_sdk import Motion
from ram_sdk.skeleton import cycles
from ram_sdk.skeleton.feet import sliding
from ram_sdk.skeleton.placing import facing
from ram_sdk.skeleton.sequences import distances, signatures

WALK = Motion(walking(), prompt="a person steps with the left foot and turns clockwise")
WAVE = Motion(waving(), prompt="a person waves")


def fastest(motion: Motion) -> float:
    return float(np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max() * motion.fps)


def test_mirror_exchanges_sides_and_words_and_undoes_itself():
    mirrored = WAVE.mirror()
    np.testing.assert_allclose(mirrored.joints[:, 21, 0], -WAVE.joints[:, 20, 0], atol=1e-6)
    np.testing.assert_array_equal(mirrored.mirror().joints, WAVE.joints)
    assert WALK.mirror().prompt == "a person steps with the right foot and turns counterclockwise"


def test_trim_cuts_dead_time_at_both_ends_and_nothing_else():
    still = np.repeat(WAVE.joints[:1], 30, axis=0)
    padded = Motion(np.concatenate((still, WAVE.joints, still)))
    trimmed = padded.trim(kept=0.0)
    assert abs(len(trimmed) - len(WAVE)) < 10
    assert (np.abs(padded.joints - trimmed.joints[20]).max(axis=(1, 2)) == 0).any()
    assert len(padded.trim(kept=0.5)) == len(trimmed) + 20


def test_trim_leaves_so_many_seconds_at_least():
    still = np.repeat(WAVE.joints[:1], 60, axis=0)
    padded = Motion(np.concatenate((still, WAVE.joints, still)))
    moving = padded.trim(kept=0.0)
    longer = padded.trim(kept=0.0, shortest=6.0)
    assert len(longer) == 120 > len(moving)
    np.testing.assert_array_equal(longer.joints[: len(moving)], moving.joints)
    assert len(Motion(padded.joints[:-60]).trim(kept=0.0, shortest=6.0)) == 120
    assert len(padded.trim(shortest=1e300)) == len(padded) == len(padded.trim(kept=1e300))


def test_trim_takes_the_features_of_its_frames_along():
    still = [np.repeat(WALK.joints[end], 40, axis=0) for end in (slice(1), slice(-1, None))]
    made = Motion.from_features(Motion(np.concatenate((still[0], WALK.joints, still[1]))).features)
    trimmed = made.trim()
    starts = range(1, len(made) - len(trimmed))
    assert any(np.array_equal(made.features[t : t + len(trimmed)], trimmed.features) for t in starts)
    again = Motion.from_features(trimmed.features).align(trimmed)
    np.testing.assert_allclose(again.joints, trimmed.joints, atol=1e-4)


def test_trim_of_kit_ml_s_millimetres():
    metres = np.zeros((60, 21, 3))
    metres[20:40, 5, 1] = np.linspace(0.0, 0.5, 20)
    metres[40:, 5, 1] = 0.5
    trimmed = Motion((1000 * metres).astype(np.float32)).trim(kept=0.0)
    assert len(trimmed) == pytest.approx(20, abs=4)


def test_trim_of_a_still_motion_keeps_it():
    still = Motion(np.repeat(WAVE.joints[:1], 30, axis=0))
    assert len(still.trim()) == 30


def test_join_blends_and_goes_on_where_the_first_ends():
    joined = WALK.join(WAVE.offset(x=5.0, turn=90.0), blend=0.5)
    assert len(joined) == len(WALK) + len(WAVE) - 10
    assert fastest(joined) < max(fastest(WALK), fastest(WAVE)) + 2.0
    assert bones_off(joined.joints) < 1e-3
    assert joined.joints[-1, 0, 2] == pytest.approx(WALK.joints[-1, 0, 2], abs=0.2)
    assert joined.prompt == f"{WALK.prompt}, then {WAVE.prompt}"


def test_join_takes_other_frame_rates():
    joined = WALK.join(WAVE.resample(40.0), blend=0.4)
    assert joined.fps == 20.0
    assert abs(len(joined) - (len(WALK) + len(WAVE) - 8)) <= 1


def test_a_closed_cycle_repeats_whole_and_travels_on():
    closed = WALK[20:61]  # two periods of 20 frames, and the first frame again
    long = closed.loop(10)
    assert len(long) == 10 * 41 - 9
    assert fastest(long) < 1.1 * fastest(closed)
    way = closed.joints[-1, 0, 2] - closed.joints[0, 0, 2]
    assert long.joints[-1, 0, 2] - long.joints[0, 0, 2] == pytest.approx(10 * way, rel=0.03)


def test_numbers_of_numpy_are_numbers():
    assert WALK.loop(np.int64(1)) is WALK
    assert WALK.resample(np.float32(30)).fps == 30.0
    moved = WALK.speed(np.float32(2)).offset(x=np.float64(1)).align(WALK, np.int64(3))
    np.testing.assert_array_equal(moved.joints, WALK.speed(2).offset(x=1).align(WALK, 3).joints)


def test_an_open_motion_repeats_its_cycle():
    long = WALK.loop(3)
    assert len(long) > 2 * len(WALK)
    assert fastest(long) < 1.2 * fastest(WALK)


def test_the_cycle_is_the_best_of_all_pairs_of_frames(monkeypatch):
    for motion, block in ((WALK, 7), (WAVE, 64), (WALK, 256)):
        monkeypatch.setattr(cycles, "_BLOCK", block)
        looks = signatures(motion.joints.astype(float))
        inner = np.arange(6, len(motion) - 6)
        lengths = inner - inner[:, None]
        apart = distances(looks[inner], looks[inner])
        score = np.where((lengths >= 14) & (apart < 0.09), lengths * (1 - apart / 0.09), -1.0)
        first, last = cycles.best_pair(looks, 20.0)
        assert score[first - 6, last - 6] == pytest.approx(score.max(), abs=1e-9)


def test_long_motions_need_no_memory_for_all_pairs_of_frames():
    frames = 6000
    looks = np.random.default_rng(0).normal(size=(frames, 132))  # no two of them alike
    tracemalloc.start()
    with pytest.raises(cycles.NoCycle):
        cycles.best_pair(looks, 20.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * frames**2 / 3  # bytes: a third of what one number for every pair takes


def test_a_motion_without_a_cycle_is_refused():
    rising = WAVE.joints[20:50] + np.linspace(0, 20, 30)[:, None, None] ** 2 * (0.0, 0.01, 0.0)
    with pytest.raises(ValueError, match="no two moments"):
        Motion(rising).loop(2)


def test_speed_changes_time_and_not_the_way():
    fast = WALK.speed(2.0)
    assert len(fast) == (len(WALK) - 1) // 2 + 1
    assert fast.fps == WALK.fps
    np.testing.assert_allclose(fast.joints[10], WALK.joints[20], atol=1e-4)


def test_offset_and_align_move_and_turn_on_the_floor():
    moved = WALK.offset(x=1.0, z=-2.0, turn=90.0)
    assert np.degrees(
        facing(moved.joints[0].astype(float)) - facing(WALK.joints[0].astype(float))
    ) == pytest.approx(90.0, abs=0.01)
    np.testing.assert_allclose(moved.joints[0, 0], WALK.joints[0, 0] + (1.0, 0.0, -2.0), atol=1e-5)
    assert moved.joints[-1, 0, 0] > 1.0 + 0.9 * (WALK.joints[-1, 0, 2] - WALK.joints[0, 0, 2])
    back = moved.align(WALK)
    np.testing.assert_allclose(back.joints, WALK.joints, atol=1e-4)
    after = WAVE.align(moved, at=-1)
    np.testing.assert_allclose(after.joints[0, 0, [0, 2]], moved.joints[-1, 0, [0, 2]], atol=1e-5)


def test_along_follows_the_path_without_sliding():
    long = WALK.loop(3)
    corner = np.array([(1.0, 0.0), (1.0, 2.0), (4.0, 2.0)])
    bent = long.along(corner)
    assert bones_off(bent.joints) < 2e-3
    assert sliding(bent.joints.astype(float), 20) < sliding(long.joints.astype(float), 20) + 0.04
    np.testing.assert_allclose(bent.joints[0, 0, [0, 2]], corner[0], atol=0.05)
    path = np.concatenate([np.linspace(corner[i], corner[i + 1], 200) for i in (0, 1)])
    path = np.concatenate((path, np.linspace(corner[2], corner[2] + (6.0, 0.0), 200)))
    off = np.linalg.norm(bent.joints[:, None, 0, [0, 2]] - path, axis=-1).min(axis=1)
    assert off.mean() < 0.10
    assert np.degrees(facing(bent.joints[-1].astype(float))) == pytest.approx(90.0, abs=15.0)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.trim(-1.0), "kept -1.0"),
        (lambda m: m.trim(shortest=float("nan")), "shortest nan: expected seconds, 0 or more"),
        (lambda m: m.join(m, blend=9.0), "blend 9.0"),
        (lambda m: m.join(m[:5]), "shorter than the seams"),
        (lambda m: m.loop(0), "times 0"),
        (lambda m: m[:1].loop(2), "a single frame has no cycle"),
        (lambda m: m[:2].loop(2), "no two moments"),
        (lambda m: Motion(np.zeros((10, 21, 3))).speed(2), "22 joints of HumanML3D; the motion has 21"),
        (lambda m: m.loop(True), "times True: expected a whole number"),
        (lambda m: m.loop(2.0), r"times 2\.0: expected a whole number"),
        (lambda m: m.speed(True), "speed True: expected a number"),
        (lambda m: m.offset(x=True), "offset True: expected a number"),
        (lambda m: m.align(m, at=True), "at True: expected a whole number"),
        (lambda m: m.resample("fast"), "fps 'fast': expected a number"),
        (lambda m: m.trim(np.True_), "kept .*True.*: expected a number"),
        (lambda m: m.speed(0.0), "speed 0.0"),
        (lambda m: m.offset(x=float("nan")), "finite"),
        (lambda m: m.align(m, at=400), "at 400"),
        (lambda m: m.along([(0, 0)]), "path of shape"),
        (lambda m: m.along("a circle"), "path 'a circle': expected x and z of points"),
        (lambda m: m.along([(0, 0), (0, np.nan)]), "NaN"),
        (lambda m: m.along([(0, 0), (0, 0)]), "path of 0 m"),
        (lambda m: Motion(standing()).along([(0, 0), (0, 3)]), "travels at least"),
        (lambda m: Motion(np.zeros((10, 21, 3))).join(m), "22 joints"),
    ],
)
def test_bad_requests_are_refused_in_one_line(edit, message):
    with pytest.raises(ValueError, match=message) as error:
        edit(WALK)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.join(3), "join: 3: expected a Motion; a file is read by Motion.load"),
        (lambda m: m.join([m]), "join: .*: expected a Motion"),
        (lambda m: m.align("walk.npz"), "align: 'walk.npz': expected a Motion"),
        (lambda m: m.offset((1, 0, 2)), r"offset \(1, 0, 2\): expected a number"),
    ],
)
def test_other_kinds_of_values_are_refused_in_one_line(edit, message):
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        edit(Motion(walking(30).astype(np.float32)))
    assert "\n" not in str(caught.value)
