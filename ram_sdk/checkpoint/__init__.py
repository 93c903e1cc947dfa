"""Pipeline folders: where a checkpoint lies (package, disk, Hub), and how its parts are read and written.

A pipeline folder holds `model_index.json` (which parts there are), `config.json` (which motion it speaks,
for readers and for the Hub's download counter) and a folder for each part with its `config.json` and, for
networks, `model.safetensors`. Class names are looked up in a table here; nothing named by a file is imported,
and nothing is ever unpickled.
"""

import dataclasses
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import ram_sdk
from ram_sdk import models
from ram_sdk.models.text_backbone import PLACES, TextBackbone, TextBackboneConfig
from ram_sdk.scheduler import RAMScheduler, SchedulerConfig
from ram_sdk.shipped import ASSETS, INDEX, SHIPPED
from ram_sdk.shipped import DEFAULT as DEFAULT

_PACKAGED_BACKBONE = ASSETS / "text_backbone"

COMPONENTS: dict[str, tuple[type, ...]] = {
    "denoiser": (models.MotionDenoiser,),
    "motion_encoder": (models.MotionEncoder, NoneType),
    "text_encoder": (models.TextEncoder, models.TokenMean),
    "normalizer": (models.FeatureNormalizer,),
    "duration_estimator": (models.DurationEstimator,),
    "text_backbone": (TextBackbone,),
    "scheduler": (RAMScheduler,),
}
"""The parts of a pipeline and the classes each may have; a part that may be None may be left out."""

_CONFIGS: dict[type[nn.Module], type] = {
    models.MotionDenoiser: models.DenoiserConfig,
    models.MotionEncoder: models.EncoderConfig,
    models.TextEncoder: models.EncoderConfig,
    models.TokenMean: models.TokenMeanConfig,
    models.FeatureNormalizer: models.NormalizerConfig,
    models.DurationEstimator: models.DurationConfig,
}

Config = TypeVar("Config")


class CheckpointError(ValueError):
    """A checkpoint that cannot be found, read or trusted; the message says what to do."""


@dataclass(frozen=True)
class HubOptions:
    """How files are fetched from the Hugging Face Hub."""

    token: str | bool | None = None
    cache_dir: str | os.PathLike[str] | None = None
    local_files_only: bool = False


def find(
    source: str | os.PathLike[str], *, revision: str | None, variant: str | None, hub: HubOptions
) -> Path:
    """Locate a pipeline folder.

    Args:
        source: the name of a checkpoint in the package, a folder, or a Hub repository "org/name".
        revision: branch, tag or commit on the Hub.
        variant: which weights to fetch, such as "fp16" for `model.fp16.safetensors`.
        hub: how to fetch.

    Raises:
        CheckpointError: there is no pipeline at `source`.
    """
    weights = "*/model.safetensors" if variant is None else f"*/model.{variant}.safetensors"
    patterns = ["*.json", "*/*.json", "*/LICENSE", "*/NOTICE", weights, "normalizer/model.safetensors"]
    patterns.append("text_backbone/model.safetensors")
    if isinstance(source, str):
        source = SHIPPED.get(source, source)
    return locate(source, INDEX, patterns, "checkpoint", revision, hub)


def locate(
    source: str | os.PathLike[str],
    marker: str,
    patterns: list[str],
    noun: str,
    revision: str | None,
    hub: HubOptions,
) -> Path:
    """Locate a folder on the disk or on the Hub.

    Args:
        source: the folder, or a Hub repository "org/name".
        marker: file that every such folder holds.
        patterns: files to fetch from the Hub.
        noun: what messages call such a folder.
        revision: branch, tag or commit on the Hub.
        hub: how to fetch.

    Raises:
        CheckpointError: there is none at `source`.
    """
    if os.path.isdir(source):
        folder = Path(source)
    elif os.path.exists(source):
        raise CheckpointError(
            f"{str(source)!r} is a file: a {noun} is a folder with {marker} and safetensors weights "
            "(pickles such as .pt and .ckpt are never loaded)"
        )
    elif _is_repository(str(source)):
        folder = _download(str(source), revision, patterns, hub)
    else:
        named = f"{' or '.join(map(repr, SHIPPED))}, " if noun == "checkpoint" else ""
        raise CheckpointError(
            f"no {noun} at {str(source)!r}: give {named}a folder or a Hub repository 'org/name'"
        )
    if not (folder / marker).is_file():
        raise CheckpointError(f"{str(source)!r} holds no {marker}: it is not a RAM {noun} folder")
    return folder


