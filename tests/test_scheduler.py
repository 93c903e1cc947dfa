"""The scheduler against numbers of MDM's own code, its formulas, and diffusers where that is installed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ram_sdk import RAMScheduler, SchedulerConfig

PAPER_TIMESTEPS = (49, 46, 44, 41, 39, 36, 34, 31, 28, 26, 23, 21, 18, 15, 13, 10, 8, 5, 3, 0)
ORACLE = Path(__file__).parent / "data" / "mdm_sampling.npz"


@pytest.fixture(scope="module")
def oracle() -> dict[str, torch.Tensor]:
    with np.load(ORACLE) as stored:
        return {name: torch.from_numpy(stored[name]) for name in stored.files}


def test_timesteps_are_the_papers():
    assert RAMScheduler().timesteps == PAPER_TIMESTEPS


@pytest.mark.parametrize("spacing", ["linear", "noisy_first"])
def test_timesteps_of_any_number_of_steps_descend_from_last_to_first(spacing):
    for steps in range(2, 51):
        scheduler = RAMScheduler(SchedulerConfig(timestep_spacing=spacing, num_inference_steps=steps))
        assert len(scheduler.timesteps) == steps
        assert scheduler.timesteps[0] == 49
        assert scheduler.timesteps[-1] == 0
        assert list(scheduler.timesteps) == sorted(set(scheduler.timesteps), reverse=True)
    assert RAMScheduler(SchedulerConfig(num_inference_steps=1)).timesteps == (49,)


def test_noisy_first_takes_half_of_the_steps_one_by_one():
    scheduler = RAMScheduler(SchedulerConfig(timestep_spacing="noisy_first"))
    assert scheduler.timesteps[:11] == tuple(range(49, 38, -1))
    assert scheduler.timesteps[10:] == (39, 35, 30, 26, 22, 17, 13, 9, 4, 0)
    with pytest.raises(ValueError, match="timestep_spacing 'dense': use one of linear, noisy_first"):
        SchedulerConfig(timestep_spacing="dense")


def test_tables_equal_mdms(oracle):
    np.testing.assert_allclose(RAMScheduler().alphas_cumprod, oracle["alphas_cumprod_50"], rtol=1e-12)


def test_a_signal_scale_is_the_schedule_of_scaled_motion():
    """Noise is added to 0.25 x_0, and the sum is divided by its own spread, for x_0 of unit variance."""
    plain, scaled = RAMScheduler(), RAMScheduler(SchedulerConfig(signal_scale=0.25))
    signal, noise = plain.alphas_cumprod.sqrt() * 0.25, (1.0 - plain.alphas_cumprod).sqrt()
    spread = (signal.square() + noise.square()).sqrt()
    torch.testing.assert_close(scaled.alphas_cumprod.sqrt(), signal / spread)
    assert round(float(scaled.alphas_cumprod[40].sqrt()), 3) == 0.072  # 0.276 in the paper's schedule


def test_ddpm_equals_mdms_p_sample(oracle):
    scheduler = RAMScheduler()
    for i, timestep in enumerate(oracle["t"].tolist()):
        noise = oracle["noise"][i] if timestep else None
        stepped = scheduler.step(oracle["x0"][i], timestep, oracle["x_t"][i], noise=noise)
        torch.testing.assert_close(stepped, oracle["x_prev"][i], atol=1e-6, rtol=0)


def test_ddim_equals_mdms_ddim_sample(oracle):
    scheduler = RAMScheduler(SchedulerConfig(sampler="ddim"))
    for i, timestep in enumerate(oracle["t"].tolist()):
        stepped = scheduler.step(oracle["x0"][i], timestep, oracle["x_t"][i])
        torch.testing.assert_close(stepped, oracle["x_prev_ddim"][i], atol=2e-6, rtol=0)


def test_previous_timestep_is_not_t_minus_one(oracle):
    every = RAMScheduler(SchedulerConfig(num_inference_steps=50))
    wrong = [
        (every.step(oracle["x0"][i], t, oracle["x_t"][i], noise=oracle["noise"][i]) - oracle["x_prev"][i])
        .abs()
        .max()
        for i, t in enumerate(oracle["t"].tolist()[:-1])
    ]
    assert min(wrong) > 1e-3


def test_add_noise_is_the_forward_process():
    scheduler = RAMScheduler()
    x_0, noise = torch.randn(3, 5, 2, dtype=torch.float64), torch.randn(3, 5, 2, dtype=torch.float64)
    timestep = torch.tensor([0, 20, 49])
    noisy = scheduler.add_noise(x_0, noise, timestep)
    for row, t in enumerate(timestep.tolist()):
        signal = float(scheduler.alphas_cumprod[t])
        torch.testing.assert_close(noisy[row], signal**0.5 * x_0[row] + (1 - signal) ** 0.5 * noise[row])
    assert scheduler.add_noise(x_0.float(), noise.float(), timestep).dtype == torch.float32


@pytest.mark.parametrize("sampler", ["ddim", "dpm++"])
def test_deterministic_samplers_find_a_gaussian(sampler):
    """With the exact denoiser of N(2, 0.5^2), noise must come out distributed so."""
    scheduler = RAMScheduler(SchedulerConfig(sampler=sampler, num_inference_steps=50))
    x = torch.randn(4000, 1, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    previous = None
    for timestep in scheduler.timesteps:
        signal = float(scheduler.alphas_cumprod[timestep])
        gain = signal**0.5 * 0.25 / (signal * 0.25 + 1 - signal)
        estimate = 2 + gain * (x - signal**0.5 * 2)
        x = scheduler.step(estimate, timestep, x, previous_x_0=previous)
        previous = estimate
    assert abs(float(x.mean()) - 2) < 0.05
    assert abs(float(x.std()) - 0.5) < 0.05


def test_dpm_solver_is_second_order():
    """Halving the step of the exact Gaussian flow cuts its error about four times, DDIM's two times."""

    def error(sampler: str, steps: int) -> float:
        scheduler = RAMScheduler(SchedulerConfig(num_train_timesteps=1000, sampler=sampler))
        scheduler.timesteps = tuple(int(t) for t in np.linspace(600, 200, steps + 1))
        x = torch.ones(1, 1, 1, dtype=torch.float64)
        start, end = (float(scheduler.alphas_cumprod[t]) for t in (600, 200))
        scale = ((end * 0.25 + 1 - end) / (start * 0.25 + 1 - start)) ** 0.5
        previous = None
        for timestep in scheduler.timesteps[:-1]:
            signal = float(scheduler.alphas_cumprod[timestep])
            estimate = signal**0.5 * 0.25 / (signal * 0.25 + 1 - signal) * x
            x = scheduler.step(estimate, timestep, x, previous_x_0=previous)
            previous = estimate
        return abs(float(x) - scale)

    assert error("dpm++", 10) / error("dpm++", 20) > 3.0
    assert error("ddim", 10) / error("ddim", 20) < 2.5
    assert error("dpm++", 20) < error("ddim", 20) / 3


