"""The server's description of what it can do."""

import re

import ram_sdk
from ram_sdk import characters
from ram_sdk.checkpoint.folder import CARD
from ram_sdk.control.constraints import KINDS
from ram_sdk.control.timeline import PARTS, WHOLE_BODY
from ram_sdk.pipeline import RAMPipeline
from ram_sdk.scheduler import SAMPLERS, SPACINGS
from ram_sdk.skeleton.joints import SKELETONS
from ram_sdk.studio.files import infos
from ram_sdk.studio.schemas import Capabilities, Limits, Preset

_UNKNOWN = "unknown: ask whoever trained this checkpoint"


def capabilities(pipeline: RAMPipeline, limits: Limits) -> Capabilities:
    """What this pipeline makes, within these limits."""
    motion, scheduler = pipeline.normalizer.config, pipeline.scheduler.config
    skeleton = SKELETONS[motion.skeleton]
    return Capabilities(
        version=ram_sdk.__version__,
        checkpoint=pipeline.name,
        terms=_terms(pipeline),
        fps=motion.fps,
        shortest=motion.min_frames / motion.fps,
        longest=motion.max_frames / motion.fps,
        defaults={
            "steps": scheduler.num_inference_steps,
            "sampler": scheduler.sampler,
            "spacing": scheduler.timestep_spacing,
            "strength": scheduler.strength,
            "reg_scale": scheduler.reg_scale,
            "cfg_scale": scheduler.cfg_scale,
        },
        samplers=list(SAMPLERS),
        spacings=list(SPACINGS),
        presets=_presets(pipeline),
        most_steps=scheduler.num_train_timesteps,
        joint_names=list(skeleton.joint_names),
        parents=list(skeleton.parents),
        parts=[WHOLE_BODY, *PARTS],
        constraints=list(KINDS),
        formats=infos(),
        retarget=list(characters.SUFFIXES),
        limits=limits,
    )


def _presets(pipeline: RAMPipeline) -> list[Preset]:
    """Presets: quick, the checkpoint's own, and every timestep that it was trained on."""
    own = pipeline.scheduler.config
    return [
        Preset(name="quick", steps=min(8, own.num_inference_steps), sampler="dpm++"),
        Preset(name="standard", steps=own.num_inference_steps, sampler=own.sampler),
        Preset(name="all steps", steps=own.num_train_timesteps, sampler=own.sampler),
    ]


def _terms(pipeline: RAMPipeline) -> str:
    """The licence that the checkpoint's card names."""
    card = pipeline.folder / CARD if pipeline.folder is not None else None
    if card is None or not card.is_file():
        return _UNKNOWN
    found = re.search(r"^license: *(\S.*)$", card.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return found[1].strip() if found else _UNKNOWN
