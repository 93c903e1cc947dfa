"""RAM's training objective, eq. 3-9, and the variants that the paper compares it with.

Each term is a pure function; `RAMObjective` computes the terms of one batch with a single forward pass of the
denoiser over both branches and returns them with their weighted sum. A weight of 0 disables a term.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
import torch.distributed as dist
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models import MotionDenoiser, MotionEncoder, TextEncoder, TokenMean
from ram_sdk.scheduler import RAMScheduler

_Weight = Annotated[float, Field(ge=0.0, le=1e6)]
_Temperature = Annotated[float, Field(gt=0.0, le=1e6)]
_Share = Annotated[float, Field(ge=0.0, le=1.0)]
Reduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class ObjectiveConfig:
    """Weights and constants of the objective; the defaults are the paper's.

    The latent-space variants of Table 6 as (alignment, beta, self_regularization, contrastive,
    contrastive_temperature): A (0, -, 0, 0, -), B (1, 1, 0, 0, -), C (1e-5, 1, 0, 0, -), D (0, -, 0, 1, 1),
    E (1e-5, 1, 0, 0.1, 0.1), ours (1, 0.01, 0.5, 0, -). D's temperature is our reading: the paper gives no
    temperature, only 1.0 for weights that it does not name. So is the squared error of B, C and E, where
    TEMOS and TMR use smooth L1.
    """

    reconstruction: _Weight = 1.0  # of L_rec; 0 removes the motion encoder (first row of Table 4)
    alignment: _Weight = 1.0  # weight of L_align, eq. 9
    alignment_reduction: Reduction = "mean"  # of eq. 8 over d: our reading, see `latent_alignment`
    self_regularization: _Weight = 0.5  # weight of L_sr, eq. 9
    contrastive: _Weight = 0.0  # cross-modal contrastive term of Table 6, not part of RAM
    beta: _Share = 0.01  # share of the alignment gradient that reaches E_m, eq. 8
    temperature: _Temperature = 1.0  # tau of eq. 7
    contrastive_temperature: _Temperature = 0.1
    null_probability: _Share = 0.1  # conditional latents replaced by zeros (section 4.2)
    noisy_share: _Share = 0.0  # ours: of clips that get one of the noisiest fifth of timesteps; paper: 0


@dataclass(frozen=True)
class Batch:
    """One training batch; all tensors on one device.

    Attributes:
        motion: normalised features, `(batch, frames, features)`, zero where padded.
        motion_mask: `(batch, frames)`, True = valid.
        text: token states of the frozen backbone, `(captions * batch, tokens, dim)`: the first captions of
            all clips, then the second ones, and so on. L_gen uses the first, L_align all of them.
        text_mask: `(captions * batch, tokens)`, True = valid.
    """

    motion: Tensor
    motion_mask: Tensor
    text: Tensor
    text_mask: Tensor


@dataclass(frozen=True)
class Draws:
    """The random numbers of one step.

    Attributes:
        timestep: `(batch,)`.
        noise: `(batch, frames, features)`.
        keep: for each branch (text, motion), False where a clip's latent is replaced by the null condition,
            `(branches, batch)`.
    """

    timestep: Tensor
    noise: Tensor
    keep: Tensor

    def split(self, parts: int) -> list["Draws"]:
        """The draws of equal shares of the batch, in order."""
        shares = (self.timestep.chunk(parts), self.noise.chunk(parts), self.keep.chunk(parts, dim=1))
        return [Draws(*share) for share in zip(*shares, strict=True)]


def masked_mse(estimate: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the valid frames of each clip, averaged over clips (eq. 4 and 6), as in MDM.

    Args:
        estimate: `(batch, frames, features)`.
        target: of the same shape.
        mask: `(batch, frames)`, True = valid.
    """
    error = (estimate.float() - target).square().mean(-1) * mask
    return (error.sum(1) / mask.sum(1)).mean()


def self_regularization(z_m: Tensor, temperature: float) -> Tensor:
    """L_sr of eq. 7: cross entropy that repels the motion latents `(batch, d)` of different clips."""
    normalized = F.normalize(z_m.float(), dim=-1)
    similarity = normalized @ normalized.T / temperature
    return F.cross_entropy(similarity, torch.arange(len(z_m), device=z_m.device))


def latent_alignment(z_t: Tensor, z_m: Tensor, beta: float, reduction: Reduction = "mean") -> Tensor:
    """L_align of eq. 8: (z_t - [beta z_m + (1 - beta) sg(z_m)])^2, averaged over clips.

    Its value is the squared distance; only the share `beta` of its gradient reaches the motion encoder. The
    paper does not say whether the d entries of a latent are averaged or summed (a squared norm, d times as
    strong at the same weight): "mean" is our reading.

    Args:
        z_t: `(batch, d)`.
        z_m: `(batch, d)`.
        beta: share of the gradient.
        reduction: over the d entries.
    """
    target = beta * z_m + (1.0 - beta) * z_m.detach()
    distance = (z_t - target).float().square().mean(0)
    return distance.mean() if reduction == "mean" else distance.sum()


def contrastive(z_t: Tensor, z_m: Tensor, temperature: float) -> Tensor:
    """Symmetric cross-modal InfoNCE between text and motion latents, for Table 6's variants D and E.

    As in TMR, except that TMR excludes negatives with similar captions, which the paper does not mention.
    """
    similarity = F.normalize(z_t.float(), dim=-1) @ F.normalize(z_m.float(), dim=-1).T / temperature
    target = torch.arange(len(z_t), device=z_t.device)
    return (F.cross_entropy(similarity, target) + F.cross_entropy(similarity.T, target)) / 2


