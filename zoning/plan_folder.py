"""Write plan folders: a new one to fill in, or one built from elsewhere; whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from spatial.errors import PlanError
from zoning.plan_files import TABLES, read_plan_folder
from zoning.tables import columns_of, raise_first, schema

__all__ = ["csv_text", "new_plan", "toml_text", "write_plan_folder"]

#: What a plan that nobody has filled in yet says of itself: it decides nothing.
BLANK: Final[Mapping[str, Any]] = {
    "nama": "Nama rencana, lengkap",
    "jenis": "RDTR",
    "dasar": "Peraturan yang menetapkan, mis. Perbup X 1/2024",
    "diundangkan": date(2024, 1, 1),
    "status_hukum": "rancangan",
    "status": "contoh",
    "skala": 5000,
    "ce90_m": 1.0,
    "sistem_kode": "ATR2021",
    "layer": "rdtr",
    "kolom_zona": "zona",
    "sumber": "Dokumen tempat rencana ini disalin",
    "subkode": {"T1": "pembatasan waktu operasi", "B1": "rekomendasi instansi teknis"},
    "zona": {"R-2": "Perumahan kepadatan tinggi", "K-3": "Perdagangan dan jasa skala SWP"},
    "contoh": [{"kegiatan": "rumah tunggal", "zona": "R-2", "izin": ["I", "I"]}],
}
CITED: Final = {"pasal": "Pasal 1", "sumber": "ganti dengan dokumennya", "status": "contoh"}
#: One row per table, to be replaced, so that nobody begins before an empty page.
ROWS: Final[Mapping[str, Sequence[Mapping[str, str]]]] = {
    "itbx": [
        {"kegiatan": "rumah tunggal", "kelompok": "hunian", "R-2": "I", "K-3": "T1"},
        {"kegiatan": "toko", "kelompok": "perdagangan", "R-2": "T1,B1", "K-3": "I"},
    ],
    "intensitas": [
        {"zona": "R-2", "parameter": "kdb_maks", "nilai": "0.6"},
        {"zona": "R-2", "parameter": "klb_maks", "nilai": "1.2"},
        {"zona": "R-2", "parameter": "kdh_min", "nilai": "0.2"},
    ],
    "kbli": [{"kbli": "47112", "kegiatan": "toko"}],
}


def new_plan(
    folder: Path | str,
    *,
    overwrite: bool = False,
    zones: Mapping[str, str] | None = None,
    **values: Any,
) -> Path:
    """Start a plan folder with every table, one or two rows to replace, and comments.

    Parameters
    ----------
    folder : path
        Its name becomes the plan's id.
    overwrite : bool
        Whether a folder that is there may be replaced.
    zones : mapping, optional
        Code -> name of the zones that its layer draws. They become the columns of the matrix,
        whose cells stay blank: `lint_plan` asks for each until it is filled in.
    **values
        Keys of `plan.toml` that are known already.

    Returns
    -------
    Path
        The folder. Its plan is a `rancangan` until someone writes otherwise.

    Raises
    ------
    PlanError
        `plan_folder_taken`; or any fault that the given values make.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from zoning import load_plan
    >>> with TemporaryDirectory() as parent:
    ...     load_plan(new_plan(Path(parent) / "rdtr_baru", jenis="RDTR")).meta.legal_status
    'rancangan'
    """
    target = Path(folder)
    meta = {"id": target.name, **BLANK, **values}
    rows = ROWS
    if zones:
        meta |= {"zona": dict(zones), "contoh": []}
        blank = dict.fromkeys(zones, "")
        told = [{name: row[name] for name in ("kegiatan", "kelompok")} for row in ROWS["itbx"]]
        rows = {**ROWS, "itbx": [row | blank for row in told], "intensitas": []}
    tables = {name: _table(name, rows.get(name, ())) for name in TABLES}
    return write_plan_folder(target, meta, tables, overwrite=overwrite)


def _table(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    zones = dict.fromkeys(key for row in rows for key in row if key not in columns_of(name))
    named = list(columns_of(name))
    header = [*named[:2], *zones, *named[2:]] if name == "itbx" else named
    return csv_text(header, [CITED | dict(row) for row in rows])


def csv_text(header: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Return a table as CSV, in the order of its header; what a row lacks is blank.

    Examples
    --------
    >>> csv_text(["kbli", "kegiatan"], [{"kbli": "47112", "kegiatan": "toko, kios"}])
    'kbli,kegiatan\n47112,"toko, kios"\n'
    """
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(header), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def toml_text(meta: Mapping[str, Any]) -> str:
    """Return `plan.toml` with every key explained, and those not used as comments.

    Examples
    --------
    >>> toml_text({"id": "x", "zona": {"R-2": "Perumahan"}}).splitlines()[-1]
    '"R-2" = "Perumahan"'
    """
    known = schema("plan")["properties"]
    plain, nested = [], []
    for key, rule in known.items():
        value = meta.get(key)
        choices = f": {', '.join(rule['enum'])}" if "enum" in rule else ""
        comment = f"# {rule.get('description', '')}{choices}"
        if rule["type"] == "object":
            lines = [f"{json.dumps(name)} = {_toml(text)}" for name, text in (value or {}).items()]
            nested.append("\n".join([comment, f"[{key}]", *lines]))
        elif key == "contoh":
            for example in value or ():
                lines = [f"{name} = {_toml(inner)}" for name, inner in example.items()]
                nested.append("\n".join(["[[contoh]]", *lines]))
        elif value is None:
            plain.append(f"{comment}\n# {key} =")
        else:
            plain.append(f"{comment}\n{key} = {_toml(value)}")
    return "\n".join(plain) + "\n\n" + "\n\n".join(nested) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    # Strings, numbers and truth values are written in TOML as in JSON.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_plan_folder(
    folder: Path, meta: Mapping[str, Any], tables: Mapping[str, str], *, overwrite: bool = False
) -> Path:
    """Write a plan folder when, and only when, what would stand in it has no fault.

    Raises
    ------
    PlanError
        `plan_folder_taken`, or the first fault; then nothing was written.
    """
    if folder.exists() and not overwrite:
        raise PlanError(
            "{folder} is there already",
            code="plan_folder_taken",
            hint="Choose another folder, or say --yes to replace it",
            folder=str(folder),
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        partial.mkdir()
        (partial / "plan.toml").write_text(toml_text(meta), encoding="utf-8")
        for name, text in tables.items():
            (partial / f"{name}.csv").write_text(text, encoding="utf-8")
        raise_first(list(read_plan_folder(partial).faults))
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return folder
