"""The model card of an exported run: architecture, training data, training and samples."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ram_sdk import RAMPipeline
from ram_sdk.files import write_whole
from ram_sdk.models.text_backbone import PLACES
from training import markdown
from training.config import TrainingConfig
from training.curves import Curve, draw_curves
from training.data.folder import MotionTextFolder, read_listing
from training.evaluation.prompt_checks.sheets import SAMPLE_SECONDS, sample_sheet
from training.run_folder import RunFolder

_SYMBOLS = {
    "generation": "L_gen",
    "reconstruction": "L_rec",
    "alignment": "L_align",
    "self_regularization": "L_sr",
    "contrastive": "L_con",
    "retrieval": "R@1",
    "latent_cosine": "cos z_m",
    "pair_cosine": "cos z_t, z_m",
    "latent_distance": "distance z_t, z_m",
}
_TERMS = "The licences of all sources above apply."  # if `sources.json` has no terms
_ROWS = 10  # of the table of losses
# settings that do not affect the weights
_HOUSEKEEPING = ("log_every", "save_every", "sample_every", "keep_checkpoints", "tracker")

_HEAD = """---
library_name: ram_sdk
pipeline_tag: text-to-3d
{license}tags:
- text-to-motion
- human-motion
- diffusion
---

# {name}

{kind} Text in, 3D human motion out, with the `ram_sdk` package.