def read_index(folder: Path) -> dict[str, type]:
    """The classes of the folder's parts by name (NoneType: left out), as its index names them.

    Raises:
        CheckpointError: it is no RAM pipeline, or has parts that this version does not know.
    """
    index = read_json(folder / INDEX)
    if index.get("_class_name") != "RAMPipeline":
        raise CheckpointError(f"{INDEX} describes a {index.get('_class_name')!r}: expected 'RAMPipeline'")
    classes = {}
    for name, choices in COMPONENTS.items():
        entry = index.get(name, "missing")
        found = [choice for choice in choices if entry == _index_entry(choice)]
        if not found:
            expected = " or ".join(json.dumps(_index_entry(choice)) for choice in choices)
            raise CheckpointError(
                f"{INDEX} says {name} is {entry!r}: expected {expected}; "
                f"it was written by ram_sdk {index.get('_ram_sdk_version')}, this is {ram_sdk.__version__}"
            )
        classes[name] = found[0]
    return classes


def _index_entry(component: type) -> list[str] | None:
    return None if component is NoneType else ["ram_sdk", component.__name__]


def load_component(folder: Path, name: str, component: type, variant: str | None, hub: HubOptions) -> Any:
    """Load one part of a pipeline folder, on the CPU in float32.

    Args:
        folder: the pipeline folder.
        name: which part.
        component: its class, from `read_index`.
        variant: which of its weights, such as "fp16".
        hub: how to fetch a text backbone that is not in the folder.

    Raises:
        CheckpointError: a file is missing, broken, or does not fit its configuration.
    """
    if component is NoneType:
        return None
    if name == "scheduler":
        return RAMScheduler(_read_config(folder / name / "config.json", SchedulerConfig))
    if name == "text_backbone":
        config = _read_config(folder / name / "backbone.json", TextBackboneConfig)
        return load_text_backbone(config, folder / name, hub)
    module = component(_read_config(folder / name / "config.json", _CONFIGS[component]))
    _load_weights(module, _weights_file(folder / name, None if name == "normalizer" else variant))
    return module.eval().requires_grad_(False)


def load_text_backbone(
    config: TextBackboneConfig, folder: Path = _PACKAGED_BACKBONE, hub: HubOptions | None = None
) -> TextBackbone:
    """Load a text backbone after checking its weights' hash.

    Args:
        config: which one.
        folder: where its files lie, if that is in a checkpoint.
        hub: how to fetch it, if it is on the Hub.

    Raises:
        CheckpointError: the files cannot be had, or their hash differs from the configuration's.
    """
    if config.place == "package":
        folder = _PACKAGED_BACKBONE
    if config.place == "hub":
        patterns = ["config.json", "model.safetensors", "tokenizer*", "vocab.txt", "special_tokens_map.json"]
        folder = _download(config.name, config.revision, patterns, hub or HubOptions())
    weights = _weights_file(folder, None)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != config.sha256:
        raise CheckpointError(
            f"the weights of the text backbone {config.name} have sha256 {digest[:12]}..., expected "
            f"{config.sha256[:12]}...: they are damaged or not the ones this checkpoint was trained with"
        )
    try:
        return TextBackbone.from_folder(folder, config)
    except (ValueError, OSError, SafetensorError) as error:
        raise CheckpointError(f"the text backbone {config.name} cannot be loaded: {error}") from error


def shipped_text_backbone() -> TextBackbone:
    """The text backbone in the package."""
    return load_text_backbone(_read_config(_PACKAGED_BACKBONE / "backbone.json", TextBackboneConfig))


