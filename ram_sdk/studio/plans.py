"""Requests to calls of the pipeline: checked before they are queued, with a seed to repeat them."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ram_sdk import inputs
from ram_sdk.control.constraints import Constraint, Keep, from_json
from ram_sdk.control.keeping import kept_parts
from ram_sdk.control.targets import resolve
from ram_sdk.control.timeline import Kept, Segment, Timeline
from ram_sdk.motion import Motion
from ram_sdk.pipeline import RAMPipeline, StepCallback
from ram_sdk.scheduler import RAMScheduler
from ram_sdk.studio.schemas import (
    LARGEST_SEED,
    ComposeRequest,
    EditRequest,
    GenerateRequest,
    Limits,
    MotionSegment,
    PromptSegment,
    Sampling,
    Several,
)

Find = Callable[[str], Motion]
"""The motion of an id; raises `Refusal` where there is none."""
_DRAWN = 2**31  # seeds that are drawn are below
_KEEP = ("kind", "motion", "start", "end", "at", "part")


@dataclass(frozen=True)
class Plan:
    """Work for the queue.

    Attributes:
        kind: which request it is.
        request: its body, with the seed.
        steps: of the denoising.
        make: does it.
    """

    kind: Literal["generate", "compose", "edit"]
    request: dict[str, Any]
    steps: int
    make: Callable[[StepCallback], list[Motion]]

    def request_of(self, index: int) -> dict[str, Any]:
        """The body that makes the motion of that number alone."""
        if self.kind == "compose":
            return self.request
        return {**self.request, "seed": self.request["seed"] + index, "num": 1}


def generate(pipeline: RAMPipeline, find: Find, limits: Limits, body: GenerateRequest) -> Plan:
    """Motions from a prompt.

    Raises:
        ValueError: something that cannot be made; the message says what to do.
    """
    request, sampling, scheduler = _sampling(pipeline, body)
    several = _several(pipeline, find, limits, body)
    steps = _steps(scheduler, body, "constraints" if several["constraints"] else None)
    pipeline.text_backbone.tokenize([body.prompt])
    [length] = inputs.lengths(None, body.duration, 1, pipeline.normalizer.config)
    _check_constraints(pipeline, several["constraints"], length)

    def make(callback: StepCallback) -> list[Motion]:
        options = {**sampling, **several, "callback_on_step_end": callback}
        return pipeline(body.prompt, duration=body.duration, **options).motions

    return Plan("generate", request, steps, make)


def compose(pipeline: RAMPipeline, find: Find, limits: Limits, body: ComposeRequest) -> Plan:
    """One motion from a timeline.

    Raises:
        ValueError: see `generate`.
    """
    request, sampling, scheduler = _sampling(pipeline, body)
    timeline = Timeline(tuple(_segment(one, find) for one in body.timeline.segments))
    if timeline.duration > limits.seconds:
        raise ValueError(f"the timeline lasts {timeline.duration:g} s: this server makes {limits.seconds:g}")
    steps = _steps(scheduler, body, None if timeline.only_prompts else "kept motions or parts of the body")
    pipeline.text_backbone.tokenize([one.prompt for one in timeline.segments if isinstance(one, Segment)])

    def make(callback: StepCallback) -> list[Motion]:
        return [pipeline.compose(timeline, callback_on_step_end=callback, **sampling)]

    return Plan("compose", request, steps, make)


def edit(pipeline: RAMPipeline, find: Find, limits: Limits, body: EditRequest) -> Plan:
    """A part of a motion, regenerated.

    Raises:
        ValueError: see `generate`.
    """
    request, sampling, scheduler = _sampling(pipeline, body)
    steps = _steps(scheduler, body, "a kept part")
    several = _several(pipeline, find, limits, body)
    motion = find(body.motion)
    pipeline.text_backbone.tokenize([body.prompt])
    [length] = inputs.lengths(None, motion.duration, 1, pipeline.normalizer.config)
    _check_constraints(pipeline, several["constraints"], length)
    kept_parts(motion, body.keep)

    def make(callback: StepCallback) -> list[Motion]:
        options = {**sampling, **several, "callback_on_step_end": callback}
        return pipeline.edit(motion, body.prompt, body.keep, **options).motions

    return Plan("edit", request, steps, make)


def _steps(scheduler: RAMScheduler, body: Sampling, given: str | None) -> int:
    """How many timesteps are visited: all where something is given, which no capture can start from."""
    if given and body.strength not in (None, 1.0):
        raise ValueError(f"strength {body.strength:g} with {given}: leave it out, they start from pure noise")
    return len(scheduler.timesteps_after(1.0 if given else scheduler.config.strength))


def _sampling(pipeline: RAMPipeline, body: Sampling) -> tuple[dict[str, Any], dict[str, Any], RAMScheduler]:
    """The body with a seed, the pipeline's settings, and a scheduler with them."""
    seed = secrets.randbelow(_DRAWN) if body.seed is None else body.seed
    wanted = {
        "num_inference_steps": body.steps,
        "sampler": body.sampler,
        "timestep_spacing": body.spacing,
        "reg_scale": body.reg_scale,
        "cfg_scale": body.cfg_scale,
        "strength": body.strength,
    }
    settings = inputs.scheduler_settings(wanted)
    scheduler = RAMScheduler.from_config(pipeline.scheduler, **settings)
    if pipeline.motion_encoder is None and scheduler.config.reg_scale:
        raise ValueError(f"reg_scale {scheduler.config.reg_scale:g}: this checkpoint has no REG, use 0")
    request = body.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"seed": seed}
    if pipeline.exemplars is None and scheduler.config.strength < 1.0:
        raise ValueError(
            f"strength {scheduler.config.strength:g}: this checkpoint has no exemplars to start from, use 1"
        )
    return request, {**settings, "seed": seed}, scheduler