```python
from ram_sdk import RAMPipeline

motion = RAMPipeline.from_pretrained("<this repository or folder>")("a person walks forward").motions[0]
motion.save("walk.bvh")
```
"""
_KINDS = {
    True: "A Reconstruction-Anchored Diffusion Model (RAM).",
    False: "A baseline without RAM's motion branch, sampled with classifier-free guidance only.",
}


def write_card(
    pipeline: RAMPipeline,
    run: RunFolder,
    step: int,
    data: MotionTextFolder,
    out: Path,
    name: str,
    notes: Sequence[Path] = (),
) -> None:
    """Write `README.md`, `losses.png` and `sheet.png` into a pipeline folder.

    Args:
        pipeline: the pipeline in the folder.
        run: the run that trained it.
        step: of the checkpoint in the folder.
        data: what it was trained on.
        out: the pipeline folder.
        name: title of the card.
        notes: Markdown files that are appended, such as metrics and limitations.

    Raises:
        FileNotFoundError: a notes file does not exist.
    """
    written = [path.read_text(encoding="utf-8") for path in notes]
    listing = _training_clips(data)
    config = run.config()
    if curves := _curves(run):
        draw_curves(curves).savefig(out / "losses.png", dpi=100)
    sample_sheet(pipeline).save(out / "sheet.png", optimize=True)
    head = _HEAD.format(
        license=_license(listing), name=name, kind=_KINDS[pipeline.motion_encoder is not None]
    )
    sections = (
        head,
        _architecture(pipeline),
        _training_data(data, listing),
        _training(run, step, config),
        _losses(run),
        f"## Samples\n\nSeed 0 of each prompt, {SAMPLE_SECONDS:g} seconds (left limbs coral, right "
        "limbs blue):\n\n![strips of poses](sheet.png)\n",
        *written,
        _credits(listing),
    )
    write_whole(out / "README.md", "\n".join(filter(None, sections)).encode())


def _training_clips(data: MotionTextFolder) -> list[Mapping[str, Any]]:
    """The entries of captured training clips in `clips.json`, without mirrored copies; empty if missing."""
    about = read_listing(data.root)
    clips = [about[clip_id] for clip_id in data.ids("train")] if about else []
    return [clip for clip in clips if not clip["mirrored"] and "composed" not in clip]


def _license(listing: Sequence[Mapping[str, Any]]) -> str:
    if any("NC" in clip["license"] for clip in listing):
        return "license: cc-by-nc-4.0\n"
    return "license: other\n" if listing else ""


def _architecture(pipeline: RAMPipeline) -> str:
    motion, scheduler = pipeline.normalizer.config, pipeline.scheduler.config
    denoiser, backbone = pipeline.denoiser, pipeline.text_backbone.config
    sizes = denoiser.config
    rows = [
        ("motion", f"{motion.skeleton}, {motion.num_features} features, {motion.fps:g} fps, "
                   f"{motion.min_frames / motion.fps:g} to {motion.max_frames / motion.fps:g} s"),
        ("denoiser D", f"{sizes.num_layers} layers, width {sizes.width}, feed-forward {sizes.feedforward}, "
                       f"{sizes.num_heads} heads: {_millions(denoiser)}"),
    ]  # fmt: skip
    for title, encoder in (("E_m", pipeline.motion_encoder), ("E_t", pipeline.text_encoder)):
        if encoder is not None and hasattr(encoder.config, "num_layers"):
            layers = f"{encoder.config.num_layers} layers, d {encoder.config.latent_dim}"
            rows.append((f"encoder {title}", f"{layers}: {_millions(encoder)}"))
    rows += [
        ("text backbone", f"{backbone.name} ({backbone.revision}), frozen, {PLACES[backbone.place]}"),
        ("guidance", f"reg_scale {scheduler.reg_scale:g}, cfg_scale {scheduler.cfg_scale:g}"),
    ]
    return f"## Architecture\n\n{markdown.table(('', ''), rows)}"


def _training_data(data: MotionTextFolder, listing: Sequence[Mapping[str, Any]]) -> str:
    ids = data.ids("train")
    text = f"## Training data\n\n{len(ids):,} training clips in HumanML3D's layout"
    if not listing:
        return f"{text}. Before you publish it, state here where they come from and under which licence.\n"
    about = _about_sources(data)
    titles, rows = about.get("titles", {}), []
    for source in dict.fromkeys(clip["source"] for clip in listing):
        clips = [clip for clip in listing if clip["source"] == source]
        hours = sum(clip["end_seconds"] - clip["start_seconds"] for clip in clips) / 3600
        title = titles.get(source, source)
        rows.append((f"{title} (`{source}`)", clips[0]["license"], len(clips), f"{hours:.2f}"))
    mirrored = (
        f", {len(ids) - len(listing):,} of them mirrored copies or composed from other clips"
        if len(ids) > len(listing)
        else ""
    )
    table = markdown.table(("source", "licence", "clips", "hours"), rows)
    return f"{text}{mirrored}:\n\n{table}\n**Terms of use.** {about.get('terms', _TERMS)}\n"


def _about_sources(data: MotionTextFolder) -> Mapping[str, Any]:
    """The content of `sources.json`: titles of the sources, and the terms of the whole set."""
    path = data.root / "sources.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _training(run: RunFolder, step: int, config: TrainingConfig) -> str:
    dates: dict[str, list[str]] = {}
    for start in run.read_log("start"):
        dates.setdefault(start["machine"], []).append(start["date"])
    machines = [f"{machine} (started {', '.join(dict.fromkeys(days))})" for machine, days in dates.items()]
    changed = _changed(dataclasses.asdict(config), dataclasses.asdict(TrainingConfig()))
    settings = yaml.safe_dump({key: value for key, value in changed.items() if key not in _HOUSEKEEPING})
    return (
        f"## Training\n\n`python -m training train`: {step:,} steps of {config.batch_size} clips, "
        f"{'; '.join([config.precision, *machines])}.\n\n"
        "Settings that differ from the paper's configuration:\n\n"
        f"```yaml\n{settings}```\n"
    )


def _losses(run: RunFolder) -> str:
    lines = run.read_log("val")
    if not lines:
        return ""
    names = [name for name in _SYMBOLS if name in lines[-1]]
    if len(lines) > _ROWS:
        lines = [lines[round(i * (len(lines) - 1) / (_ROWS - 1))] for i in range(_ROWS)]
    rows = [(f"{line['step']:,}", *(f"{line[name]:.3f}" for name in names)) for line in lines]
    table = markdown.table(("step", *(_SYMBOLS[name] for name in names)), rows)
    return (
        "Validation losses of the averaged weights (eq. 3-8; R@1: text-to-motion retrieval by latents among "
        "32 clips):"
        f"\n\n{table}\nValidation (red) and training (blue):\n\n![curves](losses.png)\n"
    )


def _curves(run: RunFolder) -> list[Curve]:
    train, val = run.read_log("train"), run.read_log("val")
    return [
        Curve(
            name, *([(line["step"], line[name]) for line in lines if name in line] for lines in (train, val))
        )
        for name in _SYMBOLS
        if val and name in val[-1]
    ]


def _changed(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The keys whose values differ from the defaults, with their nesting."""
    changed: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(defaults[key], dict) and defaults[key]:
            value = _changed(value, defaults[key])
            if not value:
                continue
        elif value == defaults[key]:
            continue
        changed[key] = value
    return changed


def _credits(listing: Iterable[Mapping[str, Any]]) -> str:
    credits = dict.fromkeys(clip["credit"] for clip in listing)
    return "## Credits\n\n" + "".join(f"- {credit}\n" for credit in credits) if credits else ""


def _millions(network: Any) -> str:
    return f"{sum(weight.numel() for weight in network.parameters()) / 1e6:.1f} M weights"
