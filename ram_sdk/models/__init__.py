"""The networks of RAM; they know tensors and their own configuration, never files."""

from ram_sdk.models.denoiser import DenoiserConfig, MotionDenoiser
from ram_sdk.models.duration import DurationConfig, DurationEstimator
from ram_sdk.models.encoders import EncoderConfig, MotionEncoder, TextEncoder, TokenMean, TokenMeanConfig
from ram_sdk.models.exemplars import Exemplar, Exemplars, ExemplarsConfig
from ram_sdk.models.known_actions import KnownAction, KnownActions, KnownActionsConfig
from ram_sdk.models.matcher import Matcher, MatcherConfig
from ram_sdk.models.normalizer import FeatureNormalizer, NormalizerConfig
from ram_sdk.models.reader import RELATIONS, PromptReader, ReaderConfig, Readings, Relation

__all__ = [
    "RELATIONS",
    "DenoiserConfig",
    "DurationConfig",
    "DurationEstimator",
    "EncoderConfig",
    "Exemplar",
    "Exemplars",
    "ExemplarsConfig",
    "FeatureNormalizer",
    "KnownAction",
    "KnownActions",
    "KnownActionsConfig",
    "Matcher",
    "MatcherConfig",
    "MotionDenoiser",
    "MotionEncoder",
    "NormalizerConfig",
    "PromptReader",
    "ReaderConfig",
    "Readings",
    "Relation",
    "TextEncoder",
    "TokenMean",
    "TokenMeanConfig",
]
