"""Parcels as they come from a file: plain rings, and what needs a closer look, apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from spatial.errors import EngineError, GeometryError
from spatial.parcels.simple import surely_valid
from spatial.parcels.wkb import copy_rings, count_vertices
from spatial.rings import Rings
from spatial.validity import faults

__all__ = ["Block", "block_of"]

#: A ring with more vertices is tested by GEOS, whose test does not grow with their square.
MOST_VERTICES: Final = 64


@dataclass(frozen=True, slots=True)
class Block:
    """Some parcels, checked; every row is in just one of the three groups.

    Parameters
    ----------
    plain : array of int, shape (p,)
        Rows that are valid polygons of one ring.
    rings : Rings
        Of these, in their order.
    other : array of int, shape (q,)
        Rows of other valid polygons.
    shapes : array of shapely polygons, shape (q,)
    refused : array of int, shape (r,)
        Rows that cannot be measured.
    reasons : list of EngineError, r of them
    """

    plain: NDArray[np.intp]
    rings: Rings
    other: NDArray[np.intp]
    shapes: NDArray[np.object_]
    refused: NDArray[np.intp]
    reasons: list[EngineError]

    def __len__(self) -> int:
        return len(self.plain) + len(self.other) + len(self.refused)


def block_of(column: Any, *, names: list[str] | None = None) -> Block:
    """Read a column of well-known binary.

    Parameters
    ----------
    column : pyarrow array of binary
    names : list of str, optional
        Of the parcels, for the messages.

    Examples
    --------
    >>> wkb = shapely.to_wkb([shapely.box(0, 0, 4, 4), shapely.Point(1, 1)])
    >>> block = block_of(pa.array(wkb))
    >>> block.plain.tolist(), block.rings.xy.shape, block.reasons[0].code
    ([0], (5, 2), 'not_polygon')
    """
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    data, offsets = _buffers(column)
    count = count_vertices(data, offsets, MOST_VERTICES)
    rows = np.flatnonzero(count)
    start = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(count[rows], out=start[1:])
    xy = np.empty((start[-1], 2))
    copy_rings(data, offsets, count, start, xy.reshape(-1).view(np.uint8))
    sure = surely_valid(xy, start)
    if not sure.all():
        xy, start, rows = _chosen(xy, start, rows, sure)
    doubtful = np.setdiff1d(np.arange(len(column)), rows, assume_unique=True)
    shapes, reasons = _looked_at(column, doubtful, names)
    good = reasons == None  # noqa: E711  an array is compared element by element
    ones, first = np.ones(len(rows), np.int64), np.arange(len(rows) + 1)
    return Block(
        plain=rows,
        rings=Rings(xy, start, ones, first),
        other=doubtful[good],
        shapes=shapes[good],
        refused=doubtful[~good],
        reasons=reasons[~good].tolist(),
    )


def _buffers(column: Any) -> tuple[NDArray[np.uint8], Any]:
    """Return bytes and offsets of a binary array as they lie in memory; missing rows are empty."""
    kind = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    _, offsets, data = column.buffers()
    first, count = column.offset, len(column)
    at = np.frombuffer(offsets, dtype=kind)[first : first + count + 1]
    if column.null_count:
        # A missing row may own bytes all the same.
        lengths = np.diff(at)
        at = at.copy()
        missing = column.is_null().to_numpy(zero_copy_only=False)
        if lengths[missing].any():
            return _buffers(pa.array(column.to_pylist(), type=column.type))
    return np.frombuffer(data if data is not None else b"", dtype=np.uint8), at


def _chosen(
    xy: NDArray[np.float64],
    start: NDArray[np.int64],
    rows: NDArray[np.intp],
    sure: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.intp]]:
    count = np.diff(start)
    kept = np.concatenate(([0], np.cumsum(count[sure]))).astype(np.int64)
    return np.ascontiguousarray(xy[np.repeat(sure, count)]), kept, rows[sure]


def _looked_at(
    column: Any, rows: NDArray[np.intp], names: list[str] | None
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Let GEOS judge what is not plain."""
    records = np.array([*column.take(pa.array(rows)).to_pylist(), None], dtype=object)[:-1]
    shapes = _read(records)
    what = [f"parcel {row}" if names is None else names[row] for row in rows]
    reasons = faults(shapes, what=what)
    for at in np.flatnonzero(shapely.is_missing(shapes)):
        if records[at] is not None:
            reasons[at] = GeometryError(
                "{what} is no well-known binary that can be read",
                code="wkb_unreadable",
                hint="Write the file again with a GIS",
                what=what[at],
            )
    return np.asarray(shapely.force_2d(shapes), dtype=object), reasons


def _read(records: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return geometries, None for what cannot be read; what is not finite is told later."""
    with np.errstate(invalid="ignore"):
        try:
            return np.asarray(shapely.from_wkb(records, on_invalid="ignore"), dtype=object)
        except RuntimeError:
            # A curve among them stops shapely for all.
            if len(records) == 1:
                return np.full(1, None, dtype=object)
    halves = np.array_split(records, 2)
    return np.concatenate([_read(half) for half in halves])
