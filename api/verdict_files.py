"""Verdicts as files: JSON for machines, GeoJSON for maps, CSV and a workbook for the office.

All of them are written from the verdict JSON, so none can say something else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from api.formats import percent
from api.options import atomic_path
from api.text_cells import plain_text
from api.wording import VERDICTS
from spatial.errors import LayerError

__all__ = ["SUFFIXES", "summary_row", "verdict_bytes", "write_verdicts"]

SUFFIXES: Final = (".json", ".geojson", ".csv", ".xlsx")

Json = Mapping[str, Any]


def verdict_bytes(verdict: Json) -> bytes:
    """Return the one serialisation of a verdict, used by library, command and HTTP alike."""
    return orjson.dumps(verdict)


def summary_row(verdict: Json, because: str = "") -> dict[str, Any]:
    """Return one flat row: what a table of permits shows.

    Parameters
    ----------
    verdict : mapping
        The verdict JSON.
    because : str
        The sentence that decided.
    """
    low, high = verdict["interval"]
    return {
        "permit_id": verdict["permit_id"],
        "verdict": verdict["verdict"],
        "arti": VERDICTS[verdict["verdict"]].id,
        "izin_paling_ringan": low,
        "izin_paling_berat": high,
        "alasan": because,
        "kode_alasan": "; ".join(verdict["reasons"]),
        "luas_persil_m2": verdict["parcel"]["area_m2"],
        "zona": "; ".join(_zone_share(part) for part in verdict["parts"]),
        "tidak_tercakup_m2": verdict["uncovered_m2"],
        "syarat": "; ".join(str(condition) for condition in verdict["conditions"]),
        "rencana": verdict["evidence"]["plan"],
        "per_tanggal": verdict["evidence"]["on"],
        "mesin": verdict["evidence"]["engine"],
    }


def _zone_share(part: Json) -> str:
    return f"{part['instrument']} {part['zone']} {percent(part['share'])}"


def write_verdicts(
    target: Path,
    verdicts: Sequence[Json],
    *,
    because: Sequence[str],
    geometries: Sequence[Json | None],
    shared: Sequence[dict[str, Any]] = (),
) -> None:
    """Write verdicts in the format of the file's suffix, whole or not at all.

    Parameters
    ----------
    target : Path
        Ends in .json, .geojson, .csv or .xlsx.
    because : sequence of str
        One sentence for each verdict.
    geometries : sequence of GeoJSON geometries or None
        The parcels in degrees, longitude first.
    shared : sequence of rows
        Applications over the same ground: a sheet of the workbook.

    Raises
    ------
    LayerError
        If the suffix is none of these.
    """
    suffix = target.suffix.lower()
    check_suffix(target)
    rows = [summary_row(one, why) for one, why in zip(verdicts, because, strict=True)]
    with atomic_path(target) as partial:
        if suffix == ".json":
            partial.write_bytes(b"[" + b",\n".join(map(verdict_bytes, verdicts)) + b"]\n")
        elif suffix == ".geojson":
            partial.write_bytes(_geojson(rows, verdicts, geometries))
        elif suffix == ".csv":
            partial.write_text(_csv(rows), encoding="utf-8", newline="")
        else:
            # Imported where it is used: a service writes no workbook, and this is heavy.
            from api.verdict_sheets import workbook_of

            workbook_of(rows, verdicts, shared).save(partial)


def check_suffix(target: Path) -> None:
    """Refuse a suffix that no format has, before any work is done.

    Raises
    ------
    LayerError
    """
    if target.suffix.lower() not in SUFFIXES:
        raise LayerError(
            "{name}: verdicts cannot be written as {suffix}",
            code="output_suffix",
            hint="Use one of {known}",
            name=target.name,
            suffix=target.suffix or "(no suffix)",
            known=", ".join(SUFFIXES),
        )


def _geojson(
    rows: Sequence[dict[str, Any]], verdicts: Sequence[Json], geometries: Sequence[Json | None]
) -> bytes:
    features = [
        {"type": "Feature", "id": row["permit_id"], "geometry": geometry,
         "properties": row | {"verdict_json": one}}
        for row, one, geometry in zip(rows, verdicts, geometries, strict=True)
    ]  # fmt: skip
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: plain_text(value) for key, value in row.items()} for row in rows)
    return buffer.getvalue()
