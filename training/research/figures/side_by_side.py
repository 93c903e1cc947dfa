"""Figure 3: motions of several checkpoints or settings for the same prompts, side by side.

All rows share noise and lengths. A `.png` is a page of pose strips, `.gif` and `.mp4` play the motions side
by side, one row per prompt, and `.html` plays those of one prompt in 3D.
"""

import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ram_sdk import Motion, render
from ram_sdk.files import write_whole
from ram_sdk.formats.film import write_mp4
from ram_sdk.formats.pictures import write_gif
from training.evaluation.protocol import Row

_STRIP_WIDTH, _POSE_HEIGHT = 1200, 512  # pixels; poses are drawn larger and scaled down
_CELL = 320  # pixels: side of one motion of a film
SUFFIXES = (".png", ".gif", ".mp4", ".html")


def strips(motions: Sequence[Sequence[Motion]], rows: Sequence[Row]) -> Image.Image:
    """A page with the pose strip of every row for each prompt, captioned with row name and prompt."""
    pictures = [
        render.strip(motion, caption=f"{row.name}: {motion.prompt}", size=_POSE_HEIGHT)
        for group in zip(*motions, strict=True)
        for motion, row in zip(group, rows, strict=True)
    ]
    return render.stack(pictures, _STRIP_WIDTH)


def film(motions: Sequence[Sequence[Motion]], rows: Sequence[Row], path: Path) -> None:
    """A `.gif` or `.mp4` with a line for each prompt and a column for each row."""
    fps = motions[0][0].fps
    cells = [
        [
            list(render.film(motion, caption=f"{row.name}: {motion.prompt}", size=_CELL, fps=fps))
            for motion in group
        ]
        for row, group in zip(rows, motions, strict=True)
    ]
    longest = max(len(cell) for column in cells for cell in column)
    write = write_gif if path.suffix == ".gif" else write_mp4
    write((_tile(cells, moment) for moment in range(longest)), path, fps)


def _tile(cells: Sequence[Sequence[Sequence[Image.Image]]], moment: int) -> Image.Image:
    """One frame of the film, a column for each row; motions that have ended keep their last pose."""
    image = Image.new("RGB", (_CELL * len(cells), _CELL * len(cells[0])))
    for x, column in enumerate(cells):
        for y, cell in enumerate(column):
            image.paste(cell[min(moment, len(cell) - 1)], (x * _CELL, y * _CELL))
    return image


def check_suffix(out: Path, prompts: int) -> None:
    """Check, before any work is done, that a figure for that many prompts can be written to `out`.

    Raises:
        ValueError: the suffix is not one of `SUFFIXES`, or `.html` for several prompts.
    """
    if out.suffix not in SUFFIXES or (out.suffix == ".html" and prompts > 1):
        raise ValueError(f"{out.name}: use one of {', '.join(SUFFIXES)}; .html takes one prompt")


def compare(motions: Sequence[Sequence[Motion]], rows: Sequence[Row], out: Path) -> None:
    """Write the figure; the suffix of `out` decides its format.

    Raises:
        ValueError: see `check_suffix`.
    """
    check_suffix(out, len(motions[0]))
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".png":
        page = io.BytesIO()
        strips(motions, rows).save(page, format="PNG", optimize=True)
        write_whole(out, page.getvalue())
    elif out.suffix in (".gif", ".mp4"):
        temporary = out.with_name(f"part-{out.name}")
        film(motions, rows, temporary)
        temporary.replace(out)
    else:
        named = [
            dataclasses.replace(made[0], prompt=f"{row.name}: {made[0].prompt}")
            for made, row in zip(motions, rows, strict=True)
        ]
        named[0].save(out, beside=named[1:])
