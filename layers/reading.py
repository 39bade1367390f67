"""Read a layer as agencies have it: recognised, renamed once, and with all that was met listed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from layers.columns import renamed, valued
from layers.files import Raw, read_confined
from layers.kinds import kind_named, recognise
from layers.layer import Layer, Provenance
from spatial.crs import (
    INDONESIA,
    Bounds,
    area_of_use_note,
    check_extent,
    lonlat_bounds,
    parse_crs,
    same_crs,
)
from spatial.errors import CrsError, GeometryError
from spatial.notes import Note
from spatial.repair import repair as repair_polygons
from spatial.validity import faults

__all__ = ["digest_of", "read"]

#: A geometry of a layer may be large: a whole class of a province in one feature.
_ANY_SIZE = 2**31
#: Rows named in one note; the rest is counted.
_NAMED = 20


def read(
    path: Path | str,
    *,
    kind: str | None = None,
    layer: str | None = None,
    source_crs: Any = None,
    within: Bounds | None = None,
    strict: bool = False,
    repair: bool = True,
    encoding: str | None = None,
) -> Layer:
    """Read a layer from a file.

    Parameters
    ----------
    path : path
        GeoJSON, GPKG, Shapefile (also zipped, or its folder), FlatGeobuf, GeoParquet, KML,
        CSV or XLSX (with a column wkt or geometry, x and y, or without geometry).
    kind : str, optional
        A name of `layers.kinds`; recognised by the columns without.
    layer : str, optional
        Where a file holds several.
    source_crs : CRS, optional
        For a file that states none. GeoJSON without one is CRS84 by its RFC.
    within : (west, south, east, north), optional
        Degrees; coordinates outside are an error. Indonesia without.
    strict : bool
        Refuse invalid geometries instead of repairing and listing them.
    repair : bool
        False keeps invalid geometries as they are, listed: for parcels, which must not change.
    encoding : str, optional
        Of the attributes of a shapefile that states none.

    Returns
    -------
    Layer
        `frame` in the CRS of the file, two-dimensional, with our column names.

    Raises
    ------
    LayerError, SchemaError
        If it cannot be read, or its kind is unknown.
    CrsError
        `crs_missing`, `crs_stated` (another one than `source_crs`), or coordinates outside.
    GeometryError
        With `strict`, naming the first invalid feature and its place.
    SecurityError, LimitError
        If the file reaches for something else, or is too large.

    Examples
    --------
    >>> import json, tempfile
    >>> place = Path(tempfile.mkdtemp()) / "rdtr.geojson"
    >>> ring = [[110.4, -7.0], [110.41, -7.0], [110.41, -6.99], [110.4, -7.0]]
    >>> feature = {"type": "Feature", "properties": {"KODZON": "R", "KODSZN": "R-2"},
    ...            "geometry": {"type": "Polygon", "coordinates": [ring]}}
    >>> text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    >>> _ = place.write_text(text)
    >>> found = read(place)
    >>> found.kind.name, found.frame["zona"].tolist()
    ('pola_ruang', ['R-2'])
    """
    raw = read_confined(path, layer, encoding)
    digest = digest_of(path)
    notes = list(raw.notes)
    frame = raw.frame
    if isinstance(frame, gpd.GeoDataFrame):
        frame = frame.set_crs(_crs(raw, source_crs), allow_override=True)
        frame = _placed(frame, raw.name, within or INDONESIA, notes)
        frame = _checked(frame, raw.name, strict=strict, mend=repair, notes=notes)
    official = [str(column) for column in frame.columns if column != "geometry"]
    chosen = kind_named(kind) if kind else recognise(official, _types(frame))
    frame, columns = renamed(frame, chosen, official)
    frame = valued(frame, chosen, notes)
    if not len(frame):
        notes.append(Note("layer_no_rows", "{file} holds no rows", "warning", {"file": raw.name}))
    elif chosen is None:
        notes.append(
            Note("kind_not_recognised", "{file}: its columns are those of no known kind",
                 "warning", {"file": raw.name})
        )  # fmt: skip
    origin = Provenance(
        file=raw.name,
        sha256=digest,
        format=raw.format,
        layer=raw.layer,
        crs=_crs_name(frame),
        crs_stated=raw.crs is not None and raw.crs_stated,
        rows=len(frame),
        columns=columns,
    )
    return Layer(frame, chosen, origin, tuple(notes))


def digest_of(path: Path | str) -> str:
    """Return the SHA-256 of a file, or of the files of a folder in the order of their names."""
    file = Path(path)
    digest = hashlib.sha256()
    for part in sorted(file.iterdir()) if file.is_dir() else [file]:
        if part.is_file():
            with part.open("rb") as source:
                while chunk := source.read(1 << 20):
                    digest.update(chunk)
    return digest.hexdigest()


def _crs(raw: Raw, given: Any) -> pyproj.CRS:
    if raw.crs is None:
        return parse_crs(given, what=raw.name).to_2d()
    stated = parse_crs(raw.crs, what=raw.name)
    if given is not None and not same_crs(stated.to_2d(), given):
        raise CrsError(
            "{what} states {stated}, not {given}",
            code="crs_stated",
            hint="--source-crs is for files that state none; leave it out, or correct the file",
            what=raw.name,
            stated=stated.name,
            given=parse_crs(given).name,
        )
    return stated.to_2d()


def _crs_name(frame: gpd.GeoDataFrame | pd.DataFrame) -> str | None:
    if not isinstance(frame, gpd.GeoDataFrame):
        return None
    return str(parse_crs(frame.crs).to_string())


def _types(frame: gpd.GeoDataFrame | pd.DataFrame) -> set[str]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return set()
    return {str(name) for name in frame.geometry.geom_type.dropna().unique()}


def _placed(
    frame: gpd.GeoDataFrame, name: str, within: Bounds, notes: list[Note]
) -> gpd.GeoDataFrame:
    """Name the rows without geometry, and check where the others are."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.any():
        notes.append(
            Note("geometry_null", "{file}: {count} rows have no geometry: rows {rows}", "warning",
                 {"file": name, "count": int(missing.sum()), "rows": _rows(missing)})
        )  # fmt: skip
    if (bounds := _finite_bounds(frame)) is not None:
        check_extent(bounds, frame.crs, within=within, what=name)
        beyond = area_of_use_note(lonlat_bounds(bounds, frame.crs), frame.crs, what=name)
        notes += [beyond] if beyond else []
    return frame


