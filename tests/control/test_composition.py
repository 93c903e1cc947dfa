"""Several prompts, one motion: windows, their blend, what is kept, and what a call refuses."""

import math

import numpy as np
import pytest
import torch
from control.test_constraints import walking
from control.test_settling import largest_step
from torch import Tensor

from ram_sdk import Motion, RAMPipeline
from ram_sdk.control import composition
from ram_sdk.control.composition import Composition
from ram_sdk.control.timeline import PARTS, Kept, Segment, Timeline
from tests.synthetic_motion import natural_poses

FAST = {"num_inference_steps": 3, "seed": 1}


@pytest.fixture(scope="module")
def clip() -> Motion:
    joints = natural_poses(80).joints.float().numpy()
    return Motion(joints + np.float32([3.0, 0.0, -2.0]))


def constant(values: list[float]):
    """An estimate by prompt: every feature of the i-th window is the i-th value."""
    left = list(values)

    def denoise(x_t: Tensor, timestep: int, latents: Tensor, mask, previous, scheduler) -> Tensor:
        rows = torch.tensor([left.pop(0) for _ in x_t])
        return rows[:, None, None].expand(x_t.shape)

    return denoise


def estimate(laid_out: Composition, values: list[float]) -> Tensor:
    x_t = torch.zeros(1, laid_out.frames, 263)
    latents = torch.zeros(len(laid_out.windows), 16)
    return laid_out.denoiser(constant(values))(x_t, 0, latents, None, None, None)[0]


def test_windows_fill_the_timeline_with_transitions_between(pipeline: RAMPipeline) -> None:
    timeline = Timeline.of(["walks", "sits", "waves"], [3.0, 0.5, 25.0])
    laid_out = Composition(timeline, pipeline.normalizer)
    windows = laid_out.windows
    assert laid_out.frames == 570
    assert [one.prompt for one in windows] == ["walks", "sits", *["waves"] * 4, None, None]
    assert all(40 <= one.stop - one.start <= 196 for one in windows)
    own = [one.start + one.weight.nonzero()[:, 0] for one in (*windows[:2], *windows[-2:], windows[2])]
    assert [int(frames[0]) for frames in own] == [0, 63, 60, 70, 80]
    assert [int(frames[-1]) for frames in own[:4]] == [59, 69, 62, 79]
    weights = torch.zeros(570)
    for one in windows:
        weights[one.start : one.stop] += one.weight
    torch.testing.assert_close(weights, torch.ones(570))


def test_a_segment_sees_its_own_frames_only(pipeline: RAMPipeline) -> None:
    laid_out = Composition(Timeline.of(["walks", "sits"], [3.0, 3.0]), pipeline.normalizer)
    spans = [(one.start, one.stop) for one in laid_out.windows]
    assert spans == [(0, 60), (70, 120), (45, 85)]
    assert laid_out.seams == [65]


def test_a_transition_meets_what_is_on_both_sides(pipeline: RAMPipeline) -> None:
    laid_out = Composition(Timeline.of(["walks", "sits"], [3.0, 3.0]), pipeline.normalizer)
    for between in (0.5, 5.0):
        said = estimate(laid_out, [0.0, 1.0, between])[:, 0]
        assert torch.all(said[:60] == 0)
        assert torch.all(said[70:] == 1)
        middle = between - between / 2 + (1 - between) / 2
        assert abs(float(said[64:66].mean()) - middle) < 1e-5
        assert said[59:71].diff().abs().max() < 0.2 * max(1.0, between)


def test_a_cut_within_a_segment_is_blended(pipeline: RAMPipeline) -> None:
    laid_out = Composition(Timeline.of(["walks"], [12.0]), pipeline.normalizer)
    assert laid_out.seams == [120]
    blended = estimate(laid_out, [0.0, 1.0])[:, 0]
    assert torch.all(blended[:115] == 0)
    assert torch.all(blended[125:] == 1)
    steps = blended[114:126].diff()
    assert torch.all(steps >= 0)
    assert steps.max() < 0.2
    assert abs(float(blended[119:121].mean()) - 0.5) < 1e-6


