"""Maps of hotspots for paper and screen: classes with hatches and names, and the values behind."""

from __future__ import annotations

import io
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path

from api.formats import number
from api.hotspots.study import Study
from api.hotspots.wording import CLASS_WORDS, ClassWords
from api.reports import sheet
from spatial.crs import METRIC_CRS, Bounds, to_crs

__all__ = ["class_map", "value_map"]

WIDTH_CM, HEIGHT_CM, MAP_CM = 17.0, 11.6, (11.6, 10.4)
#: Light to dark, readable in grey.
RAMP: Final = ("#fdf0dc", "#f9cf9c", "#f09c5c", "#cf5f3c", "#8e2f2f")
NO_DATA: Final[dict[str, Any]] = {
    "facecolor": "#f3f3f1",
    "edgecolor": "#c4c8cc",
    "hatch": "xxxx",
}
#: More areas than this are drawn without lines between them.
LINED: Final = 1_500


def class_map(done: Study, *, title: str = "", notice: str = "") -> bytes:
    """Draw the classes as PNG, clusters outlined and named."""
    frame = _placed(done)
    figure, axes, extent, scale = _page(frame, title)
    kinds = done.found.table["class"]
    handles = []
    for code, words in CLASS_WORDS.items():
        chosen = frame[(kinds == code).to_numpy()]
        if len(chosen):
            style = _style(words)
            _draw(axes, chosen, style, crowded=len(frame) > LINED)
            handles.append(_handle(frame, style, f"{words.name} ({number(len(chosen), 0)})"))
    handles += _outline(axes, done, frame, scale)
    _furnish(figure, axes, extent, scale, handles, "Kelas", notice)
    return _png(figure)


def value_map(done: Study, *, title: str = "", notice: str = "") -> bytes:
    """Draw what was studied, in five classes of equally many areas, as PNG."""
    frame = _placed(done)
    figure, axes, extent, scale = _page(frame, title)
    table = done.found.table
    share = bool(table["rate"].notna().any())
    values = (table["rate"] * 100 if share else table["value"]).to_numpy(dtype=np.float64)
    values = np.where(table["status"].isin(["ok", "isolate"]), values, np.nan)
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, 6))) if len(values) else np.zeros(1)
    handles = []
    for low, high, colour in zip(edges[:-1], edges[1:], RAMP[-(len(edges) - 1) :], strict=True):
        inside = (values >= low) & ((values < high) | ((values == high) & (high == edges[-1])))
        style = {"facecolor": colour, "edgecolor": "#9a8f83"}
        if inside.any():
            _draw(axes, frame[inside], style, crowded=len(frame) > LINED)
        unit = " %" if share else ""
        handles.append(_handle(frame, style, f"{number(low, 1)} – {number(high, 1)}{unit}"))
    if np.isnan(values).any():
        _draw(axes, frame[np.isnan(values)], NO_DATA, crowded=len(frame) > LINED)
        handles.append(_handle(frame, NO_DATA, "tanpa angka"))
    _furnish(figure, axes, extent, scale, handles, "Rasio" if share else "Nilai", notice)
    return _png(figure)


def _placed(done: Study) -> gpd.GeoDataFrame:
    """Bring the areas onto a plane in metres; a plane of unknown units stays as it is."""
    frame = done.areas[["geometry"]]
    return frame if frame.crs is None else to_crs(frame, METRIC_CRS)


def _page(frame: gpd.GeoDataFrame, title: str) -> tuple[Any, Axes, Bounds, int | None]:
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
        axes.set(xlim=(bounds[0] - pad, bounds[2] + pad), ylim=(bounds[1] - pad, bounds[3] + pad))
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal")
        return figure, axes, bounds, None
    scale = _scale(bounds)
    extent = sheet.window(bounds, *MAP_CM, scale)
    sheet.draw_frame(axes, extent)
    return figure, axes, extent, scale


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


def _style(words: ClassWords) -> dict[str, Any]:
    if words.code == "no_answer":
        return dict(NO_DATA)
    edge = "#ffffff" if words.code in {"hot", "cold"} else "#9aa1a8"
    return {"facecolor": words.colour, "edgecolor": edge, "hatch": words.hatch}


