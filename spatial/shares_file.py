"""Shares from file to file: parcels are read, measured and written block by block.

Each thread takes a block as a whole; the next is read and the one before written meanwhile.
Memory does not grow with the file.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from spatial.crs import INDONESIA, Bounds, check_extent
from spatial.index.grid import workers
from spatial.index.stack import Stack, stacks_of
from spatial.index.zones import ZoneIndex
from spatial.parcels.block import Block, block_of
from spatial.parcels.plane import on_plane
from spatial.parcels.source import Source, column_named
from spatial.shares_table import (
    COLUMNS,
    Answer,
    Rows,
    arrow_columns,
    layer_column,
    rows_of,
)

__all__ = ["SUFFIXES", "Written", "shares_to_file"]

#: Of files that can be written block by block.
SUFFIXES: Final = (".parquet", ".csv")
#: Blocks for each thread that are read before the first is answered.
_AHEAD: Final = 4
_TEXT: Final = pa.dictionary(pa.int32(), pa.large_string())
_TYPES: Final = {"area_m2": pa.float64(), "share": pa.float64(), "overlap_m2": pa.float64()}


@dataclass
class Written:
    """What was written.

    Parameters
    ----------
    parcels, rows : int
    statuses : Counter
        Parcels without an answer in some layer, by reason.
    overlapping : set of str
        What zones lie over.
    bounds : (west, south, east, north)
        Of the parcels that could be measured, in their CRS; infinite without any.
    """

    parcels: int = 0
    rows: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    overlapping: set[str] = field(default_factory=set)
    bounds: Bounds = (np.inf, np.inf, -np.inf, -np.inf)

    def add(self, parcels: int, part: _Part) -> None:
        """Count the answers of a block."""
        rows = part.rows
        low = np.minimum(self.bounds[:2], part.bounds[:2]).tolist()
        high = np.maximum(self.bounds[2:], part.bounds[2:]).tolist()
        self.bounds = (*low, *high)
        self.parcels += parcels
        self.rows += len(rows.parcel)
        for number, name in enumerate(rows.status_names[1:], start=1):
            self.statuses[name] += len(np.unique(rows.parcel[rows.status == number]))
        self.overlapping.update(rows.earlier_names[1:])


def shares_to_file(
    parcels: Source,
    indexes: Mapping[str, ZoneIndex],
    target: Path,
    *,
    id_column: str | None = None,
    within: Bounds | None = INDONESIA,
    threads: int | None = None,
    tell: Callable[[int], None] = lambda rows: None,
) -> Written:
    """Measure the parcels of a GeoParquet file against layers and write a table.

    Parameters
    ----------
    parcels : Source
        Of `open_source`.
    indexes : mapping of str to ZoneIndex
        Layers by name; a single one without a name leaves the column `layer` out.
    target : Path
        `.parquet` or `.csv`.
    id_column : str, optional
        Names the parcels; their row, from 0, does without.
    within : (west, south, east, north), optional
        Degrees in which parcels must lie.
    threads : int, optional
        As many as the process may use, without; the file does not depend on it.
    tell : callable
        Told how many parcels each block had.

    Returns
    -------
    Written
        The file has the columns of `spatial.shares.shares` after a first one, `layer`; its
        rows are ordered by parcel, layer and code. Values are those of `shares_in_all` to
        the last bit.

    Raises
    ------
    CrsError
        If parcels lie outside `within`: their CRS is not what the file says.
    SchemaError
        `column_missing`.

    Examples
    --------
    >>> import geopandas as gpd, shapely, tempfile
    >>> from spatial.index import build_index
    >>> from spatial.parcels import open_source
    >>> folder = Path(tempfile.mkdtemp())
    >>> plan = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(0, 0, 9, 9)],
    ...                         crs="ESRI:54034")
    >>> gpd.GeoDataFrame({"nop": ["17"]}, geometry=[shapely.box(6, 2, 12, 4)],
    ...                  crs="ESRI:54034").to_parquet(folder / "persil.parquet")
    >>> source = open_source(folder / "persil.parquet")
    >>> written = shares_to_file(source, {"rdtr": build_index(plan, by="zona")},
    ...                          folder / "luas.parquet", id_column="nop", within=None)
    >>> written.rows, pq.read_table(folder / "luas.parquet")["share"].to_pylist()
    (2, [0.5, 0.5])
    """
    name = None if id_column is None else column_named(parcels, id_column)
    question = _Question(parcels.crs, tuple(indexes), stacks_of(indexes), within)
    count = workers() if threads is None else threads
    written = Written()
    begun: deque[tuple[int, Future[_Part]]] = deque()
    with ThreadPoolExecutor(count) as pool, _Writer(target, question.schema(parcels, name)) as out:

        def finish() -> None:
            rows, part = begun.popleft()
            done = part.result()
            out.write(done.table)
            written.add(rows, done)
            tell(rows)

        first = 0
        for geometry, values in parcels.blocks(name):
            rows = len(geometry)
            begun.append((rows, pool.submit(question.answer, geometry, values, first)))
            first += rows
            if len(begun) > _AHEAD * count:
                finish()
        while begun:
            finish()
    return written


@dataclass(frozen=True, slots=True)
class _Part:
    """The answers of one block, and where its parcels lie."""

    table: Any
    rows: Rows
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of every block, by whatever thread."""

    crs: Any
    layers: tuple[str, ...]
    stacks: list[Stack]
    within: Bounds | None

    def schema(self, parcels: Source, name: str | None) -> Any:
        kind = pa.int64() if name is None else parcels.file.schema_arrow.field(name).type
        first = [] if self.layers == ("",) else [("layer", _TEXT)]
        rest = [(one, _TYPES.get(one, _TEXT)) for one in COLUMNS[1:]]
        return pa.schema([*first, ("parcel_id", _TEXT if _is_text(kind) else kind), *rest])

    def answer(self, geometry: Any, values: Any, first: int) -> _Part:
        """Measure a block of parcels, the first of which is number `first`."""
        block = block_of(geometry)
        bounds = _bounds(block)
        if self.within is not None and np.isfinite(bounds).all():
            # Coordinates that are not where parcels can be are refused unmeasured.
            check_extent(bounds, self.crs, within=self.within, what="parcels")
        answers = [
            Answer(stack, stack.measure(rings, threads=1), rows)
            for stack in self.stacks
            for rings, rows in on_plane(block, self.crs, stack.crs)
        ]
        reasons = [error.code for error in block.reasons]
        rows = rows_of(answers, block.refused, reasons, self.layers)
        return _Part(_table(rows, values, first), rows, bounds)


