"""The map of one verdict: the parcel among the zones, what of it may be used, and a legend."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from shapely.geometry.base import BaseGeometry

from api.formats import Language
from api.reports import sheet
from api.wording import VERDICTS
from spatial.crs import Bounds

__all__ = ["MapLayer", "MapScene", "draw_verdict_map"]

WIDTH_CM: Final = 16.0
HEIGHT_CM: Final = 12.0
MAP_CM: Final = (11.0, 11.3)
NO_DATA: Final[dict[str, Any]] = {"facecolor": "#f4f5f7", "hatch": "////", "edgecolor": "#c3cad3"}
TEXT: Final = {
    "id": {
        "parcel": "Persil",
        "approvable": "Bagian dapat disetujui",
        "footprint": "Tapak bangunan",
        "uncovered": "Di luar cakupan rencana",
        "zones": "Zona",
        "marks": "Keterangan",
        "place": "Letak",
    },
    "en": {
        "parcel": "Parcel",
        "approvable": "Part that can be approved",
        "footprint": "Building footprint",
        "uncovered": "Outside the plan",
        "zones": "Zones",
        "marks": "Legend",
        "place": "Location",
    },
}


#: Hatches of the symbology as matplotlib writes them; sparse, so that zones stay readable.
HATCHES: Final = {"diagonal": "/", "back": "\\", "cross": "x", "dots": "."}


@dataclass(frozen=True)
class MapLayer:
    """A layer drawn over the zones: `hatch` is a name of the symbology, `none` or `solid`.

    A polygon layer without hatch shows its edges alone.
    """

    label: str
    frame: gpd.GeoDataFrame
    colour: str
    hatch: str = "none"


@dataclass(frozen=True)
class MapScene:
    """What surrounds parcels on their maps, prepared once for many maps.

    Parameters
    ----------
    zones : GeoDataFrame
        Columns `zona`, `zona_nama`; metric CRS.
    layers : sequence of MapLayer
        Overlays, rivers, roads in the order of drawing; metric CRS.
    outline : geometry or None
        The workspace's area for the inset, simplified.
    colour_of : callable
        Zone code -> "#rrggbb".
    notice : str
        Printed on the map where the data are no official ones.
    """

    zones: gpd.GeoDataFrame
    colour_of: Callable[[str], str]
    layers: Sequence[MapLayer] = ()
    outline: BaseGeometry | None = None
    notice: str = ""


def draw_verdict_map(
    scene: MapScene,
    verdict: Mapping[str, Any],
    parcel: BaseGeometry,
    *,
    approvable: BaseGeometry | None = None,
    footprint: BaseGeometry | None = None,
    language: Language = "id",
    dpi: int = 160,
) -> bytes:
    """Draw the map of one verdict, 16 x 12 cm.

    Parameters
    ----------
    scene : MapScene
    verdict : mapping
        The verdict JSON.
    parcel, approvable, footprint : geometries
        In the metric CRS of the scene.

    Returns
    -------
    bytes
        A PNG image.
    """
    figure = sheet.blank_sheet(WIDTH_CM, HEIGHT_CM, dpi)
    scale = sheet.fit(parcel.bounds, *MAP_CM)
    extent = sheet.window(parcel.bounds, *MAP_CM, scale)
    main = figure.add_axes(_place(0.45, 0.35, *MAP_CM))
    shown = _clip(scene.zones, extent)
    main.add_patch(_background(extent))
    handles = _draw_zones(main, shown, scene.colour_of)
    words = VERDICTS[str(verdict["verdict"])]
    marks = _draw_parcel(main, parcel, approvable, footprint, words.colour, language)
    marks += _draw_marks(main, scene, extent)
    sheet.draw_frame(main, extent, language)
    main.set(xlabel="", ylabel="")
    if scene.notice:
        main.text(
            0.5, 0.012, scene.notice, transform=main.transAxes, ha="center", va="bottom",
            fontsize=6.5, color="#8a1c1c", zorder=12,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5},
        )  # fmt: skip
    _draw_inset(figure.add_axes(_place(11.85, 8.35, 3.9, 3.3)), scene, parcel, language)
    sheet.draw_north(figure.add_axes(_place(14.85, 7.0, 0.9, 1.15)))
    sheet.draw_scale_bar(figure.add_axes(_place(11.85, 7.0, 3.0, 1.1)), scale, 3.0, language)
    _draw_legend(figure.add_axes(_place(11.85, 0.35, 3.9, 6.5)), handles, marks, language)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "tataruang"})
    return buffer.getvalue()


def _place(
    left: float, bottom: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """Centimetres on the sheet as the fractions matplotlib wants."""
    return left / WIDTH_CM, bottom / HEIGHT_CM, width / WIDTH_CM, height / HEIGHT_CM


def _clip(frame: gpd.GeoDataFrame, extent: Bounds) -> gpd.GeoDataFrame:
    """Cut to a window; clip_by_rect is fast and draws right even on polygons that touch it."""
    near = frame.iloc[np.unique(frame.sindex.query(shapely.box(*extent)))]
    cut = shapely.clip_by_rect(np.asarray(near.geometry.array), *extent)
    result: gpd.GeoDataFrame = near.set_geometry(gpd.GeoSeries(cut, near.index, crs=near.crs))
    return result[~result.geometry.is_empty]


def _background(extent: Bounds) -> Rectangle:
    """Where nothing is drawn there is no plan: grey diagonals, never white."""
    width, height = extent[2] - extent[0], extent[3] - extent[1]
    return Rectangle((extent[0], extent[1]), width, height, lw=0, zorder=0, **NO_DATA)


def _draw_zones(
    axes: Axes, zones: gpd.GeoDataFrame, colour_of: Callable[[str], str]
) -> list[Patch]:
    handles = []
    for code, group in zones.groupby("zona", sort=True):
        colour = colour_of(str(code))
        group.plot(ax=axes, facecolor=colour, edgecolor="#00000055", linewidth=0.35, zorder=1)
        name = str(group["zona_nama"].iloc[0])
        handles.append(Patch(facecolor=colour, edgecolor="#00000055", label=f"{code}  {name}"))
    return handles


def _draw_marks(axes: Axes, scene: MapScene, extent: Bounds) -> list[Any]:
    handles: list[Any] = []
    for layer in scene.layers:
        cut = _clip(layer.frame, extent)
        if cut.empty:
            continue
        lines = cut.geometry.geom_type.str.contains("Line").all()
        if lines:
            cut.plot(ax=axes, color=layer.colour, linewidth=0.9, zorder=2)
            handles.append(Line2D([], [], color=layer.colour, lw=1.2, label=layer.label))
            continue
        style: dict[str, Any] = {"facecolor": "none", "edgecolor": layer.colour, "linewidth": 0.6}
        if layer.hatch == "solid":
            style |= {"facecolor": f"{layer.colour}55"}
        else:
            style |= {"hatch": HATCHES.get(layer.hatch)}
        cut.plot(ax=axes, zorder=3, **style)
        # A legend's box is small: it shows the hatch twice as dense as the map.
        handles.append(
            Patch(label=layer.label, **style | {"hatch": 3 * (style.get("hatch") or "")})
        )
    return handles


def _draw_parcel(
    axes: Axes,
    parcel: BaseGeometry,
    approvable: BaseGeometry | None,
    footprint: BaseGeometry | None,
    colour: str,
    language: Language,
) -> list[Any]:
    text = TEXT[language]
    handles: list[Any] = []
    if approvable is not None and not approvable.is_empty:
        gpd.GeoSeries([approvable]).plot(
            ax=axes,
            facecolor="#ffffff66",
            edgecolor="#1b7f4b",
            hatch="///",
            linewidth=0.8,
            zorder=5,
        )
        handles.append(
            Patch(facecolor="white", edgecolor="#1b7f4b", hatch="///", label=text["approvable"])
        )
    if footprint is not None and not footprint.is_empty:
        gpd.GeoSeries([footprint]).plot(
            ax=axes, facecolor="#374151", edgecolor="#111827", alpha=0.8, linewidth=0.6, zorder=6
        )
        handles.append(Patch(facecolor="#374151", edgecolor="#111827", label=text["footprint"]))
    edge = gpd.GeoSeries([parcel.boundary])
    edge.plot(ax=axes, color="white", linewidth=3.6, zorder=7)
    edge.plot(ax=axes, color=colour, linewidth=1.9, zorder=7)
    return [Patch(facecolor="none", edgecolor=colour, lw=1.9, label=text["parcel"]), *handles]


def _draw_inset(axes: Axes, scene: MapScene, parcel: BaseGeometry, language: Language) -> None:
    axes.set_title(TEXT[language]["place"], fontsize=7, loc="left", pad=2, color=sheet.INK)
    if scene.outline is not None:
        gpd.GeoSeries([scene.outline]).plot(
            ax=axes, facecolor="#e9ecef", edgecolor="#9aa5b1", linewidth=0.4
        )
    point = parcel.representative_point()
    axes.plot(point.x, point.y, "o", color="#b02a37", markersize=4.5, markeredgecolor="white")
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
    axes.set_aspect("equal", adjustable="datalim")


def _draw_legend(axes: Axes, zones: list[Patch], marks: list[Any], language: Language) -> None:
    axes.set_axis_off()
    common: dict[str, Any] = {
        "loc": "upper left",
        "frameon": False,
        "alignment": "left",
        "borderaxespad": 0,
    }
    top = axes.legend(
        handles=[_wrap(handle) for handle in marks], title=TEXT[language]["marks"], fontsize=6.2,
        title_fontsize=7.5, bbox_to_anchor=(0, 1), **common,
    )  # fmt: skip
    axes.add_artist(top)
    lines = sum(str(handle.get_label()).count("\n") + 1 for handle in marks)
    axes.legend(
        handles=[_wrap(handle) for handle in zones], title=TEXT[language]["zones"], fontsize=6.2,
        title_fontsize=7.5, bbox_to_anchor=(0, 1 - 0.085 - 0.05 * lines), **common,
    )  # fmt: skip


def _wrap(handle: Any) -> Any:
    """Break a long name into lines that fit the column."""
    import textwrap

    handle.set_label("\n      ".join(textwrap.wrap(str(handle.get_label()), 34)))
    return handle
