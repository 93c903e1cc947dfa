"""Constraints of a call: met by any checkpoint, without a trace where there are none."""

import numpy as np
import pytest
from control.test_constraints import walking

from ram_sdk import Motion, RAMPipeline
from ram_sdk.control import Joints, Keep, Loop, Path, Pose, Stop, to_json
from ram_sdk.control.constraints import from_entries
from ram_sdk.skeleton.feet import sliding


@pytest.fixture(scope="module")
def shipped() -> RAMPipeline:
    return RAMPipeline.from_pretrained("open-free-small")


def test_no_constraints_change_nothing(pipeline):
    plain = pipeline("a person jumps", 40, num_inference_steps=4, seed=3).motions[0]
    none = pipeline("a person jumps", 40, num_inference_steps=4, seed=3, constraints=[]).motions[0]
    np.testing.assert_array_equal(plain.joints, none.joints)
    assert "constraints" not in none.settings


def test_each_motion_of_a_batch_meets_the_constraints(pipeline):
    pose = walking().joints[0] + np.float32([1, 0, 2])
    constraints = [Pose(0.0, pose), Joints(1.0, {"pelvis": (1.2, 0.9, 2.5)})]
    motions = pipeline(["a person jumps", "a person walks"], [40, 50], num_inference_steps=4, seed=1,
                       constraints=constraints).motions  # fmt: skip
    for motion in motions:
        np.testing.assert_allclose(motion.joints[0], pose, atol=1e-5)
        np.testing.assert_allclose(motion.joints[20, 0], (1.2, 0.9, 2.5), atol=1e-5)
        again = from_entries(motion.settings["constraints"])
        assert to_json(again) == to_json(constraints)
    alone = pipeline("a person walks", 50, num_inference_steps=4, seed=1, constraints=constraints).motions[0]
    np.testing.assert_allclose(motions[1].joints, alone.joints, atol=4e-3)


def test_a_callback_sees_the_corrected_estimate(pipeline):
    pose, seen = walking().joints[0], []

    def look(pipe, info):
        seen.append(pipe.decode(info.estimate, [40])[0])

    pipeline(
        "a person jumps",
        40,
        num_inference_steps=3,
        seed=1,
        constraints=Pose(0, pose),
        callback_on_step_end=look,
    )
    assert len(seen) == 3
    goal, reached = pose[1:] - pose[0] * [1, 0, 1], seen[-1][0, 4:67].reshape(21, 3).numpy()
    for joints in (goal, reached):  # the axes of features may face elsewhere
        joints[:, 0] = np.hypot(joints[:, 0], joints[:, 2])
    np.testing.assert_allclose(reached[:, :2], goal[:, :2], atol=1e-3)


def test_a_constrained_motion_is_made_again_from_its_file(pipeline, tmp_path):
    asked = [
        Path([(0, 0), (1, 2)], times=[0, 2], facing="along"),
        Stop((1, 2), 2, 0.2, 90),
        Joints([0.5, 1], {"head": [(0, 1.6, 0), (0, 1.6, 0.5)]}),
    ]
    made = pipeline("a person walks", 50, num_inference_steps=2, seed=1, constraints=asked).motions[0]
    settings = Motion.load(made.save(tmp_path / "made.npz")).settings
    again = from_entries(settings["constraints"])
    assert to_json(again) == to_json(asked)
    same = pipeline(
        "a person walks", 50, num_inference_steps=2, seed=settings["seed"], constraints=again
    ).motions[0]
    np.testing.assert_array_equal(same.joints, made.joints)


def test_kept_motions_are_not_written_into_the_settings(pipeline):
    keep = Keep(walking(60), 0.5, 1.0, at=1.0)
    call = pipeline("a person jumps", 50, num_inference_steps=2, seed=1, constraints=[keep, Loop()])
    assert call.motions[0].settings["constraints"] == [
        {"kind": "Keep", "start": 0.5, "end": 1.0, "at": 1.0, "part": "body"},
        {"kind": "Loop"},
    ]


def test_edit_keeps_what_it_is_told(pipeline):
    motion = walking(60)
    edited = pipeline.edit(motion, "a person jumps", [(0, 1), (2, 3)], num_inference_steps=3, seed=0).motions[
        0
    ]
    np.testing.assert_allclose(edited.joints[:20], motion.joints[:20], atol=1e-6)
    np.testing.assert_allclose(edited.joints[40:], motion.joints[40:], atol=1e-6)
    lower = pipeline.edit(motion, "a person waves", "lower", num_inference_steps=3, seed=0).motions[0]
    np.testing.assert_allclose(lower.joints[:, [0, 7, 8]], motion.joints[:, [0, 7, 8]], atol=1e-6)


