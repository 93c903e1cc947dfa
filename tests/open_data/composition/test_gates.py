"""Gates: what is broken on purpose is refused for that reason."""

import numpy as np
import pytest
from composition_parts import source
from simple_motions import standing, walking

from training.open_data.composition.draft import Draft
from training.open_data.composition.gates import failed_gate

WALK = walking(100)


def spoiled(joints, **changes):
    return failed_gate(Draft(joints, (source(WALK, "walk"),), ("walk",), lambda _: (), **changes))


def moved(frames, shift, joints=WALK):
    out = joints.copy()
    out[frames] += shift
    return out


def test_a_clip_itself_passes():
    assert spoiled(WALK) == ""


@pytest.mark.parametrize(
    ("joints", "reason"),
    [
        (WALK[:30], "length"),
        (np.concatenate([WALK, WALK]), "length"),
        (WALK * 1.01, "bone lengths"),
        (WALK - (0.0, 0.05, 0.0), "below the floor"),
        (moved(slice(50, None), (0.0, 0.0, 0.9)), "spike"),
        (WALK + np.arange(100)[:, None, None] * (0.01, 0.0, 0.0), "sliding"),
    ],
)
def test_what_is_broken_is_refused(joints, reason):
    assert spoiled(joints) == reason


def test_a_jump_counts_only_at_a_seam():
    jumped = moved(slice(50, None), (0.0, 0.0, 0.3))
    assert spoiled(jumped, seams=((48, 53),)) == "jump at a seam"
    assert spoiled(jumped, seams=((10, 15),)) != "jump at a seam"


def test_a_hand_in_the_body_is_refused():
    joints = standing(60)
    still = source(joints, "stand")
    inside = joints.copy()
    shift = joints[:, 6] - joints[:, 20]
    inside[:, (16, 18, 20)] += shift[:, None]
    drafted = Draft(inside, (still,), ("stand",), lambda _: ())
    assert failed_gate(drafted) == "bone lengths"  # shoulders torn off
    turned = joints.copy()
    turned[:, 20] = turned[:, 18] + (joints[:, 6] - joints[:, 18]) / np.linalg.norm(
        joints[:, 6] - joints[:, 18], axis=-1, keepdims=True
    ) * np.linalg.norm(joints[:, 20] - joints[:, 18], axis=-1, keepdims=True)
    assert failed_gate(Draft(turned, (still,), ("stand",), lambda _: ())) == "arm in the body"
