"""What sampling starts from where it does not start from pure noise: exemplars that fit the prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
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


def starts(
    exemplars: Exemplars,
    latents: Tensor,
    frames: Sequence[int | None],
    generators: Sequence[torch.Generator],
    config: NormalizerConfig,
) -> list[Start]:
    """An exemplar for each motion of a batch.

    Args:
        exemplars: what there is.
        latents: z_t of each motion, `(batch, latent_dim)`.
        frames: length of each motion at the checkpoint's frame rate; None for the exemplar's own.
        generators: draw one of those that fit.
        config: the checkpoint's motion representation.
    """
    found = []
    for fit, wanted, generator in zip(exemplars(latents), frames, generators, strict=True):
        stored = None if wanted is None else wanted * exemplars.config.fps / config.fps
        index, mirrored = exemplars.choose(fit, stored, generator)
        exemplar = exemplars.config.motions[index]
        motion = Motion(exemplars.joints_of(index).numpy(), exemplars.config.fps)
        features = _fitted(motion.mirror() if mirrored else motion, wanted, config)
        credits = [exemplars.config.credits[source] for source in exemplar.sources]
        entry = {"name": exemplar.name, "text": exemplar.text, "mirrored": mirrored, "credits": credits}
        found.append(Start(features, {"exemplar": entry}))
    return found


def _fitted(motion: Motion, wanted: int | None, config: NormalizerConfig) -> Tensor:
    """Features of a motion, played slower or faster, then cut or held, to be as long as wanted."""
    own = len(motion) * config.fps / motion.fps
    factor = 1.0 if wanted is None else min(max(wanted / own, 1.0 / WARP), WARP)
    warped = Motion(motion.joints, motion.fps / factor).resample(config.fps)
    features = torch.tensor(warped.features)[: wanted or config.max_frames]
    if wanted is None or len(features) == wanted:
        return features
    joints = torch.tensor(warped.joints)
    held = F.pad(joints.permute(1, 2, 0), (0, wanted - len(joints)), mode="replicate").permute(2, 0, 1)
    return torch.tensor(Motion(held.numpy(), config.fps).features)
