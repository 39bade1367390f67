"""A file as it is, made a frame: geometry, columns under their own names, and the stated CRS."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from layers.opener import Opened
from spatial.crs import LONLAT
from spatial.errors import CrsError, EngineError, LayerError
from spatial.notes import Note

__all__ = ["Raw", "read_raw"]

#: Columns in which tables carry a geometry.
GEOMETRY_COLUMNS: Final = ("wkt", "geometry", "geom", "geometri")
XY_COLUMNS: Final = (("x", "y"), ("lon", "lat"), ("longitude", "latitude"), ("bujur", "lintang"))


@dataclass(frozen=True, eq=False)
class Raw:
    """What stands in a file: frame, name of the layer in it, CRS it states (None if none)."""

    frame: gpd.GeoDataFrame | pd.DataFrame
    layer: str
    crs: Any
    notes: tuple[Note, ...] = ()


def read_raw(file: Opened, layer: str | None, encoding: str | None) -> Raw:
    """Read a file that was looked at.

    Raises
    ------
    LayerError
        `layer_unreadable`, `layer_choice`, `raster_not_layer`.
    CrsError
        `crs_missing`, for a GeoParquet without one: its specification would mean degrees.
    """
    try:
        return _read(file, layer, encoding)
    except EngineError:
        raise
    except (DataSourceError, DataLayerError, OSError, ValueError, RuntimeError) as error:
        raise LayerError(
            "{name} cannot be read: {reason}",
            code="layer_unreadable",
            hint="Open it in QGIS and export it as GPKG; for old shapefiles try --encoding cp1252",
            name=file.name,
            reason=str(error).splitlines()[0][:200],
        ) from error


def _read(file: Opened, layer: str | None, encoding: str | None) -> Raw:
    if file.format == "raster":
        raise LayerError(
            "{name} is a raster, not a layer of features",
            code="raster_not_layer",
            hint="tataruang ingest stores rasters; tataruang exposure measures with them",
            name=file.name,
        )
    if file.format == "parquet":
        return _parquet(file)
    if file.format in ("csv", "xlsx"):
        return _table(file, layer)
    return _ogr(file, layer, encoding)


def _ogr(file: Opened, layer: str | None, encoding: str | None) -> Raw:
    name = _choose(file, layer)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = pyogrio.read_dataframe(file.path, layer=name, encoding=encoding)
    # What the driver said is no news for Python's warnings but for whoever sent the file.
    notes = tuple(
        Note("driver_said", "{file}: {said}", "warning", {"file": file.name, "said": text})
        for text in dict.fromkeys(str(warning.message) for warning in said)
    )
    if not isinstance(frame, gpd.GeoDataFrame):
        return Raw(frame, name, None, notes)
    stated: Any = frame.crs
    if file.format in ("geojson", "geojsonseq", "kml") and stated is None:
        stated = LONLAT
    return Raw(frame, name, stated, notes)


def _choose(file: Opened, layer: str | None) -> str:
    names = [str(row[0]) for row in pyogrio.list_layers(file.path)]
    if layer in names:
        return str(layer)
    if layer is None and len(names) == 1:
        return names[0]
    raise LayerError(
        "{name} holds {count} layers",
        code="layer_choice",
        hint="Choose one with --layer: {known}",
        name=file.name,
        count=len(names),
        known=", ".join(names[:20]),
    )


def _parquet(file: Opened) -> Raw:
    try:
        frame = gpd.read_parquet(file.path)
    except ValueError as error:
        if "geo metadata" not in str(error).lower():
            raise
        return Raw(pd.read_parquet(file.path), file.path.stem, None)
    if frame.crs is None or not _parquet_states_crs(file):
        raise CrsError(
            "{name} states no coordinate reference system",
            code="crs_missing",
            hint="By its specification it would then be in degrees, which is not taken on trust: "
            "write it again with its CRS",
            name=file.name,
            what=file.name,
        )
    return Raw(frame, file.path.stem, frame.crs)


def _parquet_states_crs(file: Opened) -> bool:
    import pyarrow.parquet as pq

    metadata = json.loads(pq.read_schema(file.path).metadata[b"geo"])
    column = metadata["columns"][metadata["primary_column"]]
    return column.get("crs") is not None


def _table(file: Opened, layer: str | None) -> Raw:
    if file.format == "csv":
        frame = pd.read_csv(
            file.path, dtype=str, keep_default_na=False, encoding="utf-8-sig", sep=_separator(file)
        )
        name = file.path.stem
    else:
        known = _sheets(file)
        name = layer or known[0]
        if name not in known:
            raise LayerError(
                "{name} has no sheet {layer!r}",
                code="layer_choice",
                hint="Its sheets: {known}",
                name=file.name,
                layer=name,
                known=", ".join(known),
            )
        frame = pd.read_excel(
            file.path, sheet_name=name, dtype=object, keep_default_na=False, engine="openpyxl"
        )
        frame.columns = frame.columns.map(str)
    return Raw(_with_geometry(frame), name, None)


def _sheets(file: Opened) -> list[str]:
    book = openpyxl.load_workbook(file.path, read_only=True)
    try:
        return [str(name) for name in book.sheetnames]
    finally:
        book.close()


def _separator(file: Opened) -> str:
    with file.path.open(encoding="utf-8-sig") as source:
        head = source.readline()
    return max(",;\t", key=head.count)


def _with_geometry(frame: pd.DataFrame) -> gpd.GeoDataFrame | pd.DataFrame:
    """Take geometry from a column of WKT or GeoJSON, or from two of coordinates."""
    by_lower = {column.strip().lower(): column for column in frame.columns}
    for name in GEOMETRY_COLUMNS:
        if name in by_lower:
            texts = frame[by_lower[name]].astype(str).str.strip()
            shapes = texts.map(_shape)
            rest = frame.drop(columns=by_lower[name])
            return gpd.GeoDataFrame(rest, geometry=gpd.GeoSeries(list(shapes), index=frame.index))
    for x, y in XY_COLUMNS:
        if x in by_lower and y in by_lower:
            xs, ys = (pd.to_numeric(frame[by_lower[k]], errors="coerce") for k in (x, y))
            points = gpd.points_from_xy(xs, ys)
            return gpd.GeoDataFrame(frame, geometry=points)
    return frame


def _shape(text: str) -> Any:
    if not text:
        return None
    try:
        return shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)
    except shapely.errors.ShapelyError as error:
        raise LayerError(
            "a geometry cannot be read: {reason}",
            code="geometry_unreadable",
            hint='Write WKT: POLYGON ((x y, ...)), or GeoJSON: {{"type": "Polygon", ...}}',
            reason=str(error)[:160],
        ) from error


def finite_bounds(frame: gpd.GeoDataFrame) -> tuple[float, float, float, float] | None:
    """Return the bounds of a frame, None where nothing is in it."""
    bounds = shapely.bounds(np.asarray(frame.geometry.array, dtype=object))
    bounds = bounds[~np.isnan(bounds).all(axis=1)]
    if not len(bounds):
        return None
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
