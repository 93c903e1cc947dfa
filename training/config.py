"""Training configurations: typed dataclasses read from YAML, with overrides such as `objective.beta=0.1`."""

import json
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from ram_sdk.checkpoint.configs import parse
from ram_sdk.checkpoint.errors import first_line
from ram_sdk.models.sizes import MAX_POSITIONS, Dropout, Frames, Heads, Layers, Width, check_heads
from ram_sdk.scheduler import SchedulerConfig
from training.objective import ObjectiveConfig

Precision = Literal["fp32", "bf16"]
_Count = Annotated[int, Field(ge=1, le=10**9)]
_Number = Annotated[int, Field(ge=0, le=10**9)]
_Rate = Annotated[float, Field(gt=0.0, le=1e6, allow_inf_nan=False)]
_Exponent = Annotated[float, Field(ge=0.0, le=10.0)]
_Factor = Annotated[float, Field(ge=0.0, le=1e6, allow_inf_nan=False)]


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the networks; the defaults are the paper's for HumanML3D."""

    text_encoder: Literal["transformer", "pooled"] = "transformer"  # E_t, or the MDM baseline's token mean
    latent_dim: Width = 256  # d; KIT-ML: 192
    dropout: Dropout = 0.1
    denoiser_width: Width = 512
    denoiser_feedforward: Width = 1024
    denoiser_layers: Layers = 8
    encoder_feedforward: Width = 1024
    encoder_layers: Layers = 6
    num_heads: Heads = 4

    def __post_init__(self) -> None:
        check_heads("latent_dim", self.latent_dim, self.num_heads)
        check_heads("denoiser_width", self.denoiser_width, self.num_heads)


@dataclass(frozen=True)
class OptimizerConfig:
    """The optimizer and its schedule. The paper (section 4.2) gives only the learning rate; the rest is ours.

    With `muon`, Muon (Jordan et al., 2024) updates the weight matrices of the transformer layers, as long a
    step as AdamW's (Liu et al., 2025), and AdamW everything else.
    """

    learning_rate: _Rate = 1e-4
    muon: bool = False
    weight_decay: _Factor = 0.01  # ours: torch's default
    warmup_steps: _Number = 0
    cosine_decay: bool = False  # to zero at max_steps; the paper keeps the rate constant
    clip_norm: _Rate = 1.0  # ours; largest gradient norm
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9999  # ours; of the averaged weights


@dataclass(frozen=True)
class TrainingConfig:
    """One training run."""

    text_backbone: Literal["distilbert", "minilm"] = "distilbert"  # minilm: the one in the package
    initial_checkpoint: str = ""  # start from its weights; default: random ones from the seed
    min_frames: Annotated[Frames, Field(ge=4)] = 40  # KIT-ML: 24
    max_frames: Frames = 196
    batch_size: _Count = 64  # clips in an optimizer step, over all processes
    bucketing: bool = True  # ours: batches of similar lengths; false: i.i.d. batches
    accumulation: _Count = 1  # micro-batches that a process's share of a batch is split into
    balance: _Exponent = 0.0  # clips of an action with n clips are sampled with weight n^-balance; paper: 0
    emphasis: dict[str, _Factor] = field(default_factory=dict)  # further factors on the weights, by action
    captions_per_clip: _Count = 1  # ours: captions that L_align pulls to a clip's z_m; paper: 1
    token_dropout: Dropout = 0.0  # share of a caption's tokens that are masked from E_t in training; paper: 0
    max_steps: _Count = 450_000
    precision: Precision = "fp32"  # bf16: mixed precision
    compile: bool = False  # torch.compile; pays on GPUs
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    log_every: _Count = 50  # steps
    save_every: _Count = 1000  # steps between checkpoints and validations
    sample_every: _Number = 10_000  # steps between sheets of sample motions; 0 = none
    keep_checkpoints: _Count = 3  # the newest
    tracker: Literal["tensorboard", "wandb", "none"] = "tensorboard"  # in addition to log.jsonl
    model: ModelConfig = field(default_factory=ModelConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    sampling: SchedulerConfig = field(default_factory=SchedulerConfig)  # defaults of the exported pipeline

    def __post_init__(self) -> None:
        if self.max_frames < self.min_frames:
            raise ValueError(f"max_frames {self.max_frames}: expected at least min_frames {self.min_frames}")
        if self.sampling.num_train_timesteps > MAX_POSITIONS:
            raise ValueError(
                f"sampling.num_train_timesteps {self.sampling.num_train_timesteps}: expected at most "
                f"{MAX_POSITIONS}"
            )


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a configuration.

    Args:
        path: YAML file of the keys that differ from the defaults.
        overrides: `key=value`, nested keys with dots, values as in YAML.

    Raises:
        OSError: the file cannot be read.
        ValueError: invalid YAML (the message names the line), an unknown key (the nearest known one is
            suggested), or a value of the wrong type or out of bounds.
    """
    try:
        content = _read_yaml(path.read_bytes(), str(path))
    except RecursionError:
        raise ValueError(f"{path}: nested too deeply") from None
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise ValueError(
            f"{path}: expected keys and their values, such as batch_size: 64, got {content!r:.60}"
        )
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator:
            raise ValueError(f"override {override!r}: write it as key=value")
        *groups, name = key.split(".")
        target = content
        for group in groups:
            target = target.setdefault(group, {})
            if not isinstance(target, dict):
                raise ValueError(f"override {override!r}: {group} is set to {target!r:.60}, it has no keys")
        target[name] = _read_yaml(value.encode(), f"override {override!r}")
    return config_from_json(json.dumps(content, default=str), str(path))


def config_from_json(content: str, where: str) -> TrainingConfig:
    """Read a configuration from a JSON object.

    Args:
        content: the JSON.
        where: where it comes from, for messages.

    Raises:
        ValueError: it is not a valid configuration.
    """
    try:
        return parse(TrainingConfig, content)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


class _Loader(yaml.SafeLoader):
    """Refuses YAML that configurations never need: aliases, deep nesting, duplicate keys."""

    deepest = 20
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed here", mark)
        if self._depth == self.deepest:
            raise yaml.composer.ComposerError(None, None, "nested too deeply", mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if not isinstance(key.value, str):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a string", key.start_mark)
            if keys.count(key.value) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} is given twice", key.start_mark
                )
        return {str(key): value for key, value in super().construct_mapping(node, deep=True).items()}


# PyYAML reads 1e-4 as a string: YAML 1.1 requires 1.0e-4
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _read_yaml(content: bytes, where: str) -> Any:
    try:
        return yaml.load(content, _Loader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{where}{line}: not valid YAML: {error.problem}") from error
    except Exception as error:  # PyYAML lets the errors of converters through, such as those of !!timestamp
        raise ValueError(f"{where}: not valid YAML: {first_line(error)}") from error
