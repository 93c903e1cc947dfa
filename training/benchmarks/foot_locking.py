"""The foot skating ratio of generated motions before and after `Motion.lock_feet`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ram_sdk import RAMPipeline
from ram_sdk.motion import Motion
from ram_sdk.skeleton.physical import foot_skating_ratio
from training import machine
from training.evaluation.prompt_checks.suite import load_suite


@dataclass(frozen=True)
class Skating:
    """Foot skating ratios, 0 to 1, in the order of the motions.

    Attributes:
        free: of each motion without foot locking.
        locked: of the same motion with its feet locked.
    """

    free: tuple[float, ...]
    locked: tuple[float, ...]


def prompts(count: int) -> list[str]:
    """First wordings of the prompt suite's first single actions."""
    single = [prompt for prompt in load_suite() if prompt.kind == "check" and not prompt.speed]
    return [prompt.wordings[0].sentences[0] for prompt in single[:count]]


def generate(pipeline: RAMPipeline, texts: Sequence[str], seeds: Sequence[int]) -> list[Motion]:
    """A motion for every text and seed, of the length that the pipeline estimates."""
    return [motion for seed in seeds for motion in pipeline(texts, seed=seed).motions]


def measure(motions: Sequence[Motion]) -> Skating:
    """Skating of each motion with and without locked feet."""
    ratios = [
        [foot_skating_ratio(m.joints, m.fps) for m in (motion, motion.lock_feet())] for motion in motions
    ]
    free, locked = zip(*ratios, strict=True)
    return Skating(free, locked)


def report(checkpoint: str, count: int, seeds: Sequence[int], device: str) -> str:
    """Generate, measure, and summarise the results with the machine in a few lines."""
    pipeline = RAMPipeline.from_pretrained(checkpoint, device=device)
    texts = prompts(count)
    result = measure(generate(pipeline, texts, seeds))
    change = np.subtract(result.locked, result.free)
    here = machine.describe(device)
    return "\n".join(
        [
            f"{pipeline.name}, {len(texts)} prompts, seeds {', '.join(map(str, seeds))}; "
            f"{here['machine']}, torch {here['torch']}, {here['date']}",
            f"foot skating ratio {np.mean(result.free):.3f}, with locked feet {np.mean(result.locked):.3f}: "
            f"fell in {(change < 0).sum()} of {len(change)} motions, rose in {(change > 0).sum()}",
        ]
    )
