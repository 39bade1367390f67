"""The drawing board of every map: a page of known size, a round scale, grid, bar, north arrow.

Matplotlib's object interface is used without pyplot, so threads never share a figure.
"""

from __future__ import annotations

import io
import math
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from api.fonts import FAMILY, use_in_matplotlib
from api.formats import Language, number
from spatial.crs import Bounds

__all__ = ["INK", "SCALES", "blank_sheet", "draw_frame", "draw_north", "draw_scale_bar", "fit"]

INK: Final = "#1f2933"
FAINT: Final = "#7b8794"
CM: Final = 1 / 2.54
#: Denominators a planner knows from printed maps.
SCALES: Final = tuple(
    round(head * 10**power) for power in (2, 3, 4, 5, 6) for head in (1, 2, 2.5, 5)
)
RC: Final[dict[Any, Any]] = {
    "font.family": [FAMILY, "DejaVu Sans"],
    "font.size": 7.5,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "axes.titleweight": "bold",
}


class _QuietCanvas(FigureCanvasAgg):
    """A canvas that draws when it is saved, not after each layer that geopandas adds."""

    def draw_idle(self, *args: Any, **kwargs: Any) -> None:
        """Wait: nobody looks at the figure before it is saved."""


class _Sheet(Figure):
    """A figure that a notebook shows by itself, without pyplot and its global state."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", metadata={"Software": "tataruang"})
        return buffer.getvalue()


def blank_sheet(width_cm: float, height_cm: float, dpi: int = 200) -> Figure:
    """Return an empty figure of a size on paper, with the house typeface."""
    use_in_matplotlib()
    mpl.rcParams.update(RC)
    figure = _Sheet(figsize=(width_cm * CM, height_cm * CM), dpi=dpi, facecolor="white")
    _QuietCanvas(figure)
    return figure


def fit(bounds: Bounds, width_cm: float, height_cm: float, *, margin: float = 1.9) -> int:
    """Return the largest usual scale (its denominator) at which `bounds` sit well in a window.

    Parameters
    ----------
    bounds : (xmin, ymin, xmax, ymax)
        In metres.
    margin : float
        Window over content: 1.9 leaves surroundings to recognise the place by.

    Examples
    --------
    >>> fit((0, 0, 12, 10), 11, 12)
    250
    """
    needed_m = max((bounds[2] - bounds[0]) / width_cm, (bounds[3] - bounds[1]) / height_cm) * margin
    denominator = max(needed_m * 100, SCALES[0])
    return next((scale for scale in SCALES if scale >= denominator), SCALES[-1])


def window(bounds: Bounds, width_cm: float, height_cm: float, scale: int) -> Bounds:
    """Return the ground extent of a window centred on `bounds` at a scale."""
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    half_x, half_y = width_cm / 200 * scale, height_cm / 200 * scale
    return x - half_x, y - half_y, x + half_x, y + half_y


def draw_frame(axes: Axes, extent: Bounds, language: Language = "id") -> None:
    """Set the extent and draw grid ticks with coordinates in metres on all four sides."""
    axes.set_xlim(extent[0], extent[2])
    axes.set_ylim(extent[1], extent[3])
    axes.set_aspect("equal")
    step = _round_step((extent[2] - extent[0]) / 3.5)
    xs = np.arange(math.ceil(extent[0] / step) * step, extent[2], step)
    ys = np.arange(math.ceil(extent[1] / step) * step, extent[3], step)
    axes.set_xticks(xs, [number(x, 0, language) for x in xs])
    axes.set_yticks(ys, [number(y, 0, language) for y in ys], rotation=90, va="center")
    axes.tick_params(
        direction="in", length=4, top=True, right=True, colors=FAINT, labelsize=5.5, pad=2
    )
    # Crosses instead of lines: the grid can be read off without hiding the plan.
    gx, gy = np.meshgrid(xs, ys)
    axes.plot(gx.ravel(), gy.ravel(), "+", color=INK, markersize=4, markeredgewidth=0.4, zorder=8)


def _round_step(wish: float) -> float:
    head = 10 ** math.floor(math.log10(wish))
    return float(next(k * head for k in (1, 2, 5, 10) if k * head >= wish))


def draw_scale_bar(axes: Axes, scale: int, width_cm: float, language: Language = "id") -> None:
    """Draw a bar of four boxes into an axes `width_cm` wide, with the scale as a number."""
    axes.set_axis_off()
    axes.set_xlim(0, width_cm)
    axes.set_ylim(0, 1)
    total_m = _round_step(width_cm * 0.82 / 100 * scale * 0.5)
    box = total_m / scale * 100 / 4
    for index in range(4):
        face = INK if index % 2 == 0 else "white"
        axes.add_patch(
            Rectangle((0.08 + index * box, 0.36), box, 0.16, facecolor=face, edgecolor=INK, lw=0.5)
        )
    for index in (0, 2, 4):
        label = number(total_m * index / 4, 0 if total_m >= 4 else 1, language)
        unit = " m" if index == 4 else ""
        axes.text(0.08 + index * box, 0.26, label + unit, ha="center", va="top", fontsize=6)
    axes.text(0.08, 0.64, f"Skala 1:{number(scale, 0, language)}", fontsize=7.5, weight="bold")


def draw_north(axes: Axes) -> None:
    """Draw a north arrow that fills the axes."""
    axes.set_axis_off()
    axes.set_xlim(-1, 1)
    axes.set_ylim(-1, 1.5)
    axes.set_aspect("equal")
    axes.add_patch(Polygon([(0, 0.9), (-0.5, -0.8), (0, -0.45)], facecolor="white", ec=INK, lw=0.7))
    axes.add_patch(Polygon([(0, 0.9), (0.5, -0.8), (0, -0.45)], facecolor=INK, ec=INK, lw=0.7))
    axes.text(0, 1.0, "U", ha="center", va="bottom", fontsize=8, weight="bold", color=INK)
