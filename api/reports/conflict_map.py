"""Contradictions of plans over a whole area on one sheet, A4 across."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from shapely.geometry.base import BaseGeometry

from api.formats import Language, number, percent
from api.reports import sheet
from spatial.crs import project
from zoning.crossplan import Conflicts

__all__ = ["draw_conflict_map", "in_words"]

WIDTH_CM, HEIGHT_CM = 27.7, 19.0
MAP_CM: Final = (19.6, 16.6)
#: Colours that stay apart for people who see red and green alike (Okabe and Ito).
COLOURS: Final = (
    "#d55e00", "#0072b2", "#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#7f3c8d", "#8c6d31",
    "#4b4b4b", "#b2182b",
)  # fmt: skip
#: Kinds of instruments as people say them.
WORDS: Final = {
    "RTRW_KAB": "RTRW Kabupaten",
    "RTRW_KOTA": "RTRW Kota",
    "RTRW_PROV": "RTRW Provinsi",
    "RTRWN": "RTRW Nasional",
    "RTR_KSK": "RTR KSK",
    "RTR_KSP": "RTR KSP",
    "KAWASAN_HUTAN": "Kawasan hutan",
}
TEXT: Final = {
    "id": {
        "title": "Pertentangan antarrencana",
        "legend": "Instrumen yang bertentangan",
        "pairs": "Luas tiap pasangan; satu tempat dapat\nmasuk beberapa pasangan.",
        "total": "Bertentangan (tiap tempat sekali)",
        "compared": "Wilayah yang dibandingkan",
        "around": "Wilayah rencana",
    },
    "en": {
        "title": "Contradictions between plans",
        "legend": "Instruments in contradiction",
        "pairs": "Area of each pair; a place may\ncount in several pairs.",
        "total": "In contradiction, each place once",
        "compared": "Area compared",
        "around": "Area of the plans",
    },
}


def in_words(kelas: str) -> str:
    """Write a class of mismatch as people say it.

    Examples
    --------
    >>> in_words("RTRW_KAB × KAWASAN_HUTAN; RDTR × LSD")
    'RTRW Kabupaten × Kawasan hutan; RDTR × LSD'
    """
    pairs = (pair.split(" × ") for pair in kelas.split("; "))
    return "; ".join(" × ".join(WORDS.get(name, name) for name in pair) for pair in pairs)


def draw_conflict_map(
    found: Conflicts,
    outline: BaseGeometry,
    metric_crs: str,
    *,
    subtitle: str = "",
    notice: str = "",
    language: Language = "id",
    dpi: int = 150,
) -> bytes:
    """Draw the map and return it as PNG.

    Parameters
    ----------
    outline : geometry
        Area of the plans, on the plane of the patches.
    metric_crs : str
        What is drawn: a scale holds in it.
    subtitle : str
        Day and activity asked for.
    notice : str
        Printed where the data are no official ones.
    """
    text = TEXT[language]
    figure = sheet.blank_sheet(WIDTH_CM, HEIGHT_CM, dpi)
    patches = _metric(found.patches, metric_crs)
    [ground] = project(np.array([outline], dtype=object), found.patches.crs, metric_crs)
    scale = sheet.fit(ground.bounds, *MAP_CM, margin=1.06)
    extent = sheet.window(ground.bounds, *MAP_CM, scale)
    axes = figure.add_axes(_place(0.7, 0.7, *MAP_CM))
    gpd.GeoSeries([ground]).plot(ax=axes, facecolor="#eef1f4", edgecolor="#7b8794", linewidth=0.6)
    classes = _classes(patches)
    for (name, _), colour in zip(classes, COLOURS, strict=False):
        _draw(axes, patches[patches["kelas"] == name], colour)
    sheet.draw_frame(axes, extent, language)
    axes.set(xlabel="", ylabel="")
    figure.text(0.7 / WIDTH_CM, 1 - 0.75 / HEIGHT_CM, text["title"], fontsize=15, weight="bold")
    figure.text(0.7 / WIDTH_CM, 1 - 1.3 / HEIGHT_CM, subtitle, fontsize=9, color="#52606d")
    if notice:
        axes.text(
            0.5, 0.012, notice, transform=axes.transAxes, ha="center", va="bottom", fontsize=8,
            color="#8a1c1c", zorder=12,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 2},
        )  # fmt: skip
    side = figure.add_axes(_place(20.7, 5.0, 6.6, 12.3))
    _draw_legend(side, classes, found, language)
    sheet.draw_scale_bar(figure.add_axes(_place(20.7, 0.8, 4.6, 1.5)), scale, 4.6, language)
    sheet.draw_north(figure.add_axes(_place(25.7, 0.9, 1.1, 1.5)))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "tataruang"})
    return buffer.getvalue()


def _place(
    left: float, bottom: float, width: float, height: float
) -> tuple[float, float, float, float]:
    return left / WIDTH_CM, bottom / HEIGHT_CM, width / WIDTH_CM, height / HEIGHT_CM


def _metric(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    shapes = np.asarray(frame.geometry.array, dtype=object)
    moved = project(shapes, frame.crs, crs) if len(frame) else shapes
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=crs))


def _classes(patches: gpd.GeoDataFrame) -> list[tuple[str, float]]:
    """Return the pairs with their area, the largest first: small ones are drawn above them."""
    area = patches.groupby("kelas")["luas_ha"].sum().sort_values(ascending=False)
    return [(str(name), float(value)) for name, value in area.items()]


def _draw(axes: Axes, patches: gpd.GeoDataFrame, colour: str) -> None:
    shapes = shapely.simplify(patches.geometry.to_numpy(), 5.0)
    shown = gpd.GeoSeries(shapes[~shapely.is_empty(shapes)])
    if len(shown):
        shown.plot(ax=axes, facecolor=colour, edgecolor=colour, linewidth=0.15, alpha=0.82)


def _draw_legend(
    axes: Axes, classes: Sequence[tuple[str, float]], found: Conflicts, language: Language
) -> None:
    text = TEXT[language]
    axes.set_axis_off()
    handles: list[Any] = [
        Patch(facecolor=colour, label=f"{in_words(name)}\n{number(area, 1, language)} ha")
        for (name, area), colour in zip(classes, COLOURS, strict=False)
    ]
    handles.append(Patch(facecolor="#eef1f4", edgecolor="#7b8794", label=text["around"]))
    legend = axes.legend(
        handles=handles, title=text["legend"], fontsize=7.5, title_fontsize=9.5, loc="upper left",
        bbox_to_anchor=(0, 1), frameon=False, alignment="left", borderaxespad=0, labelspacing=0.7,
    )  # fmt: skip
    axes.add_artist(legend)
    share = found.conflict_ha / found.compared_ha if found.compared_ha else float("nan")
    lines = [
        f"{text['total']}: {number(found.conflict_ha, 1, language)} ha"
        f" ({percent(share, 1, language)})",
        f"{text['compared']}: {number(found.compared_ha, 1, language)} ha",
        text["pairs"],
    ]
    used = np.clip(0.08 + 0.062 * len(handles), 0, 0.9)
    axes.text(
        0, 1 - used, "\n".join(lines), fontsize=7.5, va="top", linespacing=1.6, color="#1f2933"
    )