def describe(folder: Path) -> list[str]:
    """What a pipeline folder is, line by line, from its configuration and the headers of its weights."""
    classes = read_index(folder)
    motion = _read_config(folder / "normalizer" / "config.json", models.NormalizerConfig)
    scheduler = _read_config(folder / "scheduler" / "config.json", SchedulerConfig)
    backbone = _read_config(folder / "text_backbone" / "backbone.json", TextBackboneConfig)
    lines = [
        f"{'checkpoint':18} {folder}",
        f"{'motion':18} {motion.skeleton}, {motion.num_features} features, {motion.fps:g} fps, "
        f"{motion.min_frames}-{motion.max_frames} frames",
        f"{'guidance':18} reg_scale {scheduler.reg_scale:g}, cfg_scale {scheduler.cfg_scale:g} (0 = off), "
        f"sampler {scheduler.sampler}, {scheduler.timestep_spacing} steps, "
        f"trained on {scheduler.num_train_timesteps} timesteps",
        f"{'text_backbone':18} {backbone.name} ({backbone.revision}), "
        f"{PLACES[backbone.place]}, sha256 {backbone.sha256[:12]}",
    ]
    for name, network in classes.items():
        if network not in _CONFIGS:
            continue
        config = dataclasses.asdict(_read_config(folder / name / "config.json", _CONFIGS[network]))
        for file in sorted((folder / name).glob("model*.safetensors")):
            sizes = ", ".join(f"{key} {value}" for key, value in config.items())
            lines.append(f"{name:18} {_count_weights(file):,} weights ({file.name}): {sizes}")
    return lines


def save(components: Mapping[str, Any], folder: Path, variant: str | None = None) -> None:
    """Write a pipeline folder.

    Args:
        components: the parts by name; networks are stored in the precision that they have.
        folder: made if it does not exist.
        variant: "fp16" or "bf16" stores the networks in that precision, in files of that name beside.
    """
    index: dict[str, Any] = {"_class_name": "RAMPipeline", "_ram_sdk_version": ram_sdk.__version__}
    for name, component in components.items():
        index[name] = _index_entry(type(component))
        if component is None:
            continue
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        if name == "text_backbone":
            _save_text_backbone(component, target)
            continue
        write_json(target / "config.json", dataclasses.asdict(component.config))
        if isinstance(component, nn.Module):
            _save_weights(component, target, None if name == "normalizer" else variant)
    motion = dataclasses.asdict(components["normalizer"].config)
    write_json(folder / "config.json", {"model_type": "ram", "motion_representation": motion})
    write_json(folder / INDEX, index)


