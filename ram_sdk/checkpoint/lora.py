"""LoRA: small changes to a pipeline's networks, kept in files of their own.

A LoRA turns the weight W of a linear layer into W + scale (alpha / r) B A, with matrices A and B of the low
rank r (Hu et al., 2021, arXiv:2106.09685, section 4.1). Here the change is added to the weight itself, so
that generation costs nothing extra, and the original weight is kept, so that unloading the LoRA restores it
bit for bit.

The files are those of the `peft` library, `adapter_config.json` and `adapter_model.safetensors`; the header
of the latter also names the checkpoint that the LoRA was made on, with a hash of each of its parts.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ram_sdk.checkpoint.configs import read_json
from ram_sdk.checkpoint.errors import CheckpointError
from ram_sdk.notices import warn

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
NETWORKS = ("denoiser", "motion_encoder", "text_encoder")
_LARGEST_SCALE = 1000.0
_MOST = 10**6  # rank or alpha
"""The parts of a pipeline that a LoRA may change."""

PREFIX = "base_model.model."
"""What `peft` puts before the name of every layer."""

_KEY = re.compile(re.escape(PREFIX) + r"(?P<layer>.+)\.lora_(?P<matrix>[AB])\.weight")
_BASE = "base"  # in the header: name of the checkpoint; `base.<part>`: hash of a part
_PLAIN: dict[str, Any] = {
    "peft_type": "LORA",
    "bias": "none",
    "use_dora": False,
    "fan_in_fan_out": False,
    "modules_to_save": None,
    "rank_pattern": {},
    "alpha_pattern": {},
}


class Lora:
    """A LoRA that is merged into the networks of a pipeline.

    Attributes:
        name: where it was loaded from.
        scale: its share in the weights: 0 none, 1 as trained.
    """

    def __init__(
        self, name: str, layers: Mapping[str, nn.Linear], matrices: Mapping[str, tuple[Tensor, Tensor]]
    ) -> None:
        self.name = name
        self.scale = 0.0
        self._layers = layers
        self._matrices = matrices
        self._originals = {key: layer.weight.detach().clone() for key, layer in layers.items()}

    @torch.no_grad()
    def merge(self, scale: float) -> None:
        """Make the weights those of the checkpoint plus `scale` times the LoRA."""
        for key, layer in self._layers.items():
            down, up = (matrix.to(layer.weight.device) for matrix in self._matrices[key])
            original = self._originals[key].to(layer.weight.device)
            layer.weight.copy_(original + scale * (up @ down) if scale else original)
        self.scale = scale

    @property
    def digest(self) -> str:
        """SHA-256 of its matrices."""
        digest = hashlib.sha256()
        for key, pair in sorted(self._matrices.items()):
            digest.update(key.encode())
            for matrix in pair:
                digest.update(f"{tuple(matrix.shape)}".encode())
                digest.update(matrix.float().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def check_scale(scale: float) -> None:
    """Refuse a scale that is not a finite number of sensible size."""
    if isinstance(scale, bool) or not isinstance(scale, Real) or not abs(scale) <= _LARGEST_SCALE:
        raise ValueError(
            f"LoRA scale {scale!r}: expected a finite number up to {_LARGEST_SCALE:g}, "
            "1 as it was trained, 0 none"
        )


def load(folder: Path, name: str, components: Mapping[str, Any], base: str) -> Lora:
    """Read a LoRA and check that it belongs to a pipeline; nothing is changed yet.

    Args:
        folder: holds the two files.
        name: what messages call the LoRA.
        components: parts of the pipeline, by name.
        base: what messages call the pipeline.

    Raises:
        CheckpointError: a file is missing or damaged, the LoRA is of a kind that cannot be merged into
            weights, does not fit the networks, or was made on another checkpoint.
        ValueError: the networks are in bfloat16.
    """
    if components["denoiser"].output_projection.weight.dtype == torch.bfloat16:
        raise ValueError("a LoRA cannot be checked against bfloat16 weights: load it before .to(dtype)")
    scaling = _read_scaling(folder)
    header, weights = _read_weights(folder / WEIGHTS)
    _check_base(header, name, components, base)
    layers, matrices = {}, {}
    for key in sorted(weights):
        if not (match := _KEY.fullmatch(key)):
            raise CheckpointError(f"{WEIGHTS} holds {key}: expected {PREFIX}<layer>.lora_A.weight and lora_B")
        layer = match["layer"]
        if layer in layers:
            continue
        layers[layer] = _linear(components, layer)
        matrices[layer] = _pair(weights, layer, layers[layer], scaling)
    if not layers:
        raise CheckpointError(f"{WEIGHTS} holds no layer: the LoRA {name!r} is empty")
    return Lora(name, layers, matrices)


def header(base: str, components: Mapping[str, Any]) -> dict[str, str]:
    """The header of a LoRA's weights: which checkpoint it was trained on.

    Args:
        base: name of the checkpoint.
        components: its parts, by name, in float32 or float16.
    """
    return {_BASE: base, **{f"{_BASE}.{k}": v for k, v in fingerprints(components).items()}}


def fingerprint(network: nn.Module) -> str:
    """SHA-256 of a network's weights, rounded to half precision: the same for both ways to store it."""
    digest = hashlib.sha256()
    for key, weight in sorted(network.state_dict().items()):
        digest.update(f"{key} {tuple(weight.shape)}".encode())
        digest.update(weight.detach().half().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def fingerprints(components: Mapping[str, Any]) -> dict[str, str]:
    """The `fingerprint` of each part that a LoRA depends on."""
    hashes = {"text_backbone": components["text_backbone"].config.sha256}
    for name in (*NETWORKS, "normalizer"):
        if components[name] is None:
            continue
        hashes[name] = fingerprint(components[name])
    return hashes


def _read_scaling(folder: Path) -> float:
    """The factor alpha / r that B A is multiplied by, from the LoRA's configuration."""
    config = read_json(folder / CONFIG)
    for key, plain in _PLAIN.items():
        if (value := config.get(key, plain)) != plain:
            raise CheckpointError(f"{CONFIG} says {key} is {value!r}: only LoRAs with {plain!r} are read")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not (_positive(rank) and isinstance(rank, int) and _positive(alpha)):
        raise CheckpointError(
            f"{CONFIG} says r {rank!r:.40}, lora_alpha {alpha!r:.40}: expected positive numbers up to {_MOST}"
        )
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _positive(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _MOST


def _read_weights(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"{path.name} is missing from the LoRA's folder") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} is damaged or not a safetensors file: {error}") from error


def _check_base(header: Mapping[str, str], name: str, components: Mapping[str, Any], base: str) -> None:
    if _BASE not in header:
        warn(f"the LoRA {name!r} does not say which checkpoint it was made on", stacklevel=4)
        return
    here = fingerprints(components)
    if differing := sorted(part for part in here if header.get(f"{_BASE}.{part}") != here[part]):
        raise CheckpointError(
            f"the LoRA {name!r} was made on the checkpoint {header[_BASE]!r}, and {', '.join(differing)} of "
            f"{base!r} are other weights: load it on the checkpoint that it was made on"
        )


def _linear(components: Mapping[str, Any], layer: str) -> nn.Linear:
    network, _, path = layer.partition(".")
    try:
        module = components[network].get_submodule(path) if network in NETWORKS else None
    except AttributeError:
        module = None
    if not isinstance(module, nn.Linear):
        raise CheckpointError(f"{WEIGHTS} changes {layer}, which is not a linear layer of this pipeline")
    return module


def _pair(
    weights: Mapping[str, Tensor], layer: str, linear: nn.Linear, scaling: float
) -> tuple[Tensor, Tensor]:
    """A, and B times the scaling, of one layer."""
    down = weights.get(f"{PREFIX}{layer}.lora_A.weight", torch.empty(0))
    up = weights.get(f"{PREFIX}{layer}.lora_B.weight", torch.empty(0))
    if (
        down.dim() != 2
        or up.dim() != 2
        or up.shape[1] != len(down)
        or (len(up), down.shape[1]) != linear.weight.shape
    ):
        raise CheckpointError(
            f"{WEIGHTS}: A {tuple(down.shape)} and B {tuple(up.shape)} of {layer} do not fit its weight "
            f"{tuple(linear.weight.shape)}: the LoRA belongs to a checkpoint of another size"
        )
    if not (down.isfinite().all() and up.isfinite().all()):
        raise CheckpointError(f"{WEIGHTS} holds NaN or infinite values in {layer}: the LoRA is damaged")
    return down.float(), up.float() * scaling
