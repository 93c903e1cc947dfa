"""Bars with intervals, drawn with Pillow: one panel for each measure, one bar for each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageDraw import ImageDraw as Draw

_OVERSAMPLING = 2  # drawn twice as large and averaged down: smooth edges
_BAR, _GAP, _PANEL, _LABELS, _VALUE, _HEAD, _PAD = 20, 12, 300, 230, 74, 34, 18  # pixels
_INK, _FAINT, _FILL, _WHISKER = (44, 52, 64), (223, 227, 233), (62, 122, 206), (28, 40, 60)


@dataclass(frozen=True)
class Bar:
    """A measured value and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Panel:
    """One measure.

    Attributes:
        title: what is measured.
        bars: one for each row, None where it was not measured.
        full: the value that is as wide as the panel; None: the largest.
    """

    title: str
    bars: Sequence[Bar | None]
    full: float | None = None


def draw_panels(title: str, rows: Sequence[str], panels: Sequence[Panel], per_line: int = 3) -> Image.Image:
    """A chart of small multiples: every panel has a scale from 0 and shares the rows' names.

    Args:
        title: above the chart; line breaks are kept.
        rows: names of the rows.
        panels: one for each measure.
        per_line: panels beside each other.

    Raises:
        ValueError: no panel, or one whose number of bars is not that of the rows.
    """
    wrong = next((panel for panel in panels if len(panel.bars) != len(rows)), None)
    if not panels or wrong is not None:
        what = f"panel {wrong.title!r} has {len(wrong.bars)} bars" if wrong else "no panel was given"
        raise ValueError(f"{what}: expected {len(rows)}, one for each row")
    lines = [panels[i : i + per_line] for i in range(0, len(panels), per_line)]
    height = _HEAD + len(rows) * (_BAR + _GAP) + _PAD
    top = _PAD + 20 * len(title.splitlines()) + _PAD
    size = (_LABELS + _PANEL * len(lines[0]) + 2 * _PAD, top + height * len(lines))
    image = Image.new("RGB", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING), "white")
    draw = ImageDraw.Draw(image)
    _text(draw, (_PAD, _PAD), title, 15)
    for i, line in enumerate(lines):
        _draw_labels(draw, rows, top + i * height + _HEAD)
        for j, panel in enumerate(line):
            _draw_panel(draw, panel, _PAD + _LABELS + j * _PANEL, top + i * height)
    return image.resize(size, Image.Resampling.LANCZOS)


def save(image: Image.Image, path: Path) -> None:
    """Write a PNG so that it is whole or not there."""
    temporary = path.with_name(f"{path.name}.part")
    image.save(temporary, format="PNG", optimize=True)
    temporary.replace(path)


def _draw_labels(draw: Draw, rows: Sequence[str], top: float) -> None:
    font = _font(13)
    width = (_LABELS - 16) * _OVERSAMPLING
    for i, row in enumerate(rows):
        name = row
        while draw.textlength(name, font) > width:
            name = name.removesuffix("…")[:-1] + "…"
        y = (top + i * (_BAR + _GAP) + _BAR / 2) * _OVERSAMPLING
        draw.text((_PAD * _OVERSAMPLING, y), name, _INK, font, anchor="lm")


def _draw_panel(draw: Draw, panel: Panel, left: float, top: float) -> None:
    _text(draw, (left, top + 8), panel.title, 13)
    known = [bar for bar in panel.bars if bar is not None]
    largest = max((max(bar.high, bar.value) for bar in known), default=0.0) or 1.0
    scale = (_PANEL - _VALUE - _PAD) / (panel.full or largest)
    bottom = top + _HEAD + len(panel.bars) * (_BAR + _GAP) - _GAP / 2
    _rectangle(draw, left - 1, top + _HEAD - _GAP / 2, left, bottom, _FAINT)
    for i, bar in enumerate(panel.bars):
        y = top + _HEAD + i * (_BAR + _GAP)
        if bar is None:
            _text(draw, (left + 6, y + 2), "–", 12)
            continue
        _rectangle(draw, left, y, left + max(bar.value, 0.0) * scale, y + _BAR, _FILL)
        low, high, middle = left + max(bar.low, 0.0) * scale, left + bar.high * scale, y + _BAR / 2
        _rectangle(draw, low, middle - 0.75, high, middle + 0.75, _WHISKER)
        for end in (low, high) if bar.high > bar.low else ():
            _rectangle(draw, end - 0.75, middle - 4, end + 0.75, middle + 4, _WHISKER)
        _text(draw, (max(high, left) + 7, y + 2), _written(bar.value), 12)


def _written(value: float) -> str:
    """Three digits, more only before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _rectangle(
    draw: Draw, left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]
) -> None:
    x0, y0, x1, y1 = (round(value * _OVERSAMPLING) for value in (left, top, right, bottom))
    if x1 > x0 and y1 > y0:
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=colour)


def _text(draw: Draw, place: tuple[float, float], text: str, size: int) -> None:
    draw.text((place[0] * _OVERSAMPLING, place[1] * _OVERSAMPLING), text, _INK, _font(size))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _OVERSAMPLING)
