"""A permit as it is judged: parcel, footprint and numbers, each either known or not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from spatial.notes import Note

__all__ = ["COLUMNS", "NUMBERS", "SHAPES", "Permit", "area_uncertainty", "permits_of"]

#: Numeric columns of a permit and what they are, in Indonesian and English.
NUMBERS: Final[dict[str, str]] = {
    "luas_sertipikat_m2": "luas menurut sertipikat / registered area",
    "luas_tapak_m2": "luas lantai dasar / ground-floor area",
    "luas_lantai_m2": "luas seluruh lantai / area of all floors",
    "lantai": "jumlah lantai / number of floors",
    "tinggi_m": "tinggi bangunan / height",
    "luas_hijau_m2": "luas hijau di luar bangunan / green open area",
    "luas_basement_m2": "luas tapak basement / basement area",
    "luas_terbangun_m2": "luas wilayah terbangun / built-up area",
    "gsb_m": "jarak muka bangunan ke tepi jalan / setback to the road",
    "jbs_m": "jarak bebas samping / side setback",
    "jbb_m": "jarak bebas belakang / rear setback",
}
#: What a permit may draw beside its parcel, in the CRS of the parcel.
SHAPES: Final[dict[str, str]] = {
    "footprint": "tapak bangunan / building footprint",
    "geom_lantai": "satu poligon per lantai / one polygon per floor",
    "geom_hijau": "ruang hijau di luar bangunan / green open area outside the building",
    "geom_basement": "tapak basement / basement",
    "garis_jalan": "garis tepi jalan tempat GSB diukur / road line from which GSB is measured",
}
#: Every column of a permit table beside its geometry.
COLUMNS: Final = (
    "permit_id",
    "kegiatan",
    "kbli",
    *NUMBERS,
    "kelas_jalan",
    *SHAPES,
    "tanggal",
    "dokumen",
    "kkpr_tanggal",
    "status_pembangunan",
)


@dataclass(frozen=True, slots=True)
class Permit:
    """One application. Numbers that were not given are absent from `numbers`.

    `parcel`, `footprint` and `shapes` (the rest of `SHAPES`) are in the CRS of the frame
    they came from. `fault` says why the row cannot be judged.
    """

    permit_id: str
    kegiatan: str = ""
    kbli: str = ""
    numbers: dict[str, float] | None = None
    kelas_jalan: str = ""
    parcel: BaseGeometry | None = None
    footprint: BaseGeometry | None = None
    tanggal: date | None = None
    dokumen: tuple[str, ...] = ()
    kkpr_tanggal: date | None = None
    status_pembangunan: str = ""
    fault: Note | None = None
    shapes: Mapping[str, BaseGeometry] = field(default_factory=dict)

    @property
    def drawn(self) -> dict[str, BaseGeometry]:
        """Everything that is drawn beside the parcel, by column."""
        ground = {} if self.footprint is None else {"footprint": self.footprint}
        return ground | dict(self.shapes)

    def number(self, name: str) -> float | None:
        """Return a declared number; None where it was not given."""
        return (self.numbers or {}).get(name)

    def document(self, code: str) -> str | None:
        """Return the document that asserts an exemption or grant; None without one.

        Examples
        --------
        >>> Permit("P", dokumen=("PSN:12/2024", "TPZ:")).document("PSN")
        '12/2024'
        """
        for entry in self.dokumen:
            name, _, number = entry.partition(":")
            if name.strip().upper() == code and number.strip():
                return number.strip()
        return None

    def document_day(self, code: str) -> date | None:
        """Return the day of a document, written behind its number; None where none is stated.

        Examples
        --------
        >>> Permit("P", dokumen=("EKSISTING:IMB 12@1998-05-02",)).document_day("EKSISTING")
        datetime.date(1998, 5, 2)
        """
        _, _, day = (self.document(code) or "").rpartition("@")
        try:
            return date.fromisoformat(day.strip())
        except ValueError:
            return None


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
        permits.append(_permit(str(ids[row]), values, geometries[row]))
    return permits


def _permit(permit_id: str, values: dict[str, Any], parcel: BaseGeometry | None) -> Permit:
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
        permit_id=permit_id,
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
    except (GEOSException, ValueError, TypeError):
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
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        text = "{column}: {value!r} is no number of zero or more"
        return None, Note("permit_number", text, "error", {"column": name, "value": str(value)})
    return number, None


def _day(name: str, value: Any) -> tuple[date | None, Note | None]:
    if _missing(value):
        return None, None
    if isinstance(value, pd.Timestamp):
        return value.date(), None
    if isinstance(value, date):
        return value, None
    try:
        return date.fromisoformat(str(value).strip()[:10]), None
    except ValueError:
        text = "{column}: {value!r} is no date; write it like 2024-06-13"
        return None, Note("permit_date", text, "error", {"column": name, "value": str(value)})


def _documents(value: Any) -> tuple[str, ...]:
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(str(entry).strip() for entry in value if not _missing(entry))
    return tuple(part.strip() for part in _text(value).split(";") if part.strip())


def area_uncertainty(
    parcels: NDArray[np.object_] | list[BaseGeometry], precision_m: float
) -> NDArray[np.float64]:
    """Return by how much each area may be off when each vertex is off by up to `precision_m`.

    The area of a ring changes by half the distance between the neighbours of a vertex per
    metre that the vertex moves across it; the bound adds all of them. Both coordinates may
    be off at once, so a vertex moves by up to the square root of 2 of it.

    Examples
    --------
    >>> area_uncertainty([shapely.box(0, 0, 10, 10)], 0.005).round(3).tolist()
    [0.2]
    """
    shapes = np.asarray(parcels, dtype=object)
    parts, part_owner = shapely.get_parts(shapes, return_index=True)
    rings, ring_owner = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    total = np.zeros(len(shapes))
    if len(xy) < 3:
        return total
    first = np.searchsorted(ring, np.arange(len(rings)))
    last = np.append(first[1:], len(xy)) - 1
    following, before = np.arange(1, len(xy) + 1), np.arange(-1, len(xy) - 1)
    # The first and the last position of a ring are one vertex: its neighbours lie across.
    before[first] = last - 1
    chord = xy[np.minimum(following, len(xy) - 1)] - xy[before]
    length = np.hypot(chord[:, 0], chord[:, 1])
    length[last] = 0.0
    np.add.at(total, part_owner[ring_owner[ring]], length / 2)
    return total * precision_m * math.sqrt(2)
