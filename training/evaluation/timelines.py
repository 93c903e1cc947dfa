"""Evaluating motions composed of several prompts: seams, foot skating, actions and memory.

The prompts are the first single actions of the prompt suite, in a new random order for each seed. Each is
also generated alone, at the same length and with a seed of its own: with one for all, they would share their
noise, and its luck.
"""

import multiprocessing
import random
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ram_sdk import Motion, RAMPipeline
from ram_sdk.control.candidates import candidate_seeds
from ram_sdk.control.timeline import Timeline
from ram_sdk.skeleton.physical import foot_skating_ratio, jerk
from training.evaluation.prompt_checks.body import FPS, Body
from training.evaluation.prompt_checks.sheets import sheet
from training.evaluation.prompt_checks.suite import Prompt, does, load_suite

Array = NDArray[np.float64]

_SEAM = 0.5  # seconds of a seam on each side of a border
_LARGEST_STEP = 0.10  # metres a frame
_BATCH = 8  # for motions generated alone


@dataclass(frozen=True)
class Result:
    """Composed motions against motions generated alone; a seam is half a second on each side of a border.

    "Inside" are segments of the same length between the seams.

    Attributes:
        prompts: number in each composition.
        seconds: length of each prompt's part.
        compositions: number of composed motions.
        seams: total number.
        largest_step: metres that the fastest joint moves in a frame: median and maximum over seams, median
            and maximum over segments inside.
        fast: share of segments with a step of more than 10 cm, at seams and inside.
        fastest_there: share of seams with such a step that is also longer than any in the adjacent parts.
        largest_jump: metres between a joint and its linear extrapolation from the two previous frames,
            maximum at seams and inside.
        jerk: m/s^3, mean at seams and inside.
        seam_skating: foot skating ratio, mean at seams and inside.
        skating: foot skating ratio, composed and alone.
        passed: share of parts that pass their checks, composed and alone.
    """

    prompts: int
    seconds: float
    compositions: int
    seams: int
    largest_step: tuple[float, float, float, float]
    fast: tuple[float, float]
    fastest_there: float
    largest_jump: tuple[float, float]
    jerk: tuple[float, float]
    seam_skating: tuple[float, float]
    skating: tuple[float, float]
    passed: tuple[float, float]
    by_prompt: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Made:
    """One composition, and the motions of its prompts generated alone, in the same order."""

    prompts: tuple[Prompt, ...]
    together: Motion
    alone: tuple[Motion, ...]

    @property
    def borders(self) -> list[int]:
        """First frame of each part, and one past the last."""
        return [round(len(self.together) * i / len(self.prompts)) for i in range(len(self.prompts) + 1)]


def make(pipeline: RAMPipeline, count: int, each: int, seconds: float, seeds: int) -> list[Made]:
    """Compose `count` prompts, `each` at a time, with the seeds 0, 1, ..., and generate each prompt alone."""
    chosen = [prompt for prompt in load_suite() if prompt.kind == "check" and not prompt.speed][:count]
    made = []
    for seed in range(seeds):
        order = random.Random(seed).sample(chosen, len(chosen))
        seeds_alone = candidate_seeds(seed, len(order))
        for start in range(0, len(order), each):
            prompts, own = order[start : start + each], seeds_alone[start : start + each]
            texts = [prompt.wordings[0].sentences[0] for prompt in prompts]
            together = pipeline.compose(texts, duration=seconds, seed=seed)
            alone: list[Motion] = []
            for first in range(0, len(texts), _BATCH):
                batch = slice(first, first + _BATCH)
                alone += pipeline(texts[batch], duration=seconds, seed=own[batch]).motions
            made.append(Made(tuple(prompts), together, tuple(alone)))
    return made


def draw(made: Made) -> Image.Image:
    """A contact sheet of a composition: a strip of poses for each part."""
    return sheet(
        [
            replace(made.together[start:stop], prompt=prompt.wordings[0].sentences[0])
            for (start, stop), prompt in zip(pairwise(made.borders), made.prompts, strict=True)
        ]
    )


def measure(made: Sequence[Made], seconds: float) -> Result:
    """Compare compositions with motions generated alone."""
    at: list[Array] = []
    inside: list[Array] = []
    passed: dict[str, list[tuple[bool, bool]]] = {}
    for one in made:
        seams, others = _segments(one)
        at += seams
        inside += others
        body = Body(one.together.joints)
        for index, prompt in enumerate(one.prompts):
            part = body.window(*one.borders[index : index + 2])
            both = does(prompt, part), does(prompt, Body(one.alone[index].joints))
            passed.setdefault(prompt.id, []).append(both)
    steps = [[_largest(piece, 1) for piece in pieces] for pieces in (at, inside)]
    together = [foot_skating_ratio(one.together.joints) for one in made]
    alone = [foot_skating_ratio(motion.joints) for one in made for motion in one.alone]
    pairs = [both for results in passed.values() for both in results]
    return Result(
        prompts=len(made[0].prompts),
        seconds=seconds,
        compositions=len(made),
        seams=len(at),
        largest_step=(*_median_and_max(steps[0]), *_median_and_max(steps[1])),
        fast=(_share_fast(steps[0]), _share_fast(steps[1])),
        fastest_there=float(np.mean([flag for one in made for flag in _fastest_there(one)])),
        largest_jump=(max(_largest(piece, 2) for piece in at), max(_largest(piece, 2) for piece in inside)),
        jerk=(
            float(np.mean([jerk(piece) for piece in at])),
            float(np.mean([jerk(piece) for piece in inside])),
        ),
        seam_skating=(
            float(np.mean([foot_skating_ratio(piece) for piece in at])),
            float(np.mean([foot_skating_ratio(piece) for piece in inside])),
        ),
        skating=(float(np.mean(together)), float(np.mean(alone))),
        passed=_shares(pairs),
        by_prompt={name: _shares(results) for name, results in passed.items()},
    )


