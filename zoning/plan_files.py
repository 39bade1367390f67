"""A plan folder read strictly into a `Plan`: any fault refuses it, with file, row and column."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from spatial.crs import AREA_CRS, METRIC_CRS, parse_crs
from spatial.errors import CrsError, PlanError, PlanNotFoundError
from spatial.notes import Note
from zoning.plan import Dated, Plan, PlanMeta
from zoning.plan_checks import meta_faults, plan_faults
from zoning.plan_rows import (
    as_date,
    exemption,
    hazard_rule,
    intensity_rule,
    kbli_row,
    matrix_row,
    overlay_rule,
    river_width,
)
from zoning.tables import (
    MAX_BYTES,
    Row,
    TableReading,
    columns_of,
    raise_first,
    read_table,
    validate,
)
from zoning.toml_lines import line_of

__all__ = ["TABLES", "PlanReading", "load_plan", "load_plans", "read_plan_folder"]

#: Tables of a plan folder, and whether it must be there.
TABLES: Final = {
    "itbx": True,
    "intensitas": True,
    "ketentuan_khusus": True,
    "kbli": True,
    "pengecualian": True,
    "sempadan": False,
    "luas_tercantum": False,
    "bahaya": False,
}
T = TypeVar("T", bound=Dated)


@dataclass(frozen=True)
class PlanReading:
    """A plan folder as it was read, with its faults; `plan` is None where there are any."""

    folder: Path
    plan: Plan | None
    tables: Mapping[str, TableReading]
    faults: tuple[Note, ...]


def load_plan(folder: Path | str, source: Any = None, meter: Any = None) -> Plan:
    """Load one plan from its folder.

    Parameters
    ----------
    folder : path
        Holds `plan.toml`, `itbx.csv`, `intensitas.csv`, `ketentuan_khusus.csv`, `kbli.csv`,
        `pengecualian.csv`; where rivers count `sempadan.csv`, and where hazard maps count
        `bahaya.csv`.
    source : LayerSource, optional
        Where its layers come from: anything with `get(name, on=, known_at=)`.
    meter : Meter, optional
        Measures parcels against hazard maps; see `zoning.hazards`.

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
    return replace(reading.plan, meter=meter)


def load_plans(parent: Path | str, source: Any = None, meter: Any = None) -> tuple[Plan, ...]:
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
    plans = [load_plan(folder, source, meter) for folder in folders]
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
    faults.extend(plan_faults(tables))
    if meta is None or faults:
        return PlanReading(folder, None, tables, tuple(faults))
    plan = _plan(meta, tables, source, hashlib.sha256("".join(hashes).encode()).hexdigest(), folder)
    return PlanReading(folder, plan, tables, ())


def _meta_bytes(folder: Path) -> bytes:
    try:
        with (folder / "plan.toml").open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
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
    if len(raw) > MAX_BYTES:
        raise PlanError(
            "{file} is larger than {limit} bytes",
            code="plan_table_too_large",
            file="plan.toml",
            limit=MAX_BYTES,
        )
    return raw


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
        content = raw.decode("utf-8-sig")
        data = tomllib.loads(content)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        text = "plan.toml cannot be read: {why}"
        facts = {"file": "plan.toml", "row": None, "column": None, "why": str(error)}
        return None, [Note("plan_toml", text, "error", facts)]
    plain = _plain_dates(data)
    found = [*validate(plain, "plan", file="plan.toml"), *_crs_faults(plain)]
    found += [] if found else meta_faults(plain)
    faults = [_with_line(fault, content) for fault in found]
    return (None, faults) if faults else (_meta_of(plain), [])


def _with_line(fault: Note, content: str) -> Note:
    """Add the line of `plan.toml` that a fault speaks of."""
    path = str(fault.details.get("column") or "").split(".")
    return replace(fault, details=fault.details | {"row": line_of(content, path)})


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
            text = "plan.toml, {column}: {why}"
            details = {"file": "plan.toml", "column": key, "why": str(error)}
            yield Note("plan_crs_unknown", text, "error", details)
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
        valid_from=as_date(data.get("berlaku_dari")) or promulgated,
        valid_to=as_date(data.get("berlaku_sampai")),
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


def _plan(
    meta: PlanMeta, tables: Mapping[str, TableReading], source: Any, version: str, folder: Path
) -> Plan:
    def build(name: str, make: Callable[[PlanMeta, Row], T]) -> tuple[T, ...]:
        return tuple(make(meta, row) for row in tables[name].rows) if name in tables else ()

    return Plan(
        meta=meta,
        matrix=build("itbx", matrix_row),
        intensities=build("intensitas", intensity_rule),
        overlays=build("ketentuan_khusus", overlay_rule),
        kbli=build("kbli", kbli_row),
        exemptions=build("pengecualian", exemption),
        rivers=build("sempadan", river_width),
        hazards=build("bahaya", hazard_rule),
        source=source,
        version=version,
        folder=folder,
    )
