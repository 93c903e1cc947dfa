"""The pipeline: what a call returns, and the numerical invariants it promises."""

import numpy as np
import pytest
import torch

from ram_sdk import Motion, RAMPipeline, RAMScheduler, SchedulerConfig

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
    with pytest.raises(ValueError, match=r"reg_scale 5\.0: this checkpoint has no motion encoder"):
        baseline("a person jumps", 40)


def test_denoise_is_equation_11(pipeline):
    torch.manual_seed(0)
    x_t, previous, latents = torch.randn(2, 40, 263), torch.randn(2, 40, 263), torch.randn(2, 16)
    step = torch.full((2,), 31)
    with torch.no_grad():
        cond = pipeline.denoiser(x_t, step, latents)
        uncond = pipeline.denoiser(x_t, step, torch.zeros(2, 16))
        recon = pipeline.denoiser(x_t, step, pipeline.motion_encoder(previous))
        guided = pipeline.denoise(x_t, 31, latents, None, previous, reg_scale=5.0, cfg_scale=1.5)
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
    positions = pipeline("a person jumps", output_type="joints", **arguments).motions[0]
    np.testing.assert_array_equal(features.numpy(), motion.features)
    np.testing.assert_array_equal(positions.numpy(), motion.joints)


def test_half_precision_stays_close(checkpoint, pipeline):
    low = RAMPipeline.from_pretrained(checkpoint, dtype=torch.bfloat16)
    assert low.dtype == torch.bfloat16
    exact = pipeline("a person jumps", 40, seed=2, reg_scale=0.0).motions[0]
    rough = low("a person jumps", 40, seed=2, reg_scale=0.0).motions[0]
    assert np.abs(exact.features - rough.features).mean() < 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": ""}, "empty text"),
        ({"prompt": ["a person jumps", "  "]}, "empty text"),
        ({"prompt": []}, "no prompt"),
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
        ({"reg_timesteps": [45]}, r"reg_timesteps \[45\] are not in the schedule"),
        ({"seed": -1}, "seed -1"),
        ({"seed": [1, 2]}, "seed has 2 entries"),
        ({"seed": 1, "generator": torch.Generator()}, "give one of them"),
        ({"num_motions_per_prompt": 0}, "num_motions_per_prompt 0"),
        ({"output_type": "mesh"}, "output_type 'mesh'"),
    ],
)
def test_bad_arguments_name_the_value(pipeline, arguments, message):
    with pytest.raises(ValueError, match=message):
        pipeline(**{"prompt": "a person jumps", **arguments})


@pytest.mark.parametrize("prompt", [None, 7, ["a person jumps", 7], b"a person jumps"])
def test_prompts_that_are_not_text(pipeline, prompt):
    with pytest.raises(TypeError, match="expected a text"):
        pipeline(prompt)
