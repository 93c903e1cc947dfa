"""From latents to features: the sampling loop and its steps."""

import dataclasses
import json
import reprlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

import ram_sdk
from ram_sdk import inputs
from ram_sdk.control.composition import Denoise
from ram_sdk.control.constraints import Constraint, Keep, to_json
from ram_sdk.pipeline.parts import PipelineParts
from ram_sdk.scheduler import RAMScheduler

if TYPE_CHECKING:
    from ram_sdk.pipeline.pipeline import RAMPipeline


_PATH = 3  # first features: how the root turns and travels
_SLOW = 39  # frames: what D changes faster is jitter


@dataclass(frozen=True)
class StepInfo:
    """What `callback_on_step_end` receives.

    Attributes:
        index: number of the step, from 0.
        timestep: diffusion timestep it started from.
        estimate: the guided estimate of the clean motion, `(batch, frames, features)`, normalised.
    """

    index: int
    timestep: int
    estimate: Tensor


class StopSampling(Exception):
    """Raise it in a `callback_on_step_end` to stop the denoising: the current estimate becomes the motion."""


StepCallback = Callable[["RAMPipeline", StepInfo], Tensor | None]
"""Sees each step's estimate; returns another one of the same shape to continue from, or None to keep it."""


class SamplingLoop(PipelineParts):
    """The part of `RAMPipeline` that denoises: `sample`, and each of its steps."""

    def set_progress_bar_config(self, **options: Any) -> None:
        """Options for tqdm, such as `disable=True` or `desc="generating"`."""
        self._progress_bar_config = options

    @contextmanager
    def progress_bar(self, total: int) -> "Iterator[tqdm[Any]]":
        """A tqdm bar over denoising steps, by default shown on a terminal only."""
        with tqdm(total=total, **{"desc": "denoising", "disable": None, **self._progress_bar_config}) as bar:
            yield bar

    @torch.no_grad()
    def sample(
        self,
        latents: Tensor,
        lengths: Sequence[int],
        generators: Sequence[torch.Generator],
        scheduler: RAMScheduler | None = None,
        callback: StepCallback | None = None,
        denoise: Denoise | None = None,
        start: Tensor | None = None,
    ) -> Tensor:
        """Denoise from pure noise, or from a noisy motion: the sampling loop.

        Args:
            latents: z_t of each motion, `(batch, latent_dim)`.
            lengths: frames of each motion.
            generators: draw the noise of each motion; each step advances them.
            scheduler: timesteps, sampler and guidance; default: the pipeline's.
            callback: see `callback_on_step_end` of a call.
            denoise: estimates the clean motion; default: the pipeline's own `denoise`.
            start: clean motion `(batch, longest, features)`, normalised, that the scheduler's `strength` puts
                noise on; default: pure noise. What sampling changes in it over `_SLOW` frames is added to it,
                so that details that D cannot draw stay (a small D smooths even a motion without noise),
                and D's jitter does not come in; its path over the floor stays, and so the feet on it.

        Returns:
            Clean motion, `(batch, longest, features)` float32, normalised.
        """
        scheduler = scheduler or self.scheduler
        denoise = denoise or self.denoise
        mask = self.frame_mask(lengths)
        x_t = self.prepare_noise(generators, lengths)
        timesteps = scheduler.timesteps
        if start is not None:
            timesteps = scheduler.timesteps_after(scheduler.config.strength)
            first = torch.full((len(x_t),), timesteps[0], device=self.device)
            x_t = scheduler.add_noise(start, x_t, first)
        previous: Tensor | None = None
        with self.progress_bar(len(timesteps)) as bar:
            for index, timestep in enumerate(timesteps):
                estimate = denoise(x_t, timestep, latents, mask, previous, scheduler)
                if start is not None and timestep == timesteps[-1]:
                    change = estimate - denoise(start, timestep, latents, mask, None, scheduler)
                    change[..., :_PATH] = 0.0
                    estimate = start + _moving_average(change, mask)
                if callback is not None:
                    try:
                        changed = callback(cast("RAMPipeline", self), StepInfo(index, timestep, estimate))
                    except StopSampling:
                        return estimate
                    estimate = _changed(estimate, changed)
                noise = None
                if scheduler.needs_noise(timestep):
                    noise = self.prepare_noise(generators, lengths)
                x_t = scheduler.step(estimate, timestep, x_t, noise=noise, previous_x_0=previous)
                previous = estimate
                bar.update()
        return x_t

    def frame_mask(self, lengths: Sequence[int]) -> Tensor | None:
        """Mask `(batch, longest)`, True = valid; None when all lengths are the same."""
        if len(set(lengths)) == 1:
            return None
        frames = torch.arange(max(lengths), device=self.device)
        return frames < torch.tensor(lengths, device=self.device)[:, None]

    def prepare_noise(self, generators: Sequence[torch.Generator], lengths: Sequence[int]) -> Tensor:
        """Standard normal noise, drawn for each motion by its own CPU generator.

        Returns:
            `(batch, longest, features)` float32 on the pipeline's device, zero where padded.
        """
        width = self.denoiser.config.num_features
        noise = [
            torch.randn(length, width, generator=generator, dtype=torch.float32, device="cpu")
            for length, generator in zip(lengths, generators, strict=True)
        ]
        return torch.nn.utils.rnn.pad_sequence(noise, batch_first=True).to(self.device)

    def denoise(
        self,
        x_t: Tensor,
        timestep: int,
        latents: Tensor,
        mask: Tensor | None = None,
        previous: Tensor | None = None,
        scheduler: RAMScheduler | None = None,
    ) -> Tensor:
        """Guided estimate of the clean motion (eq. 11), with one denoiser forward for all its branches.

        A branch whose scale is 0 is not computed.

        Args:
            x_t: noisy normalised features, `(batch, frames, features)`.
            timestep: where x_t is.
            latents: z_t, `(batch, latent_dim)`.
            mask: `(batch, frames)`, True = valid; None when all are.
            previous: guided estimate of the last step, which REG reconstructs when it is on; None at the
                first step.
            scheduler: weights the guidance; default: the pipeline's.

        Returns:
            The estimate, float32, shaped as x_t.
        """
        scheduler = scheduler or self.scheduler
        return scheduler.guide(*self.branches(x_t, timestep, latents, mask, previous, scheduler))

    def branches(
        self,
        x_t: Tensor,
        timestep: int,
        latents: Tensor,
        mask: Tensor | None,
        previous: Tensor | None,
        scheduler: RAMScheduler,
        start: tuple[Tensor, int] | None = None,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """The estimates that guidance combines: text, no text, reconstruction; see `denoise`.

        Args:
            x_t: noisy normalised features, `(batch, frames, features)`.
            timestep: where x_t is.
            latents: z_t, `(batch, latent_dim)`.
            mask: `(batch, frames)`, True = valid; None when all are.
            previous: the estimate that is reconstructed.
            scheduler: says which branches there are; the others are None.
            start: noisy features and timestep of the reconstruction, if they are not `x_t` and `timestep`.

        Returns:
            Float32 tensors shaped as x_t.
        """
        use_cfg = bool(scheduler.config.cfg_scale)
        use_reg = False
        conditions = [latents]
        if use_cfg:
            conditions.append(torch.zeros_like(latents))
        if previous is not None and self.motion_encoder is not None and scheduler.uses_reg(timestep):
            use_reg = True
            conditions.append(self.motion_encoder(previous.to(self.dtype), mask))
        count = len(conditions)
        noisy = x_t.to(self.dtype).repeat(count, 1, 1)
        timesteps = torch.full((count * len(x_t),), timestep, device=self.device)
        if use_reg and start is not None:
            noisy[-len(x_t) :], timesteps[-len(x_t) :] = start
        estimates = self.denoiser(
            noisy, timesteps, torch.cat(conditions), None if mask is None else mask.repeat(count, 1)
        )
        cond, *others = estimates.float().chunk(count)
        uncond = others.pop(0) if use_cfg else None
        recon = others.pop() if use_reg else None
        return cond, uncond, recon

    def decode(self, x_0: Tensor, lengths: Sequence[int]) -> list[Tensor]:
        """Normalised clean motion `(batch, frames, features)` to one tensor per motion, in real units."""
        features = self.normalizer.denormalize(x_0.float()).cpu()
        return [feature[:length] for feature, length in zip(features, lengths, strict=True)]

    def _scheduler_with(self, **wanted: Any) -> RAMScheduler:
        """The scheduler, with its settings replaced by those that are not None."""
        changes = inputs.scheduler_settings(wanted)
        scheduler = RAMScheduler.from_config(self.scheduler, **changes) if changes else self.scheduler
        if self.exemplars is None and scheduler.config.strength < 1.0:
            raise ValueError(
                f"strength {scheduler.config.strength:g}: this checkpoint has no exemplars to start from, "
                "use strength=1"
            )
        if self.motion_encoder is None and scheduler.config.reg_scale:
            raise ValueError(
                f"reg_scale {scheduler.config.reg_scale:g}: this checkpoint has no motion encoder, "
                "use reg_scale=0"
            )
        return scheduler

    def _settings(self, scheduler: RAMScheduler, constraints: Sequence[Constraint] = ()) -> dict[str, Any]:
        """How motions are made, for `Motion.settings`."""
        settings = dataclasses.asdict(scheduler.config)
        del settings["num_train_timesteps"], settings["signal_scale"]  # of the checkpoint
        if settings["reg_timesteps"] is not None:
            settings["reg_timesteps"] = list(settings["reg_timesteps"])
        settings |= {"checkpoint": self.name, "ram_sdk": ram_sdk.__version__}
        if self.licence is not None:
            settings["licence"] = self.licence
        if self.lora is not None:
            settings |= {"lora": self.lora.name, "lora_scale": self.lora.scale}
        if constraints:
            settings["constraints"] = [_entry(one) for one in constraints]
        return settings


def _entry(constraint: Constraint) -> dict[str, Any]:
    """A constraint as `from_entries` reads it, but without the motion of a `Keep`, which may be long."""
    if isinstance(constraint, Keep):
        return {"kind": "Keep"} | {name: getattr(constraint, name) for name in ("start", "end", "at", "part")}
    entry: dict[str, Any] = json.loads(to_json([constraint]))[0]
    return entry


def _moving_average(motion: Tensor, mask: Tensor | None) -> Tensor:
    """The mean over `_SLOW` frames around each frame of a motion `(batch, frames, features)`."""
    valid = motion.new_ones(motion.shape[:2]) if mask is None else mask.to(motion)
    both = torch.cat((motion * valid[..., None], valid[..., None]), dim=-1).mT
    total = F.avg_pool1d(both, _SLOW, stride=1, padding=_SLOW // 2).mT
    return total[..., :-1] / total[..., -1:].clamp_min(1e-6)


def _changed(estimate: Tensor, returned: object) -> Tensor:
    """The estimate that a callback wants to continue from."""
    if returned is None:
        return estimate
    if not isinstance(returned, Tensor) or returned.shape != estimate.shape:
        what = f"shape {tuple(returned.shape)}" if isinstance(returned, Tensor) else reprlib.repr(returned)
        raise ValueError(
            f"callback_on_step_end returned {what}: expected None or a tensor of {tuple(estimate.shape)}"
        )
    return returned
