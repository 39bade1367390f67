"""Read permits from the files that offices and surveyors send; nothing is repaired."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

import layers
from layers.values import parse_coordinate
from spatial.crs import INDONESIA, Bounds, check_extent, parse_crs
from spatial.errors import CrsError, GeometryError, PermitError
from spatial.notes import Note
from zoning.permit_tables import (
    CORNER_COLUMNS,
    GEOMETRY_COLUMNS,
    MAX_ROWS,
    NO_COLUMNS,
    corner_table,
    our_names,
    permit_table,
)

__all__ = ["MAX_ROWS", "read_permits"]

TABLES: Final = {".csv", ".xlsx"}


def read_permits(
    path: Path | str,
    *,
    source_crs: Any = None,
    within: Bounds = INDONESIA,
    corners: Path | str | None = None,
    sheet: str | None = None,
    columns: Mapping[str, str] = NO_COLUMNS,
) -> gpd.GeoDataFrame:
    """Read a file of permits.

    Parameters
    ----------
    path : path
        GeoJSON, GPKG, Shapefile ... (through `layers.read`), or a CSV or XLSX table with a
        column `geometry` (WKT or GeoJSON), or one row per corner point (`id, no, x, y`).
    source_crs : CRS, optional
        For files that state none. GeoJSON is CRS84; a table must be told.
    within : (west, south, east, north)
        Extent in degrees that parcels must lie in.
    corners : path, optional
        A table of corner points, where `path` holds the numbers alone: joined by id. A
        workbook may hold them on a sheet of its own, and then needs no `corners`.
    sheet : str, optional
        Sheet of a workbook; the first without it.
    columns : mapping, optional
        Name of ours -> column of the file, where the file calls it otherwise. Names that
        differ in case alone need none.

    Returns
    -------
    GeoDataFrame
        Columns of `zoning.permit.COLUMNS` that the file has, and `kendala`: the Note that
        says why a row cannot be judged, or None. No row is dropped, none is repaired. A row of
        a table without `permit_id` goes by its line in the file.

    Raises
    ------
    PermitError
        If the table has no column that makes a parcel, or not one that `columns` names.
    CrsError
        If no CRS is stated, or parcels lie outside `within`.
    LayerError
        If the file is not one that can be read.
    """
    file = Path(path)
    if file.suffix.lower() not in TABLES:
        frame = _from_layer(file, source_crs, within)
        frame = frame.rename(columns=our_names(file.name, list(frame.columns), columns))
    else:
        frame = _from_table(file, source_crs, corners, sheet, columns)
    return _located(frame, within)


def _from_layer(file: Path, source_crs: Any, within: Bounds) -> gpd.GeoDataFrame:
    layer = layers.read(file, kind="permohonan", source_crs=source_crs, within=within)
    frame = gpd.GeoDataFrame(layer.frame.copy(), crs=layer.frame.crs)
    pairs = [_geometry(value, "footprint") for value in frame.get("footprint", [])]
    if pairs:
        # GeoJSON and GPKG carry a second geometry as text.
        frame["footprint"] = _objects([geometry for geometry, _ in pairs], frame.index)
    notes = [fault for _, fault in pairs] or [None] * len(frame)
    shapes = np.asarray(frame.geometry.array, dtype=object).copy()
    for note in layer.report:
        if note.code in ("geometry_repaired", "geometry_lost"):
            # Layers are repaired at reading; a parcel never is: its fault is the answer.
            row = note.details["row"]
            text = "row {row}: {reason}"
            details = {"row": row + 1, "reason": note.details["reason"]}
            notes[row], shapes[row] = Note(note.details["fault"], text, "error", details), None
    frame["kendala"] = _objects(notes, frame.index)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _from_table(
    file: Path,
    source_crs: Any,
    corners: Path | str | None,
    sheet: str | None,
    named: Mapping[str, str],
) -> gpd.GeoDataFrame:
    header, rows = permit_table(file, sheet)
    ours = our_names(file.name, header, named)
    header = [ours.get(name, name) for name in header]
    crs = parse_crs(source_crs, what=file.name)
    if set(CORNER_COLUMNS) <= set(header):
        return _from_corners(file.name, header, rows, crs)
    columns = {name: [cells[i] for _, cells in rows] for i, name in enumerate(header)}
    lines = [line for line, _ in rows]
    column = next((name for name in GEOMETRY_COLUMNS if name in columns), None)
    footprints = columns.pop("footprint", [None] * len(lines))
    prints = [_geometry(v, f"row {n}") for v, n in zip(footprints, lines, strict=True)]
    surveyed = Path(corners or file) if corners or column is None else None
    if surveyed is not None and (table := corner_table(surveyed)) is not None:
        return _joined(columns, prints, _from_corners(surveyed.name, *table, crs), crs)
    if column is None or corners is not None:
        raise PermitError(
            "{file}: no column makes a parcel; it has {known}",
            code="permit_no_geometry",
            hint="Add a column geometry (WKT or GeoJSON), name the one that holds it "
            "(geometry=COLUMN), or send one row per corner: id, no, x, y",
            file=file.name,
            known=", ".join(header),
        )
    parcels = [_geometry(v, f"row {n}") for v, n in zip(columns.pop(column), lines, strict=True)]
    columns.setdefault("permit_id", [str(line) for line in lines])
    return _framed(columns, parcels, prints, crs)


def _framed(
    columns: dict[str, list[Any]],
    parcels: Sequence[tuple[BaseGeometry | None, Note | None]],
    prints: Sequence[tuple[BaseGeometry | None, Note | None]],
    crs: Any,
) -> gpd.GeoDataFrame:
    index = pd.RangeIndex(len(parcels))
    frame = pd.DataFrame({name: _objects(cells, index) for name, cells in columns.items()}, index)
    frame["footprint"] = _objects([geometry for geometry, _ in prints], index)
    frame["kendala"] = _objects(
        [a or b for (_, a), (_, b) in zip(parcels, prints, strict=True)], index
    )
    shapes = gpd.GeoSeries(_objects([geometry for geometry, _ in parcels], index), crs=crs)
    return gpd.GeoDataFrame(frame, geometry=shapes)


def _objects(values: Sequence[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return pd.Series(array, index=index, dtype=object)


def _geometry(value: Any, what: str) -> tuple[BaseGeometry | None, Note | None]:
    """Read WKT or GeoJSON; what cannot be read is a note about the row."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None, None
    if isinstance(value, BaseGeometry):
        return value, None
    text = value if isinstance(value, str) else json.dumps(value)
    if not text.strip():
        return None, None
    try:
        read: Callable[[str], BaseGeometry] = (
            shapely.from_geojson if text.lstrip().startswith("{") else shapely.from_wkt
        )
        return read(text), None
    except (GEOSException, ValueError, TypeError, RuntimeError) as error:
        # A RuntimeError are curves, which GEOS can read and shapely cannot hold.
        fault = GeometryError(
            "{what}: the geometry cannot be read: {why}",
            code="permit_geometry_unreadable",
            hint="Write WKT such as POLYGON ((x y, x y, x y, x y)) or a GeoJSON geometry",
            what=what,
            why=str(error).split("\n")[0][:120],
        )
        return None, Note.of(fault)


