"""Thematic maps: one sheet for areas, lines and points in classes, with legend, scale and north."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path

from api.reports import sheet
from spatial.crs import METRIC_CRS, Bounds, to_crs

__all__ = ["NO_DATA", "Themed", "on_plane"]

WIDTH_CM, HEIGHT_CM, MAP_CM = 17.0, 11.6, (11.6, 10.4)
NO_DATA: Final[dict[str, Any]] = {
    "facecolor": "#f3f3f1",
    "edgecolor": "#c4c8cc",
    "hatch": "xxxx",
}
#: More areas than this are drawn without lines between them.
LINED: Final = 1_500


def on_plane(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring features onto a plane in metres; a plane of unknown units stays as it is."""
    bare = frame[["geometry"]]
    return bare if frame.crs is None else to_crs(bare, METRIC_CRS)


@dataclass(slots=True)
class Themed:
    """A map that is being drawn.

    Parameters
    ----------
    figure, axes
        Of matplotlib.
    extent : (xmin, ymin, xmax, ymax)
    scale : int or None
        Denominator; None on a plane of unknown units.
    handles : list
        Of the legend, in the order in which things were drawn.
    """

    figure: Any
    axes: Axes
    extent: Bounds
    scale: int | None
    handles: list[Any]

    @classmethod
    def around(cls, frame: gpd.GeoDataFrame, title: str = "") -> Themed:
        """Open a sheet on which everything in `frame` (on a plane) has room."""
        figure = sheet.blank_sheet(WIDTH_CM, HEIGHT_CM)
        axes = figure.add_axes(_place(0.5, 0.6, *MAP_CM))
        if title:
            axes.set_title(title, fontsize=9, loc="left", pad=5, color=sheet.INK)
        shown = shapely.total_bounds(np.asarray(frame.geometry.array))
        if np.isnan(shown).any():
            shown = np.array([0.0, 0.0, 1.0, 1.0])
        bounds = (float(shown[0]), float(shown[1]), float(shown[2]), float(shown[3]))
        if frame.crs is None:
            pad = 0.03 * max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1e-9)
            axes.set(
                xlim=(bounds[0] - pad, bounds[2] + pad), ylim=(bounds[1] - pad, bounds[3] + pad)
            )
            axes.set(xticks=[], yticks=[])
            axes.set_aspect("equal")
            return cls(figure, axes, bounds, None, [])
        scale = _scale(bounds)
        extent = sheet.window(bounds, *MAP_CM, scale)
        sheet.draw_frame(axes, extent)
        return cls(figure, axes, extent, scale, [])

    def draw(
        self, frame: gpd.GeoDataFrame, style: dict[str, Any], label: str = "", *, many: int = 0
    ) -> None:
        """Draw one class: areas as one collection, so thousands take a blink; lines; points.

        `many` is the number of areas of all classes: when crowded they lose their edges.
        """
        shapes = np.asarray(frame.geometry.array, dtype=object)
        shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        kinds = shapely.get_dimensions(shapes)
        width = 0.0 if max(many, len(frame)) > LINED and not style.get("hatch") else 0.3
        if (kinds == 2).any():
            paths = [_path(shape) for shape in shapely.get_parts(shapes[kinds == 2])]
            self.axes.add_collection(
                PathCollection(paths, linewidths=width, zorder=2, **style), autolim=False
            )
        if (kinds == 1).any():
            lines = [shapely.get_coordinates(one) for one in shapely.get_parts(shapes[kinds == 1])]
            self.axes.add_collection(
                LineCollection(lines, colors=style["facecolor"], linewidths=1.4, zorder=3),
                autolim=False,
            )
        if (kinds == 0).any():
            x, y = shapely.get_coordinates(shapes[kinds == 0]).T
            size = max(5.0, 1_500 / max(len(shapes), 60))
            self.axes.scatter(x, y, c=style["facecolor"], ec="#4b5563", lw=0.3, s=size, zorder=4)
        if label:
            self.handles.append(_handle(kinds, style, label))

    def outline(self, shapes: Any, label: str) -> None:
        """Draw the boundary of areas, without holes that are slivers on paper."""
        least = (0.0015 * (self.scale or 0)) ** 2
        rings = shapely.get_rings(shapely.get_parts(shapes))
        seen = rings[shapely.area(shapely.polygons(rings)) > least]
        paths = [Path(shapely.get_coordinates(ring)) for ring in (seen if len(seen) else rings)]
        self.axes.add_collection(
            PathCollection(paths, facecolor="none", edgecolor="#3f0d12", linewidth=0.9, zorder=4),
            autolim=False,
        )
        self.handles.append(Line2D([], [], color="#3f0d12", lw=1.0, label=label))

    def write(self, names: Sequence[str], shapes: Sequence[Any]) -> None:
        """Write a name into each shape."""
        for name, shape in zip(names, shapes, strict=True):
            at = shape.representative_point()
            self.axes.annotate(
                str(name), (at.x, at.y), fontsize=6.5, weight="bold", ha="center", va="center",
                zorder=6,
                bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#3f0d12", "lw": 0.5},
            )  # fmt: skip

    def png(self, title: str, notice: str = "") -> bytes:
        """Add background, scale, north, legend and notice, and return the picture."""
        if self.scale is not None:
            west, south, east, north = self.extent
            self.axes.add_patch(
                Rectangle(
                    (west, south), east - west, north - south, facecolor="#eef2f5", lw=0, zorder=0
                )
            )
            bar = self.figure.add_axes(_place(12.4, 0.6, 3.2, 1.1))
            sheet.draw_scale_bar(bar, self.scale, 3.2)
            sheet.draw_north(self.figure.add_axes(_place(15.7, 0.6, 0.9, 1.15)))
        legend = self.figure.add_axes(_place(12.4, 2.2, 4.4, 8.8))
        legend.set_axis_off()
        legend.legend(
            handles=self.handles, title=title, loc="upper left", frameon=False, alignment="left",
            fontsize=7, title_fontsize=8, borderaxespad=0, labelspacing=0.9,
            handlelength=1.8, handleheight=1.2,
        )  # fmt: skip
        self.axes.set(xlabel="", ylabel="")
        if notice:
            self.axes.text(
                0.5, 0.012, notice, transform=self.axes.transAxes, ha="center", va="bottom",
                fontsize=6.5, color="#8a1c1c", zorder=12,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
            )  # fmt: skip
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", metadata={"Software": "tataruang"})
        return buffer.getvalue()


