"""Mean and standard deviation of the training set's features, kept as weights with the checkpoint."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class NormalizerConfig:
    """Which features a checkpoint speaks."""

    skeleton: str = "humanml3d"  # or "kit-ml"
    num_features: int = 263  # KIT-ML: 251
    fps: float = 20.0  # KIT-ML: 12.5
    min_frames: int = 40  # shortest clip of the training set; KIT-ML: 24
    max_frames: int = 196  # longest clip of the training set


class FeatureNormalizer(nn.Module):
    """Z-scores motion features with the statistics that belong to the checkpoint."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: NormalizerConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.num_features))
        self.register_buffer("std", torch.ones(config.num_features))

    def normalize(self, features: Tensor) -> Tensor:
        """Real units `(..., num_features)` to z-scores."""
        return (features - self.mean) / self.std

    def denormalize(self, features: Tensor) -> Tensor:
        """Z-scores `(..., num_features)` to real units."""
        return features * self.std + self.mean
