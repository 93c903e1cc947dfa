"""The calibration of a checkpoint's text-motion similarity: fitted, and written into its folder."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import read_json, write_json
from ram_sdk.models import Matcher, MatcherConfig
from ram_sdk.shipped import INDEX
from training.data.clip import Clip
from training.data.folder import MotionTextFolder
from training.dataset import read_split

_NEWTON_STEPS = 50
_RIDGE = 1e-6  # keeps the curve finite where a cosine parts all pairs
_TEXTS = 64  # that are encoded together


@torch.no_grad()
def fit(pipeline: RAMPipeline, clips: Sequence[Clip], seed: int = 0) -> Matcher:
    """The calibration of a checkpoint on clips that it was not trained on.

    Args:
        pipeline: with a motion encoder.
        clips: captioned; at least two of different actions, or where there are no actions, captions.
        seed: draws the motions of other actions.

    Raises:
        ValueError: the checkpoint has no motion encoder, or there are no two clips of different actions.
    """
    names = np.array([clip.action or clip.captions[0] for clip in clips])
    if len(set(names)) < 2:
        raise ValueError("calibration needs clips of at least two actions")
    pairs = [(text, i) for i, clip in enumerate(clips) for text in clip.captions]
    rng = np.random.default_rng(seed)
    own = [i for _, i in pairs]
    other = [int(rng.choice(np.flatnonzero(names != names[i]))) for i in own]
    motions, texts = encode(pipeline, clips, [text for text, _ in pairs])
    cosines = torch.cat([F.cosine_similarity(texts, motions[rows], dim=-1) for rows in (own, other)])
    belong = torch.arange(len(cosines)) < len(pairs)
    scale, bias = _logistic(cosines.double(), belong.double())
    return Matcher(MatcherConfig(scale, bias, len(pairs)))


def encode(pipeline: RAMPipeline, clips: Sequence[Clip], texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Latents of clips `(clips, latent_dim)` and of texts `(texts, latent_dim)`, float32 on the CPU."""
    motions = pipeline.encode_motion([Motion.from_features(clip.features) for clip in clips])
    chunks = [texts[start : start + _TEXTS] for start in range(0, len(texts), _TEXTS)]
    return motions.float().cpu(), torch.cat([pipeline.encode_text(chunk) for chunk in chunks]).float().cpu()


def read_clips(pipeline: RAMPipeline, data: Path, split: str) -> list[Clip]:
    """The clips of a split that a checkpoint can encode."""
    speaks = pipeline.normalizer.config
    clips = read_split(MotionTextFolder(data), split, speaks.min_frames)
    return [clip for clip in clips if len(clip.features) <= speaks.max_frames]


def _logistic(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Scale and bias of the logistic curve of largest likelihood, by Newton's method."""
    inputs = torch.stack((x, torch.ones_like(x)), dim=-1)
    ridge = _RIDGE * len(x)
    weights = torch.zeros(2, dtype=torch.float64)
    for _ in range(_NEWTON_STEPS):
        p = (inputs @ weights).sigmoid()
        hessian = (inputs * (p * (1 - p))[:, None]).T @ inputs + ridge * torch.eye(2, dtype=torch.float64)
        weights += torch.linalg.solve(hessian, inputs.T @ (y - p) - ridge * weights)
    return float(weights[0]), float(weights[1])


def write(matcher: Matcher, folder: Path) -> None:
    """Add a calibration to a pipeline folder, or take the place of the one that it has."""
    (folder / "matcher").mkdir(exist_ok=True)
    write_json(folder / "matcher" / "config.json", dataclasses.asdict(matcher.config))
    write_json(folder / INDEX, read_json(folder / INDEX) | {"matcher": ["ram_sdk", "Matcher"]})
