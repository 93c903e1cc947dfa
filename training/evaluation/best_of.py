"""The gain of best-of-n sampling: one motion for a text against the best of several.

Every text gets its candidates once. One motion is any of them, so that its figures are means over all; the
best is the one that `num_candidates` returns (without its redraws, where all have a fault).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ram_sdk import Motion, RAMPipeline
from ram_sdk.control.candidates import candidate_seeds, score
from ram_sdk.files import write_whole
from training.evaluation.evaluator import Evaluator, Sample
from training.evaluation.metrics import Moments, frechet_distance, r_precision
from training.evaluation.prompt_checks.body import Body
from training.evaluation.prompt_checks.suite import Prompt, does, load_suite, sound
from training.evaluation.protocol import Draw


@dataclass(frozen=True)
class Drawn:
    """The candidates of one text, and which of them is the best."""

    motions: tuple[Motion, ...]
    best: int


@dataclass(frozen=True)
class SuiteGain:
    """Share of the prompt suite's checks that pass.

    Attributes:
        prompts: number of prompts, each with `candidates` motions.
        one: of one motion.
        best: of the best.
        oracle: of prompts with any motion that passes.
        error: standard error, over prompts, of `best` minus `one`.
    """

    prompts: int
    candidates: int
    one: float
    best: float
    oracle: float
    error: float

    @classmethod
    def of(cls, passed: NDArray[np.bool_], best: Sequence[int]) -> "SuiteGain":
        """From which motions `(prompts, candidates)` pass, and the number of each prompt's best."""
        chosen = passed[np.arange(len(passed)), best]
        gain = chosen - passed.mean(axis=1)
        return cls(
            prompts=len(passed),
            candidates=passed.shape[1],
            one=float(passed.mean()),
            best=float(chosen.mean()),
            oracle=float(passed.any(axis=1).mean()),
            error=float(gain.std(ddof=1) / np.sqrt(len(gain))),
        )


@dataclass(frozen=True)
class MetricGain:
    """R@1 among 32 motions and FID of motions for captions of captures, of one motion and of the best."""

    captions: int
    candidates: int
    r_precision: tuple[float, float]
    fid: tuple[float, float]

    @classmethod
    def of(cls, text: Tensor, motion: Tensor, best: Sequence[int], reference: Moments) -> "MetricGain":
        """From embeddings `(texts, dim)` and `(texts, candidates, dim)`, the bests, and real motions."""
        chosen = motion[torch.arange(len(best)), torch.tensor(best)]
        sets = [*motion.unbind(dim=1), chosen]
        right = [float(r_precision(text, one)[0]) for one in sets]
        fid = [frechet_distance(reference, one) for one in sets]
        return cls(
            captions=len(text),
            candidates=motion.shape[1],
            r_precision=(float(np.mean(right[:-1])), right[-1]),
            fid=(float(np.mean(fid[:-1])), fid[-1]),
        )


def spread(count: int) -> list[Prompt]:
    """`count` prompts whose first wording is one sentence, evenly spaced in the suite."""
    prompts = [prompt for prompt in load_suite() if len(prompt.wordings[0].sentences) == 1]
    at = np.linspace(0, len(prompts) - 1, min(count, len(prompts))).round().astype(int)
    return [prompts[i] for i in at]


def on_suite(pipeline: RAMPipeline, prompts: Sequence[Prompt], candidates: int, seed: int) -> SuiteGain:
    """Generate candidates for prompts of the suite, and check all of them."""
    texts = [prompt.wordings[0].sentences[0] for prompt in prompts]
    passed, best = [], []
    made = _draw(pipeline, texts, None, [seed] * len(texts), candidates)
    for prompt, drawn in zip(prompts, made, strict=True):
        bodies = [Body(motion.joints) for motion in drawn.motions]
        passed.append([does(prompt, body) and sound(prompt, body) for body in bodies])
        best.append(drawn.best)
    return SuiteGain.of(np.array(passed), best)


def on_captures(pipeline: RAMPipeline, evaluator: Evaluator, draw: Draw, candidates: int) -> MetricGain:
    """Generate candidates for a draw's captions at its lengths, and embed all of them."""
    texts = [sample.caption.text for sample in draw.samples]
    lengths = [len(sample.features) for sample in draw.samples]
    embedded, best = [], []
    made = _draw(pipeline, texts, lengths, list(map(int, draw.seeds)), candidates)
    for sample, drawn in zip(draw.samples, made, strict=True):
        embedded.append(evaluator.embed([Sample(sample.caption, m.features) for m in drawn.motions])[1])
        best.append(drawn.best)
    text = evaluator.embed(draw.samples)[0]
    return MetricGain.of(text, torch.stack(embedded), best, draw.reference)


def markdown(suite: SuiteGain, captures: MetricGain | None) -> str:
    """The gains as a table."""
    lines = [
        f"| | one motion | best of {suite.candidates} | any of {suite.candidates} |",
        "|---|---|---|---|",
        f"| checks passed, {suite.prompts} prompts of the suite ({100 * (suite.best - suite.one):+.1f} "
        f"± {100 * suite.error:.1f} points) | {suite.one:.1%} | {suite.best:.1%} | {suite.oracle:.1%} |",
    ]
    if captures is not None:
        for name, (one, best) in (("R@1", captures.r_precision), ("FID", captures.fid)):
            about = f"{name}, {captures.captions} captions of captures ({best / one - 1:+.0%})"
            lines.append(f"| {about} | {one:.3f} | {best:.3f} | |")
    return "\n".join(lines) + "\n"


def write(out: Path, suite: SuiteGain, captures: MetricGain | None, about: dict[str, Any]) -> str:
    """Write `best_of.json` and `best_of.md` into a folder; returns the table."""
    text = markdown(suite, captures)
    content = {**about, "suite": asdict(suite), "captures": captures and asdict(captures)}
    write_whole(out / "best_of.json", (json.dumps(content, indent=1) + "\n").encode())
    write_whole(out / "best_of.md", text.encode())
    return text


def _draw(
    pipeline: RAMPipeline,
    texts: Sequence[str],
    lengths: Sequence[int] | None,
    seeds: Sequence[int],
    candidates: int,
) -> Iterator[Drawn]:
    """The candidates of each text, as `num_candidates` draws them; lengths default to estimates."""
    for i, text in enumerate(tqdm(texts, desc="texts", disable=None)):
        frames = None if lengths is None else lengths[i]
        own = candidate_seeds(seeds[i], candidates)
        motions = pipeline([text] * candidates, frames, seed=own).motions
        latent = pipeline.encode_text(text)[0]
        ranks = [score(pipeline, motion, latent).rank for motion in motions]
        yield Drawn(tuple(motions), ranks.index(max(ranks)))