def test_other_frame_rates_are_kept_at_the_models(pipeline):
    motion = walking(60).resample(30)
    edited = pipeline.edit(motion, "a person jumps", [(0, 1)], num_inference_steps=2, seed=0).motions[0]
    assert edited.fps == 20
    np.testing.assert_allclose(edited.joints[:20], motion.resample(20).joints[:20], atol=1e-6)


def test_features_have_no_place_in_the_world(pipeline):
    with pytest.raises(ValueError, match='output_type "features" with constraints'):
        pipeline("a person jumps", 40, constraints=Loop(), output_type="features")


def test_what_is_wrong_is_told_before_anything_is_computed(pipeline):
    def never(pipe, info):
        raise AssertionError("sampling began")

    for wrong in ([Pose(9, walking().joints[0])], [Path([(0, 0), (0, 500)])], ["walk there"]):
        with pytest.raises(ValueError, match=r"outside|nobody|constraint of type str"):
            pipeline("a person jumps", 40, constraints=wrong, callback_on_step_end=never)


@pytest.mark.parametrize("keep", [[], (0, 1), 3, None, [(0, 1, 2)], [[1]], np.array(3), "left", "body"])
def test_an_edit_keeps_a_half_or_spans(pipeline, keep):
    with pytest.raises(ValueError, match=r"keep .*: name what stays.*leave something to make") as caught:
        pipeline.edit(walking(), "a person jumps", keep)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [[(0, 3)], [(0, 1.5), (1.5, 3)]])
def test_an_edit_that_keeps_everything_is_refused(pipeline, keep):
    with pytest.raises(ValueError, match="every joint in all 60 frames, so that nothing is left to make"):
        pipeline.edit(walking(60), "a person jumps", keep)
    halves = [Keep(walking(60), part="upper"), Keep(walking(60), part="lower")]
    with pytest.raises(ValueError, match="nothing is left to make"):
        pipeline("a person jumps", 60, constraints=halves)


@pytest.mark.parametrize("length", [{"num_frames": 50}, {"duration": 2.0}])
def test_an_edited_motion_is_as_long_as_the_given_one(pipeline, length):
    with pytest.raises(TypeError, match="an edited motion is as long as the given one; leave it out"):
        pipeline.edit(walking(60), "a person jumps", [(0, 1)], **length)


def test_a_motion_that_is_too_long_for_an_edit_is_told_what_to_do(pipeline):
    message = r"^a motion of 12 s: this checkpoint edits at most 9.8 s, take a part of it such as"
    for long in (walking(240), walking(240).resample(60)):
        with pytest.raises(ValueError, match=message + r" motion\[:100\], or redo a part with compose\("):
            pipeline.edit(long, "a person jumps", [(0, 1)])


@pytest.mark.slow
def test_the_shipped_checkpoint_walks_a_path(shipped):
    path = Path([(0, 0), (1, 2), (0, 4)], smooth=True)
    motion = shipped("a person walks forward", 100, constraints=[path], seed=0).motions[0]
    goal = np.linalg.norm(motion.joints[-1, 0, [0, 2]] - (0, 4))
    assert goal < 0.1
    assert sliding(motion.joints.astype(np.float64), motion.fps) < 0.2


@pytest.mark.slow
def test_the_shipped_checkpoint_stops_and_loops(shipped):
    stop = Stop((0.5, 1.5), 2.0, 1.0)
    motion = shipped("a person walks forward", 80, constraints=[stop], seed=0).motions[0]
    assert np.linalg.norm(motion.joints[40:60, 0][:, [0, 2]] - (0.5, 1.5), axis=-1).mean() < 0.05
    loop = shipped("a person walks forward", 60, constraints=[Loop()], seed=0).motions[0].joints
    np.testing.assert_allclose(loop[0, :, 1], loop[-1, :, 1], atol=0.01)


@pytest.mark.slow
def test_kept_parts_of_a_generated_motion(shipped):
    base = shipped("a person walks forward", 60, seed=0).motions[0]
    edited = shipped("a person jumps", 60, constraints=[Keep(base, 0, 1)], seed=1).motions[0]
    np.testing.assert_array_equal(edited.joints[:20], base.joints[:20])
