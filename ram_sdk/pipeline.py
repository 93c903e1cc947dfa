"""`RAMPipeline`: text to motion, the order of events."""

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from tqdm import tqdm

import ram_sdk
from ram_sdk import checkpoint, inputs
from ram_sdk.checkpoint import COMPONENTS, HubOptions, lora
from ram_sdk.checkpoint.card import write_model_card
from ram_sdk.control import candidates
from ram_sdk.control.composition import Composition, Denoise, placed
from ram_sdk.control.constraints import Constraint, Keep, Part
from ram_sdk.control.constraints import checked as checked_constraints
from ram_sdk.control.steering import Steering, finish
from ram_sdk.control.targets import resolve
from ram_sdk.control.timeline import Segment, Timeline
from ram_sdk.control.wording import with_subject
from ram_sdk.devices import available_device
from ram_sdk.latents import LatentSpace
from ram_sdk.models import (
    DurationEstimator,
    FeatureNormalizer,
    Matcher,
    MotionDenoiser,
    MotionEncoder,
    TextEncoder,
    TokenMean,
)
from ram_sdk.models.duration import stated_seconds
from ram_sdk.models.text_backbone import TextBackbone
from ram_sdk.motion import Motion
from ram_sdk.scheduler import RAMScheduler, Sampler, Spacing
from ram_sdk.skeleton.joints import HUMANML3D

OutputType = Literal["motion", "features"]
_OUTPUT_TYPES = ("motion", "features")
_SHOWN = 6  # motions that a notebook shows of an output
_PROMPTS = 64  # of a timeline that are read at a time


@dataclass(frozen=True)
class RAMOutput:
    """What a call of the pipeline returns.

    Attributes:
        motions: one entry for each motion, prompt by prompt: `Motion` objects, or with
            `output_type="features"` tensors `(frames, features)` in real units.
    """

    motions: list[Any]

    def __repr__(self) -> str:
        return (
            f"RAMOutput({', '.join(map(repr, self.motions))})"
            if len(self.motions) <= 3
            else (f"RAMOutput({len(self.motions)} motions: {self.motions[0]!r}, ...)")
        )

    def _repr_html_(self) -> str | None:
        """The 3D player with the first few motions side by side, for notebooks; None shows `repr`."""
        shown = self.motions[:_SHOWN]
        if not shown or not all(
            isinstance(motion, Motion) and motion.skeleton is HUMANML3D for motion in shown
        ):
            return None
        from ram_sdk.formats import html

        return html.frame(shown)


@dataclass(frozen=True)
class StepInfo:
    """What `callback_on_step_end` is told.

    Attributes:
        index: number of the step, from 0.
        timestep: diffusion timestep it started from.
        estimate: the guided estimate of the clean motion, `(batch, frames, features)`, normalised.
    """

    index: int
    timestep: int
    estimate: Tensor


class StopSampling(Exception):
    """Raised by a `callback_on_step_end` to end the denoising: the present estimate becomes the motion."""


StepCallback = Callable[["RAMPipeline", StepInfo], Tensor | None]
"""Sees each step's estimate; returns another one, shaped alike, to go on from, or None to keep it."""


