"""An exposure table as CSV, XLSX or JSON, always with its balance, rules and notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd

from hazard import Exposure
from spatial.text import describe

__all__ = ["SUFFIXES", "as_json_text", "write_exposure", "write_sheets"]

SUFFIXES: Final = (".csv", ".xlsx", ".json")
#: Columns of the balance as people read them.
BALANCE: Final = {
    "hazard": "bahaya",
    "scenario": "skenario",
    "classified": "dalam kelas",
    "nodata": "tanpa data",
    "unmapped": "luar cakupan",
    "units": "jumlah unit",
    "gap": "celah (tidak di unit mana pun)",
    "overlap": "tumpang tindih unit",
    "whole": "keseluruhan",
    "residual": "selisih",
    "unit": "satuan",
}


def write_exposure(result: Exposure, target: Path, sources: list[str]) -> None:
    """Write a result in the format of the suffix of `target`.

    CSV holds the table alone, one row per unit; its balance stands in the last rows of XLSX's
    sheet `neraca` and in JSON.
    """
    suffix = target.suffix.lower()
    if suffix == ".json":
        target.write_text(as_json_text(result, sources) + "\n", encoding="utf-8")
    elif suffix == ".csv":
        result.wide().reset_index().to_csv(target, index=False)
    else:
        _workbook(result, target, sources)


def as_json_text(result: Exposure, sources: list[str]) -> str:
    """Write table, balance, rules, sources and notes as JSON."""
    body: dict[str, Any] = {
        "unit": result.unit,
        "table": result.wide().reset_index().to_dict("records"),
        "accounts": result.accounts.to_dict("records"),
        "rules": list(result.citations),
        "sources": sources,
        "notes": [note.to_dict() for note in result.notes],
    }
    return json.dumps(body, ensure_ascii=False, indent=1, default=float)


def _workbook(result: Exposure, target: Path, sources: list[str]) -> None:
    balance = result.accounts[list(BALANCE)].rename(columns=BALANCE)
    notes = pd.DataFrame({"catatan": [describe(note)[0] for note in result.notes]})
    rules = [("aturan", rule) for rule in result.citations]
    origin = pd.DataFrame(
        [*rules, *(("sumber", name) for name in sources), ("satuan", result.unit)],
        columns=["jenis", "keterangan"],
    )
    sheets = {
        "paparan": result.wide().reset_index(),
        "neraca": balance,
        "aturan dan sumber": origin,
        "catatan": notes,
    }
    write_sheets(sheets, target)


def write_sheets(sheets: dict[str, pd.DataFrame], target: Path) -> None:
    """Write frames as the sheets of one workbook, columns wide enough, heads standing still."""
    with pd.ExcelWriter(target, engine="openpyxl") as book:
        for name, frame in sheets.items():
            frame.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))
            _fit(book.sheets[name], frame)


def _fit(sheet: Any, frame: pd.DataFrame) -> None:
    """Make columns as wide as what they hold, and give numbers their separators."""
    for i, name in enumerate(frame.columns, start=1):
        texts = frame[name].astype(str).str.len()
        width = max(len(str(name)), int(texts.max()) if len(texts) else 0)
        sheet.column_dimensions[sheet.cell(1, i).column_letter].width = min(width + 2, 90)
        if pd.api.types.is_numeric_dtype(frame[name]):
            style = "#,##0" if pd.api.types.is_integer_dtype(frame[name]) else "#,##0.00"
            for row in range(2, len(frame) + 2):
                sheet.cell(row, i).number_format = style