def _draw(axes: Axes, frame: gpd.GeoDataFrame, style: dict[str, Any], *, crowded: bool) -> None:
    """Draw areas as one collection: thousands of desa in a blink."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        return
    if (shapely.get_dimensions(shapes) == 0).all():
        x, y = shapely.get_coordinates(shapes).T
        size = max(4.0, 1_500 / max(len(shapes), 60))
        axes.scatter(x, y, c=style["facecolor"], ec="#4b5563", lw=0.3, s=size, zorder=2)
        return
    width = 0.0 if crowded and not style.get("hatch") else 0.3
    paths = [_path(shape) for shape in shapely.get_parts(shapes)]
    axes.add_collection(PathCollection(paths, linewidths=width, zorder=2, **style), autolim=False)


def _path(polygon: Any) -> Path:
    """Return a polygon with its holes as one path."""
    rings = shapely.get_rings(polygon)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=np.uint8)
    codes[np.flatnonzero(np.diff(ring, prepend=-1))] = Path.MOVETO
    return Path(xy, codes)


def _handle(frame: gpd.GeoDataFrame, style: dict[str, Any], label: str) -> Any:
    points = (shapely.get_dimensions(np.asarray(frame.geometry.array)) == 0).any()
    if points:
        return Line2D([], [], marker="o", ls="", mfc=style["facecolor"], mec="#4b5563", label=label)
    return Patch(label=label, lw=0.4, **style)


def _outline(axes: Axes, done: Study, frame: gpd.GeoDataFrame, scale: int | None) -> list[Any]:
    """Outline each hot cluster and write its name beside it."""
    objects = done.groups.objects
    hot = objects[objects["class"] == "hot"]
    if hot.empty:
        return []
    shapes = hot.geometry if frame.crs is None else to_crs(hot[["geometry"]], METRIC_CRS).geometry
    solid = shapely.get_dimensions(np.asarray(shapes.array)) == 2
    if solid.any():
        # Holes below a millimetre and a half on paper are slivers between boundaries.
        _draw_outline(
            axes, np.asarray(shapes[solid].array, dtype=object), (0.0015 * (scale or 0)) ** 2
        )
    largest = pd.Series(hot["areas"]).rank(method="first", ascending=False) <= 12
    for name, shape in zip(hot["cluster"][largest], shapes[largest], strict=True):
        at = shape.representative_point()
        axes.annotate(
            str(name), (at.x, at.y), fontsize=6.5, weight="bold", ha="center", va="center",
            zorder=6, bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "#3f0d12", "lw": 0.5},
        )  # fmt: skip
    return [Line2D([], [], color="#3f0d12", lw=1.0, label="Batas kelompok (K1, K2, ...)")]


def _draw_outline(axes: Axes, shapes: Any, least: float) -> None:
    rings = shapely.get_rings(shapely.get_parts(shapes))
    seen = rings[shapely.area(shapely.polygons(rings)) > least]
    paths = [Path(shapely.get_coordinates(ring)) for ring in (seen if len(seen) else rings)]
    axes.add_collection(
        PathCollection(paths, facecolor="none", edgecolor="#3f0d12", linewidth=0.9, zorder=4),
        autolim=False,
    )


def _furnish(
    figure: Any,
    axes: Axes,
    extent: Bounds,
    scale: int | None,
    handles: list[Any],
    title: str,
    notice: str,
) -> None:
    if scale is not None:
        axes.add_patch(
            Rectangle(
                (extent[0], extent[1]), extent[2] - extent[0], extent[3] - extent[1],
                facecolor="#eef2f5", lw=0, zorder=0,
            )
        )  # fmt: skip
        sheet.draw_scale_bar(figure.add_axes(_place(12.4, 0.6, 3.2, 1.1)), scale, 3.2)
        sheet.draw_north(figure.add_axes(_place(15.7, 0.6, 0.9, 1.15)))
    legend = figure.add_axes(_place(12.4, 2.2, 4.4, 8.8))
    legend.set_axis_off()
    legend.legend(
        handles=handles, title=title, loc="upper left", frameon=False, alignment="left",
        fontsize=7, title_fontsize=8, borderaxespad=0, labelspacing=0.9,
        handlelength=1.8, handleheight=1.2,
    )  # fmt: skip
    axes.set(xlabel="", ylabel="")
    if notice:
        axes.text(
            0.5, 0.012, notice, transform=axes.transAxes, ha="center", va="bottom", fontsize=6.5,
            color="#8a1c1c", zorder=12,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )  # fmt: skip


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "tataruang"})
    return buffer.getvalue()
