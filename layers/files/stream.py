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
from layers.files.raw import as_json, crs_of
from layers.files.shapefile import check_shapefile, states_encoding
from layers.files.vectors import check_records, choose_layer, implies_lonlat, unreadable
from spatial.crs import LONLAT
from spatial.errors import EngineError, LayerError

__all__ = ["FORMATS", "KIND", "write_stream"]

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
#: Bytes of geometry that are in memory at once; one geometry may be larger.
BYTES: Final = 32 << 20
#: Metadata of a field: what the driver called its type.
KIND: Final = "kind"
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

    Nothing is repaired, renamed or moved; heights are dropped and counted. Days and instants
    are text; a field says in its metadata what it was (`KIND`).

    Returns
    -------
    dict
        `rows`, `without_geometry`, `with_heights`, `crs`; what `layers.large` goes on with:
        `name`, `format`, `layer`, `crs_stated`, `geometry_types`, `guessed`.

    Raises
    ------
    LayerError
        `stream_format`, `layer_choice`, `layer_unreadable`.
    CrsError
        `crs_missing`, if the file states none and `source_crs` is not given; `crs_stated`.
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
    implied = implies_lonlat(file)
    rows = _Rows(guesses=_guesses(file, encoding))
    try:
        with fiona.open(
            file.path, layer=name, encoding=encoding, enabled_drivers=[FORMATS[file.format]]
        ) as source:
            stated = LONLAT if implied else (source.crs_wkt or None)
            crs = crs_of(stated, source_crs, what=file.name)
            schema = _schema(source.schema["properties"], crs)
            with pq.ParquetWriter(target, schema, compression="zstd") as writer:
                for some in rows.taken(source, list(schema.names)[:-1]):
                    writer.write_table(pa.Table.from_pylist(some, schema=schema))
    except EngineError:
        # It is also a ValueError, and says itself what is wrong.
        raise
    except (FionaError, OSError, ValueError) as error:
        raise unreadable(file.name, error) from error
    check_records(file, rows.told["rows"])
    return rows.told | {
        "crs": crs.to_string(),
        "name": file.name,
        "format": file.format,
        "layer": name,
        "crs_stated": stated is not None and not implied,
        "geometry_types": sorted(rows.types),
        "guessed": rows.guessed,
    }


def _guesses(file: Opened, encoding: str | None) -> bool:
    """Say whether letters beyond ASCII are read by a guess."""
    return (
        file.format == "shapefile"
        and encoding is None
        and not states_encoding(check_shapefile(file.path))
    )


def _schema(properties: Any, crs: pyproj.CRS) -> pa.Schema:
    fields = [
        pa.field(
            str(name),
            _TYPES.get(str(kind).partition(":")[0], pa.string()),
            metadata={KIND: str(kind).partition(":")[0]},
        )
        for name, kind in properties.items()
        if name != GEOMETRY
    ]
    column = {"encoding": "WKB", "geometry_types": [], "crs": crs.to_json_dict()}
    geo = {"version": "1.0.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
    return pa.schema(
        [*fields, pa.field(GEOMETRY, pa.binary())], metadata={b"geo": json.dumps(geo).encode()}
    )


class _Rows:
    """The records of a file as rows, a bounded number at a time, and what is told of them."""

    def __init__(self, *, guesses: bool) -> None:
        self.told = {"rows": 0, "without_geometry": 0, "with_heights": 0}
        self.types: set[str] = set()
        self.guessed: dict[str, str] | None = None
        self._guesses = guesses

    def taken(self, source: Any, names: list[str]) -> Iterator[list[dict[str, Any]]]:
        """Yield rows in pieces of `ROWS`, or of `BYTES` where they are large."""
        rows: list[dict[str, Any]] = []
        size = 0
        for record in source:
            row = self._row(record, names)
            rows.append(row)
            size += len(row[GEOMETRY] or b"")
            if len(rows) == ROWS or size > BYTES:
                yield rows
                rows, size = [], 0
        if rows:
            yield rows

    def _row(self, record: Any, names: list[str]) -> dict[str, Any]:
        self.told["rows"] += 1
        row = {name: _plain(record.properties.get(name)) for name in names}
        if self._guesses and self.guessed is None:
            self.guessed = next(
                ({"column": name, "example": value[:60]} for name, value in row.items()
                 if isinstance(value, str) and not value.isascii()),
                None,
            )  # fmt: skip
        if record.geometry is None:
            self.told["without_geometry"] += 1
            return row | {GEOMETRY: None}
        drawn = shape(record.geometry)
        self.types.add(drawn.geom_type)
        self.told["with_heights"] += int(drawn.has_z)
        return row | {GEOMETRY: shapely.to_wkb(shapely.force_2d(drawn))}


def _plain(value: Any) -> Any:
    """Keep numbers and words; a list or an object becomes JSON, all else its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return as_json(value) if isinstance(value, list | dict) else str(value)
