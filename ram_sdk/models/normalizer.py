"""Mean and standard deviation of the training set's features, kept as weights with the checkpoint."""

from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from ram_sdk.models.sizes import Frames, Width

_NUM_FEATURES = {"humanml3d": 263, "kit-ml": 251}


@dataclass(frozen=True)
class NormalizerConfig:
    """Motion representation of a checkpoint.

    Raises:
        ValueError: no such skeleton, the number of features is not the skeleton's, or the longest clip is
            shorter than the shortest.
    """

    skeleton: str = "humanml3d"  # or "kit-ml"
    num_features: Width = 263  # KIT-ML: 251
    fps: Annotated[float, Field(gt=0.0, le=1000.0)] = 20.0  # KIT-ML: 12.5
    min_frames: Frames = 40  # shortest clip of the training set; KIT-ML: 24
    max_frames: Frames = 196  # longest clip of the training set

    def __post_init__(self) -> None:
        if self.skeleton not in _NUM_FEATURES:
            known = " or ".join(map(repr, _NUM_FEATURES))
            raise ValueError(f"skeleton {self.skeleton!r}: expected {known}")
        if self.num_features != (expected := _NUM_FEATURES[self.skeleton]):
            raise ValueError(f"num_features {self.num_features}: expected {expected} for {self.skeleton}")
        if self.max_frames < self.min_frames:
            raise ValueError(f"max_frames {self.max_frames}: expected at least min_frames {self.min_frames}")


class FeatureNormalizer(nn.Module):
    """Z-scores motion features with the statistics that belong to the checkpoint."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: NormalizerConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.num_features, dtype=torch.float32))
        self.register_buffer("std", torch.ones(config.num_features, dtype=torch.float32))

    def normalize(self, features: Tensor) -> Tensor:
        """Real units `(..., num_features)` to z-scores."""
        return (features - self.mean) / self.std

    def denormalize(self, features: Tensor) -> Tensor:
        """Z-scores `(..., num_features)` to real units."""
        return features * self.std + self.mean
