"""Training configurations: typed dataclasses read from YAML, with overrides such as `objective.beta=0.1`."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from ram_sdk.scheduler import SchedulerConfig
from training.objective import ObjectiveConfig

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the networks; the defaults are the paper's for HumanML3D."""

    text_encoder: Literal["transformer", "pooled"] = "transformer"  # E_t, or the MDM baseline's token mean
    latent_dim: int = 256  # d; KIT-ML: 192
    dropout: float = 0.1
    denoiser_width: int = 512
    denoiser_feedforward: int = 1024
    denoiser_layers: int = 8
    encoder_feedforward: int = 1024
    encoder_layers: int = 6
    num_heads: int = 4


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW and its schedule. The paper (section 4.2) names the rate alone; the rest is our reading."""

    learning_rate: float = 1e-4
    weight_decay: float = 0.01  # ours: torch's default
    warmup_steps: int = 0
    cosine_decay: bool = False  # to zero at max_steps; the paper keeps the rate constant
    clip_norm: float = 1.0  # ours; of the gradient
    ema_decay: float = 0.9999  # ours; of the average of the weights that is validated and exported


@dataclass(frozen=True)
class TrainingConfig:
    """One training run."""

    text_backbone: Literal["distilbert", "minilm"] = "distilbert"  # minilm: the one in the package
    initial_checkpoint: str = ""  # start from its networks' weights; default: fresh ones from the seed
    min_frames: int = 40  # KIT-ML: 24
    max_frames: int = 196
    batch_size: int = 64  # clips in an optimizer step, over all processes
    bucketing: bool = True  # ours: batches of similar lengths; false: i.i.d. batches
    accumulation: int = 1  # parts of a process's share that go through the networks one after the other
    balance: float = 0.0  # clips of an action seen n times are drawn with weight n^-balance; paper: 0
    emphasis: dict[str, float] = field(default_factory=dict)  # further factors on the weight of actions
    token_dropout: float = 0.0  # share of a caption's tokens that E_t does not see in training; paper: 0
    max_steps: int = 450_000
    precision: Precision = "fp32"  # bf16: mixed precision
    compile: bool = False  # torch.compile; pays on GPUs
    seed: int = 0
    log_every: int = 50  # steps
    save_every: int = 1000  # steps between checkpoints and validations
    sample_every: int = 10_000  # steps between sheets of sample motions; 0 = none
    keep_checkpoints: int = 3  # the newest
    tracker: Literal["tensorboard", "wandb", "none"] = "tensorboard"  # beside log.jsonl
    model: ModelConfig = field(default_factory=ModelConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    sampling: SchedulerConfig = field(default_factory=SchedulerConfig)  # defaults of the exported pipeline


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a configuration.

    Args:
        path: YAML file of the keys that differ from the defaults.
        overrides: `key=value`, nested keys with dots, values as in YAML.

    Raises:
        ValueError: an unknown key (the nearest known one is suggested) or a value of the wrong type.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            raise ValueError(f"override {override!r}: write it as key=value")
        *groups, name = key.split(".")
        target = content
        for group in groups:
            target = target.setdefault(group, {})
        target[name] = yaml.safe_load(value)
    return build(TrainingConfig, content)


T = typing.TypeVar("T")


def build(cls: type[T], values: Mapping[str, Any], prefix: str = "") -> T:
    """Make a (nested) configuration dataclass from plain values, refusing what it does not know."""
    if not isinstance(values, Mapping):
        raise ValueError(f"configuration {prefix.rstrip('.')!r}: expected a group of keys, got {values!r}")
    hints = typing.get_type_hints(cls)
    arguments = {}
    for key, value in values.items():
        if key not in hints:
            near = difflib.get_close_matches(str(key), hints, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(hints)}"
            raise ValueError(f"unknown configuration key {prefix}{key}: {hint}")
        arguments[key] = _convert(value, hints[key], f"{prefix}{key}")
    return cls(**arguments)


def _convert(value: Any, expected: Any, name: str) -> Any:
    if dataclasses.is_dataclass(expected) and isinstance(expected, type):
        return build(expected, value, f"{name}.")
    if typing.get_origin(expected) is Literal:
        if value in (choices := typing.get_args(expected)):
            return value
        raise ValueError(f"configuration {name}={value!r}: expected one of {', '.join(choices)}")
    if isinstance(expected, types.UnionType) and value is None:
        return None
    if expected == dict[str, float] and isinstance(value, Mapping):
        return {str(key): _convert(entry, float, f"{name}.{key}") for key, entry in value.items()}
    if expected is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)  # YAML reads 1e-4 as text
        except ValueError:
            pass
    elif type(value) is expected:
        return value
    raise ValueError(
        f"configuration {name}={value!r}: expected a value of type {getattr(expected, '__name__', expected)}"
    )