def _from_corners(
    file: str, header: list[str], rows: list[tuple[int, list[Any]]], crs: Any
) -> gpd.GeoDataFrame:
    """Build one parcel per id from its corner points in the order of their numbers."""
    place = {name: header.index(name) for name in CORNER_COLUMNS}
    points: dict[str, list[tuple[float, float, float]]] = {}
    faults: dict[str, Note] = {}
    for line, cells in rows:
        name = _label(cells[place["id"]])
        ring = points.setdefault(name, [])
        no, x, y = (_coordinate(cells[place[key]]) for key in ("no", "x", "y"))
        if not math.isfinite(no + x + y):
            faults.setdefault(name, _corner_fault(file, line, name))
            continue
        ring.append((no, x, y))
    parcels = []
    for name, ring in points.items():
        fault = faults.get(name) or _ring_fault(file, name, ring)
        parcels.append((None, fault) if fault else (_ring(ring), None))
    columns = {"permit_id": list(points)}
    return _framed(columns, parcels, [(None, None)] * len(parcels), crs)


def _coordinate(cell: Any) -> float:
    return parse_coordinate(cell) if isinstance(cell, str | int | float) else math.nan


def _label(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _ring(points: list[tuple[float, float, float]]) -> BaseGeometry:
    corners = [(x, y) for _, x, y in sorted(points)]
    # Surveyors repeat the first corner or not; a ring closes either way.
    if corners[0] != corners[-1]:
        corners.append(corners[0])
    return shapely.Polygon(corners)


def _corner_fault(file: str, line: int, name: str) -> Note:
    text = "{file}, row {row}: corner of {permit} has no readable no, x, y; write 549820.35, "
    text += "with a point"
    return Note("corner_unreadable", text, "error", {"file": file, "row": line, "permit": name})


def _ring_fault(file: str, name: str, ring: list[tuple[float, float, float]]) -> Note | None:
    numbers = [no for no, _, _ in ring]
    if len({(x, y) for _, x, y in ring}) < 3:
        text = "{file}: {permit} has fewer than three different corners"
        return Note("corner_too_few", text, "error", {"file": file, "permit": name})
    if len(set(numbers)) < len(numbers):
        text = "{file}: {permit} has a corner number twice; its order is not known"
        return Note("corner_number_twice", text, "error", {"file": file, "permit": name})
    return None


def _joined(
    columns: dict[str, list[Any]],
    prints: Sequence[tuple[BaseGeometry | None, Note | None]],
    points: gpd.GeoDataFrame,
    crs: Any,
) -> gpd.GeoDataFrame:
    """Give each row its surveyed parcel; parcels without a row follow, so that none is lost."""
    found = {
        name: (geometry, fault)
        for name, geometry, fault in zip(
            points["permit_id"], points.geometry, points["kendala"], strict=True
        )
    }
    names = [_label(value) for value in columns.get("permit_id", columns.get("id", []))]
    alone = [name for name in found if name not in set(names)]
    padded = {name: [*cells, *[None] * len(alone)] for name, cells in columns.items()}
    parcels = [found.get(name, (None, None)) for name in [*names, *alone]]
    return _framed(
        padded | {"permit_id": [*names, *alone]},
        parcels,
        [*prints, *[(None, None)] * len(alone)],
        crs,
    )


def _located(frame: gpd.GeoDataFrame, within: Bounds) -> gpd.GeoDataFrame:
    """Refuse a file whose parcels lie elsewhere; a row alone that does becomes a reason."""
    if "kendala" not in frame.columns:
        frame["kendala"] = _objects([None] * len(frame), frame.index)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    notes = frame["kendala"].tolist()
    if _all_inside(frame, within):
        return frame
    outside: list[CrsError] = []
    for index, shape in enumerate(shapes):
        if shape is None or shape.is_empty or notes[index] is not None:
            continue
        try:
            check_extent(shape.bounds, frame.crs, within=within, what=f"row {index + 1}")
        except CrsError as error:
            outside.append(error)
            notes[index] = Note.of(error)
    measured = sum(1 for shape in shapes if shape is not None)
    if outside and len(outside) == measured:
        raise outside[0]
    frame["kendala"] = _objects(notes, frame.index)
    return frame


def _all_inside(frame: gpd.GeoDataFrame, within: Bounds) -> bool:
    """Say whether all parcels together lie within: the usual case, asked once."""
    if frame.empty:
        return True
    box = shapely.total_bounds(np.asarray(frame.geometry.array, dtype=object))
    try:
        check_extent(tuple(box.tolist()), frame.crs, within=within)
    except CrsError:
        return False
    return True