def _scale(bounds: Bounds) -> int:
    """Return the largest scale of two digits at which everything fits: a province fills its map."""
    widths = (bounds[2] - bounds[0], bounds[3] - bounds[1])
    needed = max(100 * width / cm for width, cm in zip(widths, MAP_CM, strict=True)) * 1.04
    step = 10 ** max(len(str(int(max(needed, 1_000)))) - 2, 0)
    return int(-(-max(needed, 1_000) // step) * step)


def _place(
    left: float, bottom: float, width: float, height: float
) -> tuple[float, float, float, float]:
    return left / WIDTH_CM, bottom / HEIGHT_CM, width / WIDTH_CM, height / HEIGHT_CM


def _path(polygon: Any) -> Path:
    """Return a polygon with its holes as one path."""
    rings = shapely.get_rings(polygon)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=np.uint8)
    codes[np.flatnonzero(np.diff(ring, prepend=-1))] = Path.MOVETO
    return Path(xy, codes)


def _handle(kinds: Any, style: dict[str, Any], label: str) -> Any:
    if (kinds == 0).any():
        return Line2D([], [], marker="o", ls="", mfc=style["facecolor"], mec="#4b5563", label=label)
    if (kinds == 1).any():
        return Line2D([], [], color=style["facecolor"], lw=1.6, label=label)
    return Patch(label=label, lw=0.4, **style)
