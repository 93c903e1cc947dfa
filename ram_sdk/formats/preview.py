"""`.mp4`, `.gif` and `.png`: the motion as a stick figure, rendered off-screen on the CPU."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

from ram_sdk.body.skinning import MeshSequence
from ram_sdk.motion import Motion

try:
    from PIL import Image

    from ram_sdk.render import stick_figure
except ImportError as error:
    raise ImportError("previews need Pillow: pip install 'ram_sdk[preview]'") from error

_GIF_FPS = 25.0  # players slow down much faster GIFs
_STRIP_POSES = 8
_FOLLOW_SECONDS = 0.3


def write(
    motion: Motion,
    path: Path,
    *,
    caption: str | None = None,
    size: int = 512,
    body: Literal["stick", "mesh"] = "stick",
) -> None:
    """Render the motion; the suffix chooses what to make.

    `.mp4` and `.gif` play at the motion's own speed, with a camera that follows; `.png` is a strip of eight
    poses. Left limbs are coral, right limbs blue.

    Args:
        motion: what to show.
        path: file to write, ending in .mp4, .gif or .png.
        caption: text above the figure; by default the motion's prompt, "" for none.
        size: height of the picture in pixels, and width of one of a film.
        body: "stick" for a stick figure, "mesh" for the embedded body, which takes four times as long.

    Raises:
        ValueError: an unknown body, or a size that is too small to show anything.
        ImportError: a package that the `preview` extra installs is missing.
    """
    if size < 64:
        raise ValueError(f"size {size}: expected at least 64 pixels")
    if body not in ("stick", "mesh"):
        raise ValueError(f"body {body!r}: choose 'stick' or 'mesh'")
    text = motion.prompt if caption is None else caption
    mesh = motion.to_mesh() if body == "mesh" else None
    if path.suffix == ".png":
        _write_strip(motion, path, text, size, mesh)
        return
    fps = min(motion.fps, _GIF_FPS) if path.suffix == ".gif" else motion.fps
    even = size + size % 2 if path.suffix == ".mp4" else size  # H.264 with ordinary colour subsampling
    write_frames(frames(motion, text, even, fps, mesh), path, fps)


def frames(
    motion: Motion, caption: str | None, size: int, fps: float, mesh: MeshSequence | None = None
) -> Iterator[Image.Image]:
    """Pictures of `size` x `size` pixels, `fps` of them for each second of the motion."""
    figure = stick_figure.Figure.of(motion, follow=_FOLLOW_SECONDS)
    side = stick_figure.oversampled(size)
    camera = stick_figure.Camera.fitting(figure, side, side, stick_figure.caption_height(caption, side))
    for moment in np.arange(0.0, len(motion), motion.fps / fps):
        frame = int(moment)
        image = stick_figure.render(figure, camera, frame, mesh)
        stick_figure.draw_caption(image, caption)
        yield stick_figure.finish(image)


def write_frames(images: Iterable[Image.Image], path: Path, fps: float) -> None:
    """Write pictures of one size as a film, `.mp4` (its sides even numbers of pixels) or `.gif`."""
    if path.suffix == ".gif":
        _write_gif(list(images), path, fps)
    else:
        _write_mp4(iter(images), path, fps)


def _write_mp4(images: Iterator[Image.Image], path: Path, fps: float) -> None:
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ImportError("mp4 needs imageio-ffmpeg: pip install 'ram_sdk[preview]'") from error
    first = next(images)
    film = imageio_ffmpeg.write_frames(
        str(path), first.size, fps=fps, codec="libx264", quality=None, macro_block_size=2,
        output_params=["-crf", "20", "-preset", "veryfast"],
    )  # fmt: skip
    film.send(None)
    try:
        for image in chain((first,), images):
            film.send(np.asarray(image).tobytes())
    finally:
        film.close()


def _write_gif(images: list[Image.Image], path: Path, fps: float) -> None:
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


def _write_strip(
    motion: Motion, path: Path, caption: str | None, size: int, mesh: MeshSequence | None
) -> None:
    figure = stick_figure.Figure.of(motion, follow=0.0)
    chosen = np.unique(np.linspace(0, len(motion) - 1, _STRIP_POSES).round().astype(int))
    width, height = stick_figure.oversampled(size * 5 // 8), stick_figure.oversampled(size)
    top = stick_figure.caption_height(caption, width * len(chosen))
    camera = stick_figure.Camera.fitting(figure, width, height, 0)
    gap = stick_figure.oversampled(2)
    strip = Image.new("RGB", ((width + gap) * len(chosen) - gap, height + top), "white")
    for i, frame in enumerate(chosen.tolist()):
        pose = stick_figure.render(figure, camera, frame, mesh)
        stick_figure.draw_label(pose, f"{frame / motion.fps:.1f} s")
        strip.paste(pose, (i * (width + gap), top))
    stick_figure.draw_caption(strip, caption)
    stick_figure.finish(strip).save(path)
