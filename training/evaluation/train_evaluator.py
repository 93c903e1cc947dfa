"""Train the open evaluator.

Symmetric InfoNCE between captions and random crops of the training split. Other clips that a caption fits
(`clips.fits`) are not used as its negatives. The weights with the best R-Precision on the validation split
are kept. The same call resumes an earlier run in the same folder.
"""

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from ram_sdk.checkpoint import shipped_text_backbone
from training.data.folder import MotionTextFolder
from training.dataset import CaptionStates
from training.evaluation.clips import LabelledClip, content_words, draw, read_labelled
from training.evaluation.metrics import r_precision
from training.evaluation.open_evaluator import (
    MotionTower,
    OpenEvaluatorConfig,
    OpenEvaluatorNetwork,
    motion_channels,
    save,
)

SEED = 20_261  # not RAM's: the evaluator is independent of the models that it evaluates
_BATCH = 128
_STEPS = 1200
_WARMUP = 100
_LEARNING_RATE = 8e-4
_WEIGHT_DECAY = 0.05
_TEMPERATURE = 0.07  # of the cosine
_MIN_CROP = 0.7  # of the clip
_TOKEN_DROPOUT = 0.1  # share of a caption's token states dropped in a step
_VALIDATE_EVERY = 100  # steps
_PATIENCE = 10  # validations without improvement


class TrainingSet:
    """A split in memory; batches depend only on the seed and the step."""

    def __init__(
        self, clips: Sequence[LabelledClip], states: CaptionStates, folder: MotionTextFolder
    ) -> None:
        self.channels = [motion_channels(torch.from_numpy(clip.features), folder.skeleton) for clip in clips]
        self._clips = clips
        self._states = states
        self._words = [[content_words(caption) for caption in clip.captions] for clip in clips]

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each channel."""
        frames = torch.cat(self.channels)
        return frames.mean(0), frames.std(0).clamp(min=1e-4)

    def batch(self, step: int) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Token states, channels, and the mask `(captions, clips)` of positives and true negatives."""
        rng = np.random.default_rng((SEED, step))
        chosen = rng.choice(len(self._clips), min(_BATCH, len(self._clips)), replace=False)
        picked = [int(rng.integers(len(self._words[i]))) for i in chosen]
        words = [self._words[i][k] for i, k in zip(chosen, picked, strict=True)]
        fitting = np.array([[word in self._words[i] for i in chosen] for word in words])
        compete = torch.from_numpy(~fitting | np.eye(len(chosen), dtype=bool))
        texts = [
            self._states[self._clips[i].captions[k].text].float() for i, k in zip(chosen, picked, strict=True)
        ]
        return (
            [_drop_tokens(text, rng) for text in texts],
            [_crop(self.channels[i], rng) for i in chosen],
            compete,
        )


def _drop_tokens(text: Tensor, rng: np.random.Generator) -> Tensor:
    kept = rng.random(len(text)) >= _TOKEN_DROPOUT
    kept[0] = True
    return text[torch.from_numpy(kept)]


def _crop(channels: Tensor, rng: np.random.Generator) -> Tensor:
    length = int(len(channels) * rng.uniform(_MIN_CROP, 1.0))
    start = int(rng.integers(len(channels) - length + 1))
    return channels[start : start + length]


def contrastive(text: Tensor, motion: Tensor, compete: Tensor) -> Tensor:
    """Symmetric InfoNCE over the cosine similarity of embeddings; pairs outside the mask are ignored.

    Args:
        text: `(batch, dim)`.
        motion: `(batch, dim)`.
        compete: the mask `(batch, batch)`, captions by clips; its diagonal is True.
    """
    similarity = F.normalize(text, dim=-1) @ F.normalize(motion, dim=-1).T / _TEMPERATURE
    similarity = similarity.masked_fill(~compete, -torch.inf)
    own = torch.arange(len(text))
    return (F.cross_entropy(similarity, own) + F.cross_entropy(similarity.T, own)) / 2


