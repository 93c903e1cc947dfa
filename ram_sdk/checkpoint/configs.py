"""Configurations: JSON to the dataclasses of the parts, with every type, bound and key checked.

The bounds stand in the types of the dataclasses; pydantic checks them, this module says what is wrong in one
line. Training reads its own configuration by the same rules.
"""

import difflib
import functools
import json
import reprlib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json
from torch import nn

from ram_sdk import models
from ram_sdk.checkpoint.errors import CheckpointError, first_line
from ram_sdk.models.sizes import MAX_POSITIONS
from ram_sdk.models.text_backbone import TextBackboneConfig
from ram_sdk.scheduler import SchedulerConfig

CONFIGS: dict[type[nn.Module], type] = {
    models.MotionDenoiser: models.DenoiserConfig,
    models.MotionEncoder: models.EncoderConfig,
    models.TextEncoder: models.EncoderConfig,
    models.TokenMean: models.TokenMeanConfig,
    models.FeatureNormalizer: models.NormalizerConfig,
    models.DurationEstimator: models.DurationConfig,
    models.KnownActions: models.KnownActionsConfig,
    models.Exemplars: models.ExemplarsConfig,
    models.PromptReader: models.ReaderConfig,
}
"""The configuration of each network."""

_LARGEST = 1 << 20  # bytes of a configuration
_EXPECTED = {
    "greater_than_equal": "at least {ge:.15g}",
    "greater_than": "more than {gt:.15g}",
    "less_than_equal": "at most {le:.15g}",
    "less_than": "less than {lt:.15g}",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a group of keys",
    "dataclass_type": "a group of keys",
    "literal_error": "{expected}",
    "none_required": "null",
}

Config = TypeVar("Config")


def parse(config_class: type[Config], content: str | bytes) -> Config:
    """Make a (nested) configuration dataclass from JSON.

    Raises:
        ValueError: not JSON, an unknown key (the closest known one is suggested), or a value of another type
            or out of bounds; the message names the key and what is allowed.
    """
    kind: type = config_class
    try:
        config: Config = _adapter(kind).validate_json(content, strict=True, extra="forbid")
    except ValidationError as error:
        raise ValueError(_explain(error.errors(include_url=False)[0], config_class)) from None
    return config


@functools.cache
def _adapter(config_class: type) -> TypeAdapter[Any]:
    """Made once: it takes longer than to read a file."""
    return TypeAdapter(config_class)


def read_config(path: Path, config_class: type[Config]) -> Config:
    """Read the configuration of a part of a checkpoint.

    Raises:
        CheckpointError: it is missing or wrong; the message names the file.
    """
    content = _read(path)
    try:
        return parse(config_class, content)
    except ValueError as error:
        raise CheckpointError(f"{_where(path)}: {error}") from error


def read_json(path: Path, largest: int = _LARGEST) -> dict[str, Any]:
    """Read a JSON object of at most `largest` bytes from a pipeline folder.

    Raises:
        CheckpointError: it is missing, not a regular file, or not a JSON object; the message names the file.
    """
    try:
        content = from_json(_read(path, largest))
    except ValueError as error:
        raise CheckpointError(f"{_where(path)}: not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{_where(path)}: expected an object, got {type(content).__name__}")
    return content


def check_size(path: Path, largest: int) -> None:
    """Raise CheckpointError unless a file is there, a regular one, and has at most `largest` bytes."""
    if not path.exists():
        raise CheckpointError(f"{_where(path)} is missing from the checkpoint")
    if not path.is_file():  # reading a pipe or /dev/zero would never end
        raise CheckpointError(f"{_where(path)} is not a regular file")
    if (size := path.stat().st_size) > largest:
        raise CheckpointError(f"{_where(path)} has {size:,} bytes: expected at most {largest:,}")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with a final newline."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def check_sizes(folder: Path, classes: Mapping[str, type]) -> None:
    """Check that the configurations of a checkpoint's parts fit each other.

    Args:
        folder: the pipeline folder.
        classes: of its parts, by name.

    Raises:
        CheckpointError: a configuration is wrong, or two do not fit.
    """
    read: dict[str, Any] = {
        name: read_config(folder / name / "config.json", CONFIGS[part])
        for name, part in classes.items()
        if part in CONFIGS
    }
    backbone = read_config(folder / "text_backbone" / "backbone.json", TextBackboneConfig)
    scheduler = read_config(folder / "scheduler" / "config.json", SchedulerConfig)
    text_input = read["text_encoder"]
    sizes = {
        "features": {
            "denoiser num_features": read["denoiser"].num_features,
            "normalizer num_features": read["normalizer"].num_features,
        },
        "the latent": {
            "denoiser latent_dim": read["denoiser"].latent_dim,
            "text_encoder latent_dim": text_input.latent_dim,
        },
        "token states": {
            "text_backbone dim": backbone.dim,
            "duration_estimator text_dim": read["duration_estimator"].text_dim,
            "text_encoder": getattr(text_input, "input_dim", text_input.latent_dim),
        },
    }
    if known := read.get("known_actions"):
        sizes["token states"]["known_actions text_dim"] = known.text_dim
    if reader := read.get("reader"):
        sizes["token states"]["reader text_dim"] = reader.text_dim
    if exemplars := read.get("exemplars"):
        sizes["the latent"]["exemplars latent_dim"] = exemplars.latent_dim
    if encoder := read.get("motion_encoder"):
        sizes["features"]["motion_encoder input_dim"] = encoder.input_dim
        sizes["the latent"]["motion_encoder latent_dim"] = encoder.latent_dim
    for what, widths in sizes.items():
        if len(set(widths.values())) > 1:
            listed = ", ".join(f"{name} {width}" for name, width in widths.items())
            raise CheckpointError(f"the parts disagree about the width of {what}: {listed}")
    if scheduler.num_train_timesteps > MAX_POSITIONS:
        raise CheckpointError(
            f"scheduler/config.json: num_train_timesteps {scheduler.num_train_timesteps}: expected at most "
            f"{MAX_POSITIONS}"
        )


def _read(path: Path, largest: int = _LARGEST) -> bytes:
    check_size(path, largest)
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{_where(path)} cannot be read: {first_line(error)}") from error


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _explain(error: ErrorDetails, config_class: type) -> str:
    """One line about the first thing that is wrong with a configuration."""
    kind, place = error["type"], error["loc"]
    key = ".".join(map(str, place))
    if kind == "json_invalid":
        return f"not valid JSON: {error['ctx']['error']}"
    if kind == "unexpected_keyword_argument":
        known = [field.name for field in fields(_class_at(config_class, place[:-1]))]
        near = difflib.get_close_matches(str(place[-1]), known, n=1)
        prefix = "".join(f"{part}." for part in place[:-1])
        hint = f"did you mean {prefix}{near[0]}?" if near else f"known are {', '.join(known)}"
        return f"unknown key {key}: {hint}"
    if kind in ("missing", "missing_argument"):
        return f"the key {key} is missing"
    if kind == "value_error":
        return f"{key}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
    expected = _EXPECTED[kind].format(**error.get("ctx", {})) if kind in _EXPECTED else error["msg"]
    given = reprlib.repr(error["input"])
    return f"{key} {given}: expected {expected}" if key else f"expected {expected}, got {given}"


def _class_at(config_class: Any, place: Sequence[int | str]) -> Any:
    """The dataclass that a key's group is of."""
    for part in place:
        hint = typing.get_type_hints(config_class)[str(part)]
        choices = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        config_class = next(choice for choice in choices if is_dataclass(choice))
    return config_class
