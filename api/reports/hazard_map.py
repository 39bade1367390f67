"""Hazard on one A3 sheet: classes with their areas, units, scale, source; and what changes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_hex
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.transform import Affine
from rasterio.warp import reproject

from api.formats import area
from api.reports import sheet
from hazard import Hazard
from spatial.crs import METRIC_CRS, Bounds, parse_crs, to_crs

__all__ = ["HazardSheet", "class_colours", "classes_on", "draw_change_map", "draw_hazard_map"]

WIDTH_CM, HEIGHT_CM = 42.0, 29.7
MAP_CM: Final = (31.0, 27.5)
#: Cells of the drawing along its longer side.
PIXELS: Final = 1600
NO_DATA: Final[dict[str, Any]] = {"facecolor": "#f4f5f7", "hatch": "///", "edgecolor": "#c3cad3"}
NONE_COLOUR: Final = "#e8edf3"
UNKNOWN: Final = -1
CHANGES: Final = {
    "lebih ringan": "#2b6cb0",
    "sama": "#e8edf3",
    "lebih berat": "#c92a2a",
}


@dataclass(frozen=True, slots=True)
class HazardSheet:
    """What is written beside the map.

    `areas` are m² per class, `outlines` the units drawn as lines with the column of their names
    in `label` (none for no names), `sources` and `rules` go below the legend.
    """

    title: str
    subtitle: str
    outlines: gpd.GeoDataFrame
    areas: Mapping[str, float]
    sources: Sequence[str] = ()
    rules: Sequence[str] = ()
    label: str | None = None
    notice: str = ""


def class_colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each class a colour: a calm grey for none, then yellow to dark red.

    Examples
    --------
    >>> class_colours(["tidak_ada", "rendah", "tinggi"])["tidak_ada"]
    '#e8edf3'
    """
    scale = colormaps["YlOrRd"](np.linspace(0.18, 0.92, max(len(labels) - 1, 1)))
    return {labels[0]: NONE_COLOUR} | {
        label: to_hex(colour) for label, colour in zip(labels[1:], scale, strict=True)
    }


def classes_on(
    hazard: Hazard, scenario: str, extent: Bounds, crs: str = METRIC_CRS
) -> NDArray[np.int16]:
    """Lay the classes of a hazard on the cells of a drawing; -1 where there is no class.

    Each cell of the drawing shows the class at its middle; nothing is measured on it.
    """
    wide, high = extent[2] - extent[0], extent[3] - extent[1]
    cell = max(wide, high) / PIXELS
    shape = (max(round(high / cell), 1), max(round(wide / cell), 1))
    transform = Affine(wide / shape[1], 0, extent[0], 0, -high / shape[0], extent[3])
    count = len(hazard.labels)
    if hazard.grid is None:
        return _of_regions(hazard, shape, transform, crs)
    values = hazard.grid.read(bands=(hazard.scenarios.index(scenario) + 1,))[0]
    codes = hazard.rule.codes(values, hazard.grid.valid(values))
    out = np.full(shape, count, np.int16)
    reproject(
        codes.astype(np.int16),
        out,
        src_transform=hazard.grid.transform,
        src_crs=hazard.grid.crs.to_wkt(),
        dst_transform=transform,
        dst_crs=parse_crs(crs).to_wkt(),
        src_nodata=count,
        dst_nodata=count,
        resampling=Resampling.nearest,
    )
    return np.where(out == count, UNKNOWN, out).astype(np.int16)


def _of_regions(
    hazard: Hazard, shape: tuple[int, int], transform: Affine, crs: str
) -> NDArray[np.int16]:
    count = len(hazard.labels)
    frame = gpd.GeoDataFrame(
        {"code": [code for code, _ in hazard.regions]},
        geometry=[region for _, region in hazard.regions],
        crs="ESRI:54034",
    )
    moved = to_crs(frame, crs)
    shapes = [
        (geometry, code)
        for geometry, code in zip(moved.geometry, moved["code"], strict=True)
        if code < count and not geometry.is_empty
    ]
    out = np.full(shape, UNKNOWN, np.int16)
    if shapes:
        rasterize(shapes, out=out, transform=transform)
    return out


def draw_hazard_map(
    hazard: Hazard, scenario: str, facts: HazardSheet, *, form: str = "png", dpi: int = 150
) -> bytes:
    """Draw one hazard and scenario on A3 across.

    Parameters
    ----------
    form : "png" or "pdf"
    """
    outlines = to_crs(facts.outlines, METRIC_CRS)
    extent, scale = _extent(outlines)
    codes = classes_on(hazard, scenario, extent)
    colours = class_colours(hazard.labels)
    handles = [
        Patch(
            facecolor=colours[label],
            edgecolor="#7b8794",
            label=f"{label.replace('_', ' ')}  {area(facts.areas.get(label))}",
        )
        for label in reversed(hazard.labels)
    ]
    return _draw(codes, list(colours.values()), handles, facts, outlines, extent, scale, form, dpi)


def draw_change_map(
    before: tuple[Hazard, str],
    after: tuple[Hazard, str],
    facts: HazardSheet,
    *,
    form: str = "png",
    dpi: int = 150,
) -> bytes:
    """Draw where the class of a second scenario is worse or milder than that of a first."""
    outlines = to_crs(facts.outlines, METRIC_CRS)
    extent, scale = _extent(outlines)
    one, two = (classes_on(hazard, name, extent) for hazard, name in (before, after))
    known = (one != UNKNOWN) & (two != UNKNOWN)
    codes = np.where(known, np.sign(two - one) + 1, UNKNOWN).astype(np.int16)
    handles = [
        Patch(facecolor=colour, edgecolor="#7b8794", label=f"{name}  {area(facts.areas.get(name))}")
        for name, colour in CHANGES.items()
    ]
    return _draw(codes, list(CHANGES.values()), handles, facts, outlines, extent, scale, form, dpi)


