"""Contact sheets: strips of poses, one below the other, with prompts and results."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from ram_sdk import Motion, RAMPipeline, render

_STRIP_WIDTH, _POSE_HEIGHT = 1200, 512  # pixels; poses are rendered larger and scaled down
_CAPTION = 18  # pixels
SAMPLE_SECONDS = 4.0
_SAMPLES = (
    "a person walks forward", "a person runs forward", "a person walks backward",
    "a person turns left while walking", "a person jumps", "a person waves with the right hand",
    "a person raises both hands", "a person kicks with the right leg", "a person punches", "a person bows",
    "a person sits down",
)  # fmt: skip


def sheet(motions: Sequence[Motion], captions: Sequence[str] = ()) -> Image.Image:
    """A strip of poses for each motion, one below the other, each below its caption, if any."""
    strips = [render.strip(motion, caption=motion.prompt, size=_POSE_HEIGHT) for motion in motions]
    if not captions:
        return render.stack(strips, _STRIP_WIDTH)
    rows: list[Image.Image] = []
    for strip, caption in zip(strips, captions, strict=True):
        title = Image.new("RGB", (_STRIP_WIDTH, _CAPTION), "white")
        ImageDraw.Draw(title).text((4, 2), caption, fill="black")
        rows += [title, strip]
    return render.stack(rows, _STRIP_WIDTH)


def sample_sheet(pipeline: RAMPipeline) -> Image.Image:
    """One motion (seed 0) for each of eleven simple prompts, for training logs and model cards."""
    return sheet(pipeline(_SAMPLES, duration=SAMPLE_SECONDS, seed=0).motions)
