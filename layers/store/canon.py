"""One canonical form for frames: every column one of seven types, or refused by name."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.store.hashing import ROW, Frame
from spatial.crs import parse_crs
from spatial.errors import SchemaError
from spatial.notes import Note

__all__ = ["as_text", "canonical_frame"]


def canonical_frame(content: Frame, notes: list[Note]) -> Frame:
    """Bring a frame into canonical form; rows are numbered from 0, doubts are noted.

    Raises
    ------
    SchemaError
        `column_twice`, `column_reserved` or `column_type`, naming the column.
    CrsError
        If a GeoDataFrame states no CRS.

    Examples
    --------
    >>> canonical_frame(pd.DataFrame({"n": [1, None]}, dtype="Int32"), [])["n"].dtype
    Int64Dtype()
    """
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
    plain = content.set_axis(names, axis=1).reset_index(drop=True)
    geometry = str(content.geometry.name) if isinstance(content, gpd.GeoDataFrame) else None
    columns = {
        name: plain[name] if name == geometry else _column(name, plain[name], notes)
        for name in names
    }
    if geometry is None:
        return pd.DataFrame(columns, index=plain.index)
    crs = parse_crs(content.crs, what="the layer")
    frame = gpd.GeoDataFrame(columns, index=plain.index, geometry=geometry, crs=crs)
    return frame if geometry == "geometry" else frame.rename_geometry("geometry")


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
    notes.append(as_text(name))
    return values.map(str, na_action="ignore").astype("str").where(values.notna())


def as_text(column: str) -> Note:
    """Return the note on a column that mixes numbers and words."""
    text = "column {column} mixes numbers and words; kept as text"
    return Note("column_as_text", text, "warning", {"column": column})


def _refused(name: str, found: str) -> SchemaError:
    return SchemaError(
        "column {column} holds {found}, which cannot be stored",
        code="column_type",
        hint="Make it text, numbers, days or instants",
        column=name,
        found=found,
    )
