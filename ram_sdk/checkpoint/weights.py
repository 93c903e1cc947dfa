"""Weights: safetensors files that are checked against a network's shapes before anything is allocated."""

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ram_sdk.checkpoint.errors import CheckpointError, first_line

_FLOATS = ("F16", "BF16", "F32", "F64")
_VARIANTS = {None: None, "fp16": torch.float16, "bf16": torch.bfloat16}

Header = Mapping[str, tuple[tuple[int, ...], str]]
"""Shape and data type of every tensor of a file, by name."""


def weights_name(variant: str | None) -> str:
    """Name of the file that holds a network's weights."""
    return "model.safetensors" if variant is None else f"model.{variant}.safetensors"


def weights_file(folder: Path, variant: str | None) -> Path:
    """The file of a network's weights.

    Raises:
        CheckpointError: there is none; the message says what there is.
    """
    path = folder / weights_name(variant)
    if not path.is_file():
        others = sorted(file.name for file in folder.glob("model*.safetensors"))
        raise CheckpointError(
            f"{_where(path)} is missing: "
            + (f"the checkpoint has {', '.join(others)}" if others else "the checkpoint has no weights there")
        )
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sum(path: Path, expected: str | None) -> None:
    """Raise CheckpointError unless a file has its checksum; None where a checkpoint has none for it."""
    if expected is not None and sha256(path) != expected:
        raise CheckpointError(
            f"{_where(path)} is damaged: its sha256 is not the one in the checkpoint's index; fetch or copy "
            "it again"
        )


def read_header(path: Path) -> Header:
    """Shapes and data types in a weights file.

    Raises:
        CheckpointError: it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
            return {key: (tuple(s.get_shape()), s.get_dtype()) for key, s in slices.items()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{_where(path)} is damaged or not a safetensors file: {first_line(error)}"
        ) from error


def count_weights(path: Path) -> int:
    """How many numbers a weights file holds."""
    return sum(math.prod(shape) for shape, _ in read_header(path).values())


def load_network(make: Callable[[], nn.Module], path: Path, checksum: str | None) -> nn.Module:
    """Make a network and give it the weights of a file, in float32.

    Args:
        make: makes the network.
        path: the weights.
        checksum: SHA-256 of the file, where it is known.

    Raises:
        CheckpointError: the file is damaged, does not fit the network, or holds no finite numbers.
    """
    with torch.device("meta"):
        shapes = {key: tuple(weight.shape) for key, weight in make().state_dict().items()}
    header = read_header(path)
    _check_fit(shapes, header, path)
    check_sum(path, checksum)
    weights = load_tensors(path)
    check_finite(weights, path)
    with torch.device("cpu"):
        network = make()
    network.load_state_dict(weights, strict=True)
    return network.eval().requires_grad_(False)


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file.

    Raises:
        CheckpointError: the file is damaged.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{_where(path)} is damaged: {first_line(error)}") from error


def check_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    """Raise CheckpointError if weights are NaN or infinite."""
    if bad := next((key for key, weight in weights.items() if not weight.isfinite().all()), None):
        raise CheckpointError(
            f"{_where(path)} holds NaN or infinite values in {bad}: the checkpoint is damaged"
        )


def check_floats(header: Header, path: Path) -> None:
    """Raise CheckpointError if a weights file holds integers, truth values or complex numbers."""
    if bad := next((key for key, (_, dtype) in header.items() if dtype not in _FLOATS), None):
        raise CheckpointError(
            f"{_where(path)}: {bad} is {header[bad][1]}: expected floating-point weights "
            f"({', '.join(_FLOATS)})"
        )


def save_weights(module: nn.Module, folder: Path, variant: str | None) -> None:
    """Write a network's weights.

    Args:
        module: the network.
        folder: where they go.
        variant: "fp16" or "bf16" stores them in that precision; None in the one that they have.

    Raises:
        ValueError: no such variant, or the weights are not finite.
    """
    if variant not in _VARIANTS:
        raise ValueError(f"variant {variant!r}: use 'fp16', 'bf16' or None")
    weights = {
        key: weight.detach().to(device="cpu", dtype=_VARIANTS[variant]).contiguous()
        for key, weight in module.state_dict().items()
    }
    if bad := next((key for key, weight in weights.items() if not weight.isfinite().all()), None):
        raise ValueError(
            f"{folder.name}: {bad} holds NaN or infinite values: such a checkpoint is not written"
        )
    write_weights(folder / weights_name(variant), weights)


def write_weights(path: Path, weights: dict[str, Tensor], header: Mapping[str, str] | None = None) -> None:
    """Write a safetensors file with the mode of other files; safetensors' own writer gives it 600.

    Raises:
        OSError: it cannot be written; on a full disk safetensors' own writer raises an error of its own.
    """
    path.write_bytes(save(weights, {"format": "pt", **(header or {})}))


def _check_fit(expected: Mapping[str, tuple[int, ...]], header: Header, path: Path) -> None:
    check_floats(header, path)
    missing, unknown = sorted(expected.keys() - header.keys()), sorted(header.keys() - expected.keys())
    reshaped = sorted(k for k in expected.keys() & header.keys() if expected[k] != header[k][0])
    if not (missing or unknown or reshaped):
        return
    key = (reshaped or missing or unknown)[0]
    detail = (
        f"{key} is {header[key][0]}, config.json asks for {expected[key]}"
        if reshaped
        else f"{key} is {'missing' if missing else 'not part of the network'}"
    )
    raise CheckpointError(
        f"{_where(path)} does not fit its config.json: {len(missing)} weights missing, {len(unknown)} "
        f"unknown, {len(reshaped)} of another shape ({detail})"
    )


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
