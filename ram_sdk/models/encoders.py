"""E_m and E_t: TEMOS's motion and text encoders without their VAE heads (paper 3.1, 4.2); MDM's text mean."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ram_sdk.models.duration import mean_token
from ram_sdk.models.sizes import Dropout, Heads, Layers, Width, check_heads
from ram_sdk.models.transformer import TransformerEncoder


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of an encoder; the defaults are the paper's for HumanML3D.

    Raises:
        ValueError: the latent cannot be shared by the heads.
    """

    input_dim: Width  # motion features (263, KIT-ML 251) or width of the text backbone (DistilBERT 768)
    latent_dim: Width = 256  # d; KIT-ML: 192
    feedforward: Width = 1024
    num_layers: Layers = 6
    num_heads: Heads = 4  # TEMOS's configuration says 6 under a misspelt key; its code ran with 4
    dropout: Dropout = 0.1

    def __post_init__(self) -> None:
        check_heads("latent_dim", self.latent_dim, self.num_heads)


class _SequenceEncoder(nn.Module):
    """Projects a sequence, puts a learned token before it and returns the transformer's output there."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = nn.Linear(config.input_dim, config.latent_dim, dtype=torch.float32)
        self.token = nn.Parameter(torch.randn(config.latent_dim, dtype=torch.float32))
        self.transformer = TransformerEncoder(
            config.latent_dim, config.feedforward, config.num_layers, config.num_heads, config.dropout
        )

    def forward(self, sequence: Tensor, mask: Tensor | None = None) -> Tensor:
        """Encode sequences to one latent each.

        Args:
            sequence: `(batch, length, input_dim)`.
            mask: `(batch, length)`, True = valid; None when all are.

        Returns:
            Latents z, `(batch, latent_dim)`.
        """
        token = self.token.expand(len(sequence), -1)
        encoded: Tensor = self.transformer(token, self.projection(sequence), mask)[:, 0]
        return encoded


class MotionEncoder(_SequenceEncoder):
    """E_m of eq. 1: normalised motion features `(batch, frames, input_dim)` to z_m."""


class TextEncoder(_SequenceEncoder):
    """E_t of eq. 2: token states of the text backbone `(batch, tokens, input_dim)` to z_t."""

    def forward(self, sequence: Tensor, mask: Tensor | None = None) -> Tensor:
        """As the motion encoder, with a ReLU before the projection (TEMOS)."""
        return super().forward(F.relu(sequence), mask)


@dataclass(frozen=True)
class TokenMeanConfig:
    """Size of a token mean."""

    latent_dim: Width  # width of the text backbone


class TokenMean(nn.Module):
    """The text condition of the MDM baseline: one vector a caption, without weights of its own.

    MDM projects CLIP's pooled text feature straight into the denoiser; here it is the mean of the backbone's
    token states, and the denoiser's own projection follows.
    """

    def __init__(self, config: TokenMeanConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """Token states `(batch, tokens, dim)` and their mask to their mean, `(batch, dim)`."""
        return mean_token(sequence, mask)