def _bounds(block: Block) -> Bounds:
    """Return the bounds of what can be measured; infinite where that is nothing."""
    corners = np.array([[np.inf, np.inf], [-np.inf, -np.inf]])
    if len(block.plain):
        x, y = block.rings.xy.T
        corners = np.array([[x.min(), y.min()], [x.max(), y.max()]])
    if len(block.other):
        xy = np.concatenate((corners, shapely.total_bounds(block.shapes).reshape(2, 2)))
        corners = np.array([xy[[0, 2]].min(axis=0), xy[[1, 3]].max(axis=0)])
    (west, south), (east, north) = corners.tolist()
    return west, south, east, north


def _table(rows: Rows, values: Any, first: int) -> Any:
    if values is None:
        ids = pa.array(rows.parcel + first)
    elif _is_text(values.type):
        # Each name stands in several rows: they are told by its number.
        names = values.dictionary_encode()
        number = names.indices.take(pa.array(rows.parcel))
        words = names.dictionary.cast(pa.large_string())
        ids = pa.DictionaryArray.from_arrays(number, words)
    else:
        ids = values.take(pa.array(rows.parcel))
    return pa.table({"layer": layer_column(rows), "parcel_id": ids} | arrow_columns(rows))


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


class _Writer:
    """A file of one of the formats, written table by table."""

    def __init__(self, target: Path, schema: Any) -> None:
        self.schema = schema
        self._plain = pa.schema([(f.name, _plain(f.type)) for f in schema])
        self._parquet = target.suffix.lower() == ".parquet"
        if self._parquet:
            numbered = pa.types.is_integer(schema.field("parcel_id").type)
            words = [one.name for one in schema if pa.types.is_dictionary(one.type)]
            # Numbers of parcels rise by little from row to row, and one is asked for by its
            # number. Without Arrow's own schema every reader sees words and no dictionaries.
            self._out: Any = pq.ParquetWriter(
                target,
                schema,
                use_dictionary=[*words, "overlap_m2"],
                column_encoding={"parcel_id": "DELTA_BINARY_PACKED"} if numbered else None,
                write_statistics=["parcel_id"],
                store_schema=False,
            )
        else:
            import pyarrow.csv as pacsv

            self._out = pacsv.CSVWriter(target, self._plain)

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def write(self, table: Any) -> None:
        if self._parquet:
            self._out.write_table(table.select(self.schema.names), row_group_size=len(table) or 1)
        else:
            self._out.write_table(table.select(self.schema.names).cast(self._plain))


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
