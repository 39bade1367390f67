"""A layer that does not fit memory: read part by part as a whole one is, its notes summed up.

The confined reader leaves a GeoParquet; each part of it takes the steps of `layers.read`, and
what it holds is kept in canonical form (`layers.store.parts`). The same rows give the same
version as if they had been read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from layers.columns import renamed, valued
from layers.files import streamed
from layers.files.raw import heights_dropped
from layers.files.stream import GEOMETRY, KIND
from layers.files.vectors import encoding_guessed
from layers.kinds import Kind, kind_named, recognise
from layers.large_quality import LargeQuality
from layers.layer import Layer, Provenance
from layers.note_sums import NoteSums
from layers.reading import digest_of, last_notes
from layers.shaping import Shaping
from layers.store.parts import Parts, PartsWriter
from spatial.crs import INDONESIA, Bounds, parse_crs
from spatial.notes import Note

__all__ = ["LargeLayer", "read_large"]

#: Rows that are in memory at once.
ROWS: Final = 20_000
#: An offset from UTC at the end of an instant.
_ZONE: Final = r"(?:Z|[+-]\d{2}:?\d{2})$"


@dataclass(frozen=True, eq=False)
class LargeLayer:
    """A layer that was read part by part; `parts` are there as long as it is open.

    `quality` is what was found in it, for the provenance of a version.
    """

    parts: Parts
    kind: Kind | None
    provenance: Provenance
    report: tuple[Note, ...]
    quality: dict[str, Any]


@contextmanager
def read_large(
    path: Path | str,
    *,
    kind: str | None = None,
    layer: str | None = None,
    source_crs: Any = None,
    within: Bounds | None = None,
    strict: bool = False,
    encoding: str | None = None,
    look: Callable[[Layer], gpd.GeoDataFrame] = lambda part: part.features,
) -> Iterator[LargeLayer]:
    """Read a layer of any size in bounded memory.

    Parameters
    ----------
    path : path
        GeoJSON, GeoJSONSeq, GPKG, FlatGeobuf or Shapefile, also zipped.
    kind, layer, source_crs, within, strict, encoding
        As `layers.read` takes them.
    look : function of a part, as Layer
        Returns what of the part is kept, or refuses it.

    Yields
    ------
    LargeLayer

    Raises
    ------
    EngineError
        As `layers.read`, and `stream_format`.

    Examples
    --------
    >>> from layers.store import FileStore
    >>> folder = Path(__import__("tempfile").mkdtemp())
    >>> points = gpd.GeoDataFrame({"nama": ["A"]}, geometry=[shapely.Point(110, -7)], crs=4326)
    >>> points.to_file(folder / "titik.gpkg")
    >>> with read_large(folder / "titik.gpkg") as found:
    ...     FileStore(folder / "store").publish(found.parts, name="titik").rows
    1
    """
    given = None if source_crs is None else parse_crs(source_crs).to_string()
    with (
        streamed(path, layer=layer, source_crs=given, encoding=encoding) as (made, told),
        TemporaryDirectory(prefix="tataruang-") as folder,
        pq.ParquetFile(made, pre_buffer=False) as file,
    ):
        official = [name for name in file.schema_arrow.names if name != GEOMETRY]
        chosen = kind_named(kind) if kind else recognise(official, told["geometry_types"])
        shaping = Shaping(told["name"], within or INDONESIA, strict=strict)
        notes = NoteSums(_first_notes(told))
        writer = PartsWriter(Path(folder))
        columns: dict[str, str] = {}
        row = 0
        with LargeQuality(chosen, Path(folder)) as quality:
            for frame in _frames(file, told["crs"]):
                some: list[Note] = []
                shaped, columns = renamed(shaping(frame, some, first_row=row), chosen, official)
                part = Layer(valued(shaped, chosen, some), chosen, _origin(told, columns), ())
                notes.add(some, first_row=row)
                kept = look(part)
                writer.add(kept)
                quality.add(part, first_row=row)
                row += len(frame)
            origin = _origin(told, columns, digest_of(path))
            last = (*last_notes(told["name"], row, chosen), *quality.notes())
            yield LargeLayer(
                writer.finish(), chosen, origin, (*notes.told(), *last), quality.told()
            )


def _origin(told: Mapping[str, Any], columns: dict[str, str], digest: str = "") -> Provenance:
    return Provenance(
        file=told["name"],
        sha256=digest,
        format=told["format"],
        layer=told["layer"],
        crs=told["crs"],
        crs_stated=told["crs_stated"],
        rows=told["rows"],
        columns=columns,
    )


def _first_notes(told: Mapping[str, Any]) -> list[Note]:
    """Return what the reader met."""
    found = []
    if told["guessed"]:
        found.append(encoding_guessed(told["name"], **told["guessed"]))
    if told["with_heights"]:
        found.append(heights_dropped(told["name"], told["with_heights"]))
    return found


def _frames(file: pq.ParquetFile, crs: str) -> Iterator[gpd.GeoDataFrame]:
    """Yield the rows as frames with the dtypes that reading all at once would give them."""
    gaps = _with_gaps(file)
    batches = file.iter_batches(ROWS) if file.metadata.num_rows else iter(())
    empty = True
    for batch in batches:
        yield _frame(pa.Table.from_batches([batch]), gaps, crs)
        empty = False
    if empty:
        yield _frame(file.schema_arrow.empty_table(), gaps, crs)


def _with_gaps(file: pq.ParquetFile) -> set[str]:
    """Return the columns in which a value is missing anywhere."""
    found = set()
    for group in range(file.num_row_groups):
        for place in range(file.metadata.num_columns):
            column = file.metadata.row_group(group).column(place)
            if column.statistics is None or column.statistics.null_count:
                found.add(column.path_in_schema)
    return found


def _frame(table: pa.Table, gaps: set[str], crs: str) -> gpd.GeoDataFrame:
    columns = {
        field.name: _column(table[field.name], field, gap=field.name in gaps)
        for field in table.schema
        if field.name != GEOMETRY
    }
    shapes = shapely.from_wkb(table[GEOMETRY].to_numpy())
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes), crs=parse_crs(crs))


def _column(values: pa.ChunkedArray, field: pa.Field, *, gap: bool) -> pd.Series[Any]:
    read: pd.Series[Any] = values.to_pandas()
    kind = (field.metadata or {}).get(KIND.encode(), b"").decode()
    if kind in ("date", "datetime"):
        zoned = bool(read.str.contains(_ZONE, na=False).any())
        return pd.to_datetime(read, format="ISO8601", utc=zoned)
    if gap and not pa.types.is_string(field.type):
        # A number that may be missing is read as float.
        return read.astype("float64")
    return read