def peak_memory(checkpoint: str, minutes: float) -> float:
    """Peak memory in GiB of a separate process that composes so many minutes, with two denoising steps."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_compose_and_measure, (checkpoint, minutes))


def markdown(result: Result, memory: dict[float, float]) -> str:
    """The results as a table."""
    step, jerks, skating, passed = result.largest_step, result.jerk, result.skating, result.passed
    lines = [
        f"{result.prompts} prompts of {result.seconds:g} s in one motion, {result.compositions} motions, "
        f"{result.seams} seams; a seam is {_SEAM:g} s on either side of a border.",
        "",
        "| | at seams | inside |",
        "|---|---|---|",
        f"| step of the fastest joint, cm a frame, median | {100 * step[0]:.1f} | {100 * step[2]:.1f} |",
        f"| the same, maximum | {100 * step[1]:.1f} | {100 * step[3]:.1f} |",
        f"| segments of {2 * _SEAM:g} s with a step over {100 * _LARGEST_STEP:g} cm "
        f"| {result.fast[0]:.0%} | {result.fast[1]:.0%} |",
        f"| largest distance from a joint's linear extrapolation, cm "
        f"| {100 * result.largest_jump[0]:.1f} | {100 * result.largest_jump[1]:.1f} |",
        f"| seams with such a step, longer than any in the adjacent parts | {result.fastest_there:.0%} | |",
        f"| jerk, m/s^3 (ratio {jerks[0] / jerks[1]:.2f}) | {jerks[0]:.1f} | {jerks[1]:.1f} |",
        f"| foot skating ratio | {result.seam_skating[0]:.3f} | {result.seam_skating[1]:.3f} |",
        "",
        "| | composed | alone |",
        "|---|---|---|",
        f"| foot skating ratio (ratio {skating[0] / max(skating[1], 1e-9):.2f}) "
        f"| {skating[0]:.4f} | {skating[1]:.4f} |",
        f"| parts that pass their check | {passed[0]:.0%} | {passed[1]:.0%} |",
        *(f"| {name} | {both[0]:.0%} | {both[1]:.0%} |" for name, both in result.by_prompt.items()),
        "",
        *(f"Peak memory for {minutes:g} min: {peak:.2f} GiB." for minutes, peak in memory.items()),
    ]
    return "\n".join(lines) + "\n"


def as_json(result: Result, memory: dict[float, float]) -> dict[str, Any]:
    """The results for a file."""
    return {**asdict(result), "memory_gib": {f"{minutes:g}": peak for minutes, peak in memory.items()}}


def _segments(made: Made) -> tuple[list[Array], list[Array]]:
    """Joints of a composition around each border, and of segments of the same length between the borders."""
    half = round(_SEAM * FPS)
    at = [border - half for border in made.borders[1:-1]]
    inside = [
        start
        for first, last in pairwise(made.borders)
        for start in range(first + half, last - 3 * half + 1, 2 * half)
    ]
    joints = made.together.joints.astype(np.float64)
    pieces = [[joints[start : start + 2 * half] for start in starts] for starts in (at, inside)]
    return pieces[0], pieces[1]


def _fastest_there(made: Made) -> list[bool]:
    """For each seam, whether a joint moves more than 10 cm in a frame and more than in the adjacent parts."""
    half = round(_SEAM * FPS)
    joints = made.together.joints.astype(np.float64)
    flags = []
    for before, border, after in zip(made.borders, made.borders[1:], made.borders[2:], strict=False):
        beside = joints[before + half : border - half], joints[border + half : after - half]
        limit = max(_LARGEST_STEP, *(_largest(part, 1) for part in beside))
        flags.append(_largest(joints[border - half : border + half], 1) > limit)
    return flags


def _largest(joints: Array, order: int) -> float:
    return float(np.linalg.norm(np.diff(joints, n=order, axis=0), axis=-1).max())


def _share_fast(steps: Sequence[float]) -> float:
    return float((np.array(steps) > _LARGEST_STEP).mean())


def _median_and_max(values: Sequence[float]) -> tuple[float, float]:
    return float(np.median(values)), max(values)


def _shares(pairs: Sequence[tuple[bool, bool]]) -> tuple[float, float]:
    composed, alone = np.mean(pairs, axis=0)
    return float(composed), float(alone)


def _compose_and_measure(checkpoint: str, minutes: float) -> float:
    seconds = 6.0
    prompts = ["a person walks forward", "a person waves"] * max(1, round(minutes * 60 / seconds / 2))
    timeline = Timeline.of(prompts, [seconds] * len(prompts))
    RAMPipeline.from_pretrained(checkpoint).compose(timeline, seed=0, num_inference_steps=2)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
