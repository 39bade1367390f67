"""Rows of rule tables as the rules they are: dated, cited, with the line they stand in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from zoning.matrix import parse_cell
from zoning.plan import (
    Citation,
    Exemption,
    HazardMap,
    HazardRule,
    IntensityRule,
    KbliRow,
    MatrixRow,
    OverlayRule,
    PlanMeta,
    RiverWidth,
)
from zoning.tables import Row, columns_of

__all__ = [
    "as_date",
    "exemption",
    "hazard_rule",
    "intensity_rule",
    "kbli_row",
    "listed",
    "matrix_row",
    "overlay_rule",
    "river_width",
]


def as_date(text: str | None) -> date | None:
    """Return a date that the schema has already accepted; None where nothing stands."""
    return date.fromisoformat(text) if text else None


def _dated(meta: PlanMeta, row: Row, instrument: str = "") -> dict[str, Any]:
    values = row.values
    basis = Citation(
        instrument or meta.legal_ref,
        values["pasal"],
        values.get("kutipan", ""),
        values["sumber"],
        values["status"],
    )
    return {
        "basis": basis,
        "line": row.line,
        "valid_from": as_date(values.get("berlaku_dari")),
        "valid_to": as_date(values.get("berlaku_sampai")),
    }


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a list in a cell, which semicolons separate."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def matrix_row(meta: PlanMeta, row: Row) -> MatrixRow:
    """Return a row of the matrix with its cells."""
    named = columns_of("itbx")
    cells = {zone: parse_cell(text) for zone, text in row.values.items() if zone not in named}
    return MatrixRow(
        kegiatan=row.values["kegiatan"],
        kelompok=row.values.get("kelompok", ""),
        cells=cells,
        **_dated(meta, row),
    )


def intensity_rule(meta: PlanMeta, row: Row) -> IntensityRule:
    """Return one limit with its size class, half-open."""
    values = row.values
    return IntensityRule(
        zona=values["zona"],
        parameter=values["parameter"],
        limit=values["nilai"],
        area_from_m2=_from(values),
        area_to_m2=_to(values),
        kelas_jalan=values.get("kelas_jalan", ""),
        kegiatan=listed(values.get("kegiatan", "")),
        **_dated(meta, row),
    )


def _from(values: Mapping[str, Any]) -> float:
    """Return where a class begins; the next number up where its end is not part of it."""
    start = float(values.get("luas_dari_m2", 0.0))
    return math.nextafter(start, math.inf) if values.get("dari_termasuk") == "tidak" else start


def _to(values: Mapping[str, Any]) -> float:
    """Return the first area beyond a class, so that every class is half-open."""
    end = float(values.get("luas_sampai_m2", math.inf))
    return math.nextafter(end, math.inf) if values.get("sampai_termasuk") == "ya" else end


def overlay_rule(meta: PlanMeta, row: Row) -> OverlayRule:
    """Return one effect of a ketentuan khusus."""
    values = row.values
    own_layer = meta.layer if values["geometri"] == "atribut" else ""
    return OverlayRule(
        kode=values["kode"],
        nama=values.get("nama", values["kode"]),
        geometry=values["geometri"],
        layer=values.get("layer", own_layer),
        column=values.get("kolom", ""),
        values=listed(values.get("nilai", "")),
        distance_m=values.get("jarak_m"),
        ce90_m=values.get("ce90_m"),
        kegiatan=listed(values["kegiatan"]),
        except_kegiatan=listed(values.get("kecuali_kegiatan", "")),
        effect=values["efek"],
        parameter=values.get("parameter", ""),
        limit=values.get("batas"),
        conditions=listed(values.get("syarat", "")),
        exemptions=listed(values.get("pengecualian", "")),
        deducts=values.get("kurangi_luas") == "ya",
        decree_column=values.get("kolom_sk", ""),
        foreign=bool(values.get("instrumen")),
        **_dated(meta, row, values.get("instrumen", "")),
    )


def hazard_rule(meta: PlanMeta, row: Row) -> HazardRule:
    """Return what some classes of a hazard map mean."""
    values = row.values
    return HazardRule(
        kode=values["kode"],
        nama=values.get("nama", values["kode"]),
        source=HazardMap(
            layer=values["layer"],
            column=values.get("kolom", ""),
            studied=values.get("wilayah", ""),
            classes=values["aturan_kelas"],
            band=int(values.get("pita", 1)),
            ce90_m=values.get("ce90_m", meta.ce90_m),
        ),
        classes=listed(values["kelas"]),
        least_share=values.get("bagian_min", 0.0),
        kegiatan=listed(values["kegiatan"]),
        except_kegiatan=listed(values.get("kecuali_kegiatan", "")),
        effect=values["efek"],
        conditions=listed(values.get("syarat", "")),
        exemptions=listed(values.get("pengecualian", "")),
        **_dated(meta, row),
    )


def kbli_row(meta: PlanMeta, row: Row) -> KbliRow:
    """Return one pair of classification and activity."""
    return KbliRow(kbli=row.values["kbli"], kegiatan=row.values["kegiatan"], **_dated(meta, row))


def exemption(meta: PlanMeta, row: Row) -> Exemption:
    """Return one exemption."""
    values = row.values
    conditions = listed(values.get("syarat", ""))
    return Exemption(
        kode=values["kode"],
        uraian=values["uraian"],
        conditions=conditions,
        before=date.fromisoformat(values["sebelum"]) if values.get("sebelum") else None,
        **_dated(meta, row),
    )


def river_width(meta: PlanMeta, row: Row) -> RiverWidth:
    """Return one width of a river strip."""
    values = row.values
    choice = {"ya": True, "tidak": False, "besar": True, "kecil": False, "*": None}
    return RiverWidth(
        urban=choice[values["perkotaan"]],
        levee=choice[values["bertanggul"]],
        large=choice[values["kelas"]],
        depth_from_m=values.get("kedalaman_dari_m", 0.0),
        depth_to_m=values.get("kedalaman_sampai_m", float("inf")),
        distance_m=values["jarak_m"],
        **_dated(meta, row),
    )
