"""Pipeline folders: where one is, which parts it has, reading and writing them.

A pipeline folder holds `model_index.json` (which parts there are, and the SHA-256 of their weights),
`config.json` (its motion representation, for readers and for the Hub's download counter) and a folder for
each part with its `config.json` and, for networks, `model.safetensors`. Class names are looked up in a table
here; nothing that a file names is imported, and nothing is ever unpickled.
"""

import dataclasses
import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from torch import nn

import ram_sdk
from ram_sdk import models
from ram_sdk.checkpoint.backbone import (
    FILES,
    LARGEST_TOKENIZER,
    NOTICES,
    load_text_backbone,
    read_text_backbone,
    save_text_backbone,
)
from ram_sdk.checkpoint.configs import CONFIGS, check_sizes, read_config, read_json, write_json
from ram_sdk.checkpoint.errors import CheckpointError
from ram_sdk.checkpoint.hub import HubOptions, download, is_repository
from ram_sdk.checkpoint.weights import (
    check_sum,
    load_network,
    read_header,
    save_weights,
    sha256,
    weights_file,
    weights_name,
)
from ram_sdk.files import replacing_folder
from ram_sdk.models.text_backbone import TextBackbone, TextBackboneConfig
from ram_sdk.scheduler import RAMScheduler, SchedulerConfig
from ram_sdk.shipped import INDEX, SHIPPED

CARD = "README.md"

COMPONENTS: dict[str, tuple[type, ...]] = {
    "denoiser": (models.MotionDenoiser,),
    "motion_encoder": (models.MotionEncoder, NoneType),
    "text_encoder": (models.TextEncoder, models.TokenMean),
    "normalizer": (models.FeatureNormalizer,),
    "duration_estimator": (models.DurationEstimator,),
    "text_backbone": (TextBackbone,),
    "scheduler": (RAMScheduler,),
    "matcher": (models.Matcher, NoneType),
    "known_actions": (models.KnownActions, NoneType),
    "exemplars": (models.Exemplars, NoneType),
    "reader": (models.PromptReader, NoneType),
}
"""The parts of a pipeline and the classes each may have; a part that may be None may be left out."""

_CHECKSUMS = "_sha256"
_ADDED = ("matcher", "known_actions", "exemplars", "reader")  # not named by checkpoints of ram_sdk 0.1
_WITHOUT_WEIGHTS = ("scheduler", "matcher")


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
    if isinstance(source, str):
        source = SHIPPED.get(source, source)
    folder = locate(source, INDEX, [INDEX], "checkpoint", revision, hub)
    if not os.path.isdir(source):
        _fetch_parts(str(source), folder, variant, hub)
    return folder


def locate(
    source: str | os.PathLike[str],
    marker: str,
    names: list[str],
    noun: str,
    revision: str | None,
    hub: HubOptions,
) -> Path:
    """Locate a folder on the disk or on the Hub.

    Args:
        source: the folder, or a Hub repository "org/name".
        marker: file that every such folder holds.
        names: files to fetch from the Hub.
        noun: what messages call it.
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
    elif is_repository(str(source)):
        folder = download(str(source), revision, names, (), hub, _check_sound)
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
        CheckpointError: it is not a RAM pipeline, has parts that this version does not know, or parts whose
            configurations are wrong or do not fit each other.
    """
    classes = _read_classes(folder)
    check_sizes(folder, classes)
    return classes


def read_known_actions(folder: Path) -> tuple[models.KnownAction, ...]:
    """What a checkpoint was trained on, with example prompts; empty if its folder does not say.

    Raises:
        CheckpointError: it is not a RAM pipeline, or its list is damaged.
    """
    if _read_classes(folder)["known_actions"] is NoneType:
        return ()
    return read_config(folder / "known_actions" / "config.json", models.KnownActionsConfig).actions


def load_component(folder: Path, name: str, component: type, variant: str | None, hub: HubOptions) -> Any:
    """Load one part of a pipeline folder, on the CPU in float32.

    Args:
        folder: the pipeline folder.
        name: which part.
        component: its class, from `read_index`.
        variant: which of its weights, such as "fp16".
        hub: how to fetch a text backbone that is not in the folder.

    Raises:
        CheckpointError: a file is missing, damaged, or does not fit its configuration.
    """
    if component is NoneType:
        return None
    if name == "scheduler":
        return _load_scheduler(folder / name / "config.json")
    if name == "matcher":
        return models.Matcher(read_config(folder / name / "config.json", models.MatcherConfig))
    checksums = _read_checksums(folder)
    if name == "text_backbone":
        backbone = read_config(folder / name / "backbone.json", TextBackboneConfig)
        if backbone.place != "folder":
            return load_text_backbone(backbone, hub=hub)
        known = {file: checksums[f"{name}/{file}"] for file in FILES if f"{name}/{file}" in checksums}
        return read_text_backbone(folder / name, backbone, known)
    config: Any = read_config(folder / name / "config.json", CONFIGS[component])
    weights = weights_file(folder / name, _variant_of(name, variant))
    make = functools.partial(component, config)
    return load_network(make, weights, checksums.get(f"{name}/{weights.name}"))