def gather_clips(latents: Tensor) -> Tensor:
    """The latents `(batch, d)` of all processes' clips, `(processes * batch, d)`.

    Every process computes the same loss from all latents and differentiates it with respect to its own. The
    gradients must be summed, but data-parallel training averages them over processes: hence the factor.
    """
    count = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
    if count == 1:
        return latents
    own = latents.detach()
    parts = [torch.empty_like(own) for _ in range(count)]
    dist.all_gather(parts, own.contiguous())
    parts[dist.get_rank()] = own + count * (latents - own)
    return torch.cat(parts)


def latent_statistics(z_t: Tensor, z_m: Tensor) -> dict[str, Tensor]:
    """How similar the motion latents of different clips are, and how close texts are to their motions."""
    normalized = F.normalize(z_m.float(), dim=-1)
    count = len(z_m)
    different = (normalized @ normalized.T).sum() - count
    return {
        "latent_cosine": different / max(1, count * (count - 1)),
        "pair_cosine": F.cosine_similarity(z_t.float(), z_m.float(), dim=-1).mean(),
        "latent_distance": (z_t - z_m).float().norm(dim=-1).mean(),
    }


class RAMObjective(nn.Module):
    """The networks that are trained jointly and the losses of one batch.

    Without a motion encoder there is no motion branch and no term that needs it, as in the first row of
    Table 4 and the MDM baseline.
    """

    def __init__(
        self,
        denoiser: MotionDenoiser,
        motion_encoder: MotionEncoder | None,
        text_encoder: TextEncoder | TokenMean,
        scheduler: RAMScheduler,
        config: ObjectiveConfig,
    ) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.motion_encoder = motion_encoder
        self.text_encoder = text_encoder
        self.scheduler = scheduler
        self.config = config

    def draw(self, size: int, frames: int, generator: torch.Generator) -> Draws:
        """Draw the random numbers of one step, on the generator's device; outside training, timesteps evenly.

        Args:
            size: clips in the whole batch, over all processes.
            frames: padded length of the batch.
            generator: of all random numbers.
        """
        options: dict[str, Any] = {"generator": generator, "device": generator.device}
        features = self.denoiser.config.num_features
        timesteps = self.scheduler.config.num_train_timesteps
        timestep = torch.randint(timesteps, (size,), **options)
        noise = torch.randn(size, frames, features, **options)
        keep = torch.rand(2 if self.motion_encoder else 1, size, **options) >= self.config.null_probability
        if self.training and self.config.noisy_share:
            chosen = torch.rand(size, **options) < self.config.noisy_share
            noisy = torch.randint(timesteps * 4 // 5, timesteps, (size,), **options)
            timestep = torch.where(chosen, noisy, timestep)
        return Draws(timestep, noise, keep)

    def forward(self, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """Terms of eq. 9 and their weighted sum.

        In training, the terms that compare clips with each other use the clips of all processes.

        Args:
            batch: the clips and their captions.
            draws: timesteps, noise and null conditions of these clips.

        Returns:
            "generation", the terms whose weight is not 0, "total", and with a motion encoder three statistics
            without gradient: "latent_cosine", the mean cosine of the z_m of different clips; "pair_cosine",
            that of each clip's z_t and z_m; and "latent_distance", the mean |z_t - z_m|.
        """
        config = self.config
        every_z_t = self.text_encoder(batch.text, batch.text_mask)
        z_t = every_z_t[: len(batch.motion)]
        latents = z_t
        if self.motion_encoder:
            z_m = self.motion_encoder(batch.motion, batch.motion_mask)
            latents = torch.cat((z_t, z_m))
        branches = len(draws.keep)
        x_t = self.scheduler.add_noise(batch.motion, draws.noise, draws.timestep)
        estimates = self.denoiser(
            x_t.repeat(branches, 1, 1),
            draws.timestep.repeat(branches),
            latents * draws.keep.reshape(-1, 1),
            batch.motion_mask.repeat(branches, 1),
        ).chunk(branches)

        terms = {"generation": (1.0, masked_mse(estimates[0], batch.motion, batch.motion_mask))}
        statistics = {}
        if self.motion_encoder:
            error = masked_mse(estimates[1], batch.motion, batch.motion_mask)
            terms["reconstruction"] = (config.reconstruction, error)
            if config.alignment:
                pairs = every_z_t, z_m.repeat(len(every_z_t) // len(z_m), 1)
                aligned = latent_alignment(*pairs, config.beta, config.alignment_reduction)
                terms["alignment"] = (config.alignment, aligned)
            all_t, all_m = (gather_clips(z) if self.training else z for z in (z_t, z_m))
            if config.self_regularization:
                repelled = self_regularization(all_m, config.temperature)
                terms["self_regularization"] = (config.self_regularization, repelled)
            if config.contrastive:
                matched = contrastive(all_t, all_m, config.contrastive_temperature)
                terms["contrastive"] = (config.contrastive, matched)
            statistics = latent_statistics(all_t.detach(), all_m.detach())
        losses = {name: term for name, (_, term) in terms.items()}
        losses["total"] = torch.stack([weight * term for weight, term in terms.values()]).sum()
        return losses | statistics
