"""A stick figure of shaded tubes on a floor grid, drawn with Pillow on the CPU."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from PIL.ImageDraw import ImageDraw as Draw

from ram_sdk.body.skinning import MeshSequence
from ram_sdk.render.shaded_body import draw_mesh
from ram_sdk.skeleton.joints import Side, Skeleton

Array = NDArray[np.float64]
Colour = tuple[int, int, int]

_BACKGROUND: Colour = (246, 247, 249)
_GRID: Colour = (196, 203, 213)
_PATH: Colour = (118, 128, 144)
_INK: Colour = (44, 52, 64)
_SHADOW: Colour = (150, 158, 170)
_SLATE: Colour = (88, 99, 117)
COLOURS: dict[Side, Colour] = {"left": (232, 106, 74), "right": (62, 122, 206), "middle": _SLATE}
"""Left limbs are coral, right limbs blue, in every picture."""

_RADII = {  # metres, by the last word of a joint's name
    "pelvis": 0.1, "root": 0.1, "hip": 0.08, "knee": 0.057, "ankle": 0.042, "foot": 0.036, "toe": 0.032,
    "spine": 0.095, "spine1": 0.096, "spine2": 0.096, "spine3": 0.1, "neck": 0.052, "collar": 0.07,
    "shoulder": 0.056, "elbow": 0.042, "wrist": 0.033, "head": 0.05,
}  # fmt: skip
_HEAD_RADIUS = 0.105
_HAND_REACH = 0.09  # metres from wrist to fist
_MARGIN = 0.18  # metres kept free round the points: the head's radius and some air

_OVERSAMPLING = 2  # drawn twice as large and averaged down: smooth edges
_ELEVATION, _FIELD_OF_VIEW = math.radians(12.0), math.radians(28.0)
AZIMUTH = 28.0
"""Degrees from the front towards the body's left: the default view."""
_GRID_CELL, _GRID_RADIUS = 0.5, 4.0  # metres
_CAPTION_LINES = 3


class Clip(Protocol):
    """What is drawn, such as a `Motion`.

    Attributes:
        joints: `(frames, joints, 3)` positions of the skeleton in its unit, Y up.
        fps: frames a second.
        skeleton: the joint tree.
    """

    @property
    def joints(self) -> NDArray[np.floating]: ...  # noqa: D102
    @property
    def fps(self) -> float: ...  # noqa: D102
    @property
    def skeleton(self) -> Skeleton: ...  # noqa: D102


@dataclass(frozen=True)
class Figure:
    """What is drawn, once for a clip: points, tubes between them, and the camera's targets.

    Attributes:
        points: `(frames, points, 3)` joints, then the fists and the middle of the head, metres.
        tubes: `(from, to, radius at from, radius at to, colour)` of each limb segment.
        head: index of the middle of the head.
        targets: `(frames, 3)` where the camera looks.
    """

    points: Array
    tubes: tuple[tuple[int, int, float, float, Colour], ...]
    head: int
    targets: Array

    @classmethod
    def of(cls, clip: Clip, *, follow: float) -> "Figure":
        """The figure of a clip.

        Args:
            clip: what to show.
            follow: seconds over which the camera smooths the path of the root; 0 keeps to it.
        """
        skeleton = clip.skeleton
        joints = clip.joints.astype(np.float64) / skeleton.metre
        joints[..., 1] -= joints[..., 1].min()
        names = skeleton.joint_names
        radii = [_RADII[name.rsplit("_", 1)[-1]] for name in names]
        tubes = [
            (parent, joint, radii[parent], radii[joint], _colour(skeleton, joint))
            for joint, parent in enumerate(skeleton.parents)
            if parent >= 0
        ]
        points = [joints]
        for _, elbow, wrist in skeleton.arms:
            colour = COLOURS[skeleton.side(wrist)]
            tubes.append((wrist, len(names) + len(points) - 1, radii[wrist], 0.042, colour))
            points.append(_beyond(joints[:, elbow], joints[:, wrist], _HAND_REACH)[:, None])
        neck, head = skeleton.index("neck"), skeleton.index("head")
        points.append(_beyond(joints[:, neck], joints[:, head], 0.03)[:, None])
        targets = _smooth(joints[:, 0], follow * clip.fps)
        return cls(np.concatenate(points, axis=1), tuple(tubes), len(names) + 2, targets)