def save(components: Mapping[str, Any], folder: Path, variant: str | None = None) -> None:
    """Write a pipeline folder; it appears whole or not at all.

    Args:
        components: the parts by name; networks are stored in the precision that they have.
        folder: made if it does not exist. Other files in it stay.
        variant: "fp16" or "bf16" stores the networks in that precision, in files of that name.

    Raises:
        ValueError: no such variant, or weights that are not finite.
        OSError: the folder cannot be written.
    """
    index: dict[str, Any] = {"_class_name": "RAMPipeline", "_ram_sdk_version": ram_sdk.__version__}
    checksums = _kept_checksums(folder)
    with replacing_folder(folder, INDEX) as temporary:
        for name, component in components.items():
            index[name] = _index_entry(type(component))
            if component is None:
                continue
            target = temporary / name
            target.mkdir()
            if name == "text_backbone":
                written = save_text_backbone(component, target)
                checksums |= {f"{name}/{file}": digest for file, digest in written.items()}
                continue
            write_json(target / "config.json", dataclasses.asdict(component.config))
            if isinstance(component, nn.Module):
                save_weights(component, target, _variant_of(name, variant))
        for path in sorted(temporary.rglob("*.safetensors")):
            checksums[path.relative_to(temporary).as_posix()] = sha256(path)
        motion = dataclasses.asdict(components["normalizer"].config)
        write_json(temporary / "config.json", {"model_type": "ram", "motion_representation": motion})
        write_json(temporary / INDEX, index | {_CHECKSUMS: dict(sorted(checksums.items()))})


def add_component(folder: Path, name: str, component: Any) -> None:
    """Add a part to a pipeline folder, or replace it; the other parts stay.

    Args:
        folder: the pipeline folder.
        name: of a part that may be left out.
        component: the part; a network is stored in the precision that it has.

    Raises:
        CheckpointError: the folder holds no pipeline.
        ValueError: weights that are not finite.
        OSError: the folder cannot be written.
    """
    index = read_json(folder / INDEX)
    target = folder / name
    target.mkdir(exist_ok=True)
    write_json(target / "config.json", dataclasses.asdict(component.config))
    checksums = _kept_checksums(folder)
    if isinstance(component, nn.Module):
        save_weights(component, target, None)
        checksums |= {f"{name}/{path.name}": sha256(path) for path in target.glob("*.safetensors")}
    index |= {name: _index_entry(type(component)), _CHECKSUMS: dict(sorted(checksums.items()))}
    write_json(folder / INDEX, index)


def _read_classes(folder: Path) -> dict[str, type]:
    index = read_json(folder / INDEX)
    if index.get("_class_name") != "RAMPipeline":
        raise CheckpointError(f"{INDEX} describes a {index.get('_class_name')!r}: expected 'RAMPipeline'")
    classes = {}
    for name, choices in COMPONENTS.items():
        entry = index.get(name, None if name in _ADDED else "missing")
        found = [choice for choice in choices if entry == _index_entry(choice)]
        if not found:
            expected = " or ".join(json.dumps(_index_entry(choice)) for choice in choices)
            raise CheckpointError(
                f"{INDEX} says {name} is {entry!r}: expected {expected}; "
                f"it was written by ram_sdk {index.get('_ram_sdk_version')}, this is {ram_sdk.__version__}"
            )
        classes[name] = found[0]
    return classes


def _read_checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of the weights by their names in the folder; checkpoints of ram_sdk 0.1 have none."""
    checksums = read_json(folder / INDEX).get(_CHECKSUMS, {})
    if not isinstance(checksums, dict):
        raise CheckpointError(f"{INDEX}: {_CHECKSUMS} is no group of checksums")
    return checksums


def _kept_checksums(folder: Path) -> dict[str, str]:
    """The checksums of weights that are in a folder already, such as those of another variant."""
    if not (folder / INDEX).is_file():
        return {}
    return {name: digest for name, digest in _read_checksums(folder).items() if (folder / name).is_file()}


def _fetch_parts(repository: str, folder: Path, variant: str | None, hub: HubOptions) -> None:
    """Fetch the files of a checkpoint whose index is in the cache."""
    classes, checksums = _read_classes(folder), _read_checksums(folder)

    def check(path: Path) -> None:
        _check_sound(path)
        check_sum(path, checksums.get(f"{path.parent.name}/{path.name}"))

    names = ["text_backbone/backbone.json"]
    for name, part in classes.items():
        if part in CONFIGS or (name in _WITHOUT_WEIGHTS and part is not NoneType):
            names.append(f"{name}/config.json")
        if part in CONFIGS:
            names.append(f"{name}/{weights_name(_variant_of(name, variant))}")
    optional = [CARD, *NOTICES]
    download(repository, folder.name, names, optional, hub, check)
    backbone = read_config(folder / "text_backbone" / "backbone.json", TextBackboneConfig)
    if backbone.place == "folder":
        files, notices = ([f"text_backbone/{name}" for name in group] for group in (FILES, NOTICES))
        download(repository, folder.name, files, notices, hub, check)


def _check_sound(path: Path) -> None:
    """Raise CheckpointError unless a file is what its name says."""
    if path.name.endswith(".safetensors"):
        read_header(path)
    elif path.name == "tokenizer.json":
        read_json(path, largest=LARGEST_TOKENIZER)
    elif path.name.endswith(".json"):
        read_json(path)


def _variant_of(name: str, variant: str | None) -> str | None:
    """The normalizer is always stored in float32."""
    return None if name == "normalizer" else variant


def _load_scheduler(path: Path) -> RAMScheduler:
    config = read_config(path, SchedulerConfig)
    try:
        return RAMScheduler(config)
    except ValueError as error:
        raise CheckpointError(f"{path.parent.name}/{path.name}: {error}") from error


def _index_entry(component: type) -> list[str] | None:
    return None if component is NoneType else ["ram_sdk", component.__name__]
