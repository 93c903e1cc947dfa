"""`RAMScheduler`: which timesteps are visited, how a step is taken and how guidance is weighted."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

Sampler = Literal["ddpm", "ddim", "dpm++"]
SAMPLERS: tuple[Sampler, ...] = ("ddpm", "ddim", "dpm++")
Spacing = Literal["linear", "noisy_first"]
SPACINGS: tuple[Spacing, ...] = ("linear", "noisy_first")
_LARGEST_SCALE = 1000.0  # of guidance: far above any use, far below what overflows


@dataclass(frozen=True)
class SchedulerConfig:
    """Diffusion and guidance settings; the defaults are the paper's (section 4.2).

    Both guidance scales are 0 = off. `cfg_scale` 1.5 is what diffusers calls guidance_scale 2.5.
    """

    num_train_timesteps: int = 50
    signal_scale: float = 1.0  # ours: of x_0 against the noise at every timestep; paper: not scaled
    num_inference_steps: int = 20
    sampler: Sampler = "ddpm"  # the paper names none; ancestral DDPM is MDM's
    timestep_spacing: Spacing = "linear"  # noisy_first: half of the steps one by one from pure noise on
    reg_scale: float = 5.0  # w_reg of eq. 10
    cfg_scale: float = 1.5  # w_cfg of eq. 11
    reg_timesteps: tuple[int, ...] | None = None  # where REG is on (Table 3); None = all but the first step
    strength: float = 1.0  # ours: of the noise that sampling starts with; below 1 on top of an exemplar

    def __post_init__(self) -> None:
        if self.num_train_timesteps < 1:
            raise ValueError(f"num_train_timesteps {self.num_train_timesteps}: at least 1 is needed")
        if not 0.01 <= self.signal_scale <= 1:
            raise ValueError(f"signal_scale {self.signal_scale}: expected 0.01 to 1 (the cosine schedule)")
        if not 1 <= self.num_inference_steps <= self.num_train_timesteps:
            raise ValueError(
                f"num_inference_steps {self.num_inference_steps}: expected 1 to {self.num_train_timesteps}"
            )
        if self.sampler not in SAMPLERS:
            raise ValueError(f"sampler {self.sampler!r}: use one of {', '.join(SAMPLERS)}")
        if self.timestep_spacing not in SPACINGS:
            raise ValueError(f"timestep_spacing {self.timestep_spacing!r}: use one of {', '.join(SPACINGS)}")
        if not 0.0 <= self.strength <= 1.0:
            raise ValueError(f"strength {self.strength}: expected 0 (the exemplar) to 1 (pure noise)")
        check_scale("reg_scale", self.reg_scale)
        check_scale("cfg_scale", self.cfg_scale)


def check_scale(name: str, value: float) -> None:
    """Raise ValueError unless a guidance scale is a finite number of sensible size."""
    if not abs(value) <= _LARGEST_SCALE:
        raise ValueError(
            f"{name} {value}: expected a finite number up to {_LARGEST_SCALE:g} (0 switches it off)"
        )


class RAMScheduler:
    """Noise schedule, sampling steps and guidance of RAM.

    x_t = sqrt(ab_t) x_0 + sqrt(1 - ab_t) eps, cosine schedule, the network predicts x_0, nothing is clipped.
    All tables are float64; a step looks the previous timestep up in the schedule, because with 20 of 50
    steps it is not t - 1. A scheduler is immutable: `from_config` makes one with other settings.

    Attributes:
        config: the settings.
        alphas_cumprod: ab_t, `(num_train_timesteps,)` float64, on the CPU.
        timesteps: the timesteps of inference, descending. "linear" is round(linspace(0, T - 1, n)), reversed:
            20 of 50 gives the paper's [49, 46, 44, 41, 39, 36, 34, ..., 3, 0]. "noisy_first" spends half of
            the steps one by one on the noisiest timesteps, where it is decided what happens and when, and
            spaces the others linearly: [49, 48, ..., 39, 35, ..., 4, 0].

    Raises:
        ValueError: `reg_timesteps` are not in the schedule.
    """

    def __init__(self, config: SchedulerConfig | None = None) -> None:
        self.config = config if config is not None else SchedulerConfig()
        self.alphas_cumprod = _scaled(
            _cosine_alphas_cumprod(self.config.num_train_timesteps), self.config.signal_scale
        )
        self.timesteps = _timesteps(self.config)
        if absent := sorted(set(self.config.reg_timesteps or ()) - set(self.timesteps), reverse=True):
            nearest = {min(self.timesteps, key=lambda t: abs(t - wrong)) for wrong in absent}
            raise ValueError(
                f"reg_timesteps {absent} are not in the schedule {list(self.timesteps)}: the nearest that "
                f"are in it: {sorted(nearest, reverse=True)}"
            )

    @classmethod
    def from_config(cls, config: "SchedulerConfig | RAMScheduler", **changes: Any) -> "RAMScheduler":
        """A scheduler with the settings of another one, some of them changed.

            pipe.scheduler = RAMScheduler.from_config(pipe.scheduler, sampler="dpm++", num_inference_steps=10)

        Args:
            config: the settings to start from, or the scheduler that has them.
            **changes: fields of `SchedulerConfig`.

        Raises:
            TypeError: a setting that does not exist.
            ValueError: a value that is not allowed.
        """
        known = [field.name for field in dataclasses.fields(SchedulerConfig)]
        if unknown := sorted(changes.keys() - set(known)):
            raise TypeError(f"unknown scheduler settings {unknown}: known are {', '.join(known)}")
        if isinstance(config, RAMScheduler):
            config = config.config
        return cls(dataclasses.replace(config, **changes))

    def add_noise(self, x_0: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
        """Diffuse clean motion to x_t.

        Args:
            x_0: `(batch, frames, features)`.
            noise: standard normal, shaped as x_0.
            timestep: `(batch,)` integers, 0 to num_train_timesteps - 1.
        """
        tables = torch.stack((self.alphas_cumprod, 1.0 - self.alphas_cumprod)).sqrt().to(x_0.dtype)
        scales = tables.to(timestep.device)[:, timestep, None, None]
        return scales[0] * x_0 + scales[1] * noise

    def timesteps_after(self, strength: float) -> tuple[int, ...]:
        """The timesteps that are left from a share of the noise on, at least the last."""
        first = strength * (self.config.num_train_timesteps - 1)
        return tuple(t for t in self.timesteps if t <= first) or self.timesteps[-1:]

    def uses_reg(self, timestep: int) -> bool:
        """Whether REG guides the step at this timestep; the first step has nothing to reconstruct."""
        chosen = self.config.reg_timesteps
        return bool(self.config.reg_scale) and (chosen is None or timestep in chosen)

    def needs_noise(self, timestep: int) -> bool:
        """Whether `step` needs noise there: in ancestral DDPM at every step but the last."""
        return self.config.sampler == "ddpm" and timestep != self.timesteps[-1]

    def guide(self, cond: Tensor, uncond: Tensor | None = None, recon: Tensor | None = None) -> Tensor:
        """Combine the denoiser's estimates of x_0 (eq. 10 and 11).

            cond + reg_scale (cond - recon) + cfg_scale (cond - uncond)

        Args:
            cond: D(x_t, t, z_t), `(batch, frames, features)`.
            uncond: D(x_t, t, 0); None leaves the CFG term out.
            recon: D(x_t, t, E_m(previous guided estimate)); None leaves the REG term out.
        """
        guided = cond
        if recon is not None:
            guided = guided + self.config.reg_scale * (cond - recon)
        if uncond is not None:
            guided = guided + self.config.cfg_scale * (cond - uncond)
        return guided

    def step(
        self,
        x_0: Tensor,
        timestep: int,
        x_t: Tensor,
        *,
        noise: Tensor | None = None,
        previous_x_0: Tensor | None = None,
    ) -> Tensor:
        """Step from x_t to the next timestep of the schedule, or to clean motion after the last.

        Args:
            x_0: the (guided) estimate at this step, `(batch, frames, features)`.
            timestep: where x_t is; one of `timesteps`.
            x_t: the current sample, shaped as x_0.
            noise: standard normal, shaped as x_0, where `needs_noise`.
            previous_x_0: the last step's estimate; only DPM-Solver++ uses it.

        Raises:
            ValueError: the timestep is not in the schedule, or DDPM was given no noise.
        """
        if timestep not in self.timesteps:
            raise ValueError(f"timestep {timestep} is not in the schedule {list(self.timesteps)}")
        index = self.timesteps.index(timestep)
        if index == len(self.timesteps) - 1:
            return x_0
        now = float(self.alphas_cumprod[timestep])
        after = float(self.alphas_cumprod[self.timesteps[index + 1]])
        if self.config.sampler == "ddim":
            return _ddim_step(x_0, x_t, now, after)
        if self.config.sampler == "dpm++":
            before = float(self.alphas_cumprod[self.timesteps[index - 1]]) if index > 0 else None
            return _dpm_step(x_0, x_t, now, after, previous_x_0, before)
        if noise is None:
            raise ValueError("the ddpm sampler needs noise: pass noise=, or use ddim or dpm++")
        return _ddpm_step(x_0, x_t, now, after, noise)


def _timesteps(config: SchedulerConfig) -> tuple[int, ...]:
    last, count = config.num_train_timesteps, config.num_inference_steps
    single = count // 2 if config.timestep_spacing == "noisy_first" else 0
    spaced = torch.linspace(0, last - 1 - single, count - single, dtype=torch.float64)
    if count == 1:
        spaced = spaced + (last - 1)
    return (*range(last - 1, last - 1 - single, -1), *(int(t) for t in spaced.round().flip(0)))


def _ddpm_step(x_0: Tensor, x_t: Tensor, now: float, after: float, noise: Tensor) -> Tensor:
    """Ancestral step with the posterior's own variance ("fixed small"; Ho et al., 2020, eq. 6-7)."""
    beta = 1.0 - now / after
    from_x_0 = beta * math.sqrt(after) / (1.0 - now)
    from_x_t = (1.0 - after) * math.sqrt(1.0 - beta) / (1.0 - now)
    deviation = math.sqrt(beta * (1.0 - after) / (1.0 - now))
    return from_x_0 * x_0 + from_x_t * x_t + deviation * noise


