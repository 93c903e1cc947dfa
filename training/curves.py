"""Loss curves drawn with Pillow: one panel for each term, training behind validation."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

_OVERSAMPLING = 2  # drawn twice as large and averaged down: smooth lines
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 380, 240, 58, 34, 16, 34  # pixels of a panel and its margins
_PER_LINE = 3
_INK, _FAINT, _TRAIN, _VAL = (44, 52, 64), (223, 227, 233), (168, 196, 236), (196, 78, 66)


@dataclass(frozen=True)
class Curve:
    """One term of the objective: points (step, value) in the order of their steps."""

    name: str
    train: Sequence[tuple[float, float]]
    val: Sequence[tuple[float, float]]


def draw_curves(curves: Sequence[Curve]) -> Image.Image:
    """Panels in lines of three; each has its own linear scale that begins at 0 or at its least value.

    Raises:
        ValueError: there is no curve.
    """
    if not curves:
        raise ValueError("no curve to draw: the run has not logged a step yet")
    lines = -(-len(curves) // _PER_LINE)
    size = (_WIDTH * min(_PER_LINE, len(curves)), _HEIGHT * lines)
    image = Image.new("RGB", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING), "white")
    for i, curve in enumerate(curves):
        _Panel(image, _WIDTH * (i % _PER_LINE), _HEIGHT * (i // _PER_LINE), curve).draw()
    return image.resize(size, Image.Resampling.LANCZOS)


class _Panel:
    def __init__(self, image: Image.Image, left: int, top: int, curve: Curve) -> None:
        self._draw = ImageDraw.Draw(image)
        self._left, self._top, self._curve = left, top, curve
        points = [*curve.train, *curve.val]
        values = [value for _, value in points]
        self._steps = max(step for step, _ in points) or 1.0
        self._high = max(values)
        self._low = min(0.0, *values) if min(values) < 0.5 * self._high else min(values)
        self._span = (self._high - self._low) or 1.0

    def draw(self) -> None:
        self._text(_LEFT, 8, self._curve.name.replace("_", " "), "la", 13)
        for share in (0.0, 0.5, 1.0):
            value = self._low + share * self._span
            self._line([(0.0, value), (self._steps, value)], _FAINT, 1)
            self._text(_LEFT - 6, self._place(0.0, value)[1] - self._top, f"{value:.3g}", "rm", 11)
        for share in (0.0, 0.5, 1.0):
            place = self._place(share * self._steps, self._low)
            anchor = {0.0: "la", 0.5: "ma", 1.0: "ra"}[share]
            self._text(
                place[0] - self._left, _HEIGHT - _BOTTOM + 6, f"{share * self._steps:,.0f}", anchor, 11
            )
        self._line(self._curve.train, _TRAIN, 2)
        self._line(self._curve.val, _VAL, 2)

    def _place(self, step: float, value: float) -> tuple[float, float]:
        x = self._left + _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self._steps
        y = self._top + _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1.0 - (value - self._low) / self._span)
        return x, y

    def _line(self, points: Sequence[tuple[float, float]], colour: tuple[int, int, int], width: int) -> None:
        places = [self._place(step, value) for step, value in points]
        scaled = [(x * _OVERSAMPLING, y * _OVERSAMPLING) for x, y in places]
        self._draw.line(scaled, colour, width * _OVERSAMPLING, joint="curve")

    def _text(self, x: float, y: float, text: str, anchor: str, size: int) -> None:
        place = ((self._left + x) * _OVERSAMPLING, (self._top + y) * _OVERSAMPLING)
        font = ImageFont.load_default(size * _OVERSAMPLING)
        self._draw.text(place, text, _INK, font, anchor=anchor)
