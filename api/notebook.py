"""Maps in notebooks: `import api.notebook` gives every GeoDataFrame `.tataruang`.

`frame.tataruang.plot()` draws with the house's symbology; `frame.tataruang.explore()` is a
map to move about in that needs no network: the drawing library stands inside the page.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from api.reports import sheet
from api.symbology import UNKNOWN_ZONE, zone_colour, zone_styles
from api.web.files import maplibre_text
from spatial.crs import LONLAT, METRIC_CRS, to_crs
from spatial.errors import SchemaError
from zoning.words import VERDICTS

__all__ = ["Explorer", "Maps", "colours_of", "explore", "plot"]

#: A page in a notebook stays below this many corners; above it shapes are simplified.
MOST_CORNERS: Final = 60_000
#: Tolerances that are tried, m: what can be seen at ever smaller scales.
TOLERANCES_M: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
DECIMALS: Final = 6
PLAIN: Final = "#4a6fa5"
#: Columns by which a frame is coloured, the first that is there.
CLASSES: Final = ("verdict", "zona", "kelas", "class", "kodszn", "kodzon", "kodkws")
#: Classes of hazard and of poverty, as the web map shows them.
KNOWN: Final = {
    **{code: words.colour for code, words in VERDICTS.items()},
    "rendah": "#ffe08a", "sedang": "#f4a340", "tinggi": "#c0392b",
    "hot": "#b02a37", "cold": "#2f6db5",
}  # fmt: skip


@pd.api.extensions.register_dataframe_accessor("tataruang")
class Maps:
    """Maps of a GeoDataFrame, with the colours of the house.

    Examples
    --------
    >>> import geopandas as gpd, shapely, api.notebook
    >>> zones = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(110, -7, 110.1, -6.9)],
    ...                          crs="EPSG:4326")
    >>> zones.tataruang.plot(size_cm=(8, 6)).get_title('left')
    'zona'
    """

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        if not isinstance(frame, gpd.GeoDataFrame):
            # pandas takes an AttributeError for "this frame has no such accessor".
            raise AttributeError("only a GeoDataFrame can be drawn")  # noqa: TRY004  see above
        self._frame = frame

    def plot(self, by: str | None = None, *, size_cm: tuple[float, float] = (16.0, 12.0)) -> Axes:
        """Draw the frame; see `plot`."""
        return plot(self._frame, by, size_cm=size_cm)

    def explore(self, by: str | None = None, *, height_px: int = 480) -> Explorer:
        """Return a map to move about in; see `explore`."""
        return explore(self._frame, by, height_px=height_px)


def colours_of(values: pd.Series[Any]) -> dict[str, str]:
    """Return a colour for each class: of the symbology where it is known, else of a palette.

    Examples
    --------
    >>> import pandas as pd
    >>> colours_of(pd.Series(["Tinggi", "Rendah"]))
    {'Rendah': '#ffe08a', 'Tinggi': '#c0392b'}
    """
    found = {}
    # Colours that stay apart for the colour-blind (Okabe and Ito, 2008).
    palette = iter(("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999"))
    for name in sorted({str(value) for value in values.dropna()}):
        if name in KNOWN or name.lower() in KNOWN:
            found[name] = KNOWN.get(name, KNOWN.get(name.lower(), PLAIN))
        elif name in zone_styles():
            found[name] = zone_colour(name)
        else:
            found[name] = next(palette, UNKNOWN_ZONE)
    return found


def _class_column(frame: gpd.GeoDataFrame, by: str | None) -> str | None:
    if by is not None and by not in frame.columns:
        raise SchemaError(
            "{what} has no column {column!r}",
            code="column_missing",
            hint="It has: {known}",
            what="the frame",
            column=by,
            known=", ".join(str(column) for column in frame.columns),
        )
    return by or next((name for name in CLASSES if name in frame.columns), None)


def plot(
    frame: gpd.GeoDataFrame,
    by: str | None = None,
    *,
    size_cm: tuple[float, float] = (16.0, 12.0),
) -> Axes:
    """Draw a frame with the symbology of the house: grid in metres, legend, no empty white.

    Parameters
    ----------
    frame : GeoDataFrame
        In any CRS; drawn in EPSG:9489.
    by : str, optional
        Column of the classes; without it the first of zona, verdict, kelas ... that is there.

    Returns
    -------
    matplotlib Axes
        Its figure is a figure of its own; pyplot keeps none of it.

    Raises
    ------
    CrsError
        If the frame states no CRS.
    SchemaError
        If there is no column `by`.
    """
    column = _class_column(frame, by)
    metric = to_crs(frame, METRIC_CRS)
    figure: Figure = sheet.blank_sheet(*size_cm, dpi=110)
    axes = figure.add_axes((0.06, 0.06, 0.66, 0.88))
    values = metric[column].astype("string") if column else pd.Series("", index=metric.index)
    colours = colours_of(values) if column else {"": PLAIN}
    drawn = values.map(colours).fillna("#d3d9df")
    metric.plot(ax=axes, color=drawn.to_list(), edgecolor="#00000044", linewidth=0.4)
    handles = [Patch(facecolor=c, edgecolor="#0004", label=n) for n, c in colours.items() if n]
    if column and values.isna().any():
        handles.append(Patch(facecolor="#d3d9df", hatch="//", label="tanpa jawaban"))
    if handles:
        axes.legend(
            handles=handles[:28], loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False,
            fontsize=7,
        )  # fmt: skip
    axes.set_title(column or "", loc="left")
    axes.tick_params(labelsize=6, colors=sheet.INK)
    axes.set(xlabel="", ylabel="")
    return axes


@dataclass(frozen=True)
class Explorer:
    """A map to move about in, as a page of its own; a notebook shows it in a frame.

    `note` says by how much shapes were simplified for the page, or is empty.
    """

    page: str
    note: str
    height_px: int

    def _repr_html_(self) -> str:
        said = f'<div style="font:12px system-ui;color:#51606f">{escape(self.note)}</div>'
        frame = (
            f'<iframe srcdoc="{escape(self.page, quote=True)}" style="width:100%;border:0" '
            f'height="{self.height_px}" sandbox="allow-scripts"></iframe>'
        )
        return frame + said if self.note else frame

    def __repr__(self) -> str:
        return f"Explorer({len(self.page) // 1000} kB{': ' + self.note if self.note else ''})"


def explore(frame: gpd.GeoDataFrame, by: str | None = None, *, height_px: int = 480) -> Explorer:
    """Return a map of a frame to move about in, simplified until a notebook can carry it.

    Neighbours keep their common border (coverage simplification) where the frame is a
    coverage. What was simplified is said below the map; the frame itself is not changed.

    Parameters
    ----------
    frame : GeoDataFrame
        In any CRS.
    by : str, optional
        Column of the classes, as for `plot`.

    Raises
    ------
    CrsError
        If the frame states no CRS.
    SchemaError
        If there is no column `by`.
    """
    column = _class_column(frame, by)
    there = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    shapes, note = _light(to_crs(there, METRIC_CRS))
    lonlat = to_crs(there.set_geometry(shapes), LONLAT)
    values = there[column].astype("string") if column else pd.Series("", index=there.index)
    colours = colours_of(values) if column else {"": PLAIN}
    content = {
        "data": _collection(lonlat, values, colours),
        "bounds": [round(float(v), DECIMALS) for v in lonlat.total_bounds],
        "legend": [[name, colour] for name, colour in colours.items() if name],
    }
    page = PAGE.replace("/*css*/", maplibre_text("maplibre-gl.css"))
    page = page.replace("/*library*/", maplibre_text("maplibre-gl.js").replace("</", "<\\/"))
    data = json.dumps(content, ensure_ascii=True).replace("</", "<\\/")
    return Explorer(page.replace("/*content*/", data), note, height_px)


def _light(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoSeries, str]:
    """Return shapes with few enough corners, and a sentence that says what was done."""
    shapes = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
    before = int(shapely.get_num_coordinates(shapes).sum())
    if before <= MOST_CORNERS:
        return gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs), ""
    coverage = bool(np.isin(shapely.get_type_id(shapes), (3, 6)).all())
    simpler, tolerance = shapes, 0.0
    for tolerance in TOLERANCES_M:
        work = shapely.coverage_simplify if coverage else shapely.simplify
        simpler = work(shapes, tolerance)
        if int(shapely.get_num_coordinates(simpler).sum()) <= MOST_CORNERS:
            break
    after = int(shapely.get_num_coordinates(simpler).sum())
    note = (
        f"Bentuk disederhanakan untuk layar: toleransi {tolerance:g} m, {before:,} menjadi "
        f"{after:,} titik. Data tidak berubah. / simplified for the screen"
    ).replace(",", ".")
    return gpd.GeoSeries(simpler, index=frame.index, crs=frame.crs), note


def _collection(
    frame: gpd.GeoDataFrame, values: pd.Series[Any], colours: dict[str, str]
) -> dict[str, Any]:
    texts = frame.drop(columns=frame.geometry.name).astype("string").fillna("–")
    features = []
    for shape, row, value in zip(
        frame.geometry, texts.to_dict("records"), values.fillna(""), strict=True
    ):
        geometry = json.loads(shapely.to_geojson(shapely.set_precision(shape, 10.0**-DECIMALS)))
        told = {str(name): str(text)[:120] for name, text in list(row.items())[:14]}
        properties = {"colour": colours.get(str(value), "#d3d9df"), "told": json.dumps(told)}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


PAGE: Final = """<!doctype html><html lang="id"><meta charset="utf-8"><style>/*css*/
html,body,#map{margin:0;height:100%;font:13px system-ui,sans-serif;background:#f3f5f7}
#legend{position:absolute;top:8px;left:8px;background:#fff;padding:6px 10px;border-radius:4px;
box-shadow:0 1px 4px #0003;max-height:70%;overflow:auto}#legend i{display:inline-block;width:12px;
height:12px;margin-right:6px;vertical-align:-2px;border:1px solid #0003}table{font-size:12px}
th{text-align:left;color:#51606f;padding-right:8px;font-weight:400}</style>
<div id="map"></div><div id="legend"></div><script>/*library*/</script><script>
const content = /*content*/;
const map = new maplibregl.Map({container: "map", style: {version: 8, sources: {}, layers: [
  {id: "ground", type: "background", paint: {"background-color": "#f3f5f7"}}]},
  bounds: content.bounds, fitBoundsOptions: {padding: 24}, attributionControl: false});
map.addControl(new maplibregl.NavigationControl({showCompass: false}), "bottom-right");
map.addControl(new maplibregl.ScaleControl({unit: "metric"}), "bottom-left");
map.on("load", () => {
  map.addSource("d", {type: "geojson", data: content.data});
  const c = ["get", "colour"];
  map.addLayer({id: "f", type: "fill", source: "d", filter: ["==", ["geometry-type"], "Polygon"],
    paint: {"fill-color": c, "fill-opacity": 0.75}});
  map.addLayer({id: "l", type: "line", source: "d",
    paint: {"line-color": ["case", ["==", ["geometry-type"], "Polygon"], "#0b1f33", c],
            "line-width": ["case", ["==", ["geometry-type"], "Polygon"], 0.5, 2]}});
  map.addLayer({id: "p", type: "circle", source: "d", filter: ["==", ["geometry-type"], "Point"],
    paint: {"circle-color": c, "circle-radius": 4, "circle-stroke-width": 1,
            "circle-stroke-color": "#fff"}});
  map.on("click", (event) => {
    const [one] = map.queryRenderedFeatures(event.point);
    if (!one) return;
    const table = document.createElement("table");
    for (const [name, text] of Object.entries(JSON.parse(one.properties.told))) {
      const row = table.insertRow();
      row.appendChild(document.createElement("th")).textContent = name;
      row.insertCell().textContent = text;
    }
    new maplibregl.Popup().setLngLat(event.lngLat).setDOMContent(table).addTo(map);
  });
});
for (const [name, colour] of content.legend) {
  const row = document.createElement("div"), chip = document.createElement("i");
  chip.style.background = colour;
  row.append(chip, name);
  document.getElementById("legend").append(row);
}
document.getElementById("legend").hidden = !content.legend.length;
</script></html>"""
