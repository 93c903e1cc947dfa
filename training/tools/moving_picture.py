"""The animated picture of the README: several people, each with its own prompt."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ram_sdk import Motion, RAMPipeline, render
from ram_sdk.files import write_whole

PROMPTS = (
    "a person runs forward",
    "a person waves with the right hand",
    "a person jumps",
    "a person kicks with the right leg",
    "a person bows",
    "a person walks forward",
)
COLUMNS = 3
CELL = 260  # pixels: side of one person's square
FPS = 12.0
LARGEST = 1_000_000  # bytes: the limit of the repository
_QUALITY = 55  # of WebP, 0 to 100


def make(checkpoint: str, prompts: Sequence[str], seconds: float, seed: int, out: Path) -> None:
    """Generate a motion for each prompt and write them side by side as an animated `.webp`.

    Args:
        checkpoint: a shipped one's name, a pipeline folder or a Hub repository.
        prompts: what each person does; three people per row.
        seconds: length of each motion.
        seed: of every motion.
        out: the file.

    Raises:
        ValueError: the suffix is not `.webp`, or the picture is larger than 1 MB.
    """
    if out.suffix != ".webp":
        raise ValueError(f"{out.name}: expected a file that ends in .webp")
    pipeline = RAMPipeline.from_pretrained(checkpoint)
    motions = pipeline(list(prompts), duration=seconds, seed=seed).motions
    cells = [_cell(motion) for motion in motions]
    pictures = [_row_by_row(moment) for moment in zip(*cells, strict=True)]
    file = io.BytesIO()
    pictures[0].save(
        file,
        format="WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 / FPS),
        loop=0,
        quality=_QUALITY,
    )
    if file.tell() > LARGEST:
        raise ValueError(
            f"the picture has {file.tell():,} bytes: expected at most {LARGEST:,}; make it shorter"
        )
    write_whole(out, file.getvalue())


def _cell(motion: Motion) -> list[Image.Image]:
    """The frames of one person, captioned with the prompt."""
    return list(render.film(motion, caption=motion.prompt, size=CELL, fps=FPS, mesh=motion.to_mesh()))


def _row_by_row(people: Sequence[Image.Image]) -> Image.Image:
    """One frame of the picture, with all people."""
    rows = -(-len(people) // COLUMNS)
    page = Image.new("RGB", (CELL * min(COLUMNS, len(people)), CELL * rows), "white")
    for i, person in enumerate(people):
        page.paste(person, (CELL * (i % COLUMNS), CELL * (i // COLUMNS)))
    return page
