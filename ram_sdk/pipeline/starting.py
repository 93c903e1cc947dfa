"""What sampling starts from where it does not start from pure noise: exemplars that fit the prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ram_sdk.models import Exemplars, NormalizerConfig
from ram_sdk.models.exemplars import WARP
from ram_sdk.motion import Motion


@dataclass(frozen=True)
class Start:
    """A motion that sampling starts from.

    Attributes:
        features: `(frames, features)` in real units.
        entry: what `Motion.settings` records of it.
    """

    features: Tensor
    entry: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of what a prompt asks for.

    Attributes:
        latent: z_t of its words, `(latent_dim,)`.
        pace: how many times as fast as usual.
    """

    latent: Tensor
    pace: float = 1.0


@dataclass(frozen=True)
class Wanted:
    """What a motion is to start from.

    Attributes:
        parts: one after the other.
        frames: its length at the checkpoint's frame rate; None for the exemplars' own.
    """

    parts: Sequence[Part]
    frames: int | None


def starts(
    exemplars: Exemplars,
    wanted: Sequence[Wanted],
    generators: Sequence[torch.Generator],
    config: NormalizerConfig,
) -> list[Start]:
    """What each motion of a batch starts from: an exemplar, or one for each part of its prompt, joined.

    Args:
        exemplars: what there is.
        wanted: what each motion is to start from.
        generators: draw of those that fit.
        config: the checkpoint's motion representation.
    """
    fits = exemplars(torch.stack([part.latent for one in wanted for part in one.parts]))
    found = []
    for one, generator in zip(wanted, generators, strict=True):
        own, fits = fits[: len(one.parts)], fits[len(one.parts) :]
        seconds = None if one.frames is None else one.frames / config.fps / len(one.parts)
        chosen, motions = [], []
        for fit, part in zip(own, one.parts, strict=True):
            stored = None if seconds is None else seconds * exemplars.config.fps * part.pace
            index, mirrored = exemplars.choose(fit, stored, generator)
            motion = Motion(exemplars.joints_of(index).numpy(), exemplars.config.fps * part.pace)
            motions.append(motion.mirror() if mirrored else motion)
            chosen.append(_entry(exemplars, index, mirrored))
        features = _fitted(_joined(motions), one.frames, config)
        found.append(Start(features, {"exemplars": chosen}))
    return found


def _joined(motions: Sequence[Motion]) -> Motion:
    """The motions one after the other, without the stillness at their ends."""
    if len(motions) == 1:
        return motions[0]
    first, *others = (motion.trim(shortest=1.0) for motion in motions)
    return first.join(*others)


def _entry(exemplars: Exemplars, index: int, mirrored: bool) -> dict[str, Any]:
    one = exemplars.config.motions[index]
    credits = [exemplars.config.credits[source] for source in one.sources]
    return {"name": one.name, "text": one.text, "mirrored": mirrored, "credits": credits}


def _fitted(motion: Motion, wanted: int | None, config: NormalizerConfig) -> Tensor:
    """Features of a motion, played slower or faster, then cut or held, to be as long as wanted."""
    own = len(motion) * config.fps / motion.fps
    length = wanted or min(own, config.max_frames)
    factor = min(max(length / own, 1.0 / WARP), WARP)
    played = Motion(motion.joints, motion.fps / factor).resample(config.fps)
    joints = torch.tensor(played.joints)[: wanted or config.max_frames]
    if wanted is not None and len(joints) < wanted:
        joints = torch.cat((joints, joints[-1:].expand(wanted - len(joints), -1, -1)))
    return torch.tensor(Motion(joints.numpy(), config.fps).features)