def push(
    save_pretrained: Callable[[Path], None],
    repo_id: str,
    *,
    private: bool,
    token: str | bool | None,
    revision: str | None,
    commit_message: str,
    create_pr: bool,
) -> str:
    """Write a pipeline to a temporary folder and upload it; returns the commit's address.

    Raises:
        CheckpointError: the Hub refused or cannot be reached.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(token=token, library_name="ram_sdk", library_version=ram_sdk.__version__)
    with tempfile.TemporaryDirectory() as folder:
        save_pretrained(Path(folder))
        try:
            repository = api.create_repo(repo_id, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repository.repo_id,
                folder_path=folder,
                revision=revision,
                commit_message=commit_message,
                create_pr=create_pr,
            )
        except (HfHubHTTPError, OSError, ValueError) as error:
            raise CheckpointError(
                f"{repo_id!r} cannot be uploaded to the Hub: {_first_line(error)}"
            ) from error
    return str(commit.commit_url)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with a final newline."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


_VARIANT_DTYPES = {None: None, "fp16": torch.float16, "bf16": torch.bfloat16}


def _save_weights(module: nn.Module, folder: Path, variant: str | None) -> None:
    if variant not in _VARIANT_DTYPES:
        raise ValueError(f"variant {variant!r}: use 'fp16', 'bf16' or None")
    dtype = _VARIANT_DTYPES[variant]
    name = "model.safetensors" if variant is None else f"model.{variant}.safetensors"
    weights = {
        key: w.detach().to(device="cpu", dtype=dtype).contiguous() for key, w in module.state_dict().items()
    }
    save_file(weights, folder / name, {"format": "pt"})


def _save_text_backbone(backbone: TextBackbone, folder: Path) -> None:
    if backbone.config.place == "folder" and backbone.folder.resolve() != folder.resolve():
        shutil.copytree(backbone.folder, folder, dirs_exist_ok=True)
    write_json(folder / "backbone.json", dataclasses.asdict(backbone.config))


def _is_repository(source: str) -> bool:
    organisation, slash, name = source.partition("/")
    return bool(slash and organisation and name) and "/" not in name and not source.startswith((".", "~"))


def _download(repository: str, revision: str | None, patterns: list[str], hub: HubOptions) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    where = f"{repository!r}" + (f" at revision {revision!r}" if revision else "")
    try:
        return Path(
            snapshot_download(
                repository,
                revision=revision,
                allow_patterns=patterns,
                token=hub.token,
                cache_dir=None if hub.cache_dir is None else Path(hub.cache_dir),
                local_files_only=hub.local_files_only,
                library_name="ram_sdk",
                library_version=ram_sdk.__version__,
            )
        )
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{where} is not in the local cache and the Hub cannot be reached: connect once, or give a folder"
        ) from error
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise CheckpointError(f"{where} cannot be downloaded from the Hub: {_first_line(error)}") from error


def _weights_file(folder: Path, variant: str | None) -> Path:
    path = folder / ("model.safetensors" if variant is None else f"model.{variant}.safetensors")
    if not path.is_file():
        others = sorted(file.name for file in folder.glob("model*.safetensors"))
        raise CheckpointError(
            f"{folder.name}/{path.name} is missing: "
            + (f"the checkpoint has {', '.join(others)}" if others else "the checkpoint has no weights there")
        )
    return path


def _load_weights(module: nn.Module, path: Path) -> None:
    where = f"{path.parent.name}/{path.name}"
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{where} is damaged or not a safetensors file: {_first_line(error)}"
        ) from error
    expected = module.state_dict()
    missing, unknown = sorted(expected.keys() - weights.keys()), sorted(weights.keys() - expected.keys())
    reshaped = sorted(k for k in expected.keys() & weights.keys() if expected[k].shape != weights[k].shape)
    if missing or unknown or reshaped:
        key = (reshaped or missing or unknown)[0]
        detail = (
            f"{key} is {tuple(weights[key].shape)}, config.json asks for {tuple(expected[key].shape)}"
            if reshaped
            else f"{key} is {'missing' if missing else 'not part of the network'}"
        )
        raise CheckpointError(
            f"{where} does not fit its config.json: {len(missing)} weights missing, {len(unknown)} unknown, "
            f"{len(reshaped)} of another shape ({detail})"
        )
    if bad := next((key for key, weight in weights.items() if not weight.isfinite().all()), None):
        raise CheckpointError(f"{where} holds NaN or infinite values in {bad}: the checkpoint is damaged")
    module.load_state_dict(weights, strict=True)


def _count_weights(path: Path) -> int:
    try:
        with safe_open(path, framework="pt") as file:
            return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.parent.name}/{path.name} is damaged or not a safetensors file: {_first_line(error)}"
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a pipeline folder; what is wrong with it is a `CheckpointError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path.parent.name}/{path.name} is missing from the checkpoint") from error
    except ValueError as error:
        raise CheckpointError(f"{path.parent.name}/{path.name} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(
            f"{path.parent.name}/{path.name}: expected an object, got {type(content).__name__}"
        )
    return content


def _read_config(path: Path, config_class: type[Config]) -> Config:
    content = read_json(path)
    where = f"{path.parent.name}/{path.name}"
    known = {field.name for field in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    if unknown := content.keys() - known:
        raise CheckpointError(f"{where} has unknown keys {sorted(unknown)}: known are {sorted(known)}")
    try:
        return config_class(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{where}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
