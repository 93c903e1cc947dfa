"""Clips as pictures: the frames of a film, a strip of poses, pictures below each other."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ram_sdk.body.skinning import MeshSequence
from ram_sdk.render import stick_figure
from ram_sdk.render.stick_figure import AZIMUTH, Clip

_FOLLOW_SECONDS = 0.3
_MAX_PICTURES = 100_000  # of a video: more than an hour


def film(
    clip: Clip, *, caption: str | None = None, size: int, fps: float, mesh: MeshSequence | None = None
) -> Iterator[Image.Image]:
    """Pictures of a clip at its own speed, with a camera that follows.

    Args:
        clip: what to show.
        caption: text above the figure.
        size: width and height of a picture, pixels.
        fps: pictures for each second of the clip.
        mesh: a body to draw in place of the stick figure.

    Returns:
        The pictures, drawn one by one as they are asked for.

    Raises:
        ValueError: more than 100,000 pictures.
    """
    count = len(clip.joints) * fps / clip.fps
    if not count <= _MAX_PICTURES:
        raise ValueError(
            f"{len(clip.joints)} frames at {clip.fps:g} fps: a film of more than {_MAX_PICTURES} pictures; "
            "check the frame rate or cut the motion"
        )
    return _film(clip, caption, size, np.arange(0.0, len(clip.joints), clip.fps / fps), mesh)


def _film(
    clip: Clip, caption: str | None, size: int, moments: NDArray[np.float64], mesh: MeshSequence | None
) -> Iterator[Image.Image]:
    figure = stick_figure.Figure.of(clip, follow=_FOLLOW_SECONDS)
    side = stick_figure.oversampled(size)
    camera = stick_figure.Camera.fitting(figure, side, side, stick_figure.caption_height(caption, side))
    for moment in moments.astype(int).tolist():
        image = stick_figure.render(figure, camera, moment, mesh)
        stick_figure.draw_caption(image, caption)
        yield stick_figure.finish(image)


def strip(
    clip: Clip,
    *,
    caption: str | None = None,
    size: int,
    poses: int = 8,
    azimuth: float = AZIMUTH,
    times: bool = True,
    mesh: MeshSequence | None = None,
) -> Image.Image:
    """A row of poses, evenly spread over a clip.

    Args:
        clip: what to show.
        caption: text above the row.
        size: height of a pose, pixels.
        poses: how many, if the clip has so many frames.
        azimuth: direction of the camera, degrees from +Z towards +X.
        times: write the time below each pose.
        mesh: a body to draw in place of the stick figure.
    """
    figure = stick_figure.Figure.of(clip, follow=0.0)
    last = len(clip.joints) - 1
    chosen = np.unique(np.linspace(0, last, poses).round().astype(int)).tolist()
    width, height = stick_figure.oversampled(size * 5 // 8), stick_figure.oversampled(size)
    gap = stick_figure.oversampled(2)
    top = stick_figure.caption_height(caption, width * len(chosen))
    camera = stick_figure.Camera.fitting(figure, width, height, 0, azimuth)
    row = Image.new("RGB", ((width + gap) * len(chosen) - gap, height + top), "white")
    for i, frame in enumerate(chosen):
        pose = stick_figure.render(figure, camera, frame, mesh)
        if times:
            stick_figure.draw_label(pose, f"{frame / clip.fps:.1f} s")
        row.paste(pose, (i * (width + gap), top))
    stick_figure.draw_caption(row, caption)
    return stick_figure.finish(row)


def stack(pictures: Sequence[Image.Image], width: int) -> Image.Image:
    """Pictures below each other on one page, each scaled to its width in pixels."""
    scaled = [
        picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        for picture in pictures
    ]
    page = Image.new("RGB", (width, sum(picture.height for picture in scaled)), "white")
    top = 0
    for picture in scaled:
        page.paste(picture, (0, top))
        top += picture.height
    return page
