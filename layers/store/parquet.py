"""GeoParquet of the embedded store: sorted by place, with a bbox column, opened memory-mapped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from layers.store.hashing import ROW, Frame, hash_of, wkb
from layers.store.parts import Facts, Parts, dtype_of
from layers.store.sorting import in_order
from spatial.crs import Bounds, parse_crs

__all__ = ["hash_parquet", "read_frame", "write_parts"]

#: Rows that are read together where a window is read; fewer where they are large.
_GROUP: Final = 10_000
_GROUP_BYTES: Final = 64 << 20
#: Rows that are looked at together when all are hashed.
_BATCH: Final = 20_000
_BBOX: Final = "bbox"
_SIDES: Final = ("xmin", "ymin", "xmax", "ymax")


def write_parts(parts: Parts, path: Path) -> None:
    """Write rows in the order of place, so that a window reads few row groups.

    Rows of any number need the memory of a few of them; what does not fit lies meanwhile
    beside `path`.

    Examples
    --------
    >>> import tempfile
    >>> from layers.store.parts import parts_of
    >>> path = Path(tempfile.mkdtemp()) / "data.parquet"
    >>> points = gpd.GeoDataFrame({"n": [1, 2]}, geometry=gpd.points_from_xy([9, 0], [9, 0]),
    ...                           crs="EPSG:4326")
    >>> write_parts(parts_of(points), path)
    >>> gpd.read_parquet(path, bbox=(5, 5, 10, 10))["n"].tolist()
    [1]
    >>> read_frame(path, "vector")["n"].tolist()
    [1, 2]
    """
    facts = parts.facts
    if facts.crs is None:
        pd.concat(parts.frames()).to_parquet(path, index=False)
        return
    schema = _schema(facts)
    with (
        TemporaryDirectory(dir=path.parent) as folder,
        pq.ParquetWriter(path, schema) as writer,
    ):
        for group in _groups(in_order(_keyed(parts, schema), Path(folder))):
            writer.write_table(group)


def read_frame(path: Path, form: str) -> Frame:
    """Read a frame in the order in which it was published; `form` is vector or table."""
    if form == "table":
        return pd.read_parquet(path, memory_map=True)
    frame = gpd.read_parquet(path, memory_map=True)
    return frame.sort_values(ROW).drop(columns=ROW).reset_index(drop=True)


def hash_parquet(path: Path, form: str, types: dict[str, str], crs: str | None) -> str:
    """Return the hash of what a file holds, rows as they were published; few are in memory.

    Parameters
    ----------
    types : mapping of every column to its canonical type
        As the manifest of the version says, in any order.
    crs : str or None
    """
    types = {name: types[name] for name in pq.read_schema(path).names if name in types}
    if form == "table":
        frame = read_frame(path, form)
        return hash_of([frame], types=types, rows=len(frame), crs=crs)
    # Not beside the file: a store that may only be read is verified too.
    with (
        TemporaryDirectory(prefix="tataruang-") as folder,
        pq.ParquetFile(path, pre_buffer=False) as file,
    ):
        frames = (_frame(table, types, crs) for table in in_order(_by_row(file), Path(folder)))
        return hash_of(frames, types=types, rows=file.metadata.num_rows, crs=crs)


def _by_row(file: pq.ParquetFile) -> Iterator[tuple[pa.Table, NDArray[np.uint64]]]:
    for batch in file.iter_batches(_BATCH):
        yield pa.Table.from_batches([batch]), batch[ROW].to_numpy().astype(np.uint64)


def _frame(table: pa.Table, types: dict[str, str], crs: str | None) -> Frame:
    """Return a table of the file as frame in canonical form."""
    frame = table.select(list(types)).to_pandas()
    shapes = shapely.from_wkb(frame["geometry"].to_numpy(dtype=object))
    return gpd.GeoDataFrame(frame.assign(geometry=gpd.GeoSeries(shapes, crs=parse_crs(crs))))


def _keyed(parts: Parts, schema: pa.Schema) -> Iterator[tuple[pa.Table, NDArray[np.uint64]]]:
    """Yield each part as table, with the place of its rows along a Hilbert curve."""
    first = 0
    for frame in parts.frames():
        shapes = np.asarray(frame.geometry.array, dtype=object)
        numbers = np.arange(first, first + len(frame), dtype=np.uint64)
        yield _table(frame, shapes, numbers, schema), _keys(shapes, parts.facts.bounds, numbers)
        first += len(frame)


def _keys(
    shapes: NDArray[np.object_], around: Bounds | None, numbers: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return keys along a Hilbert curve, no two alike; what has no place comes last."""
    along = np.full(len(shapes), np.iinfo(np.uint32).max, dtype=np.uint64)
    placed = np.flatnonzero(np.isfinite(shapely.bounds(shapes)).all(axis=1))
    if len(placed):
        some = gpd.GeoSeries(shapes[placed])
        along[placed] = some.hilbert_distance(total_bounds=around).to_numpy()
    return (along << np.uint64(32)) | numbers


