"""Applications as canonical JSON and back: what is judged again is what was judged then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.crs import parse_crs
from spatial.notes import Note
from zoning.permit import Permit
from zoning.permits import Permits
from zoning.register.entry import Draft

__all__ = ["drafts_of", "frame_of", "request_of"]

FORM: Final = 1
DATES: Final = ("tanggal", "kkpr_tanggal")
TEXTS: Final = ("kegiatan", "kbli", "kelas_jalan", "status_pembangunan")


def drafts_of(
    permits: gpd.GeoDataFrame | Permits,
    answers: Sequence[bytes],
    *,
    on: date | None = None,
    plan: str | None = None,
    policy: str = "strict_parts",
    keys: Sequence[str | None] | None = None,
) -> list[Draft]:
    """Return what is to be recorded of permits that were judged.

    Parameters
    ----------
    permits : GeoDataFrame or Permits
        As they were given to `check_permits`.
    answers : sequence of bytes, one per permit
        The verdicts' JSON as it is handed out.
    on, plan, policy
        As the caller asked.
    keys : sequence, optional
        The caller's keys, one per permit.
    """
    asked_of = Permits.of(permits)
    crs = _code(asked_of.crs)
    asked = {"on": on.isoformat() if on else None, "plan": plan, "policy": policy}
    names = list(keys) if keys is not None else [None] * len(permits)
    return [
        Draft(permit.permit_id, request_of(permit, crs, asked), answer, key)
        for permit, answer, key in zip(asked_of, answers, names, strict=True)
    ]


def request_of(permit: Permit, crs: str, asked: Mapping[str, Any]) -> bytes:
    """Return an application as canonical JSON: sorted, coordinates exact (WKB in hexadecimal)."""
    fields: dict[str, Any] = {
        "permit_id": permit.permit_id,
        "numbers": permit.numbers or {},
        "dokumen": list(permit.dokumen),
        "parcel": _hex(permit.parcel),
        "footprint": _hex(permit.footprint),
        "shapes": {name: _hex(shape) for name, shape in permit.shapes.items()},
        "kendala": _note(permit.fault),
    }
    for name in TEXTS:
        fields[name] = getattr(permit, name)
    for name in DATES:
        day = getattr(permit, name)
        fields[name] = day.isoformat() if day else None
    body = {"form": FORM, "crs": crs, **asked, "permit": fields}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)


def frame_of(request: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return the frame of one permit that a recorded application describes.

    Examples
    --------
    >>> place = shapely.box(0, 0, 1, 1)
    >>> permit = Permit("P-1", kegiatan="toko", numbers={"lantai": 2.0}, parcel=place)
    >>> frame = frame_of(orjson.loads(request_of(permit, "EPSG:9489", {"on": None})))
    >>> Permits.of(frame)[0] == permit
    True
    """
    said = request["permit"]
    note = said["kendala"]
    columns: dict[str, Any] = {
        "permit_id": said["permit_id"],
        **said["numbers"],
        **{name: said[name] for name in TEXTS},
        **{name: date.fromisoformat(said[name]) if said[name] else None for name in DATES},
        "dokumen": tuple(said["dokumen"]),
        "footprint": _geometry(said["footprint"]),
        **{name: _geometry(shape) for name, shape in said.get("shapes", {}).items()},
        "kendala": Note(note["code"], note["text"], note["level"], note["details"])
        if note
        else None,
    }
    parcel = np.array([_geometry(said["parcel"])], dtype=object)
    frame = {name: _cell(value) for name, value in columns.items()}
    return gpd.GeoDataFrame(frame, geometry=parcel, crs=parse_crs(request["crs"]))


def _cell(value: Any) -> Any:
    """Return a column of one row that keeps its value as it is."""
    column = np.empty(1, dtype=object)
    column[0] = value
    return column


def _code(crs: Any) -> str:
    """Return the code of a CRS, or its whole text where it has none."""
    return _code_of_name(crs) if isinstance(crs, str) else _code_of(crs)


@lru_cache(maxsize=256)
def _code_of_name(crs: str) -> str:
    return _code_of(crs)


def _code_of(crs: Any) -> str:
    found = parse_crs(crs, what="permits")
    authority = found.to_authority()
    return ":".join(authority) if authority else str(found.to_wkt())


def _hex(geometry: BaseGeometry | None) -> str | None:
    return None if geometry is None else str(shapely.to_wkb(geometry, hex=True))


def _geometry(text: str | None) -> Any:
    return None if text is None else shapely.from_wkb(text)


def _note(note: Note | None) -> dict[str, Any] | None:
    if note is None:
        return None
    return {"code": note.code, "text": note.text, "level": note.level, "details": note.details}