def _several(pipeline: RAMPipeline, find: Find, limits: Limits, body: Several) -> dict[str, Any]:
    """How many motions, the best of how many, with which constraints."""
    if body.num * body.candidates > limits.motions:
        raise ValueError(
            f"num {body.num} x candidates {body.candidates}: at most {limits.motions} in one request"
        )
    if body.seed is not None and body.seed + body.num - 1 > LARGEST_SEED:
        raise ValueError(f"seed {body.seed}: with num {body.num} at most {LARGEST_SEED - body.num + 1}")
    if body.candidates > 1 and pipeline.matcher is None:
        raise ValueError("candidates: this checkpoint cannot judge them, use 1")
    return {
        "num_motions_per_prompt": body.num,
        "num_candidates": body.candidates,
        "constraints": [_constraint(entry, find) for entry in body.constraints],
    }


def _check_constraints(pipeline: RAMPipeline, constraints: list[Constraint], length: int | None) -> None:
    """Lay constraints out, those of a length that is not known yet over the longest motion.

    Kept motions, which may take long to resample, are left to the job.
    """
    config = pipeline.normalizer.config
    if constraints and not any(isinstance(one, Keep) for one in constraints):
        resolve(constraints, length or config.max_frames, config.fps)


def _constraint(entry: dict[str, Any], find: Find) -> Constraint:
    """A constraint from JSON, where a Keep may name a motion that the server holds."""
    if entry.get("kind") != "Keep" or not isinstance(entry.get("motion"), str):
        try:
            return from_json(json.dumps([entry]))[0]
        except RecursionError as error:
            raise ValueError("constraints: one is nested too deep") from error
    if unknown := sorted(entry.keys() - set(_KEEP)):
        raise ValueError(f"Keep: unknown fields {', '.join(unknown)}; it has {', '.join(_KEEP[1:])}")
    given = {name: value for name, value in entry.items() if name not in ("kind", "motion")}
    return Keep(find(entry["motion"]), **given)


def _segment(one: PromptSegment | MotionSegment, find: Find) -> Segment | Kept:
    if isinstance(one, PromptSegment):
        return Segment(one.prompt, one.start, one.end, one.part)
    motion = find(one.motion)
    if one.offset >= motion.duration:
        raise ValueError(f"from {one.offset:g}: the motion {one.motion} lasts {motion.duration:g} s")
    kept = motion[min(round(one.offset * motion.fps), len(motion) - 1) :]
    return Kept(kept, one.start, one.end, one.motion, one.offset)