class RAMPipeline(LatentSpace):
    """Generates human motion from text with the Reconstruction-Anchored Diffusion Model.

    `from_pretrained` loads one; calling it generates. The parts are public attributes and the steps of a
    call are public methods, so that both can be used one by one.

    Attributes:
        text_backbone: frozen encoder, captions to token states.
        text_encoder: E_t, token states to latents; a plain mean in the MDM baseline.
        motion_encoder: E_m, motions to latents; REG reconstructs with it. None in a checkpoint trained
            without the motion branch, such as the MDM baseline: its `reg_scale` is 0.
        denoiser: D, predicts clean motion.
        normalizer: mean and deviation of the features, and which motion the checkpoint speaks.
        duration_estimator: seconds that a text usually takes.
        scheduler: timesteps, sampling steps and guidance scales.
        matcher: calibration of `similarity`; None in a checkpoint without it.
        lora: the LoRA that `load_lora` merged into the networks; None where there is none.
        name: what it was loaded from, "unnamed" where it was made from parts.
        folder: where that lies on the disk; None where it was made from parts.
    """

    def __init__(
        self,
        text_backbone: TextBackbone,
        text_encoder: TextEncoder | TokenMean,
        motion_encoder: MotionEncoder | None,
        denoiser: MotionDenoiser,
        normalizer: FeatureNormalizer,
        duration_estimator: DurationEstimator,
        scheduler: RAMScheduler,
        matcher: Matcher | None = None,
    ) -> None:
        self.text_backbone = text_backbone
        self.text_encoder = text_encoder
        self.motion_encoder = motion_encoder
        self.denoiser = denoiser
        self.normalizer = normalizer
        self.duration_estimator = duration_estimator
        self.scheduler = scheduler
        self.matcher = matcher
        self.lora: lora.Lora | None = None
        self.name = "unnamed"
        self.folder: Path | None = None
        self._progress_bar_config: dict[str, Any] = {}

    @classmethod
    def from_pretrained(
        cls,
        source: str | os.PathLike[str] = checkpoint.DEFAULT,
        *,
        revision: str | None = None,
        variant: str | None = None,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        token: str | bool | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        **components: Any,
    ) -> "RAMPipeline":
        """Load a pipeline.

        Args:
            source: the name of a checkpoint in the package ("open-small", for non-commercial use, or
                "open-free-small"), a pipeline folder, or a Hub repository "org/name". A folder that has such
                a name is "./open-small" or a Path.
            revision: branch, tag or commit on the Hub.
            variant: load `model.<variant>.safetensors`, such as "fp16"; there is no silent fallback.
            dtype: precision of the networks.
            device: where they run.
            token: Hub access token; True uses the stored login.
            cache_dir: where downloads are kept.
            local_files_only: never ask the network. Otherwise a Hub that sends nothing new for 30 seconds is
                given up.
            **components: parts to use instead of the checkpoint's, by attribute name.

        Raises:
            CheckpointError: no pipeline there, or a part is missing, damaged or does not fit.
            ValueError: this machine or this torch has no such device.
            TypeError: a component name that does not exist.
        """
        inputs.refuse_unknown(sorted(components.keys() - COMPONENTS.keys()))
        device = available_device(device)
        hub = HubOptions(token, cache_dir, local_files_only)
        folder = checkpoint.find(source, revision=revision, variant=variant, hub=hub)
        parts = {
            name: components[name]
            if name in components
            else checkpoint.load_component(folder, name, component, variant, hub)
            for name, component in checkpoint.read_index(folder).items()
        }
        pipeline = cls(**parts)
        pipeline.name, pipeline.folder = str(source), folder
        return pipeline.to(device, dtype)

    def save_pretrained(self, folder: str | os.PathLike[str], *, variant: str | None = None) -> None:
        """Write a pipeline folder that `from_pretrained` loads; a loaded LoRA is in its weights.

        Args:
            folder: made if it does not exist.
            variant: "fp16" or "bf16" stores the networks in that precision as `model.<variant>.safetensors`;
                None as `model.safetensors` in the precision that they have.
        """
        checkpoint.save(self.components, Path(folder), variant)
        write_model_card(self, Path(folder))

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool = False,
        token: str | bool | None = None,
        revision: str | None = None,
        commit_message: str = "Upload RAM pipeline",
        create_pr: bool = False,
    ) -> str:
        """Upload the pipeline, with its model card, to the Hugging Face Hub.

        Returns:
            The address of the commit.
        """
        return checkpoint.push(
            self.save_pretrained,
            repo_id,
            private=private,
            token=token,
            revision=revision,
            commit_message=commit_message,
            create_pr=create_pr,
        )

    def load_lora(
        self,
        source: str | os.PathLike[str],
        scale: float = 1.0,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
    ) -> None:
        """Change the networks by a LoRA, such as `training.finetune` makes, until `unload_lora`.

        Networks that this pipeline shares with others change there too.

        Args:
            source: a folder or a Hub repository "org/name" with the `peft` library's two files.
            scale: how much of it, see `set_lora_scale`.
            revision: branch, tag or commit on the Hub.
            token: Hub access token; True uses the stored login.
            cache_dir: where downloads are kept.
            local_files_only: never ask the network.

        Raises:
            CheckpointError: no LoRA there, or it is damaged, of another kind, or made on another checkpoint.
            ValueError: a LoRA is loaded already, or the scale is not a finite number.
        """
        if self.lora is not None:
            raise ValueError(f"the LoRA {self.lora.name!r} is loaded already: call unload_lora() first")
        lora.check_scale(scale)
        hub = HubOptions(token, cache_dir, local_files_only)
        folder = checkpoint.locate(source, lora.CONFIG, [lora.CONFIG, lora.WEIGHTS], "LoRA", revision, hub)
        self.lora = lora.load(folder, str(source), self.components, self.name)
        self.lora.merge(scale)

    def set_lora_scale(self, scale: float) -> None:
        """Choose how much of the loaded LoRA the networks hold: 0 none of it, 1 as it was trained.

        Raises:
            ValueError: no LoRA is loaded, or the scale is not a finite number.
        """
        if self.lora is None:
            raise ValueError("no LoRA is loaded: call load_lora(folder) first")
        lora.check_scale(scale)
        self.lora.merge(scale)

    def unload_lora(self) -> None:
        """Take the loaded LoRA off: the weights are again, bit for bit, what they were.

        Raises:
            ValueError: no LoRA is loaded.
        """
        self.set_lora_scale(0.0)
        self.lora = None

    @property
    def components(self) -> dict[str, Any]:
        """The parts by name; pass them to a second pipeline to share them."""
        return {name: getattr(self, name) for name in COMPONENTS}

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return next(self.denoiser.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the networks."""
        return next(self.denoiser.parameters()).dtype

    def to(self, device: str | torch.device | None = None, dtype: torch.dtype | None = None) -> "RAMPipeline":
        """Move the networks; returns the pipeline itself. Feature statistics stay in float32."""
        for network in (self.text_backbone.model, self.text_encoder, self.motion_encoder, self.denoiser):
            if network is not None:
                network.to(device, dtype)
        self.normalizer.to(device)
        self.duration_estimator.to(device, dtype)
        return self

    def set_progress_bar_config(self, **options: Any) -> None:
        """Options for tqdm, such as `disable=True` or `desc="generating"`."""
        self._progress_bar_config = options

    @contextmanager
    def progress_bar(self, total: int) -> "Iterator[tqdm[Any]]":
        """A tqdm bar over denoising steps; shown on a terminal only, unless configured otherwise."""
        with tqdm(total=total, **{"desc": "denoising", "disable": None, **self._progress_bar_config}) as bar:
            yield bar

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str] | None = None,
        num_frames: int | Sequence[int] | None = None,
        *,
        latents: Tensor | None = None,
        duration: float | Sequence[float] | None = None,
        num_inference_steps: int | None = None,
        reg_scale: float | None = None,
        cfg_scale: float | None = None,
        reg_timesteps: Sequence[int] | None = None,
        sampler: Sampler | None = None,
        timestep_spacing: Spacing | None = None,
        seed: int | Sequence[int] | None = None,
        generator: torch.Generator | None = None,
        num_motions_per_prompt: int = 1,
        num_candidates: int = 1,
        constraints: Constraint | Sequence[Constraint] = (),
        callback_on_step_end: StepCallback | None = None,
        output_type: OutputType = "motion",
        **unknown: Any,
    ) -> RAMOutput:
        """Generate motions for one or several prompts.

        Every motion has its own seed and draws its own noise on the CPU: a seed gives the same motion alone,
        in any batch and on any device (to float tolerance). Calls do not change the pipeline, so that
        threads may share one.

        Args:
            prompt: what the person does, or several such texts, whose motions are made as one batch.
            num_frames: length in frames, for all or for each prompt.
            latents: z `(prompts, latent_dim)` to make motions of in place of the prompts' own, such as
                `encode_motion` and `interpolate` return; they need no prompt, but then a length.
            duration: length in seconds instead; without either it is what the text says ("for five seconds")
                or else estimated from the text, within what the checkpoint can make.
            num_inference_steps: denoising steps. This and the settings up to `timestep_spacing` are the
                scheduler's where they are not given.
            reg_scale: weight of Reconstructive Error Guidance (eq. 10), 0 = off.
            cfg_scale: weight of classifier-free guidance (eq. 11), 0 = off. This is diffusers'
                guidance_scale minus 1.
            reg_timesteps: timesteps where REG is on (Table 3).
            sampler: "ddpm", "ddim" or "dpm++".
            timestep_spacing: "linear" or "noisy_first", see `RAMScheduler`.
            seed: a seed that every prompt starts from (its k-th motion uses seed + k), or one for each
                motion; default: a random one, recorded in `Motion.settings`.
            generator: draws the seeds instead.
            num_motions_per_prompt: how many motions each prompt gets.
            num_candidates: how many candidates each motion is the best of, by its text and by what a body can
                do; `Motion.settings` says its scores and seed. See `ram_sdk.control.candidates`.
            constraints: what each motion shall do at given times and places, see `ram_sdk.control`; the
                motions are then in the world that these name, and their joints meet them exactly.
            callback_on_step_end: called as `callback(pipeline, StepInfo)` after each step's estimate; it may
                return another estimate, or raise `StopSampling`.
            output_type: "motion" or "features".
            **unknown: none is allowed; the names of other libraries get an error that tells ours.

        Returns:
            The motions, prompt by prompt.

        Raises:
            ValueError: an argument outside what is allowed; the message names it.
            TypeError: a prompt that is not text, or an argument that does not exist.
        """
        # 1. Check what was asked for
        inputs.refuse_unknown(unknown)
        prompts, given = inputs.conditions(prompt, latents, self.denoiser.config.latent_dim)
        each = inputs.count("num_motions_per_prompt", num_motions_per_prompt)
        if output_type not in _OUTPUT_TYPES:
            raise ValueError(f"output_type {output_type!r}: use one of {', '.join(_OUTPUT_TYPES)}")
        scheduler = self._scheduler_with(
            num_inference_steps=num_inference_steps,
            reg_scale=reg_scale,
            cfg_scale=cfg_scale,
            reg_timesteps=reg_timesteps,
            sampler=sampler,
            timestep_spacing=timestep_spacing,
        )
        num_candidates = inputs.count("num_candidates", num_candidates, candidates.MAX_CANDIDATES)
        asked = self._checked(constraints, output_type)
        seeds = inputs.seeds(seed, generator, len(prompts), each, num_candidates)
        lengths = inputs.lengths(num_frames, duration, len(prompts), self.normalizer.config)
        if prompt is None and lengths is None:
            raise ValueError("latents without a prompt: give num_frames or duration, too")

        # 2. Read the prompts
        if given is None or lengths is None:
            text_latents, seconds = self.encode_prompt(prompts)
            given = text_latents if given is None else given
            lengths = lengths or self._estimated_lengths(prompts, seconds)
        z = given.to(self.device, self.dtype).repeat_interleave(each, dim=0)
        frames = [length for length in lengths for _ in range(each)]
        targets = [resolve(asked, length, self.normalizer.config.fps) for length in frames if asked]

        # 3. Denoise and decode
        def draw(rows: Sequence[int], seeds: Sequence[int]) -> list[Tensor]:
            generators = [torch.Generator().manual_seed(s) for s in seeds]
            own = [frames[row] for row in rows]
            callback = callback_on_step_end
            if targets:
                callback = Steering([targets[row] for row in rows], callback)
            x_0 = self.sample(z[list(rows)], own, generators, scheduler, callback)
            return self.decode(x_0, own)

        if num_candidates == 1:
            features = draw(range(len(seeds)), seeds)
            scores: list[dict[str, Any]] = [{}] * len(seeds)
        else:
            chosen = candidates.best(self, draw, z, seeds, num_candidates)
            features, seeds = [one.features for one in chosen], [one.seed for one in chosen]
            scores = [one.settings for one in chosen]

        # 4. Return what was asked for
        if output_type == "features":
            return RAMOutput(features)
        texts = [text or None for text in prompts for _ in range(each)]
        settings = self._settings(scheduler)
        if not asked:
            motions = [
                Motion.from_features(feature.numpy(), prompt=text, settings={"seed": s, **settings, **scored})
                for feature, text, s, scored in zip(features, texts, seeds, scores, strict=True)
            ]
            return RAMOutput(motions)
        settings["constraints"] = [type(one).__name__ for one in asked]
        fps = self.normalizer.config.fps
        return RAMOutput(
            [
                Motion(finish(feature, target), fps, text, {"seed": s, **settings, **scored})
                for feature, target, text, s, scored in zip(
                    features, targets, texts, seeds, scores, strict=True
                )
            ]
        )

    @torch.no_grad()
    def compose(
        self,
        timeline: Timeline | Sequence[str | Motion],
        *,
        duration: float | Sequence[float | None] | None = None,
        seed: int | None = None,
        callback_on_step_end: StepCallback | None = None,
        **sampling: Any,
    ) -> Motion:
        """Generate one motion from several prompts, of any length.

            pipe.compose(["a person walks forward", "sits down", "waves"], duration=[3, 2.5, 2.5])
            pipe.compose([motion, "sits down"])                    # continue a motion
            pipe.compose([motion[:40], "jumps", motion[80:]])      # redo a part of it

        A motion among the prompts is kept as it is; where it comes first, the result stands where it does.
        A prompt that names nobody is about "a person".

        Args:
            timeline: what happens when: a `Timeline`, which may hold prompts for parts of the body, too, or
                prompts and kept motions one after the other.
            duration: without a `Timeline`, seconds for all, or for each; None for the whole of a motion, and
                for what a prompt says or is estimated to take.
            seed: makes the result repeatable; default: a random one, recorded in `Motion.settings`.
            callback_on_step_end: as in a call; the estimate is `(1, frames, features)`.
            **sampling: `num_inference_steps`, `reg_scale`, `cfg_scale`, `reg_timesteps`, `sampler` and
                `timestep_spacing`, as in a call.

        Returns:
            The motion; its settings hold the timeline.

        Raises:
            ValueError: an argument outside what is allowed, or a timeline that cannot be made; the message
                names it.
            TypeError: something that is neither prompt nor motion, or an argument that does not exist.
        """
        # 1. Check what was asked for
        inputs.refuse_unknown(sorted(sampling.keys() - inputs.SAMPLING))
        scheduler = self._scheduler_with(**sampling)
        (chosen,) = inputs.seeds(seed, None, 1, 1)
        if not isinstance(timeline, Timeline):
            timeline = self._timeline(timeline, duration)
        elif duration is not None:
            raise ValueError(f"duration={duration}: a Timeline has its own times")
        composition = Composition(timeline, self.normalizer)

        # 2. Read the prompts
        latents = self._window_latents([with_subject(window.prompt) for window in composition.windows])

        # 3. Denoise
        generators, lengths = [torch.Generator().manual_seed(chosen)], [composition.frames]
        denoise = composition.denoiser(self.denoise)
        x_0 = self.sample(latents, lengths, generators, scheduler, callback_on_step_end, denoise)

        # 4. Decode
        features = self.decode(x_0, lengths)[0].numpy()
        settings = {"seed": chosen, **self._settings(scheduler), "timeline": timeline.entries()}
        prompt = ", then ".join(one.prompt for one in timeline.body if isinstance(one, Segment))
        return placed(Motion.from_features(features, prompt=prompt, settings=settings), timeline)

    def edit(
        self, motion: Motion, prompt: str, keep: Part | Sequence[tuple[float, float]], **options: Any
    ) -> RAMOutput:
        """Make a part of a motion anew from a prompt and leave the rest as it is.

            pipe.edit(motion, "a person waves with both hands", keep="lower")
            pipe.edit(motion, "a person jumps", keep=[(0, 2), (3.5, 6)])  # anew from 2 to 3.5 s

        Args:
            motion: a motion of 22 joints, generated or loaded.
            prompt: what the person does.
            keep: "upper" or "lower" body, see `Keep`, or the spans that stay, in seconds.
            **options: of a call, further `constraints` among them.

        Returns:
            The motions, as long as the given one and where it stands.

        Raises:
            ValueError: see `__call__`; nothing is kept, or the motion is longer than can be made.
        """
        if isinstance(keep, str):
            kept = [Keep(motion, part=keep)]
        else:
            kept = [Keep(motion, start, end) for start, end in keep]
        if not kept:
            raise ValueError('keep=[]: name the parts that stay, "upper", "lower" or spans such as (0, 2)')
        more = checked_constraints(options.pop("constraints", ()))
        frames = len(motion.resample(self.normalizer.config.fps))
        return self(prompt, frames, constraints=[*kept, *more], **options)

    def encode_prompt(self, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Read prompts.

        Returns:
            Latents z_t `(batch, latent_dim)` (eq. 2) and the estimated durations `(batch,)` in seconds.

        Raises:
            ValueError: a prompt is longer than the text backbone can read.
        """
        tokens, mask = self.text_backbone.encode(prompts)
        tokens = tokens.to(self.dtype)
        return self.text_encoder(tokens, mask), self.duration_estimator(tokens, mask)

    @torch.no_grad()
    def sample(
        self,
        latents: Tensor,
        lengths: Sequence[int],
        generators: Sequence[torch.Generator],
        scheduler: RAMScheduler | None = None,
        callback: StepCallback | None = None,
        denoise: Denoise | None = None,
    ) -> Tensor:
        """Denoise from pure noise: the sampling loop.

        Args:
            latents: z_t of each motion, `(batch, latent_dim)`.
            lengths: frames of each motion.
            generators: draw the noise of each motion; they go on with each step.
            scheduler: timesteps, sampler and guidance; default: the pipeline's.
            callback: see `callback_on_step_end` of a call.
            denoise: what estimates the clean motion; default: the pipeline's own `denoise`.

        Returns:
            Clean motion, `(batch, longest, features)` float32, normalised.
        """
        scheduler = scheduler or self.scheduler
        denoise = denoise or self.denoise
        mask = self.frame_mask(lengths)
        x_t = self.prepare_noise(generators, lengths)
        previous: Tensor | None = None
        with self.progress_bar(len(scheduler.timesteps)) as bar:
            for index, timestep in enumerate(scheduler.timesteps):
                estimate = denoise(x_t, timestep, latents, mask, previous, scheduler)
                if callback is not None:
                    try:
                        changed = callback(self, StepInfo(index, timestep, estimate))
                    except StopSampling:
                        return estimate
                    estimate = estimate if changed is None else changed
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
            previous: guided estimate of the step before, which REG reconstructs where the scheduler uses it;
                None at the first step.
            scheduler: weighs the guidance; default: the pipeline's.

        Returns:
            The estimate, float32, shaped as x_t.
        """
        scheduler = scheduler or self.scheduler
        use_cfg = bool(scheduler.config.cfg_scale)
        use_reg = False
        branches = [latents]
        if use_cfg:
            branches.append(torch.zeros_like(latents))
        if previous is not None and self.motion_encoder is not None and scheduler.uses_reg(timestep):
            use_reg = True
            branches.append(self.motion_encoder(previous.to(self.dtype), mask))
        count = len(branches)
        estimates = self.denoiser(
            x_t.to(self.dtype).repeat(count, 1, 1),
            torch.full((count * len(x_t),), timestep, device=self.device),
            torch.cat(branches),
            None if mask is None else mask.repeat(count, 1),
        )
        cond, *others = estimates.float().chunk(count)
        uncond = others.pop(0) if use_cfg else None
        recon = others.pop() if use_reg else None
        return scheduler.guide(cond, uncond, recon)

    def decode(self, x_0: Tensor, lengths: Sequence[int]) -> list[Tensor]:
        """Normalised clean motion `(batch, frames, features)` to one tensor of real features each."""
        features = self.normalizer.denormalize(x_0.float()).cpu()
        return [feature[:length] for feature, length in zip(features, lengths, strict=True)]

    def _timeline(
        self, items: Sequence[str | Motion], duration: float | Sequence[float | None] | None
    ) -> Timeline:
        """Prompts and kept motions one after the other, with durations for those that have none."""
        seconds = inputs.durations(items, duration)
        estimated = [i for i, item in enumerate(items) if isinstance(item, str) and seconds[i] is None]
        if estimated:
            texts = [with_subject(items[i]) for i in estimated]  # type: ignore[arg-type]
            lengths = self._estimated_lengths(texts, self.encode_prompt(texts)[1])
            for i, length in zip(estimated, lengths, strict=True):
                seconds[i] = length / self.normalizer.config.fps
        return Timeline.of(items, seconds)

    def _window_latents(self, prompts: Sequence[str]) -> Tensor:
        """Latents of prompts, each read once, in batches."""
        texts = list(dict.fromkeys(prompts))
        batches = [texts[i : i + _PROMPTS] for i in range(0, len(texts), _PROMPTS)]
        latents = torch.cat([self.encode_prompt(batch)[0] for batch in batches])
        return latents[[texts.index(prompt) for prompt in prompts]]

    def _checked(
        self, constraints: Constraint | Sequence[Constraint], output_type: OutputType
    ) -> list[Constraint]:
        """The constraints of a call, if this checkpoint can meet any."""
        asked = checked_constraints(constraints)
        if asked and self.normalizer.config.num_features != HUMANML3D.num_features:
            raise ValueError(
                "constraints need a checkpoint of HumanML3D's 22 joints; this one has KIT-ML's 21"
            )
        if asked and output_type == "features":
            raise ValueError(
                'output_type "features" with constraints: features have no place in the world, take the '
                "`features` of the motions"
            )
        return asked

    def _scheduler_with(self, **wanted: Any) -> RAMScheduler:
        """The scheduler, with the settings that are not None in place of its own."""
        changes = inputs.scheduler_settings(wanted)
        scheduler = RAMScheduler.from_config(self.scheduler, **changes) if changes else self.scheduler
        if self.motion_encoder is None and scheduler.config.reg_scale:
            raise ValueError(
                f"reg_scale {scheduler.config.reg_scale:g}: this checkpoint has no motion encoder, "
                "use reg_scale=0"
            )
        return scheduler

    def _settings(self, scheduler: RAMScheduler) -> dict[str, Any]:
        """How motions are made, for `Motion.settings`."""
        settings = dataclasses.asdict(scheduler.config)
        del settings["num_train_timesteps"]
        if settings["reg_timesteps"] is not None:
            settings["reg_timesteps"] = list(settings["reg_timesteps"])
        settings |= {"checkpoint": self.name, "ram_sdk": ram_sdk.__version__}
        if self.lora is not None:
            settings |= {"lora": self.lora.name, "lora_scale": self.lora.scale}
        return settings

    def _estimated_lengths(self, prompts: Sequence[str], seconds: Tensor) -> list[int]:
        """Frames of the duration that each text names, or else the estimated one, as far as can be made."""
        motion = self.normalizer.config
        wanted = [stated_seconds(text) or float(s) for text, s in zip(prompts, seconds, strict=True)]
        return [min(max(round(s * motion.fps), motion.min_frames), motion.max_frames) for s in wanted]
