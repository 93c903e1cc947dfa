"""The evaluation protocol: replications on one split for several rows and the ground truth.

As in Guo et al. (2022) and MDM, every replication samples a random caption and crop of each clip, every row
generates one motion for each sampled caption at the crop's length, and another random draw of all real clips
is the reference for FID. All rows use the same captions, lengths and seeds. MultiModality uses 30 motions for
each of some captions. Motions are embedded batch by batch and not stored.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from ram_sdk import Motion, RAMPipeline, RAMScheduler
from ram_sdk.checkpoint import DEFAULT
from ram_sdk.files import write_whole
from ram_sdk.scheduler import Sampler, Spacing
from ram_sdk.skeleton import physical
from ram_sdk.skeleton.joints import HUMANML3D
from training import machine
from training.data.folder import MotionTextFolder
from training.evaluation.clips import LabelledClip, draw, read_labelled
from training.evaluation.evaluator import Evaluator, Sample
from training.evaluation.metrics import (
    GROUP,
    Moments,
    diversity,
    draw_pairs,
    duplicate_limit,
    frechet_distance,
    matching_distance,
    multimodality,
    r_precision,
)

GROUND_TRUTH = "ground truth"
_DIVERSITY_PAIRS = 300
_REPEATS, _REPEAT_PAIRS = 30, 10  # MultiModality: motions per caption, and pairs of them
_WITHOUT_EFFECT = ("duration_estimator", "matcher", "known_actions")  # on a motion of a given length
_SETTINGS: dict[str, Callable[[str], Any]] = {
    "reg_scale": float,
    "cfg_scale": float,
    "steps": int,
    "reg_timesteps": lambda text: tuple(int(timestep) for timestep in text.split("+")),
    "timestep_spacing": str,
    "strength": float,
    "sampler": str,
}

Batch = tuple[Sequence[int], list[Sample]]
"""Indices of samples in the whole draw, and the samples."""
Result = dict[str, Any]
"""One replication of one row: "setup" (data and settings), "made" (machine and date), "metrics" (by name)."""


@dataclass(frozen=True)
class Row:
    """A checkpoint and its generation settings; None is the checkpoint's own default."""

    name: str
    checkpoint: str = DEFAULT  # a shipped one's name, a pipeline folder or a Hub repository
    reg_scale: float | None = None
    cfg_scale: float | None = None
    steps: int | None = None
    reg_timesteps: tuple[int, ...] | None = None
    timestep_spacing: Spacing | None = None
    strength: float | None = None
    sampler: Sampler | None = None

    @classmethod
    def parse(cls, text: str) -> "Row":
        """Read `NAME=CHECKPOINT[,setting=value]...`, such as `CFG=open-small,reg_scale=0,cfg_scale=2.5`.

        Raises:
            ValueError: the text has another format.
        """
        first, *settings = text.split(",")
        name, _, checkpoint = first.partition("=")
        if not (name.strip() and checkpoint) or name == GROUND_TRUTH or "/" in name:
            raise ValueError(f"row {text!r}: write it as NAME=CHECKPOINT[,setting=value]...")
        values = {}
        for setting in settings:
            key, _, value = setting.partition("=")
            if key not in _SETTINGS:
                raise ValueError(f"row {text!r}: unknown setting {key!r}, use {', '.join(_SETTINGS)}")
            try:
                values[key] = _SETTINGS[key](value)
            except ValueError:
                raise ValueError(f"row {text!r}: {setting!r} is not a number") from None
        return cls(name, checkpoint, **values)

    def load(self, device: str) -> RAMPipeline:
        """The row's pipeline; see `with_settings`."""
        return self.with_settings(RAMPipeline.from_pretrained(self.checkpoint, device=device))

    def with_settings(self, pipeline: RAMPipeline) -> RAMPipeline:
        """The pipeline with the row's settings in its scheduler; REG needs a motion encoder."""
        wanted = {
            "num_inference_steps": self.steps,
            "reg_scale": self.reg_scale if pipeline.motion_encoder is not None else self.reg_scale or 0.0,
            "cfg_scale": self.cfg_scale,
            "reg_timesteps": self.reg_timesteps,
            "timestep_spacing": self.timestep_spacing,
            "strength": self.strength,
            "sampler": self.sampler,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        scheduler = RAMScheduler.from_config(pipeline.scheduler, **changes)
        changed = RAMPipeline(**pipeline.components | {"scheduler": scheduler})
        changed.name = pipeline.name
        changed.set_progress_bar_config(disable=True)
        return changed

    def resolved(self, pipeline: RAMPipeline) -> "Row":
        """The row with the settings of its pipeline (from `load`) filled in."""
        config = pipeline.scheduler.config
        return dataclasses.replace(
            self,
            steps=config.num_inference_steps,
            reg_scale=config.reg_scale,
            cfg_scale=config.cfg_scale,
            reg_timesteps=config.reg_timesteps,
            timestep_spacing=config.timestep_spacing,
            strength=config.strength,
            sampler=config.sampler,
        )


@dataclass(frozen=True)
class Protocol:
    """Split, sample sizes and seed; the defaults are the standard ones."""

    split: str = "test"
    replications: int = 20
    clips: int | None = None  # sampled in each replication; None = all
    multimodality_texts: int = 100  # captions for MultiModality; 0 skips it
    seed: int = 0
    people: bool = False  # only captions that people wrote of the clips' own captures


@dataclass(frozen=True)
class Draw:
    """The random draw of one replication, shared by all rows."""

    samples: list[Sample]  # real motions, whose captions and lengths the rows generate
    actions: list[str]
    seeds: NDArray[np.int64]  # one for each sample
    repeat_seeds: NDArray[np.int64]  # one for each motion of MultiModality
    reference: Moments  # of another random draw of all real clips


class Evaluation:
    """Evaluation on one split with one evaluator; finished replications are stored in the results folder.

    Args:
        data: folder in HumanML3D's layout.
        evaluator: embeds captions and motions.
        out: folder of the results; finished replications of an earlier run are reused.
        protocol: split, captions, replications and seed.
        batch_size: motions generated in a batch.

    Raises:
        FileNotFoundError: the data folder lacks the split or one of its files.
        ValueError: the folder has fewer clips than R-Precision needs, or the evaluator is for another
            skeleton.
    """

    def __init__(
        self, data: Path, evaluator: Evaluator, out: Path, protocol: Protocol, batch_size: int = 8
    ) -> None:
        folder = MotionTextFolder(data)
        if evaluator.skeleton is not folder.skeleton:
            raise ValueError(
                f"{data} holds {folder.skeleton.name} features, the evaluator {evaluator.name} reads "
                f"{evaluator.skeleton.name}'s: give an evaluator of {folder.skeleton.name}"
            )
        self.protocol = protocol
        self.evaluator = evaluator
        self.clips = read_labelled(folder, protocol.split, protocol.people)
        self.count = min(protocol.clips or len(self.clips), len(self.clips))
        if self.count < GROUP:
            raise ValueError(
                f"{data}: {self.count} clips in split {protocol.split} are too few: R-Precision needs {GROUP}"
            )
        self.setup = {
            "data": data.resolve().name,
            "data_sha256": _digest(part for clip in self.clips for part in _contents(clip)),
            "evaluator": evaluator.name,
            "evaluator_sha256": dict(evaluator.hashes),
            "split": protocol.split,
            "clips": self.count,
            "reference_clips": len(self.clips),
            "multimodality_texts": min(protocol.multimodality_texts, self.count),
            "seed": protocol.seed,
            "people": protocol.people,
        }
        self._out = out / "replications"
        self._batch_size = batch_size
        self._skeleton = folder.skeleton
        self._measured = folder.skeleton is HUMANML3D  # the only one that the physical metrics support
        if self._measured:
            lengths = [physical.bone_lengths(_joints(clip.features)).mean(0) for clip in self.clips]
            self._bones = np.mean(lengths, axis=0)

    def load(self, rows: Sequence[Row], device: str = "cpu") -> dict[str, RAMPipeline]:
        """The rows' checkpoints by name, each loaded once.

        Raises:
            ValueError: two rows have the same name, or a checkpoint is missing or for another skeleton.
        """
        if len({row.name for row in rows}) < len(rows):
            raise ValueError(f"rows {[row.name for row in rows]}: give every row a unique name")
        loaded = {}
        for checkpoint in dict.fromkeys(row.checkpoint for row in rows):
            loaded[checkpoint] = RAMPipeline.from_pretrained(checkpoint, device=device)
            skeleton = loaded[checkpoint].normalizer.config.skeleton
            if skeleton != self._skeleton.name:
                raise ValueError(
                    f"{checkpoint} makes {skeleton} motions, {self.setup['data']} holds "
                    f"{self._skeleton.name}'s: give a checkpoint of {self._skeleton.name}"
                )
        return loaded

    def run(self, rows: Sequence[Row], device: str = "cpu") -> Iterator[dict[str, list[Result]]]:
        """Evaluate rows; yields all results so far, by row, each time a replication is complete.

        Raises:
            ValueError: the folder has replications of other data or settings, or see `load`.
        """
        loaded = self.load(rows, device)
        measures: list[tuple[dict[str, Any], Callable[[Draw], dict[str, float]]]] = [
            ({"name": GROUND_TRUTH}, self._measure_truth)
        ]
        for row in rows:
            pipeline = row.with_settings(loaded[row.checkpoint])
            row = row.resolved(pipeline)
            about = {**dataclasses.asdict(row), "pipeline_sha256": _pipeline_digest(pipeline)}
            measures.append((about, partial(self._measure_row, row, pipeline)))
        results: dict[str, list[Result]] = {about["name"]: [] for about, _ in measures}
        for number in range(self.protocol.replications):
            draw = cache(partial(self.draw, number))
            for about, measure in measures:
                path = self._out / about["name"] / f"{number:02d}.json"
                setup = json.loads(json.dumps({**self.setup, "row": about}))
                if not path.is_file():
                    metrics = measure(draw())
                    content = {"setup": setup, "made": machine.describe(device), "metrics": metrics}
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(path, (json.dumps(content, indent=2) + "\n").encode())
                results[about["name"]].append(_read(path, setup))
            yield results

    def draw(self, replication: int) -> Draw:
        """Captions, crops and seeds of one replication; they depend on the protocol's seed and its number."""
        rng = np.random.default_rng((self.protocol.seed, replication))
        chosen = rng.permutation(len(self.clips))[: self.count]
        samples = [draw(self.clips[i], rng) for i in chosen]
        repeats = min(self.protocol.multimodality_texts, self.count) * _REPEATS
        seeds, repeat_seeds = (rng.integers(2**31, size=size) for size in (self.count, repeats))
        reference = Moments()
        further = [draw(clip, rng) for clip in self.clips]
        for start in range(0, len(further), 256):
            reference.add(self.evaluator.embed(further[start : start + 256])[1])
        return Draw(samples, [self.clips[i].action for i in chosen], seeds, repeat_seeds, reference)

    def _measure_truth(self, draw: Draw) -> dict[str, float]:
        samples = draw.samples
        batches = [range(i, min(i + 256, len(samples))) for i in range(0, len(samples), 256)]
        text, motion, bodies = self._embed(((batch, [samples[i] for i in batch]) for batch in batches), draw)
        limits = duplicate_limit([sample.caption.text for sample in samples])
        captions = {f"caption_limit_{k}": float(limit) for k, limit in enumerate(limits, start=1)}
        return {**self._scores(text, motion, draw), **bodies, **captions}

    def _measure_row(self, row: Row, pipeline: RAMPipeline, draw: Draw) -> dict[str, float]:
        made = generate(pipeline, row, draw.samples, draw.seeds, self._batch_size)
        text, motion, bodies = self._embed(made, draw)
        scores = {**self._scores(text, motion, draw), **bodies}
        texts = len(draw.repeat_seeds) // _REPEATS
        if texts:
            asked = [sample for sample in draw.samples[:texts] for _ in range(_REPEATS)]
            repeats = generate(pipeline, row, asked, draw.repeat_seeds, self._batch_size)
            embedded = torch.empty(len(asked), motion.shape[1])
            for places, samples in repeats:
                embedded[list(places)] = self.evaluator.embed(samples)[1]
            pairs = draw_pairs(_REPEATS, _REPEAT_PAIRS, np.random.default_rng(draw.repeat_seeds))
            scores["multimodality"] = multimodality(embedded.view(texts, _REPEATS, -1), pairs)
        return scores

    def _embed(self, batches: Iterable[Batch], draw: Draw) -> tuple[Tensor, Tensor, dict[str, float]]:
        """Text and motion embeddings in the draw's order, and the means of the physical metrics."""
        text: list[Tensor] = [torch.empty(0)] * self.count
        motion = list(text)
        bodies: list[dict[str, float]] = []
        for places, samples in batches:
            for place, *pair in zip(places, *self.evaluator.embed(samples), strict=True):
                text[place], motion[place] = pair
            if self._measured:
                bodies.extend(self._physical(_joints(sample.features)) for sample in samples)
        means = {key: float(np.mean([body[key] for body in bodies])) for key in (bodies[0] if bodies else ())}
        return torch.stack(text), torch.stack(motion), means

    def _scores(self, text: Tensor, motion: Tensor, draw: Draw) -> dict[str, float]:
        scores = {"fid": frechet_distance(draw.reference, motion)}
        classes = {"r_precision": None, "action_r_precision": draw.actions if any(draw.actions) else None}
        for name, labels in classes.items():
            if name == "r_precision" or labels:
                shares = r_precision(text, motion, labels=labels)
                scores |= {f"{name}_{k}": float(share) for k, share in enumerate(shares, start=1)}
        scores["mm_dist"] = matching_distance(text, motion)
        pairs = draw_pairs(len(motion), min(_DIVERSITY_PAIRS, len(motion)), np.random.default_rng(draw.seeds))
        scores["diversity"] = diversity(motion, pairs)
        return scores

    def _physical(self, joints: NDArray[np.float32]) -> dict[str, float]:
        return {
            "foot_skating": physical.foot_skating_ratio(joints),
            "floor_penetration": physical.floor_penetration(joints),
            "jerk": physical.jerk(joints),
            "bone_length_error": physical.bone_length_error(joints, self._bones),
        }


def generate(
    pipeline: RAMPipeline,
    row: Row,
    wanted: Sequence[Sample],
    seeds: Sequence[int] | NDArray[np.int64],
    batch_size: int,
) -> Iterator[Batch]:
    """Generate a motion for each sample's caption, at its length, in batches of similar length.

    Args:
        pipeline: the row's.
        row: its settings.
        wanted: captions and lengths.
        seeds: one for each sample.
        batch_size: motions generated in a batch.

    Yields:
        The samples' indices in `wanted`, and the generated samples.
    """
    order = sorted(range(len(wanted)), key=lambda i: len(wanted[i].features))
    with tqdm(total=len(order), desc=row.name, leave=False, disable=None) as bar:
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            motions = pipeline(
                [wanted[i].caption.text for i in places],
                [len(wanted[i].features) for i in places],
                seed=[int(seeds[i]) for i in places],
                output_type="features",
            ).motions
            yield (
                places,
                [Sample(wanted[i].caption, m.numpy()) for i, m in zip(places, motions, strict=True)],
            )
            bar.update(len(places))


def _joints(features: NDArray[np.float32]) -> NDArray[np.float32]:
    return Motion.from_features(features).joints


def _read(path: Path, setup: dict[str, Any]) -> Result:
    """Read a stored replication, which must have the same setup."""
    content: Result = json.loads(path.read_text(encoding="utf-8"))
    stored = content["setup"]
    if different := sorted(key for key in setup if stored.get(key) != setup[key]):
        raise ValueError(f"{path} was made with another {', '.join(different)}: choose another --out")
    return content


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]


def _contents(clip: LabelledClip) -> tuple[bytes, bytes]:
    return clip.features.tobytes(), "\n".join(caption.text for caption in clip.captions).encode()


def _pipeline_digest(pipeline: RAMPipeline) -> str:
    """Hash of everything that determines a motion of a given length."""

    def contents() -> Iterator[bytes]:
        for name, part in pipeline.components.items():
            if part is None or name in _WITHOUT_EFFECT:
                continue
            yield f"{name} {json.dumps(dataclasses.asdict(part.config), sort_keys=True)}".encode()
            if name not in ("text_backbone", "scheduler"):  # the backbone's configuration holds its hash
                for key, value in part.state_dict().items():
                    yield key.encode()
                    yield value.detach().cpu().float().numpy().tobytes()

    return _digest(contents())
