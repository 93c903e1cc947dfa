"""Authored takes: possible bodies, planted feet, each action measured as itself, the same every time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ram_sdk.skeleton.joints import HUMANML3D
from ram_sdk.skeleton.kinematics import canonical_offsets
from ram_sdk.skeleton.retarget import retarget
from training.evaluation.prompt_checks import acrobatics, hands, locomotion, posture, strikes
from training.evaluation.prompt_checks.body import Body
from training.open_data.authored import perform, script_files, takes_of
from training.open_data.authored.motion import Array, minimum_jerk
from training.open_data.authored.script import variant
from training.open_data.captions.wordings import actions
from training.open_data.captures import CaptureFile, read_capture
from training.open_data.cleaning import find_clips
from training.open_data.labels import label_of

pytestmark = pytest.mark.slow

TAKES = [(path, take) for path in script_files() for take in takes_of(path)]
SOME = [(path, take) for path, take in TAKES if take.endswith(("-000", "-011"))]
ON_THE_SPOT = ("hands", "daily")  # files of actions whose feet stay, but for the one that opens a door

CHECKS: dict[str, Callable[[Body], bool]] = {
    "bend_down": posture.bends_down,
    "clap": hands.claps,
    "cross_arms": hands.crosses_arms,
    "crouch": posture.crouches,
    "drink": hands.drinks,
    "eat": hands.drinks,
    "get_up": posture.gets_up,
    "hands_on_hips": hands.hands_on_hips,
    "hop_one_leg": acrobatics.hops,
    "jumping_jacks": acrobatics.does_jumping_jacks,
    "knee_strike": strikes.knees_up,
    "kneel_down": posture.kneels_down,
    "lie_down": posture.lies_down,
    "nod": hands.nods,
    "phone": hands.phones,
    "point": hands.points,
    "push_up": acrobatics.does_push_ups,
    "salute": hands.salutes,
    "shrug": hands.shrugs,
    "sit_down": posture.sits_down,
    "sit_floor": posture.sits_on_floor,
    "squat": posture.squats,
    "stand_up": posture.stands_up,
    "throw_overhand": strikes.throws,
}


def action_of(take: str) -> str:
    return take.rpartition("-")[0]


def captured(path: Path, take: str) -> Array:
    """The take as the build sees it: read as a capture and retargeted."""
    file = CaptureFile("", "authored", path, take, "", "", (), "")
    return np.asarray(retarget(read_capture(file).joints))


@pytest.mark.parametrize(("path", "take"), SOME, ids=[take for _, take in SOME])
def test_a_take_is_a_possible_body_and_one_clip(path: Path, take: str) -> None:
    joints = perform(path, take)
    bones = np.linalg.norm(joints[:, 1:] - joints[:, HUMANML3D.parents[1:]], axis=-1)
    assert np.abs(bones - canonical_offsets()[1:].norm(dim=-1).numpy()).max() < 0.001
    assert 0.0 <= joints[..., 1].min() < 0.001
    assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * HUMANML3D.fps < 14.0
    clips, _ = find_clips(retarget(joints), np.zeros(0))
    assert len(clips) == 1
    assert clips[0][1] - clips[0][0] >= 0.75 * (len(joints) - 1)
    assert np.linalg.norm(np.diff(joints[:, 15], axis=0), axis=-1).min() > 0.0  # never frozen


@pytest.mark.parametrize(("path", "take"), SOME, ids=[take for _, take in SOME])
def test_feet_that_stand_do_not_slide(path: Path, take: str) -> None:
    joints = captured(path, take)
    for toe in (10, 11):
        ground = joints[:, toe][:, [0, 2]]
        if path.stem in ON_THE_SPOT and action_of(take) != "open_door":
            assert np.linalg.norm(ground - ground[0], axis=-1).max() < 0.01
        low = joints[:, toe, 1] - joints[:, toe, 1].min() < 0.005
        speed = np.linalg.norm(np.diff(ground, axis=0), axis=-1) * HUMANML3D.fps
        standing = low[1:] & low[:-1]
        assert not standing.any() or np.percentile(speed[standing], 90) < 0.15


@pytest.mark.parametrize("action", sorted(CHECKS))
def test_an_action_is_measured_as_itself(action: str) -> None:
    takes = [(path, take) for path, take in TAKES if action_of(take) == action][:6]
    passed = [CHECKS[action](Body(captured(path, take))) for path, take in takes]
    assert sum(passed) >= len(passed) - 1


def test_marching_on_the_spot_and_forward() -> None:
    path = next(path for path in script_files() if path.stem == "steps")
    assert locomotion.walks_in_place(Body(captured(path, "march-000")))
    forward = captured(path, "march-001")
    assert forward[-1, 0, 2] - forward[0, 0, 2] > 1.5
    walk = captured(path, "crouch_walk-000")
    assert walk[-1, 0, 2] - walk[0, 0, 2] > 1.0
    assert walk[:, 0, 1].max() < 0.85


def test_takes_of_an_action_differ_and_are_the_same_again() -> None:
    path = next(path for path in script_files() if path.stem == "hands")
    first, again, other = (perform(path, take) for take in ("clap-000", "clap-000", "clap-003"))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or np.abs(first - other).max() > 0.05
    counts = {hands.clap_count(Body(perform(path, f"clap-{n:03d}"))) for n in range(0, 12, 3)}
    assert len(counts) > 1


def test_both_sides_act() -> None:
    path = next(path for path in script_files() if path.stem == "hands")
    raised = [Body(perform(path, f"salute-{n:03d}")).above_shoulder.max(axis=0) for n in range(6)]
    assert {int(np.argmax(above)) for above in raised} == {0, 1}


def test_every_action_is_labelled_and_has_wordings() -> None:
    for path, take in TAKES:
        assert label_of("authored", path.stem, take).actions == (action_of(take),)
    assert {action_of(take) for _, take in TAKES} <= set(actions())
    assert len(TAKES) == len({take for _, take in TAKES})


def test_an_unknown_take_is_an_error() -> None:
    path = next(path for path in script_files() if path.stem == "hands")
    with pytest.raises(ValueError, match=r"hands\.json: no take 'clap-999'"):
        variant(path, "clap-999")


def test_a_minimum_jerk_move_starts_and_ends_at_rest() -> None:
    share = minimum_jerk(np.linspace(-0.5, 1.5, 201))
    assert (share[0], share[100], share[-1]) == (0.0, 0.5, 1.0)
    speed = np.gradient(share)
    assert np.abs(speed[[50, 150]]).max() < 1e-3 < speed.max()
