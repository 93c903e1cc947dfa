"""Calibration of a trained checkpoint: the scale of its similarity, and the actions that it knows.

Both are fitted with clips that it was not trained on, and written into its folder.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ram_sdk import Motion, RAMPipeline
from ram_sdk.checkpoint import add_component
from ram_sdk.models import KnownAction, KnownActions, KnownActionsConfig, Matcher, MatcherConfig
from ram_sdk.models.duration import mean_token
from training.data.clip import Clip
from training.data.folder import MotionTextFolder
from training.dataset import read_split

_NEWTON_STEPS = 50
_RIDGE = 1e-6  # keeps the curve finite if a cosine separates all pairs
_TEXTS = 64  # encoded in a batch
_DRAWN = 200  # maximum captions of an action that are considered
_KEPT = 12  # of them, as far apart as possible
_EXAMPLES = 3  # the shortest plain sentences, those of several clips first
_PLAIN = "a person "
_FALSE_ALARMS = 0.02  # share of held-out captions that are reported as unlike all known actions


@torch.no_grad()
def fit(pipeline: RAMPipeline, clips: Sequence[Clip], seed: int = 0) -> Matcher:
    """Fit the calibration of a checkpoint on clips that it was not trained on.

    Args:
        pipeline: with a motion encoder.
        clips: captioned; at least two with different actions or, without actions, different captions.
        seed: selects the negatives, motions of other actions.

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
    return motions.float().cpu(), encode_texts(pipeline, texts)


def encode_texts(pipeline: RAMPipeline, texts: Sequence[str]) -> Tensor:
    """Latents z_t `(texts, latent_dim)`, float32 on the CPU."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    chunks = [order[start : start + _TEXTS] for start in range(0, len(order), _TEXTS)]
    latents = torch.cat([pipeline.encode_text([texts[i] for i in chunk]) for chunk in chunks]).float().cpu()
    return latents[torch.tensor(order).argsort()]


def read_clips(pipeline: RAMPipeline, data: MotionTextFolder, split: str) -> list[Clip]:
    """The clips of a split that a checkpoint can encode."""
    config = pipeline.normalizer.config
    clips = read_split(data, split, config.min_frames)
    return [clip for clip in clips if len(clip.features) <= config.max_frames]


def _logistic(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Scale and bias of a maximum-likelihood logistic regression, by Newton's method."""
    inputs = torch.stack((x, torch.ones_like(x)), dim=-1)
    ridge = _RIDGE * len(x)
    weights = torch.zeros(2, dtype=torch.float64)
    for _ in range(_NEWTON_STEPS):
        p = (inputs @ weights).sigmoid()
        hessian = (inputs * (p * (1 - p))[:, None]).T @ inputs + ridge * torch.eye(2, dtype=torch.float64)
        weights += torch.linalg.solve(hessian, inputs.T @ (y - p) - ridge * weights)
    return float(weights[0]), float(weights[1])


@torch.no_grad()
def fit_known_actions(
    pipeline: RAMPipeline, taught: Sequence[Clip], other: Sequence[Clip], seed: int = 0
) -> KnownActions:
    """The actions of captured clips, and the distance from their captions at which a text is unlike them.

    The examples of an action are the shortest plain sentences that several of its clips have as captions.

    Args:
        pipeline: its text backbone encodes the captions.
        taught: clips that it was trained on.
        other: clips that it was not trained on.
        seed: samples captions of actions that have very many.

    Raises:
        ValueError: no clip in `taught` has an action, or `other` is empty.
    """
    captions: dict[str, Counter[str]] = {}
    for clip in taught:
        if clip.action not in ("", "other") and not clip.composed:
            captions.setdefault(clip.action, Counter()).update(set(clip.captions))
    if not captions or not other:
        raise ValueError("known actions need training clips with actions, and clips beside them")
    rng = np.random.default_rng(seed)
    actions, states = [], []
    for name in sorted(captions):
        texts = sorted(captions[name])
        texts = [texts[i] for i in sorted(rng.permutation(len(texts))[:_DRAWN])]
        own = sentence_states(pipeline, texts)
        chosen = far_apart(own, _KEPT)
        simplest = sorted(
            captions[name],
            key=lambda text: (not text.startswith(_PLAIN), captions[name][text] == 1, len(text), text),
        )
        examples = tuple(simplest[:_EXAMPLES])
        actions.append(KnownAction(name.replace("_", " "), examples, len(chosen)))
        states.append(own[chosen])
    width = states[0].shape[1]
    known = KnownActions(KnownActionsConfig(width, 0.0, tuple(actions)))
    known.states.copy_(torch.cat(states))
    asked = sentence_states(pipeline, sorted({text for clip in other for text in clip.captions}))
    distances = torch.cat(
        [
            known(part[:, None], torch.ones(len(part), 1, dtype=torch.bool)).amin(1)
            for part in torch.split(asked, _TEXTS)
        ]
    )
    far = round(float(distances.quantile(1.0 - _FALSE_ALARMS)), 4)
    known.config = dataclasses.replace(known.config, far=far)
    return known.eval()


def sentence_states(pipeline: RAMPipeline, texts: Sequence[str]) -> Tensor:
    """Mean token states `(texts, text_dim)` of the text backbone, float32 on the CPU."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    states: list[Tensor] = [torch.empty(0)] * len(texts)
    for start in range(0, len(order), _TEXTS):
        chosen = order[start : start + _TEXTS]
        tokens, mask = pipeline.text_backbone.encode([texts[i] for i in chosen])
        for i, state in zip(chosen, mean_token(tokens, mask).float().cpu(), strict=True):
            states[i] = state
    return torch.stack(states)


def far_apart(states: Tensor, count: int) -> list[int]:
    """Farthest-point sampling of rows, starting with the most central one."""
    normalized = F.normalize(states, dim=-1)
    chosen = [int((normalized @ normalized.mean(0)).argmax())]
    nearest = normalized @ normalized[chosen[0]]
    while len(chosen) < min(count, len(states)):
        chosen.append(int(nearest.argmin()))
        nearest = torch.maximum(nearest, normalized @ normalized[chosen[-1]])
    return chosen


def calibrate(folder: Path, data: MotionTextFolder) -> tuple[Matcher, KnownActions | None]:
    """Fit both on the training and validation split, and write them into a pipeline folder.

    Returns:
        What was written; known actions are None if the data set has no actions.

    Raises:
        CheckpointError: the folder is not a pipeline folder.
        ValueError: see `fit`.
    """
    pipeline = RAMPipeline.from_pretrained(folder)
    pipeline.known_actions = None  # of an earlier calibration: it would warn of captions
    taught, other = (read_clips(pipeline, data, split) for split in ("train", "val"))
    matcher = fit(pipeline, other)
    add_component(folder, "matcher", matcher)
    if not any(clip.action for clip in taught):
        return matcher, None
    known = fit_known_actions(pipeline, taught, other)
    add_component(folder, "known_actions", known.half())
    return matcher, known
