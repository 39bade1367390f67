"""The map of a difference: changed ground in the colour of what it became, and what it was."""

from __future__ import annotations

import io
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from api.formats import area
from api.reports import sheet
from api.symbology import NO_DATA, UNKNOWN_ZONE, zone_colour
from layers.diff import Difference
from spatial.crs import METRIC_CRS, Bounds, to_crs

__all__ = ["draw_diff_map"]

WIDTH_CM: Final = 16.0
HEIGHT_CM: Final = 12.0
MAP_CM: Final = (10.4, 11.0)
#: Changes named in the legend; the rest is one line with their sum.
NAMED: Final = 18
#: Letters of a class in the legend.
LONGEST: Final = 14
#: Colours of classes that have none of their own, told apart in print and by the colour-blind.
OTHERS: Final = ("#4477aa", "#ee6677", "#ccbb44", "#66ccee", "#aa3377", "#228833", "#bb5566")


def draw_diff_map(
    found: Difference, surroundings: gpd.GeoDataFrame, *, title: str, dpi: int = 160
) -> bytes:
    """Draw what changed, 16 x 12 cm, on the metric plane.

    Parameters
    ----------
    found : Difference
    surroundings : GeoDataFrame
        The newer version; drawn as outlines.
    title : str
        Name of the layer.

    Returns
    -------
    bytes
        A PNG image.

    Examples
    --------
    >>> import shapely
    >>> from layers.diff import difference
    >>> old = gpd.GeoDataFrame({"zona": ["P-1"]}, geometry=[shapely.box(110, -7, 110.1, -6.9)],
    ...                        crs="EPSG:4326")
    >>> new = old.assign(zona="R-2")
    >>> draw_diff_map(difference(old, new, by="zona"), new, title="rdtr")[1:4]
    b'PNG'
    """
    figure = sheet.blank_sheet(WIDTH_CM, HEIGHT_CM, dpi)
    pieces, around = to_crs(found.pieces, METRIC_CRS), _metric(surroundings)
    bounds = _bounds(pieces if len(pieces) else around)
    scale = sheet.fit(bounds, *MAP_CM, margin=1.25)
    extent = sheet.window(bounds, *MAP_CM, scale)
    axes = figure.add_axes(_place(0.45, 0.35, *MAP_CM))
    if len(around):
        around.plot(ax=axes, facecolor="#fbfbfa", edgecolor="#aab2bd", linewidth=0.35, aspect=None)
    handles = _draw_pieces(axes, pieces)
    sheet.draw_frame(axes, extent)
    axes.set(xlabel="", ylabel="")
    _legend(figure, title, handles, found)
    sheet.draw_scale_bar(figure.add_axes(_place(11.1, 0.3, 3.6, 1.2)), scale, 3.6)
    sheet.draw_north(figure.add_axes(_place(14.9, 0.3, 0.8, 1.2)))
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def _metric(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    solid = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    return to_crs(solid[[solid.geometry.name]], METRIC_CRS)


def _bounds(frame: gpd.GeoDataFrame) -> Bounds:
    if not len(frame):
        return 0.0, 0.0, 1.0, 1.0
    west, south, east, north = (float(value) for value in frame.total_bounds)
    return west, south, east, north


def _place(left: float, bottom: float, width: float, height: float) -> Any:
    return left / WIDTH_CM, bottom / HEIGHT_CM, width / WIDTH_CM, height / HEIGHT_CM


def _draw_pieces(axes: Axes, pieces: gpd.GeoDataFrame) -> list[Patch]:
    """Draw each change; ground that has no class any more is grey with diagonals."""
    become = list(dict.fromkeys(pieces["after"].dropna()))
    plain = [name for name in become if zone_colour(name) == UNKNOWN_ZONE]
    own = {name: OTHERS[i % len(OTHERS)] for i, name in enumerate(plain)}
    handles = []
    rows = zip(pieces["before"], pieces["after"], pieces["area_m2"], strict=True)
    for index, (before, after, size) in enumerate(rows):
        look: dict[str, Any] = {"edgecolor": sheet.INK, "linewidth": 0.4}
        if pd.isna(after):
            look |= {"facecolor": NO_DATA, "hatch": "////", "edgecolor": sheet.FAINT}
        else:
            look["facecolor"] = own.get(after, zone_colour(str(after)))
        pieces.iloc[[index]].plot(ax=axes, aspect=None, zorder=3, **look)
        label = f"{_name(before)} → {_name(after)}  {area(size)}"
        handles.append(Patch(label=label, **look))
    return handles


def _legend(figure: Figure, title: str, handles: list[Patch], found: Difference) -> None:
    left = 11.1 / WIDTH_CM
    figure.text(left, 0.965, f"Perubahan {title}", fontsize=10, weight="bold", va="top")
    total = area(float(found.changes["area_m2"].sum()))
    figure.text(left, 0.925, f"semula → menjadi, luas. Seluruhnya {total}", fontsize=6.5, va="top")
    shown = handles[:NAMED]
    if len(handles) > NAMED:
        rest = area(float(found.changes["area_m2"].iloc[NAMED:].sum()))
        label = f"{len(handles) - NAMED} perubahan lain  {rest}"
        shown = [*shown, Patch(facecolor="none", edgecolor="none", label=label)]
    figure.legend(
        handles=shown, loc="upper left", bbox_to_anchor=(left - 0.008, 0.905), frameon=False,
        fontsize=6.5, handlelength=1.6, handleheight=1.1, labelspacing=0.7, borderaxespad=0.0,
    )  # fmt: skip
    if not handles:
        figure.text(left, 0.86, "Tidak ada yang berubah", fontsize=8)


def _name(value: Any) -> str:
    """Write a class so that two of them and an area fit one line of the legend."""
    text = "tanpa kelas" if pd.isna(value) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
