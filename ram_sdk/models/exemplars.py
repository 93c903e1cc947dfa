"""Captured motions that sampling can start from, and which of them fit a text; not part of the paper.

From pure noise a small model knows what pose a text means, but hardly when what happens. A capture of the
same action knows both: sampling starts from it, with noise of a later timestep (SDEdit: Meng et al., 2022,
arXiv:2108.01073, with a retrieved motion, as in ReMoDiffuse: Zhang et al., 2023, arXiv:2304.01116).
"""

import math
from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models.sizes import Width
from ram_sdk.skeleton.joints import HUMANML3D

_MOTION_WEIGHT = 0.5  # of z_m beside the captions' z_t
_CHOICE = 4  # of the best that one is drawn from
_SPREAD = 0.02  # of cosines: how much better the best must be to be drawn nearly always
WARP = 1.4  # how much slower or faster an exemplar may be played
_STRETCH = 0.3  # cosine that a length costs for each factor of e beyond that


@dataclass(frozen=True)
class Exemplar:
    """A captured motion, or one composed of captures.

    Attributes:
        name: of the clip, as the data set names it.
        text: one of its captions.
        sources: where it comes from, keys of `ExemplarsConfig.credits`.
        frames: how many are stored.
    """

    name: str
    text: str
    sources: tuple[str, ...]
    frames: Annotated[int, Field(ge=2, le=10**4)]


@dataclass(frozen=True)
class ExemplarsConfig:
    """The exemplars, in the order in which `Exemplars` stores them.

    Attributes:
        latent_dim: width of their latents.
        captions: latents of captions that each of them has.
        fps: stored frames a second.
        credits: licence and credit of each source.
        motions: the exemplars.
    """

    latent_dim: Width
    captions: Annotated[int, Field(ge=1, le=100)]
    fps: Annotated[float, Field(ge=1.0, le=1000.0)]
    credits: dict[str, str]
    motions: Annotated[tuple[Exemplar, ...], Field(min_length=1, max_length=10**5)]


class Exemplars(nn.Module):
    """The joints of the exemplars, and the latents that they are found by."""

    joints: Tensor
    places: Tensor
    latents: Tensor

    def __init__(self, config: ExemplarsConfig) -> None:
        super().__init__()
        self.config = config
        frames = sum(one.frames for one in config.motions)
        joints = HUMANML3D.num_joints
        shape = (len(config.motions), 2, 1 + config.captions, config.latent_dim)
        self.register_buffer("joints", torch.zeros(frames, joints, 3))  # beside the root's place on the floor
        self.register_buffer("places", torch.zeros(frames, 2))  # x and z of the root
        self.register_buffer("latents", torch.zeros(shape))  # captured, mirrored: z_m, then captions' z_t

    def forward(self, latents: Tensor) -> Tensor:
        """How well each exemplar fits each text, as captured and mirrored.

        Args:
            latents: z_t, `(batch, latent_dim)`.

        Returns:
            `(batch, exemplars, 2)`; 1.5 is perfect.
        """
        own = F.normalize(self.latents.float(), dim=-1).flatten(0, 2)
        cosines = F.normalize(latents.float().to(own.device), dim=-1) @ own.T
        cosines = cosines.view(len(latents), *self.latents.shape[:3])
        return cosines[..., 1:].amax(-1) + _MOTION_WEIGHT * cosines[..., 0]

    def choose(self, fit: Tensor, frames: float | None, generator: torch.Generator) -> tuple[int, bool]:
        """Draw one of those that fit best.

        Args:
            fit: of each exemplar, `(exemplars, 2)`, see `forward`.
            frames: wanted length at `config.fps`; None for any.
            generator: draws.

        Returns:
            Its number, and whether it is to be mirrored.
        """
        fit = fit.clone()
        if frames is not None:
            own = torch.tensor(
                [one.frames for one in self.config.motions], dtype=fit.dtype, device=fit.device
            )
            misfit = (torch.log(own / frames).abs() - math.log(WARP)).clamp_min(0.0)
            fit -= _STRETCH * misfit[:, None]
        best = fit.flatten().topk(min(_CHOICE, fit.numel()))
        weights = torch.softmax(best.values.double() / _SPREAD, dim=0).cpu()
        chosen = int(best.indices[int(torch.multinomial(weights, 1, generator=generator))])
        return chosen // 2, bool(chosen % 2)

    def joints_of(self, index: int) -> Tensor:
        """Joints of an exemplar as captured, `(frames, 22, 3)` float32 at `config.fps`, metres, y up."""
        start = sum(one.frames for one in self.config.motions[:index])
        stop = start + self.config.motions[index].frames
        joints = self.joints[start:stop].float().cpu().clone()
        joints[..., [0, 2]] += self.places[start:stop, None].float().cpu()
        return joints
