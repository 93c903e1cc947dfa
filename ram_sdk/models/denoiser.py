"""D: the Motion Diffusion Model (MDM) as RAM's decoder (paper 3.1, 4.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ram_sdk.models.sizes import Dropout, Heads, Layers, Width, check_heads
from ram_sdk.models.transformer import TransformerEncoder


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes of the denoiser; the defaults are the paper's for HumanML3D.

    Raises:
        ValueError: the width cannot be shared by the heads.
    """

    num_features: Width = 263  # KIT-ML: 251
    latent_dim: Width = 256  # d, width of the condition; KIT-ML: 192
    width: Width = 512
    feedforward: Width = 1024
    num_layers: Layers = 8
    num_heads: Heads = 4
    dropout: Dropout = 0.1

    def __post_init__(self) -> None:
        check_heads("width", self.width, self.num_heads)


class MotionDenoiser(nn.Module):
    """Predicts the clean motion x_0 from a noisy one, its timestep and a latent of motion or text.

    An encoder-only transformer over frames; the first token is the projected latent plus the embedded
    timestep. The null condition of classifier-free guidance is the zero latent.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        width, dtype = config.width, torch.float32
        self.input_projection = nn.Linear(config.num_features, width, dtype=dtype)
        self.latent_projection = nn.Linear(config.latent_dim, width, dtype=dtype)
        self.timestep_embedding = nn.Sequential(
            nn.Linear(width, width, dtype=dtype), nn.SiLU(), nn.Linear(width, width, dtype=dtype)
        )
        self.transformer = TransformerEncoder(
            config.width, config.feedforward, config.num_layers, config.num_heads, config.dropout
        )
        self.output_projection = nn.Linear(width, config.num_features, dtype=dtype)

    def forward(self, x_t: Tensor, timestep: Tensor, latent: Tensor, mask: Tensor | None = None) -> Tensor:
        """Estimate x_0 (eq. 1 and 2).

        Args:
            x_t: noisy normalised features, `(batch, frames, num_features)`.
            timestep: training timesteps 0..T-1, `(batch,)` integers.
            latent: z_m, z_t or zeros, `(batch, latent_dim)`.
            mask: `(batch, frames)`, True = valid; None when all are. Padded frames are never attended to,
                so a clip's result does not depend on how far its batch is padded.

        Returns:
            The estimate, shaped as x_t; its padded frames are meaningless.
        """
        embedded_timestep = self.timestep_embedding(self.transformer.positions[timestep])
        condition = self.latent_projection(latent) + embedded_timestep
        encoded = self.transformer(condition, self.input_projection(x_t), mask)
        x_0: Tensor = self.output_projection(encoded[:, 1:])
        return x_0
