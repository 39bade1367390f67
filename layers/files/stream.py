"""A file too large for memory becomes a GeoParquet, record by record (fiona), in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import fiona
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
from fiona.errors import FionaError
from shapely.geometry import shape

from layers.files.opener import Opened
from layers.files.vectors import choose_layer, implies_lonlat, unreadable
from spatial.crs import LONLAT, parse_crs
from spatial.errors import EngineError, LayerError

__all__ = ["FORMATS", "write_stream"]

#: Formats that are read from their beginning to their end, with the one driver each may use.
FORMATS: Final = {
    "geojson": "GeoJSON",
    "geojsonseq": "GeoJSONSeq",
    "geopackage": "GPKG",
    "flatgeobuf": "FlatGeobuf",
    "shapefile": "ESRI Shapefile",
}
#: Rows that are in memory at once; also the row group of the Parquet.
ROWS: Final = 20_000
GEOMETRY: Final = "geometry"
_TYPES: Final = {"int": pa.int64(), "int32": pa.int64(), "int64": pa.int64(),
                 "float": pa.float64(), "bool": pa.bool_()}  # fmt: skip


def write_stream(
    file: Opened,
    target: Path,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    encoding: str | None = None,
) -> dict[str, Any]:
    """Write a vector file as GeoParquet, holding no more than `ROWS` rows at a time.

    Nothing is repaired, renamed or moved; heights are dropped and counted.

    Returns
    -------
    dict
        `rows`, `without_geometry`, `with_heights`, `crs`.

    Raises
    ------
    LayerError
        `stream_format`, `layer_choice`, `layer_unreadable`.
    CrsError
        `crs_missing`, if the file states none and `source_crs` is not given.
    """
    if file.format not in FORMATS:
        raise LayerError(
            "{name} is {format}, which is not read record by record",
            code="stream_format",
            hint="Use GeoJSON, GPKG, FlatGeobuf or Shapefile; others fit into memory",
            name=file.name,
            format=file.format,
        )
    name = choose_layer(file, layer)
    try:
        with fiona.open(
            file.path, layer=name, encoding=encoding, enabled_drivers=[FORMATS[file.format]]
        ) as source:
            stated = LONLAT if implies_lonlat(file) else (source.crs_wkt or source_crs)
            crs = parse_crs(stated, what=file.name)
            schema = _schema(source.schema["properties"], crs)
            told = {"rows": 0, "without_geometry": 0, "with_heights": 0}
            with pq.ParquetWriter(target, schema, compression="zstd") as writer:
                for rows in _chunks(source, list(schema.names)[:-1], told):
                    writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    except EngineError:
        # It is also a ValueError, and says itself what is wrong.
        raise
    except (FionaError, OSError, ValueError) as error:
        raise unreadable(file.name, error) from error
    return told | {"crs": crs.to_string()}


def _schema(properties: Any, crs: pyproj.CRS) -> pa.Schema:
    fields = [
        pa.field(str(name), _TYPES.get(str(kind).partition(":")[0], pa.string()))
        for name, kind in properties.items()
        if name != GEOMETRY
    ]
    column = {"encoding": "WKB", "geometry_types": [], "crs": crs.to_json_dict()}
    geo = {"version": "1.0.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
    return pa.schema(
        [*fields, pa.field(GEOMETRY, pa.binary())], metadata={b"geo": json.dumps(geo).encode()}
    )


def _chunks(source: Any, names: list[str], told: dict[str, int]) -> Iterator[list[dict[str, Any]]]:
    """Yield rows in pieces of `ROWS`, counting what is told of them."""
    rows: list[dict[str, Any]] = []
    for record in source:
        rows.append(_row(record, names, told))
        if len(rows) == ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _row(record: Any, names: list[str], told: dict[str, int]) -> dict[str, Any]:
    told["rows"] += 1
    row = {name: _plain(record.properties.get(name)) for name in names}
    if record.geometry is None:
        told["without_geometry"] += 1
        return row | {GEOMETRY: None}
    drawn = shape(record.geometry)
    told["with_heights"] += int(drawn.has_z)
    return row | {GEOMETRY: shapely.to_wkb(shapely.force_2d(drawn))}


def _plain(value: Any) -> Any:
    """Keep numbers and words; a date, a list or bytes become text."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
