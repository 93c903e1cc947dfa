"""`RAMPipeline`: text to motion, step by step."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ram_sdk import inputs
from ram_sdk.control import candidates
from ram_sdk.control.composition import Composition
from ram_sdk.control.constraints import Constraint
from ram_sdk.control.constraints import checked as checked_constraints
from ram_sdk.control.keeping import Half, kept_parts
from ram_sdk.control.steering import Steering, finish, warn_of_what_is_missed
from ram_sdk.control.targets import Targets, resolve
from ram_sdk.control.timeline import Timeline
from ram_sdk.control.wording import action, with_subject
from ram_sdk.models.duration import stated_seconds
from ram_sdk.motion import Motion
from ram_sdk.pipeline.latents import LatentSpace
from ram_sdk.pipeline.output import OUTPUT_TYPES, OutputType, RAMOutput, without_dead_time
from ram_sdk.pipeline.sampling import SamplingLoop, StepCallback
from ram_sdk.pipeline.starting import Starting, Wanted
from ram_sdk.scheduler import RAMScheduler, Sampler, Spacing
from ram_sdk.skeleton.joints import HUMANML3D


class RAMPipeline(LatentSpace, Starting, SamplingLoop):
    """Generates human motion from text with the Reconstruction-Anchored Diffusion Model.

    `from_pretrained` loads one; calling it generates. The parts are public attributes and the steps of a
    call are public methods, so that both can be used one by one.

    Attributes:
        text_backbone: frozen encoder, captions to token states.
        text_encoder: E_t, token states to latents; a plain mean in the MDM baseline.
        motion_encoder: E_m, motions to latents; REG reconstructs with it. None in a checkpoint trained
            without the motion branch, such as the MDM baseline: its `reg_scale` is 0.
        denoiser: D, predicts clean motion.
        normalizer: mean and standard deviation of the features, and the checkpoint's motion representation.
        duration_estimator: seconds that a text usually takes.
        scheduler: timesteps, sampling steps and guidance scales.
        matcher: calibration of `similarity`; None in a checkpoint without it.
        known_actions: what it was trained on, to recognise unknown prompts; None in a checkpoint without it.
        exemplars: captured motions that sampling may start from; None in a checkpoint without them.
        reader: reads which actions a prompt asks for, to find exemplars; None in a checkpoint without it.
        lora: the LoRA that `load_lora` merged into the networks, or None.
        name: what it was loaded from, "unnamed" if it was made from parts.
        folder: where that is on disk; None if it was made from parts.
        licence: of its weights, in one line, which goes into `Motion.settings`; None if it is not known.
    """

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str] | None = None,
        num_frames: int | Sequence[int | None] | None = None,
        *,
        latents: Tensor | None = None,
        duration: float | Sequence[float | None] | None = None,
        num_inference_steps: int | None = None,
        reg_scale: float | None = None,
        cfg_scale: float | None = None,
        reg_timesteps: Sequence[int] | None = None,
        sampler: Sampler | None = None,
        timestep_spacing: Spacing | None = None,
        strength: float | None = None,
        seed: int | Sequence[int] | None = None,
        generator: torch.Generator | None = None,
        num_motions_per_prompt: int = 1,
        num_candidates: int = 1,
        trim: bool | Sequence[bool] | None = None,
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
            prompt: what the person does, or several such texts, whose motions are made in one batch.
            num_frames: length in frames, for all or for each prompt, None for those that are not given.
            latents: z `(prompts, latent_dim)` to make motions of in place of the prompts' own, such as
                `encode_motion` and `interpolate` return; they need no prompt, but then a length.
            duration: length in seconds instead. Without either, the length is what the text names ("for five
                seconds"), or else an estimate from the text, within what the checkpoint can make. It was
                trained on two seconds and more: shorter motions are no whole actions.
            num_inference_steps: denoising steps. This and the settings up to `strength` default to the
                scheduler's.
            reg_scale: weight of Reconstructive Error Guidance (eq. 10), 0 = off.
            cfg_scale: weight of classifier-free guidance (eq. 11), 0 = off. This is diffusers'
                guidance_scale minus 1.
            reg_timesteps: timesteps where REG is on (Table 3).
            sampler: "ddpm", "ddim" or "dpm++".
            timestep_spacing: "linear" or "noisy_first", see `RAMScheduler`.
            strength: share of the noise that sampling starts with, and of the timesteps that are visited.
                1 is pure noise, as in the paper; below it, sampling starts from one of the checkpoint's
                `exemplars` that fit the prompt, drawn by the seed and named in `Motion.settings`.
                Constraints and `latents` start from pure noise.
            seed: a seed that every prompt starts from (its k-th motion uses seed + k), or one for each
                motion; default: a random one, recorded in `Motion.settings`.
            generator: draws the seeds instead.
            num_motions_per_prompt: how many motions each prompt gets.
            num_candidates: how many candidates each motion is the best of, by fit to its text and
                plausibility; `Motion.settings` has its scores and seed. See `ram_sdk.control.candidates`.
            trim: whether the stillness at a motion's ends is cut, to no less than the shortest that the
                checkpoint was trained on; for all or for each prompt. Default: where the length is an
                estimate and there are no constraints, so that a motion ends when its action has ended.
            constraints: what each motion must do at given times and places, see `ram_sdk.control`; the
                motions are then in the constraints' world frame; their pinned joints meet them exactly.
            callback_on_step_end: called as `callback(pipeline, StepInfo)` after each step's estimate; it may
                return another estimate, or raise `StopSampling`.
            output_type: "motion" or "features".
            **unknown: none is allowed; for names from other libraries the error gives ours.

        Returns:
            The motions, prompt by prompt.

        Raises:
            ValueError: an argument outside what is allowed; the message names it.
            TypeError: a prompt that is not text, or an argument that does not exist.
        """
        # 1. Check the arguments
        inputs.refuse_unknown(unknown)
        prompts, given = inputs.conditions(prompt, latents, self.denoiser.config.latent_dim)
        each = inputs.count("num_motions_per_prompt", num_motions_per_prompt)
        if output_type not in OUTPUT_TYPES:
            raise ValueError(f"output_type {output_type!r}: use one of {', '.join(OUTPUT_TYPES)}")
        scheduler = self._scheduler_with(
            num_inference_steps=num_inference_steps,
            reg_scale=reg_scale,
            cfg_scale=cfg_scale,
            reg_timesteps=reg_timesteps,
            sampler=sampler,
            timestep_spacing=timestep_spacing,
            strength=strength,
        )
        num_candidates = inputs.count("num_candidates", num_candidates, candidates.MAX_CANDIDATES)
        inputs.check_callback(callback_on_step_end)
        asked = self._checked(constraints, output_type)
        seeds = inputs.seeds(seed, generator, len(prompts), each, num_candidates)
        lengths = inputs.lengths(num_frames, duration, len(prompts), self.normalizer.config)
        if prompt is None and None in lengths:
            raise ValueError("latents without a prompt: give num_frames or duration, too")

        trimmed = inputs.trimmed(trim, prompts, lengths, asked)
        if asked or given is not None:
            if strength not in (None, 1):
                what = "constraints" if asked else "latents"
                raise ValueError(f"strength={strength} with {what}: they start from pure noise, leave it out")
            scheduler = RAMScheduler.from_config(scheduler, strength=1.0)

        # 2. Read the prompts: a latent and a length for each motion
        z, frames = self._conditions(prompts, given, lengths, each)
        targets = [resolve(asked, length, self.normalizer.config.fps) for length in frames if asked]

        # 3. Denoise and decode; of several candidates the best
        cut = [whether for whether in trimmed for _ in range(each)]
        wanted: list[Wanted] = []
        if scheduler.config.strength < 1.0 and self.exemplars is not None:
            fixed = [
                own if length is not None or stated_seconds(text) else None
                for text, length, own in zip(prompts, lengths, frames[::each], strict=True)
            ]
            wanted = [one for one in self._wanted(prompts, fixed) for _ in range(each)]
        draw = partial(self._draw, z, frames, wanted, cut, targets, scheduler, callback_on_step_end)
        settings = self._settings(scheduler, constraints=asked)
        if num_candidates == 1:
            drawn = draw(range(len(seeds)), seeds)
            made = [{"seed": s, **settings} for s in seeds]
        else:
            best = candidates.best(self, draw, z, seeds, num_candidates)
            drawn = [one.motion for one in best]
            made = [{"seed": one.seed, **settings, **one.settings} for one in best]

        # 4. Return the motions
        if output_type == "features":
            return RAMOutput([torch.tensor(motion.features) for motion in drawn])
        if targets:
            for motion, target in zip(drawn, targets, strict=True):
                warn_of_what_is_missed(motion.joints, target)
        texts = [text or None for text in prompts for _ in range(each)]
        return RAMOutput(
            [
                replace(motion, prompt=text, settings={**own, **motion.settings})
                for motion, text, own in zip(drawn, texts, made, strict=True)
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

        A motion among the prompts is kept as it is, at its height; if it comes first, the result starts where
        it stands. The floor is the one that kept motions were generated on, or else at their lowest joint.
        A prompt that names nobody is about "a person".

        Args:
            timeline: what happens when: a `Timeline`, which may hold prompts for parts of the body, too, or
                prompts and kept motions one after the other.
            duration: without a `Timeline`, seconds for all, or for each; None for the whole of a motion, and
                for what a prompt says or is estimated to take, all of which it gets: nothing is trimmed.
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
        # 1. Check the arguments
        inputs.refuse_unknown(sorted(sampling.keys() - inputs.SAMPLING))
        scheduler = self._scheduler_with(**sampling)
        (chosen,) = inputs.seeds(seed, None, 1, 1)
        inputs.check_callback(callback_on_step_end)
        if not isinstance(timeline, Timeline):
            timeline = self._timeline(timeline, duration)
        elif duration is not None:
            raise ValueError(f"duration={duration}: a Timeline has its own times")
        composition = Composition(timeline, self.normalizer)
        if not timeline.only_prompts:
            if sampling.get("strength") not in (None, 1):
                raise ValueError(
                    f"strength={sampling['strength']}: a timeline with kept motions or parts of the body "
                    "starts from pure noise, leave it out"
                )
            scheduler = RAMScheduler.from_config(scheduler, strength=1.0)

        # 2. Read the prompts
        prompts = [window.prompt and with_subject(window.prompt) for window in composition.windows]
        latents = self._latents_once(prompts)

        # 3. Denoise
        generators, lengths = [torch.Generator().manual_seed(chosen)], [composition.frames]
        wanted = self._wanted_of(timeline, composition.frames) if scheduler.config.strength < 1.0 else []
        begun = self._started(wanted, generators)
        denoise, start = composition.denoiser(self.denoise), self._batched(begun)
        x_0 = self.sample(latents, lengths, generators, scheduler, callback_on_step_end, denoise, start)

        # 4. Decode
        features = composition.finished(self.decode(x_0, lengths)[0]).numpy()
        settings = {"seed": chosen, **self._settings(scheduler), "timeline": timeline.entries()}
        settings |= begun[0].entry if begun else {}
        motion = Motion.from_features(features, prompt=timeline.caption, settings=settings)
        return composition.placed(motion)

    def edit(
        self, motion: Motion, prompt: str, keep: Half | Sequence[tuple[float, float]], **options: Any
    ) -> RAMOutput:
        """Regenerate a part of a motion from a prompt and keep the rest.

            pipe.edit(motion, "a person waves with both hands", keep="lower")
            pipe.edit(motion, "a person jumps", keep=[(0, 2), (3.5, 6)])  # regenerate from 2 to 3.5 s

        Args:
            motion: a motion of 22 joints, generated or loaded.
            prompt: what the person does.
            keep: "upper" or "lower" body, see `Keep`, or the spans that stay, in seconds.
            **options: of a call, further `constraints` among them.

        Returns:
            The motions, as long as the given one and where it stands.

        Raises:
            ValueError: see `__call__`; nothing is kept, or everything, or the motion is longer than can be
                made.
            TypeError: see `__call__`; a length is given.
        """
        if given := sorted({"num_frames", "duration"} & options.keys()):
            raise TypeError(f"{given[0]}: an edited motion is as long as the given one; leave it out")
        kept = kept_parts(motion, keep)
        more = checked_constraints(options.pop("constraints", ()))
        config = self.normalizer.config
        frames = len(motion.resample(config.fps))
        if frames > config.max_frames:
            raise ValueError(
                f"a motion of {frames / config.fps:g} s: this checkpoint edits at most "
                f"{config.max_frames / config.fps:g} s, take a part of it such as motion[:100], or redo a "
                "part with compose([motion[:40], prompt, motion[80:]])"
            )
        return self(prompt, frames, constraints=[*kept, *more], **options)

    def reconstruct(self, motion: Motion, *, seed: int | None = None) -> Motion:
        """Reconstruct a motion from its latent alone: z_m in place of z_t, as REG uses it.

        Args:
            motion: at most as long as the checkpoint can make.
            seed: of the noise; default: a random one, recorded in `Motion.settings`.

        Returns:
            A motion of the same length, at the checkpoint's frame rate.

        Raises:
            ValueError: what `encode_motion` refuses.
        """
        frames = len(self._features(motion))
        made: Motion = self(latents=self.encode_motion(motion), num_frames=frames, seed=seed).motions[0]
        return made

    def _conditions(
        self, prompts: Sequence[str], latents: Tensor | None, lengths: list[int | None], each: int
    ) -> tuple[Tensor, list[int]]:
        """A latent `(motions, latent_dim)` and a length for each motion: the prompts' own if not given."""
        frames = [length for length in lengths if length is not None]
        if latents is None or len(frames) < len(prompts):
            text_latents, seconds = self.encode_prompt(prompts)
            latents = text_latents if latents is None else latents
            estimated = self._estimated_lengths(prompts, seconds)
            frames = [given or own for given, own in zip(lengths, estimated, strict=True)]
        z = latents.to(self.device, self.dtype).repeat_interleave(each, dim=0)
        return z, [length for length in frames for _ in range(each)]

    def _draw(
        self,
        latents: Tensor,
        frames: Sequence[int],
        wanted: Sequence[Wanted],
        cut: Sequence[bool],
        targets: Sequence[Targets],
        scheduler: RAMScheduler,
        callback: StepCallback | None,
        rows: Sequence[int],
        seeds: Sequence[int],
    ) -> list[Motion]:
        """Some of the motions, by their row in the batch, each made from a seed.

        They are in the world frame of their targets if they have any, and as long as the exemplars that they
        start from unless a length is wanted.
        """
        generators = [torch.Generator().manual_seed(s) for s in seeds]
        lengths = [frames[row] for row in rows]
        chosen = self._started([wanted[row] for row in rows if wanted], generators)
        if chosen:
            lengths = [len(one.features) for one in chosen]
        aims = [targets[row] for row in rows if targets]
        if aims:
            callback = Steering(aims, callback)
        start = self._batched(chosen)
        x_0 = self.sample(latents[list(rows)], lengths, generators, scheduler, callback, start=start)
        features = self.decode(x_0, lengths)
        if not aims:
            motions = [Motion.from_features(feature.numpy()) for feature in features]
            config = self.normalizer.config
            shortest = config.min_frames / config.fps
            motions = [
                without_dead_time(motion, shortest) if cut[row] else motion
                for row, motion in zip(rows, motions, strict=True)
            ]
            entries = [one.entry for one in chosen] or [{}] * len(rows)
            return [replace(motion, settings=own) for motion, own in zip(motions, entries, strict=True)]
        fps = self.normalizer.config.fps
        return [Motion(finish(feature, aim), fps) for feature, aim in zip(features, aims, strict=True)]

    def _timeline(
        self, items: Sequence[str | Motion], duration: float | Sequence[float | None] | None
    ) -> Timeline:
        """Prompts and kept motions one after the other, with durations for those that have none."""
        seconds = inputs.durations(items, duration)
        estimated = [i for i, item in enumerate(items) if isinstance(item, str) and seconds[i] is None]
        if estimated:
            texts = [action(items[i]) for i in estimated]  # type: ignore[arg-type]
            lengths = self.estimate_frames(texts)
            for i, length in zip(estimated, lengths, strict=True):
                seconds[i] = length / self.normalizer.config.fps
        return Timeline.of(items, seconds)

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
