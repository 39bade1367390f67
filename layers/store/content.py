"""What a version holds, in one canonical form, and the hash that names it.

Columns get one of seven types, geometry is little-endian WKB. The hash is taken over these
values and not over the bytes of a file, so the same data have the same id in every backend,
on every machine and with every version of the libraries.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from spatial.crs import parse_crs
from spatial.errors import SchemaError
from spatial.notes import Note

__all__ = ["ROW", "Content", "Frame", "canonical", "column_types", "content_id", "hash_file"]

Frame: TypeAlias = gpd.GeoDataFrame | pd.DataFrame
#: Column in which backends keep the place of a row, from 0, in the layer as it was published.
ROW: Final = "_row"
_FORMAT: Final = 1
_CHUNK: Final = 1 << 20
_FIXED: Final = {
    "bool": pa.uint8(),
    "int": pa.int64(),
    "float": pa.float64(),
    "date": pa.int32(),
    "datetime": pa.int64(),
    "instant": pa.int64(),
}


@dataclass(frozen=True, eq=False)
class Content:
    """What is to be stored: `frame` in canonical form, or `path` of a GeoTIFF, and its id."""

    form: str
    id: str
    crs: str | None
    frame: Frame | None = None
    path: Path | None = None
    notes: tuple[Note, ...] = ()

    @property
    def rows(self) -> int | None:
        """Number of rows; None for rasters."""
        return None if self.frame is None else len(self.frame)


def canonical(content: Frame | Path) -> Content:
    """Bring a frame into canonical form; a raster stays as it is.

    Rows keep their order and are numbered from 0. A column that mixes numbers and words
    becomes text, with a note.

    Raises
    ------
    SchemaError
        `column_twice`, `column_reserved` or `column_type`, naming the column.
    CrsError
        If a GeoDataFrame states no CRS.

    Examples
    --------
    >>> mixed = canonical(pd.DataFrame({"rt": [1, "2A", None]}))
    >>> mixed.frame["rt"].tolist(), [note.code for note in mixed.notes]
    (['1', '2A', nan], ['column_as_text'])
    """
    if isinstance(content, Path):
        return _raster(content)
    names = [str(name) for name in content.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SchemaError(
            "two columns are called {column!r}",
            code="column_twice",
            hint="Give each column its own name",
            column=twice[0],
        )
    if ROW in names:
        raise SchemaError(
            "a column may not be called {column!r}",
            code="column_reserved",
            hint="Rename it; the store numbers the rows by it",
            column=ROW,
        )
    notes: list[Note] = []
    plain = content.set_axis(names, axis=1).reset_index(drop=True)
    geometry = str(content.geometry.name) if isinstance(content, gpd.GeoDataFrame) else None
    columns = {
        name: plain[name] if name == geometry else _column(name, plain[name], notes)
        for name in names
    }
    if geometry is None:
        frame: Frame = pd.DataFrame(columns, index=plain.index)
        return Content("table", content_id(frame), None, frame, notes=tuple(notes))
    crs = parse_crs(content.crs, what="the layer")
    frame = gpd.GeoDataFrame(columns, index=plain.index, geometry=geometry, crs=crs)
    if geometry != "geometry":
        frame = frame.rename_geometry("geometry")
    return Content("vector", content_id(frame), crs.to_string(), frame, notes=tuple(notes))


def content_id(frame: Frame) -> str:
    """Return the hash of a frame in canonical form: names, types, CRS and every value.

    Examples
    --------
    >>> one = canonical(pd.DataFrame({"desa": ["A", "B"]})).frame
    >>> other = canonical(pd.DataFrame({"desa": ["A", "C"]})).frame
    >>> content_id(one) == content_id(one.copy()), content_id(one) == content_id(other)
    (True, False)
    """
    types = column_types(frame)
    crs = parse_crs(frame.crs).to_string() if isinstance(frame, gpd.GeoDataFrame) else None
    head = {"format": _FORMAT, "rows": len(frame), "crs": crs, "columns": list(types.items())}
    digest = hashlib.sha256(json.dumps(head, ensure_ascii=False).encode())
    for name, kind in types.items():
        for part in _parts(frame[name], kind):
            digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def column_types(frame: Frame) -> dict[str, str]:
    """Return the canonical type of every column of a frame in canonical form."""
    return {str(name): _type(frame[name]) for name in frame.columns}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _raster(path: Path) -> Content:
    import rasterio

    with rasterio.open(path, driver="GTiff") as source:
        crs = parse_crs(source.crs.to_wkt() if source.crs else None, what=path.name).to_string()
    return Content("raster", hash_file(path), crs, path=path)


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


def _column(name: str, values: pd.Series[Any], notes: list[Note]) -> pd.Series[Any]:
    """Bring a column to its canonical dtype."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _column(name, values.astype(dtype.categories.dtype), notes)
    if pd.api.types.is_object_dtype(dtype):
        return _objects(name, values, notes)
    missing = bool(values.isna().any())
    try:
        if pd.api.types.is_bool_dtype(dtype):
            return values.astype("boolean" if missing else "bool")
        if pd.api.types.is_integer_dtype(dtype):
            return _integers(name, values, missing)
        if pd.api.types.is_float_dtype(dtype):
            return values.astype("float64")
        if isinstance(dtype, pd.DatetimeTZDtype):
            return _exact(values.dt.tz_convert("UTC"), name)
        if pd.api.types.is_datetime64_dtype(dtype):
            return _exact(values, name)
        if pd.api.types.is_string_dtype(dtype):
            return values.astype("str")
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(name, str(dtype)) from error
    raise _refused(name, str(dtype))


def _integers(name: str, values: pd.Series[Any], missing: bool) -> pd.Series[Any]:
    if str(values.dtype).lower() == "uint64" and (values > np.iinfo(np.int64).max).any():
        raise _refused(name, "whole numbers above 2^63")
    return values.astype("Int64" if missing else "int64")


def _exact(values: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Count instants in microseconds, refusing to round."""
    changed: pd.Series[Any] = values.dt.as_unit("us")
    if (changed.dropna() != values.dropna()).any():
        raise _refused(name, "instants finer than a microsecond")
    return changed


def _objects(name: str, values: pd.Series[Any], notes: list[Note]) -> pd.Series[Any]:
    found = pd.api.types.infer_dtype(values, skipna=True)
    if found in {"string", "empty"}:
        return values.astype("str").where(values.notna())
    if found == "boolean":
        return _column(name, values.astype("boolean"), notes)
    if found == "integer":
        return _column(name, values.astype("Int64"), notes)
    if found in {"floating", "mixed-integer-float"}:
        return values.astype("float64")
    if found == "date":
        return values.where(values.notna(), None)
    if found == "datetime":
        return _column(name, pd.to_datetime(values), notes)
    if not values.dropna().map(lambda value: isinstance(value, str | int | float)).all():
        raise _refused(name, found)
    notes.append(
        Note("column_as_text", "column {column} mixes numbers and words; kept as text", "warning",
             {"column": name})
    )  # fmt: skip
    return values.map(str, na_action="ignore").astype("str").where(values.notna())


def _refused(name: str, found: str) -> SchemaError:
    return SchemaError(
        "column {column} holds {found}, which cannot be stored",
        code="column_type",
        hint="Make it text, numbers, days or instants",
        column=name,
        found=found,
    )


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