def _extent(outlines: gpd.GeoDataFrame) -> tuple[Bounds, int]:
    x0, y0, x1, y1 = (float(end) for end in outlines.total_bounds)
    bounds = (x0, y0, x1, y1)
    scale = _scale(max((x1 - x0) / MAP_CM[0], (y1 - y0) / MAP_CM[1]) * 104)
    return sheet.window(bounds, *MAP_CM, scale), scale


def _scale(least: float) -> int:
    """Return the next round denominator; a sheet of this size has finer steps than a letter."""
    power = 10 ** int(np.floor(np.log10(max(least, 1000.0))))
    heads = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 10)
    return int(next(head * power for head in heads if head * power >= least))


def _draw(
    codes: NDArray[np.int16],
    colours: Sequence[str],
    handles: list[Patch],
    facts: HazardSheet,
    outlines: gpd.GeoDataFrame,
    extent: Bounds,
    scale: int,
    form: str,
    dpi: int,
) -> bytes:
    figure = sheet.blank_sheet(WIDTH_CM, HEIGHT_CM, dpi)
    main = figure.add_axes(_place(0.9, 0.9, *MAP_CM))
    width, height = extent[2] - extent[0], extent[3] - extent[1]
    main.add_patch(Rectangle(extent[:2], width, height, lw=0, zorder=0, **NO_DATA))
    main.imshow(
        np.ma.masked_equal(codes, UNKNOWN),
        cmap=ListedColormap(list(colours)),
        vmin=-0.5,
        vmax=len(colours) - 0.5,
        extent=(extent[0], extent[2], extent[1], extent[3]),
        interpolation="nearest",
        zorder=1,
    )
    outlines.boundary.plot(ax=main, color="#1f2933", linewidth=0.5, zorder=3)
    if facts.label is not None:
        _name_units(main, outlines, facts.label)
    sheet.draw_frame(main, extent)
    main.set(xlabel="", ylabel="")
    if facts.notice:
        main.text(
            0.5, 0.008, facts.notice, transform=main.transAxes, ha="center", va="bottom",
            fontsize=9, color="#8a1c1c", zorder=12,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
        )  # fmt: skip
    _draw_side(figure, handles, facts, scale)
    buffer = io.BytesIO()
    meta = {"Software": "tataruang"} if form == "png" else {"Creator": "tataruang"}
    figure.savefig(buffer, format=form, metadata=meta)
    return buffer.getvalue()


def _name_units(axes: Any, outlines: gpd.GeoDataFrame, label: str) -> None:
    """Write names where there is room: on a sheet of hundreds of units none could be read."""
    if len(outlines) > 60:
        return
    points = outlines.geometry.representative_point()
    for name, x, y in zip(outlines[label].astype(str), points.x, points.y, strict=True):
        axes.text(
            x, y, name, ha="center", va="center", fontsize=6, color="#1f2933", zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 0.8},
            clip_on=True,
        )  # fmt: skip


def _draw_side(figure: Any, handles: list[Patch], facts: HazardSheet, scale: int) -> None:
    """Title, legend, scale, north, sources: a column at the right of the map."""
    side = figure.add_axes(_place(32.5, 0.9, 8.7, 27.5))
    side.set_axis_off()
    side.text(0, 1, _wrapped(facts.title, 30), va="top", fontsize=17, weight="bold")
    lines = _wrapped(facts.title, 30).count("\n") + 1
    below = 1 - 0.033 * lines
    side.text(0, below, _wrapped(facts.subtitle, 52), va="top", fontsize=10, color="#52606d")
    below -= 0.022 * (_wrapped(facts.subtitle, 52).count("\n") + 1) + 0.02
    legend = side.legend(
        handles=[*handles, Patch(label="tanpa data atau di luar peta", **NO_DATA)],
        title="Kelas dan luasnya di dalam unit",
        loc="upper left",
        bbox_to_anchor=(0, below),
        frameon=False,
        alignment="left",
        borderaxespad=0,
        fontsize=10,
        title_fontsize=11,
        handlelength=2.2,
        handleheight=1.4,
        labelspacing=0.6,
    )
    side.add_artist(legend)
    sheet.draw_north(figure.add_axes(_place(39.4, 15.2, 1.6, 2.0)))
    sheet.draw_scale_bar(figure.add_axes(_place(32.5, 15.4, 6.0, 1.4)), scale, 6.0)
    paragraphs = [f"Sumber: {', '.join(facts.sources)}", *facts.rules]
    paragraphs.append("Proyeksi SRGI2013 / UTM 49S; luas pada bidang sama luas ESRI:54034.")
    text = "\n\n".join(_wrapped(paragraph, 62) for paragraph in paragraphs)
    side.text(0, 0, text, va="bottom", fontsize=8, color="#52606d", linespacing=1.3)


def _wrapped(text: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))


def _place(
    left: float, bottom: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """Centimetres on the sheet as the fractions matplotlib wants."""
    return left / WIDTH_CM, bottom / HEIGHT_CM, width / WIDTH_CM, height / HEIGHT_CM