@dataclass(frozen=True)
class Camera:
    """A perspective camera at a fixed angle and distance from the target that it follows.

    Attributes:
        width: of the picture, pixels (oversampled).
        height: of the picture, pixels (oversampled).
        distance: from the target, metres.
        rise: height in metres that appears in the middle of the picture, above the floor.
        top: pixels that the caption takes.
        azimuth: its direction from the target, degrees from the front (+Z) towards the body's left.
    """

    width: int
    height: int
    distance: float
    rise: float
    top: int
    azimuth: float

    @classmethod
    def fitting(cls, figure: Figure, width: int, height: int, top: int, azimuth: float = AZIMUTH) -> "Camera":
        """The nearest camera that keeps every frame of the clip in the picture."""
        offsets = figure.points - figure.targets[:, None] * (1.0, 0.0, 1.0)
        up = _view(offsets, azimuth)[1]
        rise = float(up.min() + up.max()) / 2 / math.cos(_ELEVATION)
        across, up, towards = _view(offsets - (0.0, rise, 0.0), azimuth)
        wide = (np.abs(across) + _MARGIN) * height / width
        tall = (np.abs(up) + _MARGIN) * height / (height - top)
        distance = np.maximum(wide, tall) / math.tan(_FIELD_OF_VIEW / 2) + towards
        return cls(width, height, float(distance.max()), rise, top, azimuth)

    def view(self, points: Array, target: Array) -> tuple[Array, Array, Array]:
        """World points as metres across, up and towards the camera from the middle of the picture."""
        return _view(points - target * (1.0, 0.0, 1.0) - (0.0, self.rise, 0.0), self.azimuth)

    def project(self, points: Array, target: Array) -> tuple[Array, Array]:
        """Pixels `(..., 2)` of world points and pixels per metre `(...)` there."""
        across, up, towards = self.view(points, target)
        depth = np.maximum(self.distance - towards, 0.1)
        scale = 0.5 * self.height / math.tan(_FIELD_OF_VIEW / 2) / depth
        x = 0.5 * self.width + across * scale
        y = 0.5 * (self.height + self.top) - up * scale
        return np.stack((x, y), axis=-1), scale


def render(figure: Figure, camera: Camera, frame: int, mesh: MeshSequence | None = None) -> Image.Image:
    """One picture, still oversampled: floor, path so far, shadow and body.

    Args:
        figure: what to draw.
        camera: from where.
        frame: which frame.
        mesh: drawn instead of the stick figure.
    """
    image = Image.new("RGB", (camera.width, camera.height), _BACKGROUND)
    draw = ImageDraw.Draw(image)
    target = figure.targets[frame]
    _draw_grid(draw, camera, target)
    _draw_path(draw, camera, target, figure.points[: frame + 1, 0])
    _draw_shadow(image, figure, camera, frame)
    if mesh is None:
        _draw_body(draw, figure, camera, frame)
    else:
        vertices = mesh.vertices[frame].astype(np.float64)
        pixels, scale = camera.project(vertices, target)
        draw_mesh(draw, pixels, scale, mesh.faces, np.stack(camera.view(vertices, target), axis=-1))
    return image


def finish(image: Image.Image) -> Image.Image:
    """Average an oversampled picture down to its final size."""
    return image.reduce(_OVERSAMPLING)


def caption_height(text: str | None, width: int) -> int:
    """Oversampled pixels that `draw_caption` needs."""
    return 0 if not text else round((len(_wrap(text, width)) + 0.9) * 1.3 * _font_size(width))


