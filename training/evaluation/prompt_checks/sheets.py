"""Strips of poses, one below the other, with what was asked and whether it was done."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from ram_sdk import Motion, RAMPipeline

_STRIP_WIDTH = 1200  # pixels
_CAPTION = 18  # pixels
SAMPLE_SECONDS = 4.0
_SAMPLES = (
    "a person walks forward", "a person runs forward", "a person walks backward",
    "a person turns left while walking", "a person jumps", "a person waves with the right hand",
    "a person raises both hands", "a person kicks with the right leg", "a person punches", "a person bows",
    "a person sits down",
)  # fmt: skip


def sheet(motions: Sequence[Motion], captions: Sequence[str] = ()) -> Image.Image:
    """The motions' strips of poses, one below the other, each under its caption if there are captions."""
    strips = []
    with tempfile.TemporaryDirectory() as folder:
        for motion in motions:
            with Image.open(motion.save(Path(folder) / "strip.png")) as picture:
                height = round(picture.height * _STRIP_WIDTH / picture.width)
                strips.append(picture.resize((_STRIP_WIDTH, height), Image.Resampling.LANCZOS))
    above = _CAPTION if captions else 0
    page = Image.new("RGB", (_STRIP_WIDTH, sum(above + strip.height for strip in strips)), "white")
    top = 0
    for i, strip in enumerate(strips):
        page.paste(strip, (0, top + above))
        if captions:
            ImageDraw.Draw(page).text((4, top + 2), captions[i], fill="black")
        top += above + strip.height
    return page


def sample_sheet(pipeline: RAMPipeline) -> Image.Image:
    """One motion (seed 0) of each of eleven plain prompts, for training logs and model cards."""
    return sheet(pipeline(_SAMPLES, duration=SAMPLE_SECONDS, seed=0).motions)