def _table(
    frame: Frame, shapes: NDArray[np.object_], numbers: NDArray[np.uint64], schema: pa.Schema
) -> pa.Table:
    made = []
    for one in schema:
        if one.name == ROW:
            made.append(pa.array(numbers, type=one.type))
        elif one.name == "geometry":
            made.append(pa.array(wkb(shapes), type=one.type))
        elif one.name == _BBOX and pa.types.is_struct(one.type):
            made.append(pa.StructArray.from_arrays(list(shapely.bounds(shapes).T), _SIDES))
        else:
            made.append(pa.array(frame[one.name], type=one.type, from_pandas=True))
    return pa.Table.from_arrays(made, schema=schema)


def _groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield the row groups: they follow from the rows alone, not from the tables given."""
    rest: pa.Table | None = None
    for table in tables:
        rest = table if rest is None else pa.concat_tables([rest, table])
        while (rows := _group_rows(rest)) < len(rest):
            yield rest.slice(0, rows).combine_chunks()
            rest = rest.slice(rows)
    if rest is not None:
        yield rest.combine_chunks()


def _group_rows(table: pa.Table) -> int:
    head = table["geometry"].slice(0, _GROUP)
    sizes = pc.fill_null(pc.binary_length(head), 0).to_numpy()
    return max(1, int(np.searchsorted(np.cumsum(sizes), _GROUP_BYTES, side="right")))


#: One value of every type, from which pandas and Arrow say how they keep it.
_EXAMPLES: Final[dict[str, Any]] = {
    "bool": True,
    "int": 1,
    "float": 1.0,
    "text": "a",
    "date": date(2000, 1, 1),
    "datetime": pd.Timestamp("2000-01-01"),
    "instant": pd.Timestamp("2000-01-01", tz="UTC"),
    "geometry": b"",
}


def _schema(facts: Facts) -> pa.Schema:
    """Return the schema of the file: it follows from what is known of the rows."""
    example = pd.DataFrame(
        {
            name: pd.Series([_EXAMPLES[kind]], dtype=dtype_of(kind, missing=name in facts.missing))
            for name, kind in facts.types.items()
        }
        | {ROW: pd.Series([0], dtype="int64")}
    )
    schema = pa.Schema.from_pandas(example, preserve_index=False)
    column: dict[str, Any] = {
        "encoding": "WKB",
        "crs": parse_crs(facts.crs).to_json_dict(),
        "geometry_types": [] if facts.deep else sorted(facts.geometry_types),
    }
    if facts.bounds is not None:
        column["bbox"] = list(facts.bounds)
    # A column of the layer's own that is called bbox stays what it is.
    if _BBOX not in facts.types:
        column["covering"] = {_BBOX: {side: [_BBOX, side] for side in _SIDES}}
        box = pa.struct([(side, pa.float64()) for side in _SIDES])
        schema = schema.append(pa.field(_BBOX, box))
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return schema.with_metadata((schema.metadata or {}) | {b"geo": json.dumps(geo).encode()})