def draw_caption(image: Image.Image, text: str | None) -> None:
    """Write text, wrapped and centred, at the top of an oversampled picture."""
    if not text:
        return
    draw, size = ImageDraw.Draw(image), _font_size(image.width)
    for line, words in enumerate(_wrap(text, image.width)):
        y = (0.6 + 1.3 * line) * size
        draw.text((image.width / 2, y), words, _INK, ImageFont.load_default(size), anchor="ma")


def oversampled(pixels: int) -> int:
    """A length in final pixels as a length in drawn pixels."""
    return pixels * _OVERSAMPLING


def draw_label(image: Image.Image, text: str) -> None:
    """Write a short text at the bottom of an oversampled picture."""
    size = max(20, image.height // 26)
    place = (image.width / 2, image.height - 0.6 * size)
    ImageDraw.Draw(image).text(place, text, _PATH, ImageFont.load_default(size), anchor="ms")


def _font_size(width: int) -> int:
    return max(22, min(width, 1600) // 29)


@lru_cache(maxsize=8)
def _wrap(text: str, width: int) -> list[str]:
    """Lines that fit the width; what does not fit the last line ends in an ellipsis."""
    font = ImageFont.load_default(_font_size(width))

    def fill(limit: float) -> list[str]:
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and font.getlength(longer) > limit:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    count = len(fill(0.92 * width))
    balanced = next(lines for share in range(10, 93) if len(lines := fill(share / 100 * width)) <= count)
    if count > _CAPTION_LINES:
        return [*balanced[: _CAPTION_LINES - 1], f"{balanced[_CAPTION_LINES - 1]} …"]
    return balanced


def _colour(skeleton: Skeleton, joint: int) -> Colour:
    """The colour of the bone into a joint; the trunk and the girdles are neutral."""
    girdle = skeleton.joint_names[joint].endswith(("hip", "collar"))
    return COLOURS["middle" if girdle else skeleton.side(joint)]


def _beyond(start: Array, end: Array, length: float) -> Array:
    """The point `length` beyond `end` on the line from `start`."""
    along = end - start
    beyond: Array = end + along * (length / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6))
    return beyond


def _smooth(path: Array, sigma: float) -> Array:
    """Gaussian smoothing of `(frames, 3)` with the ends held."""
    radius = round(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(sigma, 1.0)) ** 2)
    padded = np.pad(path, ((radius, radius), (0, 0)), mode="edge")
    return np.stack([np.convolve(axis, kernel / kernel.sum(), mode="valid") for axis in padded.T], axis=-1)


def _view(offsets: Array, azimuth: float) -> tuple[Array, Array, Array]:
    """World offsets from the target as lengths across, up and towards the camera."""
    sin, cos = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    across = offsets[..., 0] * cos - offsets[..., 2] * sin
    level = offsets[..., 0] * sin + offsets[..., 2] * cos
    up = offsets[..., 1] * math.cos(_ELEVATION) - level * math.sin(_ELEVATION)
    return across, up, offsets[..., 1] * math.sin(_ELEVATION) + level * math.cos(_ELEVATION)


