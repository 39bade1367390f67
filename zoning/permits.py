"""Permits from rows of tables and of requests: every value read one way, faults kept as reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, overload

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from layers.values import parse_date, parse_number
from spatial.notes import Note
from zoning.permit import COLUMNS, NUMBERS, SHAPES, Permit

__all__ = ["Permits", "permit_of", "permits_of"]


@dataclass(frozen=True, slots=True)
class Permits(Sequence[Permit]):
    """Permits in one CRS: what is judged, without a table around it.

    Parameters
    ----------
    rows : tuple of Permit
    crs : CRS
        Of everything that is drawn in them.
    sound : bool
        Whether whoever read them found every parcel and drawing to be a valid polygon, so that
        they need not be looked at again.

    Examples
    --------
    >>> one = Permit("P-1", kegiatan="toko", parcel=shapely.box(0, 0, 9, 9))
    >>> Permits((one,), "EPSG:9489")[0].kegiatan
    'toko'
    """

    rows: tuple[Permit, ...]
    crs: Any
    sound: bool = False

    @classmethod
    def of(cls, permits: gpd.GeoDataFrame | Permits) -> Permits:
        """Return permits as they are, or those in the rows of a table."""
        if isinstance(permits, Permits):
            return permits
        return cls(tuple(permits_of(permits)), permits.crs)

    @overload
    def __getitem__(self, key: int) -> Permit: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Permit]: ...
    def __getitem__(self, key: int | slice) -> Permit | Sequence[Permit]:
        return self.rows[key]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Permit]:
        return iter(self.rows)


def permits_of(frame: Any) -> list[Permit]:
    """Turn the rows of a permit table into permits, in their order; nothing is dropped.

    Parameters
    ----------
    frame : GeoDataFrame
        Geometry = parcel; columns as in `COLUMNS`, all but `permit_id` optional; a column
        `kendala` may hold a Note that says why a row cannot be judged.
    """
    geometries = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
    columns = {name: frame[name].tolist() for name in (*COLUMNS, "kendala") if name in frame}
    ids = columns.get("permit_id", [str(label) for label in frame.index])
    permits = []
    for row in range(len(frame)):
        values = {name: cells[row] for name, cells in columns.items()}
        permits.append(permit_of(values | {"permit_id": ids[row]}, geometries[row]))
    return permits


def permit_of(values: Mapping[str, Any], parcel: BaseGeometry | None) -> Permit:
    """Read one permit.

    Parameters
    ----------
    values : mapping
        By column as in `COLUMNS`; all but `permit_id` may be lacking. `kendala` as for a table.
    parcel : geometry or None
        Two-dimensional.

    Examples
    --------
    >>> permit_of({"permit_id": 7, "lantai": "2", "kbli": 47111.0}, None).numbers
    {'lantai': 2.0}
    """
    fault = values.get("kendala")
    fault = fault if isinstance(fault, Note) else None
    numbers: dict[str, float] = {}
    for name in NUMBERS:
        number, problem = _number(name, values.get(name))
        if number is not None:
            numbers[name] = number
        fault = fault or problem
    days = {}
    for name in ("tanggal", "kkpr_tanggal"):
        days[name], problem = _day(name, values.get(name))
        fault = fault or problem
    shapes: dict[str, BaseGeometry] = {}
    for name in SHAPES:
        shape, problem = _shape(name, values.get(name))
        if shape is not None:
            shapes[name] = shape
        fault = fault or problem
    return Permit(
        permit_id=str(values["permit_id"]),
        kegiatan=_text(values.get("kegiatan")),
        kbli=_text(values.get("kbli")),
        numbers=numbers,
        kelas_jalan=_text(values.get("kelas_jalan")),
        parcel=parcel,
        footprint=shapes.pop("footprint", None),
        tanggal=days["tanggal"],
        dokumen=_documents(values.get("dokumen")),
        kkpr_tanggal=days["kkpr_tanggal"],
        status_pembangunan=_text(values.get("status_pembangunan")),
        fault=fault,
        shapes=shapes,
    )


def _shape(name: str, value: Any) -> tuple[BaseGeometry | None, Note | None]:
    """Return what is drawn in a column: a geometry, or WKT or GeoJSON of one."""
    if _missing(value):
        return None, None
    if not isinstance(value, (BaseGeometry, str, dict)):
        value = str(value)
    shape = value if isinstance(value, BaseGeometry) else _read_shape(value)
    if shape is None or shape.is_empty:
        text = "{column}: {value!r} is no geometry; write WKT or GeoJSON"
        details = {"column": name, "value": str(value)[:80]}
        return None, Note("permit_shape", text, "error", details)
    wanted = 1 if name == "garis_jalan" else 2
    parts = shapely.get_parts(shape)
    if name == "geom_lantai" and shape.geom_type == "GeometryCollection":
        parts = shapely.get_parts(parts)
    if (shapely.get_dimensions(parts) != wanted).any():
        text = "{column}: it must be {wanted}, not {found}"
        words = {1: "a line", 2: "a polygon"}
        details = {"column": name, "wanted": words[wanted], "found": shape.geom_type}
        return None, Note("permit_shape_kind", text, "error", details)
    return shapely.force_2d(shape), None


def _read_shape(value: str | dict[str, Any]) -> BaseGeometry | None:
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        if text.lstrip().startswith("{"):
            return shapely.from_geojson(text)
        return shapely.from_wkt(text)
    except (GEOSException, ValueError, TypeError, RuntimeError):
        return None


def _missing(value: Any) -> bool:
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
        or (isinstance(value, str) and not value.strip())
    )


def _text(value: Any) -> str:
    if _missing(value):
        return ""
    # A spreadsheet hands codes over as numbers: 47111.0 is the classification 47111.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _number(name: str, value: Any) -> tuple[float | None, Note | None]:
    if _missing(value):
        return None, None
    if isinstance(value, str):
        number = parse_number(value)
        if number is None and _plain(value):
            text = "{column}: {value!r} may mean thousands or decimals; write 1200 or 1,20"
            details = {"column": name, "value": value}
            return None, Note("permit_number_doubtful", text, "error", details)
    else:
        number = _float(value)
    if number is None or not math.isfinite(number) or number < 0:
        text = "{column}: {value!r} is no number of zero or more"
        return None, Note("permit_number", text, "error", {"column": name, "value": str(value)})
    return number, None


def _plain(text: str) -> bool:
    """Say whether a text is a number in some reading."""
    return text.strip().replace(",", "").replace(".", "").isdigit()


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _day(name: str, value: Any) -> tuple[date | None, Note | None]:
    if _missing(value):
        return None, None
    if isinstance(value, pd.Timestamp):
        return value.date(), None
    if isinstance(value, date):
        return value, None
    if (found := parse_date(str(value))) is not None:
        return found, None
    text = "{column}: {value!r} is no date; write it like 2024-06-13"
    return None, Note("permit_date", text, "error", {"column": name, "value": str(value)})


def _documents(value: Any) -> tuple[str, ...]:
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(str(entry).strip() for entry in value if not _missing(entry))
    if isinstance(value, str) and value.lstrip().startswith("["):
        # A list in a cell of a file is read as JSON text; anything else is taken as written.
        with suppress(ValueError):
            return _documents(list(json.loads(value)))
    return tuple(part.strip() for part in _text(value).split(";") if part.strip())