def test_a_transition_has_no_prompt(pipeline: RAMPipeline) -> None:
    latents = pipeline._latents_once(["a person walks", None, "a person walks"])
    assert torch.equal(latents[0], latents[2])
    assert torch.all(latents[1] == 0)
    assert latents[0].abs().max() > 0.01


def test_batches_of_windows_do_not_matter(pipeline: RAMPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = ["walks", "a man sits", "waves", "turns", "jumps"]
    whole = pipeline.compose(prompts, duration=[2, 3, 4, 1, 2], **FAST)
    monkeypatch.setattr(composition, "_BATCH", 2)
    batched = pipeline.compose(prompts, duration=[2, 3, 4, 1, 2], **FAST)
    np.testing.assert_allclose(batched.generated_features, whole.generated_features, atol=1e-4)


def test_one_prompt_is_what_a_call_makes(pipeline: RAMPipeline) -> None:
    alone = pipeline("a person walks", duration=4, **FAST).motions[0]
    composed = pipeline.compose(["a person walks"], duration=4, **FAST)
    np.testing.assert_allclose(composed.joints, alone.joints, atol=1e-5)


def test_a_prompt_takes_as_long_as_a_call_estimates() -> None:
    """The estimate reads the sentence as it was written: the shipped one tells a subject from none."""
    shipped = RAMPipeline.from_pretrained()
    [frames, other] = shipped.estimate_frames(["sits down", "a person sits down"])
    assert frames != other
    for prompt in ("sits down", "then sits down"):
        assert len(shipped.compose([prompt], num_inference_steps=2, seed=1)) == frames


def test_prompts_have_their_own_latents(pipeline: RAMPipeline) -> None:
    one, other = (
        pipeline.compose(["a person walks", second], duration=6, reg_scale=0, **FAST)
        for second in ("a person jumps", "a person waves slowly with the left hand")
    )
    changed = np.abs(one.generated_features - other.generated_features).max(axis=1)
    assert changed[-40:].min() > 1e-4
    assert changed[-40:].mean() > 2 * changed[:80].mean()


def test_seed_repeats_and_settings_hold_the_timeline(pipeline: RAMPipeline, tmp_path) -> None:
    prompts = ["a person walks", "sits"]
    motion = pipeline.compose(prompts, **FAST)
    again = pipeline.compose(prompts, **FAST)
    np.testing.assert_array_equal(motion.joints, again.joints)
    assert (
        np.abs(pipeline.compose(prompts, num_inference_steps=3, seed=2).joints - motion.joints).max() > 1e-3
    )
    read = Motion.load(motion.save(tmp_path / "motion.npz"))
    assert [entry["prompt"] for entry in read.settings["timeline"]] == prompts
    assert read.settings["seed"] == 1
    assert len(motion) == round(read.settings["timeline"][-1]["end"] * 20)


def test_a_part_changes_itself_only_and_stays_attached(pipeline: RAMPipeline) -> None:
    timeline = Timeline((Segment("walks", 0, 6), Segment("waves", 2, 4, "right arm")))
    laid_out = Composition(timeline, pipeline.normalizer)
    real = pipeline.normalizer.denormalize(estimate(laid_out, [0.0, 1.0]))
    body = pipeline.normalizer.mean
    moved = (real - body).abs() > 1e-5
    joints = {4 + 3 * (joint - 1) + axis for joint in PARTS["right arm"].joints for axis in range(3)}
    assert not moved[:30].any()
    assert not moved[90:].any()
    positions = set(range(4, 67))
    assert {int(i) for i in moved[60].nonzero()[:, 0]} & positions == joints
    chest = slice(4 + 3 * 8, 4 + 3 * 9)
    collar = slice(4 + 3 * 13, 4 + 3 * 14)
    std = pipeline.normalizer.std
    expected = (body + std)[collar] - (body + std)[chest]
    torch.testing.assert_close((real[60, collar] - real[60, chest]), expected, atol=1e-4, rtol=0)


def test_parts_in_a_row_do_not_show_the_body_between(pipeline: RAMPipeline) -> None:
    arms = [Segment("waves", 1, 3, "right arm"), Segment("points", 3, 5, "right arm")]
    laid_out = Composition(Timeline((Segment("walks", 0, 6), *arms)), pipeline.normalizer)
    wrist = estimate(laid_out, [0.0, 1.0, 1.0])[:, 67 + 6 * 20]  # a rotation, which no hinge moves
    torch.testing.assert_close(wrist[30:90], torch.ones(60))


def test_guidance_goes_away_from_a_window_s_own_last_estimate(pipeline: RAMPipeline) -> None:
    timeline = Timeline((Segment("walks", 0, 6), Segment("waves", 2, 4, "right arm")))
    laid_out = Composition(timeline, pipeline.normalizer)
    seen = []

    def denoise(x_t: Tensor, timestep: int, latents: Tensor, mask, previous, scheduler) -> Tensor:
        seen.append(previous)
        return torch.stack([torch.full_like(x_t[0], value) for value in (2.0, 7.0)])

    step = laid_out.denoiser(denoise)
    x_t = torch.zeros(1, laid_out.frames, 263)
    whole = step(x_t, 1, torch.zeros(2, 16), None, None, None)
    step(x_t, 0, torch.zeros(2, 16), None, whole, None)
    first, previous = seen
    assert first is None
    assert (previous[0, :120] == 2.0).all()
    part = laid_out.windows[1]
    assert (previous[1, : part.stop - part.start] == 7.0).all()


def test_bones_of_a_part_keep_their_length(pipeline: RAMPipeline) -> None:
    timeline = Timeline((Segment("walks", 0, 6), Segment("waves", 2, 4, "right arm")))
    features = torch.from_numpy(walking(120).features.copy())
    wrist, elbow = slice(4 + 3 * 20, 4 + 3 * 21), slice(4 + 3 * 18, 4 + 3 * 19)
    features[45:75, wrist] = features[45:75, elbow] + torch.tensor([0.0, 0.05, 0.02])
    made = Composition(timeline, pipeline.normalizer).finished(features)
    length = (made[:, wrist] - made[:, elbow]).norm(dim=1)
    torch.testing.assert_close(length, length.median().expand(120), atol=0.01, rtol=0)


def test_a_part_has_calm_borders_and_the_rest_stays(pipeline: RAMPipeline) -> None:
    timeline = Timeline((Segment("walks", 0, 6), Segment("waves", 2, 4, "right arm")))
    laid_out = Composition(timeline, pipeline.normalizer)
    features = torch.from_numpy(walking(120).features.copy())
    arm = [4 + 3 * (joint - 1) + 1 for joint in PARTS["right arm"].joints]
    features[40:80, arm] += 0.5
    calm = laid_out.finished(features)
    assert torch.equal(calm[:, 4:40], features[:, 4:40])
    assert largest_step(features) > 0.5
    assert largest_step(calm) <= 0.1


def test_continued_motion_is_kept_in_its_place(pipeline: RAMPipeline, clip: Motion) -> None:
    motion = pipeline.compose([clip, "a person sits"], duration=[None, 3], **FAST)
    assert len(motion) == 140
    np.testing.assert_allclose(motion.joints[:80], clip.joints, atol=2e-3)


def test_kept_motions_keep_their_height(pipeline: RAMPipeline, clip: Motion) -> None:
    raised = clip.offset(y=1.0)
    jump = Motion(raised.joints + np.float32([0, 0.5, 0]) * np.hanning(80)[:, None, None].astype(np.float32))
    motion = pipeline.compose([jump[:20], "walks", jump[35:45]], duration=[None, 2, None], **FAST)
    np.testing.assert_allclose(motion.joints[:20], jump.joints[:20], atol=2e-3)
    np.testing.assert_allclose(motion.joints[-10:, :, 1], jump.joints[35:45, :, 1], atol=2e-3)
    again = pipeline.compose([motion, "sits"], duration=[None, 2], **FAST)
    np.testing.assert_allclose(again.joints[:70], motion.joints, atol=2e-3)


def test_a_redone_part_leaves_the_rest(pipeline: RAMPipeline, clip: Motion) -> None:
    made = pipeline.compose(["a person walks"], duration=9, **FAST)
    redone = pipeline.compose([made[:60], "jumps", made[100:]], duration=[None, 2, None], **FAST)
    before, after = made.generated_features, redone.generated_features
    np.testing.assert_allclose(after[:60], before[:60], atol=1e-4)
    np.testing.assert_allclose(after[100:], before[100:], atol=1e-4)
    assert np.abs(after[60:100] - before[60:100]).max() > 1e-2


def test_generated_frames_lead_to_those_that_are_kept(pipeline: RAMPipeline, clip: Motion) -> None:
    laid_out = Composition(Timeline((Segment("sits", 0, 4), Kept(clip, 4.0))), pipeline.normalizer)
    held = estimate(laid_out, [0.0])
    first = held[80].abs().clamp(min=1e-3)
    torch.testing.assert_close(held[80:], laid_out.holds[0].features)
    assert torch.all(held[:81].diff(dim=0).abs() <= 0.1 * first + 1e-5)
    assert torch.all(held[:60].abs() < 1e-5)


def test_generated_frames_come_from_those_that_are_kept(pipeline: RAMPipeline, clip: Motion) -> None:
    laid_out = Composition(Timeline((Kept(clip, 0.0), Segment("sits", 4, 8))), pipeline.normalizer)
    held = estimate(laid_out, [0.0])
    steps = held.diff(dim=0).abs()
    last = held[79].abs().clamp(min=1e-3)
    torch.testing.assert_close(held[:80], laid_out.holds[0].features)
    assert torch.all(steps[79:] <= 0.1 * last + 1e-5)
    assert torch.all(held[100:].abs() < 1e-5)


def test_the_callback_sees_the_whole_motion(pipeline: RAMPipeline) -> None:
    shapes = []
    pipeline.compose(
        ["a person walks", "sits"],
        duration=7,
        callback_on_step_end=lambda _, info: shapes.append(info.estimate.shape),
        **FAST,
    )
    assert shapes == [(1, 280, 263)] * 3


def test_what_is_refused(pipeline: RAMPipeline, clip: Motion) -> None:
    with pytest.raises(TypeError, match="expected a Timeline"):
        pipeline.compose("a person walks")
    with pytest.raises(TypeError, match="entry of type int"):
        pipeline.compose(["walks", 3])
    with pytest.raises(ValueError, match="2 entries for 1 prompts"):
        pipeline.compose(["walks"], duration=[1, 2])
    with pytest.raises(ValueError, match="expected a number"):
        pipeline.compose(["walks"], duration=["long"])
    with pytest.raises(ValueError, match="a Timeline has its own times"):
        pipeline.compose(Timeline.of(["walks"], [2.0]), duration=3)
    with pytest.raises(TypeError, match="no argument guidance_scale: use cfg_scale"):
        pipeline.compose(["walks"], guidance_scale=2)
    with pytest.raises(TypeError, match="no argument constraints: use a call of the pipeline"):
        pipeline.compose(["walks"], constraints=[])
    with pytest.raises(TypeError, match=r"write Timeline\(\(segment,\)\)"):
        Timeline(Segment("walks", 0, 3))
    for wrong in (0.1, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match=rf"^duration {wrong:g} s: expected 0\.5 to 3600 seconds"):
            pipeline.compose(["walks", "sits"], duration=[wrong, 2])
    for wrong in (-1, math.nan):
        with pytest.raises(ValueError, match=rf"^duration {wrong} s: expected 0\.1 to 3600 seconds"):
            pipeline.compose([clip, "sits"], duration=[wrong, 2])
    with pytest.raises(ValueError, match=r"^seed has 2 entries: give one$"):
        pipeline.compose(["walks"], duration=2, seed=[1, 2])
    kit = Motion(np.zeros((40, 21, 3), np.float32), fps=12.5)
    with pytest.raises(ValueError, match="21 joints: this checkpoint makes 22"):
        pipeline.compose([kit, "walks"])
