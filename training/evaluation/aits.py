"""Average inference time per sentence (AITS), and throughput.

AITS as in MLD and the paper: sentences of the test split one at a time at their clips' lengths, including
text encoding, excluding loading. Throughput: full batches of the same sentences. Writes `aits.json` and
`aits.md`.
"""

import itertools
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ram_sdk import RAMPipeline
from ram_sdk.files import write_whole
from training import machine
from training.data.folder import MotionTextFolder
from training.evaluation.clips import draw, read_labelled
from training.evaluation.evaluator import Sample
from training.evaluation.protocol import Row, generate


def seconds(pipeline: RAMPipeline, row: Row, samples: Sequence[Sample], batch_size: int) -> list[float]:
    """Seconds for each batch of sentences, after a warm-up batch.

    Args:
        pipeline: the row's.
        row: its settings.
        samples: captions and lengths; split into batches of similar length.
        batch_size: sentences in a batch.
    """
    cuda = pipeline.device.type == "cuda"
    list(generate(pipeline, row, samples[:batch_size], [0] * batch_size, batch_size))
    times: list[float] = []
    batches = generate(pipeline, row, samples, range(len(samples)), batch_size)
    while True:
        if cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        if next(batches, None) is None:
            return times
        times.append(time.perf_counter() - start)


def setup(sentences: int, batch_sizes: Sequence[int], device: str, seed: int = 0) -> dict[str, Any]:
    """The settings of a measurement besides rows and data; see `measure`."""
    return {"sentences": sentences, "batch_sizes": list(batch_sizes), "device": device, "seed": seed}


def measure(
    rows: Sequence[Row],
    data: Path,
    out: Path,
    sentences: int = 100,
    batch_sizes: Sequence[int] = (32, 256),
    device: str = "cpu",
    seed: int = 0,
) -> dict[str, Any]:
    """Measure rows and write `aits.json` and `aits.md`.

    Args:
        rows: checkpoints and settings.
        data: folder in HumanML3D's layout; sentences and lengths are from its test split.
        out: folder of the results.
        sentences: number of sentences over which AITS is averaged.
        batch_sizes: for throughput, one batch each.
        device: of the networks.
        seed: selects the sentences.

    Returns:
        The content of `aits.json`.
    """
    rng = np.random.default_rng(seed)
    clips = read_labelled(MotionTextFolder(data), "test")
    drawn = [draw(clips[i], rng) for i in rng.permutation(len(clips))]
    single = drawn[:sentences]
    pipelines = [row.load(device) for row in rows]  # a bad row fails before any measurement
    measured = {}
    for row, pipeline in zip(rows, pipelines, strict=True):
        row = row.resolved(pipeline)
        times = seconds(pipeline, row, single, 1)
        measured[row.name] = {
            "aits": float(np.mean(times)),
            "median": float(np.median(times)),
            "motions_per_second": {
                size: size
                / seconds(pipeline, row, list(itertools.islice(itertools.cycle(drawn), size)), size)[0]
                for size in batch_sizes
            },
        }
    summary = {
        "setup": setup(sentences, batch_sizes, device, seed),
        "sentences": len(single),
        "mean_frames": float(np.mean([len(sample.features) for sample in single])),
        "seed": seed,
        **machine.describe(device),
        "rows": measured,
    }
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "aits.json", (json.dumps(summary, indent=2) + "\n").encode())
    write_whole(out / "aits.md", markdown(summary).encode())
    return summary


def markdown(summary: Mapping[str, Any]) -> str:
    """The summary as a table."""
    sizes = list(next(iter(summary["rows"].values()))["motions_per_second"])
    lines = [
        f"{summary['sentences']} sentences of {summary['mean_frames']:.0f} frames on average, seed "
        f"{summary['seed']}. {summary['machine']}, torch {summary['torch']}, {summary['date']}.",
        "",
        "| | AITS, s | median, s |" + "".join(f" motions/s, batch {size} |" for size in sizes),
        "|---|---|---|" + "---|" * len(sizes),
    ]
    for name, row in summary["rows"].items():
        rates = "".join(f" {rate:.2f} |" for rate in row["motions_per_second"].values())
        lines.append(f"| {name} | {row['aits']:.3f} | {row['median']:.3f} |{rates}")
    return "\n".join(lines) + "\n"