def test_guide_is_equation_11_and_leaves_out_what_is_absent():
    scheduler = RAMScheduler()
    cond, uncond, recon = torch.randn(3, 2, 4, 5)
    both = scheduler.guide(cond, uncond, recon)
    torch.testing.assert_close(both, cond + 5.0 * (cond - recon) + 1.5 * (cond - uncond))
    torch.testing.assert_close(scheduler.guide(cond), cond)
    weak = RAMScheduler(SchedulerConfig(cfg_scale=2.0, reg_scale=0.5))
    torch.testing.assert_close(weak.guide(cond, uncond), cond + 2.0 * (cond - uncond))
    torch.testing.assert_close(weak.guide(cond, recon=recon), cond + 0.5 * (cond - recon))


def test_from_config_keeps_every_other_setting():
    own = RAMScheduler(SchedulerConfig(timestep_spacing="noisy_first", reg_scale=3.0))
    changed = RAMScheduler.from_config(own, sampler="dpm++", num_inference_steps=10)
    assert changed.config == SchedulerConfig(
        timestep_spacing="noisy_first", reg_scale=3.0, sampler="dpm++", num_inference_steps=10
    )
    assert len(changed.timesteps) == 10
    assert own.config.sampler == "ddpm"
    with pytest.raises(TypeError, match=r"unknown scheduler settings \['steps'\]: known are num_train"):
        RAMScheduler.from_config(own, steps=10)


def test_where_reg_and_noise_are_used():
    scheduler = RAMScheduler(SchedulerConfig(reg_timesteps=(46, 41)))
    assert [t for t in scheduler.timesteps if scheduler.uses_reg(t)] == [46, 41]
    assert [t for t in scheduler.timesteps if not scheduler.needs_noise(t)] == [0]
    off = RAMScheduler(SchedulerConfig(reg_scale=0.0, sampler="ddim"))
    assert not any(off.uses_reg(t) or off.needs_noise(t) for t in off.timesteps)
    with pytest.raises(
        ValueError, match=r"reg_timesteps \[45\] are not in the schedule .*: the nearest .*\[46\]"
    ):
        RAMScheduler(SchedulerConfig(reg_timesteps=(45, 46)))


def test_ddpm_equals_diffusers(oracle):
    diffusers = pytest.importorskip("diffusers")
    theirs = diffusers.DDPMScheduler(
        num_train_timesteps=50,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="sample",
        clip_sample=False,
        variance_type="fixed_small",
        timestep_spacing="linspace",
    )
    theirs.set_timesteps(20)
    ours = RAMScheduler()
    assert tuple(theirs.timesteps.tolist()) == ours.timesteps
    for i, timestep in enumerate(ours.timesteps[:-1]):
        x_0, x_t = oracle["x0"][i].float(), oracle["x_t"][i].float()
        expected = theirs.step(x_0, timestep, x_t, generator=torch.Generator().manual_seed(i)).prev_sample
        noise = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(i))
        torch.testing.assert_close(ours.step(x_0, timestep, x_t, noise=noise), expected, atol=5e-6, rtol=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "euler"}, "sampler 'euler': use one of ddpm, ddim, dpm"),
        ({"num_train_timesteps": 0}, "num_train_timesteps 0"),
        ({"num_inference_steps": 60}, "num_inference_steps 60: expected 1 to 50"),
        ({"reg_scale": float("nan")}, "reg_scale nan"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        SchedulerConfig(**settings)


def test_bad_steps():
    scheduler, x = RAMScheduler(), torch.zeros(1, 2, 3)
    with pytest.raises(ValueError, match="timestep 48 is not in the schedule"):
        scheduler.step(x, 48, x, noise=x)
    with pytest.raises(ValueError, match="needs noise"):
        scheduler.step(x, 46, x)