def _blend(a: Colour, b: Colour, share: float) -> Colour:
    """Colour a with a share of colour b."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _draw_grid(draw: Draw, camera: Camera, target: Array) -> None:
    """Lines every half metre that stay where they are while the camera moves, and fade with distance."""
    count = int(_GRID_RADIUS / _GRID_CELL)
    middle = np.round(target[[0, 2]] / _GRID_CELL)
    steps = np.arange(-count, count + 1)
    floor = np.zeros((len(steps), len(steps), 3))
    floor[..., 0] = ((middle[0] + steps) * _GRID_CELL)[:, None]
    floor[..., 2] = ((middle[1] + steps) * _GRID_CELL)[None]
    pixels, scale = camera.project(floor, target)
    near = 1 - np.linalg.norm(floor[..., [0, 2]] - target[[0, 2]], axis=-1) / _GRID_RADIUS
    for points, sizes, nearness in ((pixels, scale, near), (pixels.swapaxes(0, 1), scale.T, near.T)):
        for line, size, fade in zip(points, sizes, nearness, strict=True):
            for i in range(len(line) - 1):
                share = float(min(fade[i], fade[i + 1]))
                if share > 0:
                    width = max(1, round(0.009 * float(size[i])))
                    colour = _blend(_BACKGROUND, _GRID, min(1.0, 1.5 * share))
                    draw.line((*line[i], *line[i + 1]), colour, width)


def _draw_path(draw: Draw, camera: Camera, target: Array, path: Array) -> None:
    """The path of the root so far, on the floor."""
    pixels, scale = camera.project(path * (1.0, 0.0, 1.0), target)
    if len(pixels) > 1:
        draw.line([*map(tuple, pixels)], _PATH, max(2, round(0.016 * float(scale[-1]))), joint="curve")


def _draw_shadow(image: Image.Image, figure: Figure, camera: Camera, frame: int) -> None:
    """A soft shadow: the limbs, flattened to the floor, blurred."""
    shrink = 4
    mask = Image.new("L", (image.width // shrink, image.height // shrink))
    draw = ImageDraw.Draw(mask)
    flat = figure.points[frame] * (1.0, 0.0, 1.0)
    pixels, scale = camera.project(flat, figure.targets[frame])
    heights = figure.points[frame, :, 1]
    for start, end, _, radius, _ in figure.tubes:
        width = max(1, round(2.2 * radius * float(scale[end]) / shrink))
        strength = round(190 / (1 + 1.1 * float(max(heights[start], heights[end]))))
        draw.line((*(pixels[start] / shrink), *(pixels[end] / shrink)), strength, width)
    mask = mask.filter(ImageFilter.GaussianBlur(0.035 * float(scale[0]) / shrink))
    image.paste(Image.new("RGB", image.size, _SHADOW), mask=mask.resize(image.size))


def _draw_body(draw: Draw, figure: Figure, camera: Camera, frame: int) -> None:
    """Tubes and head, the farthest first."""
    points = figure.points[frame]
    pixels, scale = camera.project(points, figure.targets[frame])
    parts = [
        (float(scale[start] + scale[end]) / 2, start, end, first, last, colour)
        for start, end, first, last, colour in figure.tubes
    ]
    head = figure.head
    parts.append((float(scale[head]), head, head, _HEAD_RADIUS, _HEAD_RADIUS, _SLATE))
    light = np.array((-0.28, -0.34))  # towards the upper left, in radii
    for _, start, end, first, last, colour in sorted(parts):
        a, b = pixels[start], pixels[end]
        ra, rb = first * float(scale[start]), last * float(scale[end])
        edge = max(1.5, 0.007 * float(scale[start]))
        _draw_tube(draw, a, b, ra + edge, rb + edge, _blend(colour, (20, 26, 38), 0.55))
        for shift, size, white in ((0.0, 1.0, 0.0), (1.0, 0.58, 0.14), (1.3, 0.25, 0.32)):
            shine = _blend(colour, (255, 255, 255), white)
            _draw_tube(draw, a + shift * ra * light, b + shift * rb * light, size * ra, size * rb, shine)


def _draw_tube(draw: Draw, a: Array, b: Array, ra: float, rb: float, colour: Colour) -> None:
    """The outline of two discs and what lies between them."""
    along = b - a
    length = float(np.linalg.norm(along))
    if length > 1e-6:
        side = np.array((-along[1], along[0])) / length
        draw.polygon([*map(tuple, (a + side * ra, b + side * rb, b - side * rb, a - side * ra))], colour)
    for (x, y), radius in ((a, ra), (b, rb)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
