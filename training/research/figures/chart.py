"""Bar charts with intervals: one panel per measure, one bar per row."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ram_sdk.files import write_whole

_FILL, _INTERVAL = "#3e7ace", "#1c283c"
_LONGEST = 34  # characters of a row's name


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
        bars: one per row, None if it was not measured.
        full: the value that fills the width of the panel; None: the largest one.
    """

    title: str
    bars: Sequence[Bar | None]
    full: float | None = None


def draw_panels(title: str, rows: Sequence[str], panels: Sequence[Panel], max_columns: int = 3) -> Figure:
    """A chart of small multiples: each panel has its own scale from 0, the row names are shared.

    Args:
        title: above the chart; line breaks are kept.
        rows: names of the rows.
        panels: one per measure.
        max_columns: panels side by side.

    Raises:
        ValueError: there is no panel, or one whose number of bars is not that of the rows.
    """
    wrong = next((panel for panel in panels if len(panel.bars) != len(rows)), None)
    if not panels or wrong is not None:
        what = f"panel {wrong.title!r} has {len(wrong.bars)} bars" if wrong else "no panel was given"
        raise ValueError(f"{what}: expected {len(rows)}, one for each row")
    columns = min(max_columns, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure((2.4 + 3.2 * columns, 0.8 + (0.8 + 0.32 * len(rows)) * lines), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left")
    names = [row if len(row) <= _LONGEST else f"{row[: _LONGEST - 1]}…" for row in rows]
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(lines, columns, place + 1)
        axes.set_yticks(range(len(rows)), names if place % columns == 0 else [""] * len(rows))
        _draw_panel(axes, panel)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a PNG atomically."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_whole(path, buffer.getvalue())


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left", fontsize="medium")
    known = [bar for bar in panel.bars if bar is not None]
    largest = max((max(bar.high, bar.value) for bar in known), default=0.0) or 1.0
    axes.set_xlim(0.0, 1.3 * (panel.full or largest))  # with room for the values
    axes.set_ylim(len(panel.bars) - 0.5, -0.5)  # the first row is on top
    axes.xaxis.set_visible(False)
    axes.tick_params(left=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    for place, bar in enumerate(panel.bars):
        if bar is None:
            axes.annotate("–", (0.0, place), (4, 0), textcoords="offset points", va="center")
            continue
        axes.barh(place, bar.value, height=0.6, color=_FILL)
        axes.errorbar(
            (bar.low + bar.high) / 2, place, xerr=(bar.high - bar.low) / 2, color=_INTERVAL, capsize=3
        )
        end = (max(bar.high, bar.value, 0.0), place)
        axes.annotate(
            _formatted(bar.value), end, (5, 0), textcoords="offset points", va="center", fontsize="small"
        )


def _formatted(value: float) -> str:
    """With three significant digits, or as an integer from 100."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
