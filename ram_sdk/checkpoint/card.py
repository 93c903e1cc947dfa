"""The model card (`README.md`) of a pipeline folder."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ram_sdk.pipeline import RAMPipeline

_TEMPLATE = """---
library_name: ram_sdk
pipeline_tag: text-to-3d
tags:
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

Data, steps, figures and licence of the weights: to be filled in by whoever trained them. Do not publish
weights whose data you may not share.
"""


def write_model_card(pipeline: "RAMPipeline", folder: Path) -> None:
    """Write a card that says what the checkpoint is; one that is already there is kept."""
    path = folder / "README.md"
    if path.exists():
        return
    motion, denoiser = pipeline.normalizer.config, pipeline.denoiser.config
    backbone, scheduler = pipeline.text_backbone.config, pipeline.scheduler.config
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
    )
    path.write_text(text, encoding="utf-8")
