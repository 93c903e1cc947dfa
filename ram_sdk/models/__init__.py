"""The networks of RAM; they know tensors and their own configuration, never files."""

from .denoiser import DenoiserConfig, MotionDenoiser
from .duration import DurationConfig, DurationEstimator
from .encoders import EncoderConfig, MotionEncoder, TextEncoder, TokenMean, TokenMeanConfig
from .normalizer import FeatureNormalizer, NormalizerConfig

__all__ = [
    "DenoiserConfig",
    "DurationConfig",
    "DurationEstimator",
    "EncoderConfig",
    "FeatureNormalizer",
    "MotionDenoiser",
    "MotionEncoder",
    "NormalizerConfig",
    "TextEncoder",
    "TokenMean",
    "TokenMeanConfig",
]
