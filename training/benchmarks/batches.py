"""Throughput of batches of like length, beside batches as they come and padding to the longest of all."""

import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.batch.making import make
from ram_sdk.batch.plan import Job, Recipe, batches
from ram_sdk.pipeline import RAMPipeline
from training import machine

_PROMPTS = ("a person walks forward", "a person jumps", "a person waves with the right hand", "a person bows")


class PaddedPipeline(RAMPipeline):
    """Pads every batch to one length, as samplers that have no masks of their own length do."""

    longest: int

    def frame_mask(self, lengths: Sequence[int]) -> Tensor:
        """Mask `(batch, longest)`, True = valid."""
        return torch.arange(self.longest) < torch.tensor(lengths)[:, None]

    def prepare_noise(self, generators: Sequence[torch.Generator], lengths: Sequence[int]) -> Tensor:
        """The pipeline's noise, zero in the padding."""
        noise = super().prepare_noise(generators, lengths)
        return F.pad(noise, (0, 0, 0, self.longest - noise.shape[1]))


def measure(
    checkpoint: str, prompts: int, steps: int, batch_size: int, repeats: int
) -> tuple[dict[str, float], list[int]]:
    """CPU seconds of each way to make all motions, medians of its repeats, and the lengths in frames.

    Seconds of the CPU, because other programs on the machine change those of the clock.
    """
    recipe = Recipe(checkpoint, sampling={"num_inference_steps": steps})
    pipeline = recipe.load("cpu")
    padded = PaddedPipeline(**pipeline.components)
    padded.set_progress_bar_config(disable=True)
    motion = pipeline.normalizer.config
    rng = np.random.default_rng(0)
    lengths = [int(frames) for frames in rng.integers(motion.min_frames, motion.max_frames + 1, prompts)]
    padded.longest = max(lengths)
    jobs = [Job(i, "", _PROMPTS[i % len(_PROMPTS)], frames, i, "") for i, frames in enumerate(lengths)]
    as_they_come = [jobs[start : start + batch_size] for start in range(0, prompts, batch_size)]
    ways = {
        "sorted by length": (pipeline, batches(jobs, batch_size)),
        "as they come": (pipeline, as_they_come),
        "all padded to the longest": (padded, as_they_come),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    make(pipeline, jobs[:1], recipe)  # first calls are slower
    for _ in range(repeats):
        for name, (pipe, some) in ways.items():
            start = time.process_time()
            for batch in some:
                make(pipe, batch, recipe)
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}, lengths


def report(checkpoint: str, prompts: int, steps: int, batch_size: int, repeats: int) -> None:
    """Measure and print the motions a second of each way, and their ratios."""
    seconds, lengths = measure(checkpoint, prompts, steps, batch_size, repeats)
    here = machine.describe("cpu")
    print(
        f"{here['machine']}, torch {here['torch']}, {checkpoint}: {prompts} motions of {min(lengths)} to "
        f"{max(lengths)} frames (mean {statistics.mean(lengths):.0f}), {steps} steps, "
        f"batches of {batch_size}; seconds of the CPU, median of {repeats}"
    )
    slowest = seconds["all padded to the longest"]
    for name, taken in seconds.items():
        print(f"{name:26} {prompts / taken:7.2f} motions/s  {slowest / taken:5.2f} x padding everything")