def _finite_bounds(frame: gpd.GeoDataFrame) -> Bounds | None:
    """Return the bounds of a frame, None where nothing is in it."""
    bounds = shapely.bounds(np.asarray(frame.geometry.array, dtype=object))
    bounds = bounds[~np.isnan(bounds).all(axis=1)]
    if not len(bounds):
        return None
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _rows(mask: Any) -> list[int]:
    return [int(row) for row in np.flatnonzero(mask)[:_NAMED]]


def _checked(
    frame: gpd.GeoDataFrame, name: str, *, strict: bool, mend: bool, notes: list[Note]
) -> gpd.GeoDataFrame:
    """Find invalid polygons; refuse, repair or only list them, each with fault and place."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    rows = np.flatnonzero(polygonal)
    found = faults(
        shapes[rows], what=[f"{name}, row {row}" for row in rows], max_vertices=_ANY_SIZE
    )
    wrong = [(row, fault) for row, fault in zip(rows, found, strict=True) if fault is not None]
    if not wrong:
        return frame
    if strict:
        raise GeometryError(
            "{what} is refused: {count} geometries are not valid, the first: {reason}",
            code="layer_invalid",
            hint="Repair the file, or read it without --strict: repairs are then listed",
            what=name,
            count=len(wrong),
            reason=str(wrong[0][1]),
        )
    if not mend:
        notes += [Note.of(fault, "warning") for _, fault in wrong]
        return frame
    places = np.array([row for row, _ in wrong])
    mended, outcome = repair_polygons(shapes[places])
    result = shapes.copy()
    result[places] = mended
    for (row, fault), before, after, how in zip(
        wrong, shapes[places], mended, outcome, strict=True
    ):
        notes.append(_repair_note(name, int(row), fault, before, after, str(how)))
    return frame.set_geometry(gpd.GeoSeries(result, index=frame.index, crs=frame.crs))


def _repair_note(
    name: str, row: int, fault: GeometryError, before: Any, after: Any, how: str
) -> Note:
    details = {
        "file": name,
        "row": row,
        "fault": fault.code,
        "fault_details": fault.details,
        "reason": fault.message,
    }
    if after is None:
        text = "{file}, row {row}: {reason}; it could not be repaired ({how}) and has no geometry"
        return Note("geometry_lost", text, "error", details | {"how": how})
    with np.errstate(invalid="ignore"):
        change = float(shapely.area(after) - shapely.area(before))
    text = "{file}, row {row}: {reason}; repaired, area changed by {change:.6g} (square units)"
    return Note("geometry_repaired", text, "warning", details | {"change": change})
