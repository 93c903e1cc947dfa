"""The checks on excerpts of real captures in `real_clips.npz`, millimetres at 20 fps.

CMU Graphics Lab Motion Capture Database, free for all uses, no resale of the data (mocap.cs.cmu.edu,
created with funding from NSF EIA-0196217): 02_04, 14_02, 14_30, 49_06, PickUpBox_02. ACCAD, The Ohio State
University, CC BY 3.0: the others. All are retargeted to HumanML3D's skeleton.
"""

from pathlib import Path

import numpy as np
import puppet as p
import pytest

from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.registry import CHECKS
from training.evaluation.prompt_checks.suite import faults, in_order

with np.load(Path(__file__).with_name("real_clips.npz"), allow_pickle=False) as _file:
    CLIPS = {name: _file[name] / 1000 for name in _file.files}
MIRRORED = {"sidestep_left": "sidestep_right", "kick_right": "kick_left", "turn_left": "turn_right"}


def _passes(actions: str, joints: p.Array) -> bool:
    return in_order([CHECKS[action] for action in actions.split("+")], Body(joints))


@pytest.mark.parametrize("actions", CLIPS)
def test_a_real_clip_passes_and_its_frozen_frames_fail(actions: str) -> None:
    joints = CLIPS[actions]
    assert _passes(actions, joints)
    assert faults(Body(joints)) == ()
    for frame in range(0, len(joints), 10):
        frozen = joints[[frame]].repeat(len(joints), axis=0)
        assert not _passes(actions, frozen)
        assert faults(Body(frozen)) == ("frozen",)


@pytest.mark.parametrize("actions", MIRRORED)
def test_a_mirrored_clip_is_the_other_side(actions: str) -> None:
    mirrored = p.mirror(CLIPS[actions])
    assert not _passes(actions, mirrored)
    assert _passes(MIRRORED[actions], mirrored)


@pytest.mark.parametrize("actions", ["sit_down+stand_up", "walk+run", "pick_up", "cartwheel"])
def test_the_beginning_of_a_clip_fails(actions: str) -> None:
    assert not _passes(actions, CLIPS[actions][: len(CLIPS[actions]) // 4])


@pytest.mark.parametrize("actions", ["sit_down+stand_up", "walk+run", "pick_up", "cartwheel", "jump", "box"])
def test_the_other_clips_fail(actions: str) -> None:
    others = [name for name in CLIPS if name != actions and not {name, actions} <= {"jump", "walk+run"}]
    assert [name for name in others if _passes(actions, CLIPS[name])] == []
