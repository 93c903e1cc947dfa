"""Throughput of length-sorted batches, compared with batches in table order and padding to the longest."""

import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk.batch.making import make
from ram_sdk.batch.plan import Recipe, batches, plan
from ram_sdk.batch.table import Row
from ram_sdk.pipeline import RAMPipeline
from training import machine
from training.evaluation.prompt_checks.suite import load_suite


class PaddedPipeline(RAMPipeline):
    """Pads every batch to one fixed length, as samplers without length masks do."""

    longest: int

    def frame_mask(self, lengths: Sequence[int]) -> Tensor:
        """Mask `(batch, longest)`, True = valid."""
        return torch.arange(self.longest) < torch.tensor(lengths)[:, None]

    def prepare_noise(self, generators: Sequence[torch.Generator], lengths: Sequence[int]) -> Tensor:
        """The pipeline's noise, padded with zeros."""
        noise = super().prepare_noise(generators, lengths)
        return F.pad(noise, (0, 0, 0, self.longest - noise.shape[1]))


def measure(
    checkpoint: str, prompts: int, steps: int, batch_size: int, repeats: int
) -> tuple[dict[str, tuple[float, ...]], list[int]]:
    """Seconds of each way to generate all motions, medians over repeats, and the lengths in frames.

    CPU time and wall-clock time; other programs on the machine affect the latter more.
    """
    recipe = Recipe(checkpoint, sampling={"num_inference_steps": steps})
    pipeline = recipe.load("cpu")
    padded = PaddedPipeline(**pipeline.components)
    padded.set_progress_bar_config(disable=True)
    rows = [Row(number, text, seed=number) for number, text in enumerate(_sentences(prompts), 1)]
    jobs, _ = plan(rows, pipeline, recipe)
    lengths = [job.frames for job in jobs]
    padded.longest = max(lengths)
    in_order = [jobs[start : start + batch_size] for start in range(0, prompts, batch_size)]
    ways = {
        "sorted by length": (pipeline, batches(jobs, batch_size)),
        "in table order": (pipeline, in_order),
        "all padded to the longest": (padded, in_order),
    }
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    make(pipeline, jobs[:1], recipe)  # first calls are slower
    for _ in range(repeats):
        for name, (pipe, some) in ways.items():
            start = time.process_time(), time.perf_counter()
            for batch in some:
                make(pipe, batch, recipe)
            seconds[name].append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return {
        name: tuple(map(statistics.median, zip(*times, strict=True))) for name, times in seconds.items()
    }, lengths


def _sentences(count: int) -> list[str]:
    """Sentences of the prompt suite in random order, repeated if there are too few."""
    suite = [text for prompt in load_suite() for one in prompt.wordings for text in one.sentences]
    order = np.random.default_rng(0).permutation(len(suite))
    return [suite[order[i % len(suite)]] for i in range(count)]


def report(checkpoint: str, prompts: int, steps: int, batch_size: int, repeats: int) -> None:
    """Measure and print the motions per second of each way, and their ratios."""
    seconds, lengths = measure(checkpoint, prompts, steps, batch_size, repeats)
    here = machine.describe("cpu")
    print(
        f"{here['machine']}, torch {here['torch']}, {checkpoint}: {prompts} motions of {min(lengths)} to "
        f"{max(lengths)} frames (mean {statistics.mean(lengths):.0f}), {steps} steps, "
        f"batches of {batch_size}; median of {repeats}"
    )
    slowest = seconds["all padded to the longest"]
    for name, taken in seconds.items():
        speedups = [most / own for most, own in zip(slowest, taken, strict=True)]
        print(
            f"{name:26} {prompts / taken[0]:7.2f} motions per second of CPU time, "
            f"{speedups[0]:.2f} x padding everything ({speedups[1]:.2f} x in wall-clock time)"
        )
