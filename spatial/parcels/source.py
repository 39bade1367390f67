"""GeoParquet of parcels, read in blocks: a file of any size in the same memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from spatial.errors import CrsError, SchemaError

__all__ = ["BLOCK_ROWS", "Source", "open_source"]

#: Parcels that are in memory together, some hundred bytes each.
BLOCK_ROWS: Final = 16_384


@dataclass(frozen=True, eq=False)
class Source:
    """A GeoParquet file that is open.

    Parameters
    ----------
    crs : pyproj.CRS
    geometry : str
        Column of well-known binary.
    names : tuple of str
        All columns.
    rows : int
    """

    crs: pyproj.CRS
    geometry: str
    names: tuple[str, ...]
    rows: int
    file: Any

    def blocks(self, column: str | None) -> Iterator[tuple[Any, Any]]:
        """Yield geometries as binary, and the values of a column, block after block."""
        wanted = [self.geometry] if column is None else [self.geometry, column]
        for batch in self.file.iter_batches(batch_size=BLOCK_ROWS, columns=wanted):
            values = None if column is None else batch.column(batch.schema.names.index(column))
            yield batch.column(batch.schema.names.index(self.geometry)), values


def open_source(path: Path, *, crs: Any = None) -> Source | None:
    """Open a file of parcels; None where it is no GeoParquet with well-known binary.

    Parameters
    ----------
    crs : CRS, optional
        For a file that states none.

    Raises
    ------
    CrsError
        `crs_missing`, if neither the file nor `crs` states one: the specification would mean
        degrees, which is rarely what is in such files.

    Examples
    --------
    >>> import geopandas as gpd, shapely, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "persil.parquet"
    >>> gpd.GeoDataFrame({"nop": ["1"]}, geometry=[shapely.box(0, 0, 1, 1)],
    ...                  crs="ESRI:54034").to_parquet(path)
    >>> source = open_source(path)
    >>> source.rows, source.geometry, source.names
    (1, 'geometry', ('nop', 'geometry'))
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError):
        return None
    said = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    geometry = said.get("primary_column", "")
    column = said.get("columns", {}).get(geometry, {})
    if column.get("encoding") != "WKB" or not _binary(file.schema_arrow, geometry):
        return None
    stated = column.get("crs") or crs
    if stated is None:
        raise CrsError(
            "{what} states no CRS",
            code="crs_missing",
            hint="State it, for example EPSG:9489",
            what=path.name,
        )
    return Source(
        crs=pyproj.CRS.from_user_input(stated),
        geometry=geometry,
        names=tuple(file.schema_arrow.names),
        rows=file.metadata.num_rows,
        file=file,
    )


def _binary(schema: Any, name: str) -> bool:
    kind = schema.field(name).type if name in schema.names else pa.null()
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def column_named(source: Source, wanted: str) -> str:
    """Return the column of a name, in capitals or small letters.

    Raises
    ------
    SchemaError
        `column_missing`.
    """
    for name in (wanted, *source.names):
        if name in source.names and name.lower() == wanted.lower():
            return name
    raise SchemaError(
        "{what} has no column {column!r}",
        code="column_missing",
        hint="It has: {known}",
        what="the file of parcels",
        column=wanted,
        known=", ".join(source.names),
    )