def _ddim_step(x_0: Tensor, x_t: Tensor, now: float, after: float) -> Tensor:
    """Deterministic step, eta = 0 (Song et al., 2021, eq. 12)."""
    eps = (x_t - math.sqrt(now) * x_0) / math.sqrt(1.0 - now)
    return math.sqrt(after) * x_0 + math.sqrt(1.0 - after) * eps


def _dpm_step(
    x_0: Tensor, x_t: Tensor, now: float, after: float, previous_x_0: Tensor | None, before: float | None
) -> Tensor:
    """DPM-Solver++(2M), data prediction (Lu et al., 2022, algorithm 2); first order at the first step."""
    h = _log_snr(after) - _log_snr(now)
    estimate = x_0
    if previous_x_0 is not None and before is not None:
        ratio = (_log_snr(now) - _log_snr(before)) / h
        estimate = x_0 + (x_0 - previous_x_0) / (2.0 * ratio)
    scale = math.sqrt((1.0 - after) / (1.0 - now))
    return scale * x_t - math.sqrt(after) * math.expm1(-h) * estimate


def _log_snr(alpha_cumprod: float) -> float:
    """Half the logarithm of the signal-to-noise ratio, log(alpha / sigma)."""
    return 0.5 * math.log(alpha_cumprod / (1.0 - alpha_cumprod))


def _scaled(alphas_cumprod: Tensor, signal_scale: float) -> Tensor:
    """The schedule of x_0 scaled down before noise is added (Chen, 2023, section 2.2).

    Frames tell of each other, so a motion shows through all but the strongest noise: with the paper's
    schedule, what happens and when is decided in 5 of 50 timesteps. A scale below 1 spreads that over more.
    """
    signal = signal_scale**2 * alphas_cumprod
    return signal / (signal + 1.0 - alphas_cumprod)


def _cosine_alphas_cumprod(num_timesteps: int) -> Tensor:
    """Cosine schedule with betas capped at 0.999 (Nichol and Dhariwal, 2021, eq. 17), float64."""

    def alpha_bar(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    alphas = [
        1.0 - min(1.0 - alpha_bar((i + 1) / num_timesteps) / alpha_bar(i / num_timesteps), 0.999)
        for i in range(num_timesteps)
    ]
    return torch.tensor(alphas, dtype=torch.float64).cumprod(0)
