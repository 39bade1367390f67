"""Maps of a layer's defects as SVG: one of the whole layer, and one close up of each error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from markupsafe import Markup, escape
from numpy.typing import NDArray

from layers.defects import Defect

__all__ = ["COLOURS", "close_up", "overview"]

#: Real errors are red, slivers amber: the words stand in the table beside.
COLOURS: Final = {True: "#b7791f", False: "#b02a37"}
WIDTH: Final = 760.0
CLOSE: Final = 236.0
#: Outlines are drawn to a third of a pixel.
_PIXEL: Final = 3.0


def overview(frame: gpd.GeoDataFrame, defects: Sequence[Defect]) -> Markup:
    """Draw every feature and a mark for each defect, the numbers of real errors as in the table."""
    bounds = frame.total_bounds
    if not np.isfinite(bounds).all():
        return Markup("")
    paper = _Paper(bounds, WIDTH)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    marks = []
    for number, defect in reversed(list(enumerate(defects, 1))):
        x, y = paper.place(shapely.point_on_surface(_largest(defect.geometry)))
        radius = 3 if defect.sliver else 7
        text = escape(f"{number}. {' · '.join(defect.features)}")
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{COLOURS[defect.sliver]}" '
            f'fill-opacity="0.75" stroke="#fff"><title>{text}</title></circle>'
        )
        if not defect.sliver and number <= 99:
            marks.append(
                f'<text x="{x:.1f}" y="{y + 3.2:.1f}" text-anchor="middle" font-size="9" '
                f'fill="#fff">{number}</text>'
            )
    return paper.svg([paper.path(shapes, "#eef1f4", "#9aa5b1", 0.4), *marks])


def close_up(frame: gpd.GeoDataFrame, defect: Defect) -> Markup:
    """Draw one defect with the features that take part, so that its width can be seen."""
    shape = _largest(defect.geometry)
    west, south, east, north = shapely.bounds(shape)
    reach = max(east - west, north - south) * 0.35 or 1e-9
    middle = ((west + east) / 2, (south + north) / 2)
    half = max(east - west, north - south) / 2 + reach
    paper = _Paper((middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half), CLOSE)
    near = np.asarray(frame.geometry.array, dtype=object)[list(defect.rows)]
    drawn = [
        paper.path(near[[place]], tone, "#52606d", 0.8)
        for place, tone in zip(range(len(near)), _tones(), strict=False)
    ]
    return paper.svg([*drawn, paper.path(np.array([shape]), COLOURS[defect.sliver], "#fff", 0.8)])


def _tones() -> Iterable[str]:
    return ("#cfe3f3", "#dcefd9", "#f6ecd0", "#e7dcf1", "#f3dcdc", "#d9efef")


def _largest(geometry: Any) -> Any:
    parts = shapely.get_parts(geometry)
    return parts[int(np.argmax(shapely.area(parts)))]


class _Paper:
    """A drawing area: bounds of the ground to pixels, north up."""

    def __init__(self, bounds: Sequence[float] | NDArray[np.float64], width: float) -> None:
        self.west, south, east, self.north = (float(value) for value in bounds)
        self.scale = width / max(east - self.west, (self.north - south) * 0.8, 1e-12)
        self.width = max((east - self.west) * self.scale, 1.0)
        self.height = max((self.north - south) * self.scale, 1.0)
        self.box = (self.west, south, east, self.north)

    def place(self, point: Any) -> tuple[float, float]:
        return (point.x - self.west) * self.scale, (self.north - point.y) * self.scale

    def path(self, shapes: NDArray[np.object_], fill: str, stroke: str, weight: float) -> str:
        """Draw outlines, simplified to what can be seen, clipped to the paper."""
        there = shapes[~shapely.is_missing(shapes)]
        seen = shapely.simplify(shapely.clip_by_rect(there, *self.box), 1 / self.scale / _PIXEL)
        parts = shapely.get_parts(seen)
        rings = shapely.get_rings(parts[shapely.get_type_id(parts) == 3])
        lines = []
        for ring in rings:
            xy = shapely.get_coordinates(ring)
            x = ((xy[:, 0] - self.west) * self.scale).round(1)
            y = ((self.north - xy[:, 1]) * self.scale).round(1)
            lines.append("M" + "L".join(f"{a:g} {b:g}" for a, b in zip(x, y, strict=True)) + "Z")
        return (
            f'<path d="{"".join(lines)}" fill="{fill}" fill-opacity="0.8" fill-rule="evenodd" '
            f'stroke="{stroke}" stroke-width="{weight}"/>'
        )

    def svg(self, inside: Iterable[str]) -> Markup:
        return Markup(  # noqa: S704  numbers and colours of ours; names are escaped above
            f'<svg viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" '
            f'style="width:100%;max-width:{self.width:.0f}px;background:#fff">'
            f"{''.join(inside)}</svg>"
        )
