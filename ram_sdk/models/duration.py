"""How long a motion that a text describes usually lasts."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class DurationConfig:
    """Size of the duration estimator."""

    text_dim: int = 768  # width of the text backbone (DistilBERT)


class DurationEstimator(nn.Module):
    """A linear map from the mean token state to the logarithm of the duration.

    Not part of the paper, which takes lengths from the data set. Fitted in closed form on the training
    set's captions.
    """

    def __init__(self, config: DurationConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = nn.Linear(config.text_dim, 1)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Expected seconds `(batch,)` for token states `(batch, tokens, text_dim)` and their mask."""
        seconds: Tensor = torch.exp(self.projection(mean_token(tokens, mask))[:, 0])
        return seconds


def mean_token(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean of the valid token states, `(batch, tokens, dim)` -> `(batch, dim)`."""
    weights = mask.to(tokens.dtype)[..., None]
    return (tokens * weights).sum(1) / weights.sum(1)
