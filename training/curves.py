"""Loss curves: one panel per term, validation drawn over training."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

_COLUMNS = 3
_TRAIN, _VAL = "#a8c4ec", "#c44e42"


@dataclass(frozen=True)
class Curve:
    """One term of the objective: points (step, value) in order of step."""

    name: str
    train: Sequence[tuple[float, float]]
    val: Sequence[tuple[float, float]]


def draw_curves(curves: Sequence[Curve]) -> Figure:
    """Panels in rows of three, each with its own linear scale.

    Raises:
        ValueError: no curves were given.
    """
    if not curves:
        raise ValueError("no curve to draw: the run has not logged a step yet")
    columns = min(_COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = Figure((3.8 * columns, 2.4 * rows), layout="constrained")
    for place, curve in enumerate(curves, start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.set_title(curve.name.replace("_", " "), loc="left", fontsize="medium")
        for points, colour in ((curve.train, _TRAIN), (curve.val, _VAL)):
            axes.plot([step for step, _ in points], [value for _, value in points], color=colour)
        axes.grid(axis="y", alpha=0.4)
        axes.locator_params(nbins=4)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
