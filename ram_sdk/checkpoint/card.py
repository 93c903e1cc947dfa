"""What a checkpoint is, for users: the model card (`README.md`) of its folder and `ram-sdk info`."""

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ram_sdk.checkpoint.configs import CONFIGS, read_config
from ram_sdk.checkpoint.folder import CARD, read_index, read_known_actions
from ram_sdk.checkpoint.weights import count_weights
from ram_sdk.files import write_whole
from ram_sdk.models import NormalizerConfig
from ram_sdk.models.text_backbone import PLACES, TextBackboneConfig
from ram_sdk.scheduler import SchedulerConfig

if TYPE_CHECKING:
    from ram_sdk.pipeline.parts import PipelineParts

_TEMPLATE = """---
library_name: ram_sdk
pipeline_tag: text-to-3d
{license}tags:
- text-to-motion
- human-motion
- diffusion
---

# RAM text-to-motion checkpoint

A Reconstruction-Anchored Diffusion Model: text in, 3D human motion out.

```python
from ram_sdk import RAMPipeline

pipe = RAMPipeline.from_pretrained("<this repository or folder>")
motion = pipe("a person jumps", reg_scale={reg_scale:g}).motions[0]
motion.save("jump.bvh")
```

| | |
|---|---|
| motion | {skeleton}, {num_features} features, {fps:g} fps, up to {max_frames} frames |
| latent | {latent_dim} |
| denoiser | {num_layers} layers, width {width} |
| text backbone | {backbone} ({revision}), frozen |
| guidance | reg_scale {reg_scale:g}, cfg_scale {cfg_scale:g}, sampler {sampler} |

{origin}"""
_UNKNOWN = """Data, steps, results and licence of the weights: to be filled in by whoever trained them. Do not
publish weights whose data you may not share.
"""
_ORIGIN = """Its weights are those of `{name}` or come from them: the terms and credits of `{name}` apply.

{sections}"""
_TERMS = re.compile(
    r"licen[cs]|terms|credit|acknowledg|attribution|what it saw|training data|citation", re.IGNORECASE
)
"""Headings of a card's sections that stay with the weights, wherever these go."""


def write_model_card(pipeline: "PipelineParts", folder: Path) -> None:
    """Write a card that says what the checkpoint is; an existing one is kept.

    Licence, terms and credits of the checkpoint that the pipeline was loaded from are carried over.
    """
    path = folder / CARD
    if path.exists():
        return
    motion, denoiser = pipeline.normalizer.config, pipeline.denoiser.config
    backbone, scheduler = pipeline.text_backbone.config, pipeline.scheduler.config
    license_lines, sections = terms_of(pipeline.folder)
    text = _TEMPLATE.format(
        skeleton=motion.skeleton,
        num_features=motion.num_features,
        fps=motion.fps,
        max_frames=motion.max_frames,
        latent_dim=denoiser.latent_dim,
        num_layers=denoiser.num_layers,
        width=denoiser.width,
        backbone=backbone.name,
        revision=backbone.revision,
        reg_scale=scheduler.reg_scale,
        cfg_scale=scheduler.cfg_scale,
        sampler=scheduler.sampler,
        license=license_lines,
        origin=_ORIGIN.format(name=pipeline.name, sections=sections) if sections else _UNKNOWN,
    )
    write_whole(path, text.encode())


def describe(folder: Path) -> dict[str, str]:
    """What a pipeline folder is, from its card, its configuration and the headers of its weights."""
    classes = read_index(folder)
    motion = read_config(folder / "normalizer" / "config.json", NormalizerConfig)
    scheduler = read_config(folder / "scheduler" / "config.json", SchedulerConfig)
    backbone = read_config(folder / "text_backbone" / "backbone.json", TextBackboneConfig)
    known = read_known_actions(folder)
    facts = {
        "checkpoint": str(folder),
        "licence": licence_of(folder) or f"its card does not say ({CARD})",
        "knows": f"{len(known)} actions, see ram-sdk prompts" if known else "not listed, read its card",
        "motion": f"{motion.skeleton}, {motion.num_features} features, {motion.fps:g} fps, "
        f"{motion.min_frames}-{motion.max_frames} frames",
        "guidance": f"reg_scale {scheduler.reg_scale:g}, cfg_scale {scheduler.cfg_scale:g} (0 = off), "
        f"sampler {scheduler.sampler}, {scheduler.timestep_spacing} steps from "
        f"{'pure noise' if scheduler.strength == 1.0 else f'captures, strength {scheduler.strength:g}'}, "
        f"trained on {scheduler.num_train_timesteps} timesteps",
        "text_backbone": f"{backbone.name} ({backbone.revision}), "
        f"{PLACES[backbone.place]}, sha256 {backbone.sha256[:12]}",
    }
    for name, network in classes.items():
        if network not in CONFIGS:
            continue
        config = dataclasses.asdict(read_config(folder / name / "config.json", CONFIGS[network]))
        sizes = ", ".join(
            f"{len(value)} {key}" if isinstance(value, tuple | dict) else f"{key} {value}"
            for key, value in config.items()
        )
        files = sorted((folder / name).glob("model*.safetensors"))
        weights = ", ".join(f"{count_weights(file):,} weights ({file.name})" for file in files)
        if files:
            facts[name] = f"{weights}: {sizes}"
    return facts


def licence_of(folder: Path | None) -> str | None:
    """The licence of a checkpoint's weights, in one line, as the head of its card names it."""
    fields = dict(re.findall(r"^(license\w*): *(.+?) *$", terms_of(folder)[0], flags=re.MULTILINE))
    name = fields.get("license_name", fields.get("license"))
    if name is None:
        return None
    if name == "other":
        return f"of its own: the terms and credits are in its card, {CARD}"
    if re.search(r"(^|-)nc(-|$)", name, re.IGNORECASE):
        return f"{name}: non-commercial use only; terms and credits are in its card, {CARD}"
    return f"{name}: terms and credits are in its card, {CARD}"


def terms_of(folder: Path | None) -> tuple[str, str]:
    """The licence lines at the head of a checkpoint's card, and its sections of terms and credits."""
    if folder is None or not (folder / CARD).is_file():
        return "", ""
    card = (folder / CARD).read_text(encoding="utf-8", errors="replace")
    _, *parts = re.split(r"^---\s*$", card, maxsplit=2, flags=re.MULTILINE)
    head, body = parts if card.startswith("---") and len(parts) == 2 else ("", card)
    license_lines = "".join(f"{line}\n" for line in head.splitlines() if re.match(r"license\w*:", line))
    sections = re.split(r"^(?=## )", body, flags=re.MULTILINE)[1:]
    kept = [part.strip() for part in sections if _TERMS.search(part.splitlines()[0])]
    return license_lines, "".join(f"{part}\n\n" for part in kept).rstrip() + "\n" if kept else ""
