"""`.gif` and `.png`: the motion as an animation or as a strip of poses."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ram_sdk.clip import Clip
from ram_sdk.formats import MissingPackageError
from ram_sdk.formats.write_options import PictureOptions

try:
    from PIL import Image

    from ram_sdk import render
except ImportError as error:
    raise MissingPackageError.because(error, "pictures need Pillow", "preview") from error

_GIF_FPS = 25.0  # players slow down much faster GIFs
_GIF_LEAST_FPS = 0.002  # a frame lasts 65,535 hundredths of a second at most


def write(motion: Clip, path: Path, options: PictureOptions) -> None:
    """Write a `.gif`, which plays at the motion's own speed, or a `.png` with a strip of eight poses."""
    caption = motion.prompt if options.caption is None else options.caption
    mesh = motion.to_mesh() if options.body == "mesh" else None
    if path.suffix == ".png":
        render.strip(motion, caption=caption, size=options.size, mesh=mesh).save(path)
        return
    fps = min(motion.fps, _GIF_FPS)
    write_gif(render.film(motion, caption=caption, size=options.size, fps=fps, mesh=mesh), path, fps)


def write_gif(pictures: Iterable[Image.Image], path: Path, fps: float) -> None:
    """Write pictures of one size as an animation that repeats."""
    if fps < _GIF_LEAST_FPS:
        raise ValueError(
            f"{fps:g} frames a second: .gif shows at least {_GIF_LEAST_FPS:g}; use another rate by resample()"
        )
    images = list(pictures)
    width, height = images[0].size
    sample = Image.new("RGB", (width, 3 * height))
    for i, index in enumerate((0, len(images) // 2, len(images) - 1)):
        sample.paste(images[index], (0, i * height))
    palette = sample.quantize(128)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    ends = np.round(np.arange(len(images) + 1) * 100 / fps).astype(int)  # GIF counts hundredths of a second
    images[0].save(
        path,
        save_all=True,
        append_images=images[1:],
        duration=(np.diff(ends) * 10).tolist(),
        loop=0,
        optimize=False,
    )