class Run:
    """State of a training run."""

    def __init__(self, network: OpenEvaluatorNetwork) -> None:
        self.network = network
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY, fused=True
        )
        self.step = 0
        self.best = (0.0, 0)  # R@1 and its step

    def train_step(self, texts: list[Tensor], motions: list[Tensor], compete: Tensor) -> float:
        """One optimizer step; returns the loss."""
        torch.manual_seed(SEED + self.step)
        progress = self.step / _STEPS
        factor = min(1.0, (self.step + 1) / _WARMUP) * 0.5 * (1.0 + math.cos(math.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * factor
        self.network.train()
        loss = contrastive(self.network.embed_texts(texts), self.network.embed_motions(motions), compete)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return loss.item()

    def save(self, path: Path) -> None:
        """Write all state that the next step depends on, atomically."""
        state = {
            "step": self.step,
            "best": self.best,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Resume from a file written by `save`."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best = state["step"], tuple(state["best"])


@torch.no_grad()
def validate(
    network: OpenEvaluatorNetwork,
    clips: Sequence[LabelledClip],
    states: CaptionStates,
    folder: MotionTextFolder,
    repeats: int = 4,
) -> dict[str, float]:
    """Mean R-Precision over fixed draws; for "action", every clip of the caption's action is correct."""
    network.eval()
    rng = np.random.default_rng(0)
    own, action = [], []
    for _ in range(repeats):
        order = rng.permutation(len(clips))
        samples = [draw(clips[i], rng) for i in order]
        text = network.embed_texts([states[s.caption.text].float() for s in samples])
        motion = network.embed_motions(
            [motion_channels(torch.from_numpy(s.features), folder.skeleton) for s in samples]
        )
        own.append(r_precision(text, motion))
        action.append(r_precision(text, motion, labels=[clips[i].action for i in order]))
    means = zip(("own", "action"), (torch.stack(own).mean(0), torch.stack(action).mean(0)), strict=True)
    return {f"{name}@{k}": float(value) for name, row in means for k, value in enumerate(row, start=1)}


def train(data: Path, out: Path) -> None:
    """Train on the training split until validation stops improving, or for 1,200 steps."""
    out.mkdir(parents=True, exist_ok=True)
    folder = MotionTextFolder(data)
    backbone = shipped_text_backbone()
    splits = {split: read_labelled(folder, split) for split in ("train", "val")}
    captions = [caption.text for clips in splits.values() for clip in clips for caption in clip.captions]
    states = CaptionStates(captions, backbone, data / ".captions")
    training = TrainingSet(splits["train"], states, folder)
    torch.manual_seed(SEED)
    config = OpenEvaluatorConfig(folder.skeleton.name, backbone.config.sha256, backbone.config.dim)
    network = OpenEvaluatorNetwork(config)
    _set_statistics(network.motion, training)
    run = Run(network)
    if (out / "state.pt").is_file():
        run.load(out / "state.pt")
    print(f"{len(splits['train'])} training clips, {len(splits['val'])} validation clips, step {run.step}")
    with (
        (out / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(total=_STEPS, initial=run.step, desc="training", disable=None) as bar,
    ):
        losses: list[float] = []
        start = time.perf_counter()
        while run.step < _STEPS and run.step - run.best[1] < _PATIENCE * _VALIDATE_EVERY:
            losses.append(run.train_step(*training.batch(run.step)))
            bar.update()
            if run.step % _VALIDATE_EVERY == 0 or run.step == _STEPS:
                measured = validate(network, splits["val"], states, folder)
                if measured["own@1"] > run.best[0]:
                    run.best = (measured["own@1"], run.step)
                    save(network, out / "evaluator")
                run.save(out / "state.pt")
                line = {"loss": float(np.mean(losses)), "seconds": time.perf_counter() - start, **measured}
                log.write(json.dumps({"step": run.step, **{k: round(v, 4) for k, v in line.items()}}) + "\n")
                log.flush()
                losses, start = [], time.perf_counter()
    print(f"best validation R@1 {run.best[0]:.3f} at step {run.best[1]}: {out / 'evaluator'}")


def _set_statistics(tower: MotionTower, training: TrainingSet) -> None:
    mean, std = training.statistics()
    tower.mean.copy_(mean)
    tower.std.copy_(std)
