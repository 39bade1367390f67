"""A plan folder read strictly into a `Plan`: any fault refuses it, with file, row and column."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from spatial.crs import AREA_CRS, METRIC_CRS, parse_crs
from spatial.errors import CrsError, PlanNotFoundError
from spatial.notes import Note
from zoning.matrix import parse_cell
from zoning.plan import (
    Citation,
    Dated,
    Exemption,
    IntensityRule,
    KbliRow,
    MatrixRow,
    OverlayRule,
    Plan,
    PlanMeta,
    RiverWidth,
)
from zoning.tables import Row, TableReading, columns_of, raise_first, read_table, validate

__all__ = ["TABLES", "PlanReading", "load_plan", "load_plans", "read_plan_folder"]

#: Tables of a plan folder, and whether it must be there.
TABLES: Final = {
    "itbx": True,
    "intensitas": True,
    "ketentuan_khusus": True,
    "kbli": True,
    "pengecualian": True,
    "sempadan": False,
}
T = TypeVar("T", bound=Dated)


@dataclass(frozen=True)
class PlanReading:
    """A plan folder as it was read, with its faults; `plan` is None where there are any."""

    folder: Path
    plan: Plan | None
    tables: Mapping[str, TableReading]
    faults: tuple[Note, ...]


def load_plan(folder: Path | str, source: Any = None) -> Plan:
    """Load one plan from its folder.

    Parameters
    ----------
    folder : path
        Holds `plan.toml`, `itbx.csv`, `intensitas.csv`, `ketentuan_khusus.csv`, `kbli.csv`,
        `pengecualian.csv` and, where rivers count, `sempadan.csv`.
    source : LayerSource, optional
        Where its layers come from: anything with `get(name, on=, known_at=)`.

    Raises
    ------
    PlanNotFoundError
        If there is no such folder, or no `plan.toml` in it.
    PlanError
        If any file has a fault; the message names file, row, column and the mend, the
        details hold all faults.

    Examples
    --------
    >>> from zoning import sample_plan_folder
    >>> load_plan(sample_plan_folder("rdtr")).meta.kind
    'RDTR'
    """
    reading = read_plan_folder(Path(folder), source)
    raise_first(list(reading.faults))
    if reading.plan is None:
        raise AssertionError("a reading without faults has a plan")
    return reading.plan


def load_plans(parent: Path | str, source: Any = None) -> tuple[Plan, ...]:
    """Load every plan folder inside `parent`, in the order of the hierarchy.

    Raises
    ------
    PlanNotFoundError
        If there is none.
    """
    folders = sorted(path.parent for path in Path(parent).glob("*/plan.toml"))
    if not folders:
        raise PlanNotFoundError(
            "there is no plan folder in {folder}",
            code="plan_none",
            hint="A plan folder holds plan.toml; tataruang plan new starts one",
            folder=str(parent),
        )
    plans = [load_plan(folder, source) for folder in folders]
    return tuple(sorted(plans, key=lambda plan: (plan.meta.level, plan.id)))


def read_plan_folder(folder: Path, source: Any = None) -> PlanReading:
    """Read a plan folder and list all its faults instead of stopping at the first."""
    meta_text = _meta_bytes(folder)
    meta, faults = _meta(meta_text)
    tables, hashes = {}, [hashlib.sha256(meta_text).hexdigest()]
    for name, required in TABLES.items():
        path = folder / f"{name}.csv"
        if not path.exists():
            if required:
                faults.append(_missing_table(folder, name))
            continue
        tables[name] = read_table(path, name)
        hashes.append(hashlib.sha256(path.read_bytes()).hexdigest())
        faults.extend(tables[name].faults)
    if meta is None or faults:
        return PlanReading(folder, None, tables, tuple(faults))
    plan = _plan(meta, tables, source, hashlib.sha256("".join(hashes).encode()).hexdigest(), folder)
    return PlanReading(folder, plan, tables, ())


def _meta_bytes(folder: Path) -> bytes:
    try:
        return (folder / "plan.toml").read_bytes()
    except OSError as error:
        siblings = sorted(path.parent.name for path in folder.parent.glob("*/plan.toml"))
        raise PlanNotFoundError(
            "there is no plan {name!r}: {folder} holds no readable plan.toml",
            code="plan_folder_missing",
            hint="Plans beside it: {known}",
            name=folder.name,
            folder=str(folder),
            known=", ".join(siblings) or "-",
        ) from error


def _missing_table(folder: Path, name: str) -> Note:
    return Note(
        "plan_table_missing",
        "{file} is missing in {folder}; a table without rows still needs its header: {columns}",
        "error",
        {
            "file": f"{name}.csv",
            "folder": folder.name,
            "columns": ",".join(columns_of(name)),
        },
    )


def _meta(raw: bytes) -> tuple[PlanMeta | None, list[Note]]:
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        text = "plan.toml cannot be read: {why}"
        return None, [Note("plan_toml", text, "error", {"file": "plan.toml", "why": str(error)})]
    plain = _plain_dates(data)
    faults = list(validate(plain, "plan", file="plan.toml")) + list(_crs_faults(plain))
    return (None, faults) if faults else (_meta_of(plain), [])


def _plain_dates(value: Any) -> Any:
    """Turn TOML dates into ISO text, which is what the schema speaks about."""
    if isinstance(value, dict):
        return {key: _plain_dates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain_dates(inner) for inner in value]
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _crs_faults(data: Mapping[str, Any]) -> Iterator[Note]:
    for key in ("area_crs", "metric_crs"):
        if key not in data:
            continue
        try:
            crs = parse_crs(data[key], what=f"plan.toml, {key}")
        except CrsError as error:
            yield Note.of(error)
            continue
        if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
            text = "plan.toml, {column}: {value} is no plane in metres; write a projected CRS"
            details = {"file": "plan.toml", "column": key, "value": str(data[key])}
            yield Note("plan_crs_plane", text, "error", details)


def _meta_of(data: Mapping[str, Any]) -> PlanMeta:
    promulgated = date.fromisoformat(data["diundangkan"])
    return PlanMeta(
        id=data["id"],
        name=data["nama"],
        kind=data["jenis"],
        legal_ref=data["dasar"],
        promulgated=promulgated,
        valid_from=_date(data.get("berlaku_dari")) or promulgated,
        valid_to=_date(data.get("berlaku_sampai")),
        legal_status=data["status_hukum"],
        status=data["status"],
        scale_denominator=data["skala"],
        ce90_m=float(data["ce90_m"]),
        code_system=data["sistem_kode"],
        layer=data["layer"],
        source=data["sumber"],
        layer_code_system=data.get("sistem_kode_layer", ""),
        zone_column=data.get("kolom_zona", "zona"),
        area_crs=data.get("area_crs", AREA_CRS),
        metric_crs=data.get("metric_crs", METRIC_CRS),
        area_floor_m2=float(data.get("luas_minimum_m2", 1.0)),
        area_tolerance=float(data.get("selisih_luas_maks", 0.05)),
        revoked_by=data.get("dicabut_oleh", ""),
        transition_article=data.get("pasal_masa_transisi", ""),
        subcodes=data.get("subkode", {}),
        zone_names=data.get("zona", {}),
        rth_public=tuple(data.get("zona_rth", ())),
        rth_private=tuple(data.get("zona_rth_privat", ())),
        examples=tuple(data.get("contoh", ())),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plan(
    meta: PlanMeta, tables: Mapping[str, TableReading], source: Any, version: str, folder: Path
) -> Plan:
    def build(name: str, make: Callable[[PlanMeta, Row], T]) -> tuple[T, ...]:
        return tuple(make(meta, row) for row in tables[name].rows) if name in tables else ()

    return Plan(
        meta=meta,
        matrix=build("itbx", _matrix_row),
        intensities=build("intensitas", _intensity),
        overlays=build("ketentuan_khusus", _overlay),
        kbli=build("kbli", _kbli),
        exemptions=build("pengecualian", _exemption),
        rivers=build("sempadan", _river),
        source=source,
        version=version,
        folder=folder,
    )


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
        "valid_from": _date(values.get("berlaku_dari")),
        "valid_to": _date(values.get("berlaku_sampai")),
    }


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _matrix_row(meta: PlanMeta, row: Row) -> MatrixRow:
    named = columns_of("itbx")
    cells = {zone: parse_cell(text) for zone, text in row.values.items() if zone not in named}
    return MatrixRow(
        kegiatan=row.values["kegiatan"],
        kelompok=row.values.get("kelompok", ""),
        cells=cells,
        **_dated(meta, row),
    )


def _intensity(meta: PlanMeta, row: Row) -> IntensityRule:
    values = row.values
    return IntensityRule(
        zona=values["zona"],
        parameter=values["parameter"],
        limit=values["nilai"],
        area_from_m2=values.get("luas_dari_m2", 0.0),
        area_to_m2=values.get("luas_sampai_m2", float("inf")),
        kelas_jalan=values.get("kelas_jalan", ""),
        kegiatan=_listed(values.get("kegiatan", "")),
        **_dated(meta, row),
    )


def _overlay(meta: PlanMeta, row: Row) -> OverlayRule:
    values = row.values
    own_layer = meta.layer if values["geometri"] == "atribut" else ""
    return OverlayRule(
        kode=values["kode"],
        nama=values.get("nama", values["kode"]),
        geometry=values["geometri"],
        layer=values.get("layer", own_layer),
        column=values.get("kolom", ""),
        values=_listed(values.get("nilai", "")),
        distance_m=values.get("jarak_m"),
        ce90_m=values.get("ce90_m"),
        kegiatan=_listed(values["kegiatan"]),
        except_kegiatan=_listed(values.get("kecuali_kegiatan", "")),
        effect=values["efek"],
        parameter=values.get("parameter", ""),
        limit=values.get("batas"),
        conditions=_listed(values.get("syarat", "")),
        exemptions=_listed(values.get("pengecualian", "")),
        deducts=values.get("kurangi_luas") == "ya",
        decree_column=values.get("kolom_sk", ""),
        foreign=bool(values.get("instrumen")),
        **_dated(meta, row, values.get("instrumen", "")),
    )


def _kbli(meta: PlanMeta, row: Row) -> KbliRow:
    return KbliRow(kbli=row.values["kbli"], kegiatan=row.values["kegiatan"], **_dated(meta, row))


def _exemption(meta: PlanMeta, row: Row) -> Exemption:
    values = row.values
    conditions = _listed(values.get("syarat", ""))
    return Exemption(
        kode=values["kode"],
        uraian=values["uraian"],
        conditions=conditions,
        **_dated(meta, row),
    )


def _river(meta: PlanMeta, row: Row) -> RiverWidth:
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
