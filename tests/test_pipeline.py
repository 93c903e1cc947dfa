"""The pipeline: what a call returns, and the numerical invariants it promises."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from ram_sdk import Motion, RAMPipeline, RAMScheduler, SchedulerConfig, StopSampling
from ram_sdk.control.constraints import Stop
from ram_sdk.pipeline.output import without_dead_time
from ram_sdk.skeleton.features import encode_joints
from tests.simple_motions import waving
from tests.synthetic_motion import natural_poses

FEW = {"num_inference_steps": 3, "seed": 5}
PROMPTS = ["a person jumps", "someone walks forward slowly", "the man waves with his left hand"]


def joints(motion: Motion) -> np.ndarray:
    return motion.joints


def test_returns_motions_with_their_settings(pipeline):
    output = pipeline("a person jumps", num_frames=48, num_inference_steps=4, seed=7, reg_scale=3.0)
    (motion,) = output.motions
    assert motion.joints.shape == (48, 22, 3)
    assert motion.features.shape == (48, 263)
    assert motion.prompt == "a person jumps"
    assert motion.settings["seed"] == 7
    assert motion.settings["reg_scale"] == 3.0
    assert motion.settings["cfg_scale"] == 1.5
    assert (motion.settings["sampler"], motion.settings["timestep_spacing"]) == ("ddpm", "linear")
    np.testing.assert_array_equal(motion.joints[0, 0, [0, 2]], 0.0)


def test_recorded_seed_repeats_the_motion(pipeline):
    first = pipeline("a person jumps", num_frames=40, num_inference_steps=3).motions[0]
    again = pipeline("a person jumps", 40, num_inference_steps=3, seed=first.settings["seed"]).motions[0]
    other = pipeline("a person jumps", 40, num_inference_steps=3, seed=first.settings["seed"] + 1).motions[0]
    np.testing.assert_array_equal(first.joints, again.joints)
    assert np.abs(first.joints - other.joints).max() > 1e-3


def test_generator_draws_the_seeds(pipeline):
    def draw():
        generator = torch.Generator().manual_seed(5)
        return pipeline(PROMPTS[:2], 40, num_inference_steps=2, generator=generator).motions

    first, second = draw(), draw()
    assert first[0].settings["seed"] != first[1].settings["seed"]
    np.testing.assert_array_equal(first[1].joints, second[1].joints)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++"])
def test_batch_equals_singles(pipeline, sampler):
    own = RAMPipeline(**{**pipeline.components, "scheduler": RAMScheduler(SchedulerConfig(sampler=sampler))})
    frames = [40, 97, 60]
    together = own(PROMPTS, frames, num_inference_steps=6, seed=3).motions
    for prompt, length, motion in zip(PROMPTS, frames, together, strict=True):
        alone = own(prompt, length, num_inference_steps=6, seed=3).motions[0]
        np.testing.assert_allclose(motion.features, alone.features, atol=2e-4)


def test_several_motions_of_a_prompt_use_consecutive_seeds(pipeline):
    motions = pipeline(PROMPTS[:2], 40, num_inference_steps=2, num_motions_per_prompt=2, seed=10).motions
    assert [m.settings["seed"] for m in motions] == [10, 11, 10, 11]
    assert [m.prompt for m in motions] == [PROMPTS[0], PROMPTS[0], PROMPTS[1], PROMPTS[1]]
    alone = pipeline(PROMPTS[1], 40, num_inference_steps=2, seed=11).motions[0]
    np.testing.assert_allclose(motions[3].features, alone.features, atol=2e-4)


def test_reg_off_equals_the_path_without_the_motion_encoder(pipeline):
    class Absent(torch.nn.Module):
        def forward(self, *_):
            raise AssertionError("the motion encoder was used although REG is off")

    without = RAMPipeline(**{**pipeline.components, "motion_encoder": Absent()})
    off = pipeline("a person jumps", 40, num_inference_steps=5, seed=1, reg_scale=0.0).motions[0]
    never = without("a person jumps", 40, num_inference_steps=5, seed=1, reg_scale=0.0).motions[0]
    on = pipeline("a person jumps", 40, num_inference_steps=5, seed=1).motions[0]
    np.testing.assert_array_equal(off.features, never.features)
    assert np.abs(on.features - off.features).max() > 1e-3


def test_without_a_motion_encoder_only_cfg_guides(pipeline):
    baseline = RAMPipeline(**{**pipeline.components, "motion_encoder": None})
    off = pipeline("a person jumps", 40, num_inference_steps=5, seed=1, reg_scale=0.0).motions[0]
    same = baseline("a person jumps", 40, num_inference_steps=5, seed=1, reg_scale=0.0).motions[0]
    np.testing.assert_array_equal(off.features, same.features)
    with pytest.raises(ValueError, match=r"reg_scale 5: this checkpoint has no motion encoder"):
        baseline("a person jumps", 40)


def test_denoise_is_equation_11(pipeline):
    torch.manual_seed(0)
    x_t, previous, latents = torch.randn(2, 40, 263), torch.randn(2, 40, 263), torch.randn(2, 16)
    step = torch.full((2,), 31)
    with torch.no_grad():
        cond = pipeline.denoiser(x_t, step, latents)
        uncond = pipeline.denoiser(x_t, step, torch.zeros(2, 16))
        recon = pipeline.denoiser(x_t, step, pipeline.motion_encoder(previous))
        guided = pipeline.denoise(x_t, 31, latents, previous=previous)
    expected = cond + 5.0 * (cond - recon) + 1.5 * (cond - uncond)
    torch.testing.assert_close(guided, expected, atol=1e-4, rtol=1e-4)


def test_reg_reconstructs_the_previous_guided_estimate_where_asked(pipeline):
    seen, used = [], []

    class Watched(torch.nn.Module):
        def forward(self, motion, mask):
            used.append(motion.clone())
            return pipeline.motion_encoder(motion, mask)

    own = RAMPipeline(**{**pipeline.components, "motion_encoder": Watched()})
    own(
        "a person jumps", 40, seed=1, reg_timesteps=[46, 41],
        callback_on_step_end=lambda _, info: seen.append((info.timestep, info.estimate)),
    )  # fmt: skip
    assert [timestep for timestep, _ in seen] == list(own.scheduler.timesteps)
    assert len(used) == 2
    torch.testing.assert_close(used[0], seen[0][1])
    torch.testing.assert_close(used[1], seen[2][1])


def test_durations(pipeline):
    motions = pipeline(PROMPTS[:2], duration=[2.0, 3.05], num_inference_steps=2).motions
    assert [len(m) for m in motions] == [40, 61]
    estimated = pipeline("a person jumps", num_inference_steps=2).motions[0]
    assert 40 <= len(estimated) <= 196


def test_output_types(pipeline):
    arguments = {"num_frames": 40, "num_inference_steps": 2, "seed": 0}
    motion = pipeline("a person jumps", **arguments).motions[0]
    features = pipeline("a person jumps", output_type="features", **arguments).motions[0]
    np.testing.assert_array_equal(features.numpy(), motion.features)


def test_half_precision_stays_far_closer_than_another_seed(checkpoint, pipeline):
    low = RAMPipeline.from_pretrained(checkpoint, dtype=torch.bfloat16)
    assert low.dtype == torch.bfloat16
    exact = pipeline("a person jumps", 40, seed=2, reg_scale=0.0).motions[0]
    rough = low("a person jumps", 40, seed=2, reg_scale=0.0).motions[0]
    other = pipeline("a person jumps", 40, seed=3, reg_scale=0.0).motions[0]
    between_seeds = np.abs(exact.features - other.features).mean()
    assert np.abs(exact.features - rough.features).mean() < 0.25 * between_seeds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": ""}, "empty text"),
        ({"prompt": ["a person jumps", "  "]}, "empty text"),
        ({"prompt": []}, "no prompt"),
        ({"prompt": "a person w\udce4lks"}, r"'a person w.udce4lks' is not text"),
        ({"prompt": "word " * 3000}, "3000 tokens: at most 62"),
        ({"num_frames": 0}, "num_frames 0"),
        ({"num_frames": -3}, "num_frames -3"),
        ({"num_frames": 197}, "1 to 196"),
        ({"num_frames": [40, 50]}, "2 entries for 1 prompts"),
        ({"duration": 0.0}, "duration 0.0 s"),
        ({"duration": -1.0}, "duration -1.0 s"),
        ({"duration": 10.0}, "0.05 to 9.8 seconds"),
        ({"duration": float("nan")}, "duration nan"),
        ({"duration": 2.0, "num_frames": 40}, "give one of them"),
        ({"reg_scale": float("nan")}, "reg_scale nan"),
        ({"cfg_scale": float("inf")}, "cfg_scale inf"),
        ({"num_inference_steps": 0}, "num_inference_steps 0: expected 1 to 50"),
        ({"num_inference_steps": 51}, "expected 1 to 50"),
        ({"reg_timesteps": [45]}, r"reg_timesteps \[45\] are not in the schedule .* the nearest .*46"),
        ({"num_frames": 40.0}, "num_frames 40.0: expected a whole number"),
        ({"num_frames": True}, "num_frames True: expected a whole number"),
        ({"duration": "3"}, "duration '3': expected a number"),
        ({"cfg_scale": None, "reg_scale": "5"}, "reg_scale '5': expected a number"),
        (
            {"generator": [torch.Generator()]},
            "expected one torch.Generator; for a seed for each motion use seed=",
        ),
        ({"num_motions_per_prompt": 10**9}, "in one call: at most 4096"),
        ({"seed": -1}, "seed -1"),
        ({"seed": [1, 2]}, "seed has 2 entries: give one$"),
        ({"reg_timesteps": 3}, "reg_timesteps 3: expected a list of timesteps"),
        ({"constraints": 3}, "constraint of type int: use one of Pose"),
        ({"seed": 1, "generator": torch.Generator()}, "give one of them"),
        ({"num_motions_per_prompt": 0}, "num_motions_per_prompt 0"),
        ({"output_type": "mesh"}, "output_type 'mesh'"),
    ],
)
def test_bad_arguments_name_the_value(pipeline, arguments, message):
    with pytest.raises(ValueError, match=message):
        pipeline(**{"prompt": "a person jumps", **arguments})


def test_neither_prompt_nor_latents(pipeline):
    with pytest.raises(TypeError, match="no prompt was given"):
        pipeline(None)


@pytest.mark.parametrize("prompt", [7, ["a person jumps", 7], b"a person jumps"])
def test_prompts_that_are_not_text(pipeline, prompt):
    with pytest.raises(TypeError, match="expected a text"):
        pipeline(prompt)


def test_scalars_of_numpy_and_torch_are_numbers(pipeline):
    plain = pipeline("a person jumps", 40, num_inference_steps=2, seed=3, reg_scale=2.0).motions[0]
    same = pipeline(
        "a person jumps", np.int64(40), num_inference_steps=np.int32(2), seed=torch.tensor(3),
        reg_scale=np.float32(2.0), cfg_scale=torch.tensor(1.5), num_motions_per_prompt=np.int64(1),
    ).motions[0]  # fmt: skip
    np.testing.assert_array_equal(same.joints, plain.joints)
    assert same.settings == plain.settings
    by_array = pipeline(["a person jumps"] * 2, duration=np.array([2.0, 2.0]), seed=np.array([3, 4])).motions
    assert [m.settings["seed"] for m in by_array] == [3, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"guidance_scale": 7.5}, "use cfg_scale, which is guidance_scale - 1"),
        ({"num_images_per_prompt": 2}, "use num_motions_per_prompt"),
        ({"steps": 2}, "there is no argument steps"),
    ],
)
def test_arguments_of_other_libraries_name_ours(pipeline, arguments, message):
    with pytest.raises(TypeError, match=message):
        pipeline("a person jumps", **arguments)


def test_from_pretrained_names_its_own_arguments(checkpoint):
    with pytest.raises(TypeError, match="no argument torch_dtype: use dtype"):
        RAMPipeline.from_pretrained(checkpoint, torch_dtype=torch.float16)


def test_settings_of_a_call_leave_the_scheduler_alone(pipeline):
    before = pipeline.scheduler.config
    motion = pipeline(
        "a person jumps", 40, num_inference_steps=3, sampler="ddim", timestep_spacing="noisy_first", seed=0
    ).motions[0]
    assert (motion.settings["sampler"], motion.settings["timestep_spacing"]) == ("ddim", "noisy_first")
    assert motion.settings["num_inference_steps"] == 3
    assert pipeline.scheduler.config == before


def test_threads_may_share_a_pipeline(pipeline):
    def joints(steps):
        return pipeline("a person jumps", 40, num_inference_steps=steps, seed=0).motions[0].joints

    alone = {steps: joints(steps) for steps in (2, 5, 9)}
    with ThreadPoolExecutor(3) as pool:
        for steps, made in zip([2, 5, 9] * 4, pool.map(joints, [2, 5, 9] * 4), strict=True):
            np.testing.assert_allclose(made, alone[steps], atol=1e-5)


def test_a_callback_changes_the_estimate_or_stops(pipeline):
    seen = []

    def still(_, info):
        seen.append(info.index)
        return torch.zeros_like(info.estimate)

    mean = pipeline("a person jumps", 40, num_inference_steps=4, seed=0, callback_on_step_end=still).motions[
        0
    ]
    np.testing.assert_allclose(mean.features[0], pipeline.normalizer.mean.numpy(), atol=1e-5)
    assert seen == [0, 1, 2, 3]

    kept = []

    def stop(_, info):
        kept.append(info.estimate)
        if info.index == 1:
            raise StopSampling

    early = pipeline(
        "a person jumps", 40, num_inference_steps=4, seed=0, callback_on_step_end=stop, output_type="features"
    ).motions[0]
    assert len(kept) == 2
    torch.testing.assert_close(early, pipeline.decode(kept[-1], [40])[0])


@pytest.mark.parametrize("wrong", [3, "stop", [print]])
def test_a_callback_that_cannot_be_called_is_refused_at_once(pipeline, wrong):
    for make in (
        lambda: pipeline("a person jumps", 40, callback_on_step_end=wrong),
        lambda: pipeline.compose(["a person jumps"], duration=2, callback_on_step_end=wrong),
        lambda: pipeline("a person jumps", 40, constraints=Stop([0, 1], 1, 0.5), callback_on_step_end=wrong),
    ):
        with pytest.raises(
            TypeError, match=r"callback_on_step_end .*: expected a function of a pipeline and a Step"
        ):
            make()


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (3, "callback_on_step_end returned 3: expected None or a tensor of \\(1, 40, 263\\)"),
        (
            torch.zeros(40, 263),
            "returned shape \\(40, 263\\): expected None or a tensor of \\(1, 40, 263\\)",
        ),
    ],
)
def test_a_callback_returns_an_estimate_or_none(pipeline, returned, message):
    for options in ({}, {"constraints": Stop([0, 1], 1, 0.5)}):
        with pytest.raises(ValueError, match=message):
            pipeline("a person jumps", 40, callback_on_step_end=lambda _, info: returned, **FEW, **options)


def _called(pipe):
    return pipe(["a person jumps", "someone walks"], [40, 50], **FEW).motions[1]


def _composed(pipe):
    return pipe.compose(["a person jumps", "someone walks"], duration=[2.0, 2.5], **FEW)


def _edited(pipe):
    motion = Motion(natural_poses(60).joints.float().numpy())
    return pipe.edit(motion, "someone walks", keep=[(0.0, 1.0)], **FEW).motions[0]


def _constrained(pipe):
    goal = Stop([0.0, 1.0], 1.0, 0.5)
    return pipe("a person jumps", 40, constraints=[goal], **FEW).motions[0]


def _reconstructed(pipe):
    return pipe.reconstruct(Motion(natural_poses(60).joints.float().numpy()), seed=5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("make", [_called, _composed, _edited, _constrained, _reconstructed])
def test_the_default_dtype_of_torch_does_not_matter(pipeline, make, dtype):
    expected = make(pipeline).joints
    torch.set_default_dtype(dtype)
    try:
        made = make(pipeline).joints
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_allclose(made, expected, atol=1e-4)


def _still_waving_still(before: int, during: int, after: int) -> Motion:
    joints = waving(during)
    joints = np.concatenate((joints[:1].repeat(before, 0), joints, joints[-1:].repeat(after + 1, 0)))
    features = encode_joints(torch.from_numpy(joints), Motion(joints[:-1], 20).skeleton).float().numpy()
    return Motion.from_features(features)


def test_dead_time_is_cut_to_a_quarter_of_a_second():
    motion = _still_waving_still(60, 90, 50)
    trimmed = without_dead_time(motion, 2.0)
    assert len(trimmed) == pytest.approx(90 + 2 * 5, abs=4)
    moving = np.flatnonzero(np.linalg.norm(np.diff(trimmed.joints, axis=0), axis=-1).max(-1) > 0.03)
    assert moving[0] == pytest.approx(0.25 * 20, abs=3)  # smoothed before it is judged
    assert len(trimmed) - moving[-1] == pytest.approx(0.25 * 20, abs=4)
    np.testing.assert_allclose(trimmed.joints[0, 0, [0, 2]], 0.0, atol=1e-6)


def test_a_trimmed_motion_starts_at_the_origin_and_faces_ahead():
    walk = _still_waving_still(60, 60, 0)
    features = walk.features.copy()
    features[:40, 0], features[:40, 2] = 0.002, 0.0001  # it turns and drifts too slowly to count as movement
    trimmed = without_dead_time(Motion.from_features(features), 2.0)
    assert len(trimmed) < len(walk) - 30
    np.testing.assert_allclose(trimmed.joints[0, 0, [0, 2]], 0.0, atol=1e-6)
    across = trimmed.joints[0, 1] - trimmed.joints[0, 2]  # +X is the body's left
    assert across[0] > 0
    assert abs(across[2]) < 0.05 * across[0]


def test_a_trimmed_motion_keeps_two_seconds_or_all_of_a_still_one():
    short = without_dead_time(_still_waving_still(70, 8, 70), 2.0)
    assert len(short) == 40
    still = Motion.from_features(_still_waving_still(80, 60, 0).features[:80].copy())
    assert without_dead_time(still, 2.0) is still


def test_only_estimated_lengths_are_trimmed():
    shipped = RAMPipeline.from_pretrained()
    call = {"num_inference_steps": 6, "seed": 3, "strength": 1}
    whole = shipped("a person sits down", trim=False, **call).motions[0]
    default = shipped("a person sits down", **call).motions[0]
    assert len(whole) == shipped.estimate_frames(["a person sits down"])[0]
    assert 40 <= len(default) <= len(whole)
    assert len(shipped("a person sits down", 90, **call).motions[0]) == 90
    assert len(shipped("a person sits down for five seconds", **call).motions[0]) == 100
    forced = shipped("a person sits down", 150, trim=True, **call).motions[0]
    assert len(forced) < 150
    both = shipped(["a person sits down"] * 2, trim=np.array([False, True]), **call).motions
    assert (len(both[0]), len(both[1])) == (len(whole), len(default))
    mixed = shipped(["a person sits down"] * 2, duration=[None, 4.5], **call).motions
    assert (len(mixed[0]), len(mixed[1])) == (len(default), 90)


def test_a_length_of_none_is_an_estimate(pipeline):
    made = pipeline(PROMPTS[:2], [48, None], trim=False, **FEW).motions
    assert [len(motion) for motion in made] == [48, *pipeline.estimate_frames(PROMPTS[1:2])]
    with pytest.raises(ValueError, match="num_frames 0: expected a whole number from 1"):
        pipeline(PROMPTS[:2], [None, 0])


def test_booleans_of_numpy_are_booleans(pipeline):
    for whether in (True, False):
        made = [
            pipeline("a person walks", 60, trim=one, **FEW).motions[0] for one in (whether, np.bool_(whether))
        ]
        np.testing.assert_array_equal(made[0].joints, made[1].joints)


def test_trim_is_refused_where_it_cannot_be(pipeline):
    with pytest.raises(TypeError, match="trim 1: expected True or False"):
        pipeline("a person walks", trim=1)
    with pytest.raises(ValueError, match="trim has 2 entries for 1 prompts"):
        pipeline("a person walks", trim=[True, False])
    with pytest.raises(ValueError, match="constraints hold at given times"):
        pipeline("a person walks", trim=True, constraints=Stop([0.0, 1.0], 1.0, 0.5))


@pytest.mark.filterwarnings("error")
def test_a_motion_s_read_only_arrays_give_no_warning(tmp_path):
    shipped = RAMPipeline.from_pretrained()
    features = shipped("a person sits down", seed=3, num_inference_steps=3, output_type="features").motions[0]
    features[0] = 0.0
    shipped("a person sits down", seed=3, num_inference_steps=3).motions[0].save(tmp_path / "a.npz")
    shipped.edit(Motion.load(tmp_path / "a.npz"), "a person jumps", [(0.0, 1.0)], num_inference_steps=3)
