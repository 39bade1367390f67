"""Read a layer as agencies have it: recognised, renamed once, and with all that was met listed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.columns import renamed, valued
from layers.files import crs_of, read_confined
from layers.kinds import Kind, kind_named, recognise
from layers.layer import Layer, Provenance
from layers.shaping import Shaping
from spatial.crs import INDONESIA, Bounds, parse_crs
from spatial.notes import Note

__all__ = ["digest_of", "last_notes", "read"]


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
        frame = frame.set_crs(crs_of(raw.crs, source_crs, what=raw.name), allow_override=True)
        shaping = Shaping(raw.name, within or INDONESIA, strict=strict, mend=repair)
        frame = shaping(frame, notes)
    official = [str(column) for column in frame.columns if column != "geometry"]
    chosen = kind_named(kind) if kind else recognise(official, _types(frame))
    frame, columns = renamed(frame, chosen, official)
    frame = valued(frame, chosen, notes)
    notes += last_notes(raw.name, len(frame), chosen)
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


def last_notes(name: str, rows: int, kind: Kind | None) -> list[Note]:
    """Tell of a layer as a whole that it is empty, or of no known kind."""
    facts = {"file": name}
    if not rows:
        return [Note("layer_no_rows", "{file} holds no rows", "warning", facts)]
    if kind is None:
        text = "{file}: its columns are those of no known kind"
        return [Note("kind_not_recognised", text, "warning", facts)]
    return []


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


def _crs_name(frame: gpd.GeoDataFrame | pd.DataFrame) -> str | None:
    if not isinstance(frame, gpd.GeoDataFrame):
        return None
    return str(parse_crs(frame.crs).to_string())


def _types(frame: gpd.GeoDataFrame | pd.DataFrame) -> set[str]:
    if not isinstance(frame, gpd.GeoDataFrame):
        return set()
    return {str(name) for name in frame.geometry.geom_type.dropna().unique()}
