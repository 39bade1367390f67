"""The hash that names a content: over names, types, CRS and values, never over bytes of a file.

It is summed part by part, so that rows that do not fit memory have the same id as rows that do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from spatial.crs import parse_crs

__all__ = ["ROW", "Frame", "column_types", "content_id", "hash_of", "wkb"]

Frame: TypeAlias = gpd.GeoDataFrame | pd.DataFrame
#: Column in which backends keep the place of a row, from 0, in the layer as it was published.
ROW: Final = "_row"
_FORMAT: Final = 1
_FIXED: Final = {
    "bool": pa.uint8(),
    "int": pa.int64(),
    "float": pa.float64(),
    "date": pa.int32(),
    "datetime": pa.int64(),
    "instant": pa.int64(),
}


def content_id(frame: Frame) -> str:
    """Return the hash of a frame in canonical form: names, types, CRS and every value.

    Examples
    --------
    >>> from layers.store.content import canonical
    >>> one = canonical(pd.DataFrame({"desa": ["A", "B"]})).frame
    >>> other = canonical(pd.DataFrame({"desa": ["A", "C"]})).frame
    >>> content_id(one) == content_id(one.copy()), content_id(one) == content_id(other)
    (True, False)
    """
    crs = parse_crs(frame.crs).to_string() if isinstance(frame, gpd.GeoDataFrame) else None
    return hash_of([frame], types=column_types(frame), rows=len(frame), crs=crs)


def hash_of(
    frames: Iterable[Frame], *, types: Mapping[str, str], rows: int, crs: str | None
) -> str:
    """Return the hash of the rows of several frames, one after the other.

    Parameters
    ----------
    frames : iterable of frames in canonical form
    types : mapping of every column, in order, to its canonical type
    rows : int
        Of all frames together.
    crs : str or None

    Examples
    --------
    >>> from layers.store.content import canonical
    >>> whole = canonical(pd.DataFrame({"desa": ["A", "B"]})).frame
    >>> in_two = hash_of([whole[:1], whole[1:]], types={"desa": "text"}, rows=2, crs=None)
    >>> in_two == content_id(whole)
    True
    """
    head = {"format": _FORMAT, "rows": rows, "crs": crs, "columns": list(types.items())}
    sums = {name: [hashlib.sha256() for _ in _parts_of(kind)] for name, kind in types.items()}
    for frame in frames:
        for name, kind in types.items():
            for summed, part in zip(sums[name], _parts(frame[name], kind), strict=True):
                summed.update(part)
    digest = hashlib.sha256(json.dumps(head, ensure_ascii=False).encode())
    for column in sums.values():
        for summed in column:
            digest.update(summed.digest())
    return digest.hexdigest()


def column_types(frame: Frame) -> dict[str, str]:
    """Return the canonical type of every column of a frame in canonical form."""
    return {str(name): _type(frame[name]) for name in frame.columns}


def _type(values: pd.Series[Any]) -> str:
    dtype = values.dtype
    if dtype == "geometry":
        return "geometry"
    if pd.api.types.is_bool_dtype(dtype):
        return "bool"
    if pd.api.types.is_integer_dtype(dtype):
        return "int"
    if pd.api.types.is_float_dtype(dtype):
        return "float"
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "instant"
    if pd.api.types.is_datetime64_dtype(dtype):
        return "datetime"
    return (
        "text"
        if pd.api.types.is_string_dtype(dtype) and not pd.api.types.is_object_dtype(dtype)
        else "date"
    )


def _parts_of(kind: str) -> tuple[str, ...]:
    """Return what of a column is hashed, each by itself."""
    return ("mask", "lengths", "data") if kind in ("geometry", "text") else ("mask", "data")


def _parts(values: pd.Series[Any], kind: str) -> tuple[bytes, ...]:
    """Return mask, lengths and data of a column, independent of how it lies in memory."""
    if kind == "geometry":
        shapes = np.asarray(values.array, dtype=object)
        return _bytes_parts(pa.array(wkb(shapes), type=pa.large_binary()))
    if kind == "text":
        return _bytes_parts(pa.array(values, type=pa.large_string(), from_pandas=True))
    column = pa.array(values, from_pandas=True)
    if kind == "date":
        column = column.cast(pa.date32())
    if kind in {"bool", "datetime", "instant", "date"}:
        column = column.cast(_FIXED[kind])
    column = _whole(column)
    filled = pc.fill_null(column, pa.scalar(0, column.type))
    numbers = np.ascontiguousarray(filled.to_numpy(zero_copy_only=False))
    return _mask(column), numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()


def _bytes_parts(column: Any) -> tuple[bytes, ...]:
    column = _whole(column).cast(pa.large_binary())
    filled = _whole(pc.fill_null(column, b""))
    lengths = pc.binary_length(filled).to_numpy(zero_copy_only=False).astype("<i8")
    offsets = np.frombuffer(filled.buffers()[1], dtype=np.int64)
    first, last = offsets[filled.offset], offsets[filled.offset + len(filled)]
    data = filled.buffers()[2]
    return _mask(column), lengths.tobytes(), bytes(data[first:last]) if data else b""


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _mask(column: Any) -> bytes:
    missing: NDArray[np.bool_] = column.is_null().to_numpy(zero_copy_only=False)
    return missing.astype(np.uint8).tobytes()


def wkb(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return geometries as little-endian ISO WKB, None where there is none."""
    return np.asarray(shapely.to_wkb(shapes, byte_order=1, flavor="iso"), dtype=object)
