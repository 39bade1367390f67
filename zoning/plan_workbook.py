"""Plans as a workbook that staff edit in their spreadsheet, and back into a plan folder."""

from __future__ import annotations

import json
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import openpyxl
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from spatial.errors import PlanError
from spatial.notes import Note
from zoning.plan_files import TABLES, read_plan_folder
from zoning.plan_folder import csv_text, write_plan_folder
from zoning.tables import MAX_BYTES, raise_first, schema

__all__ = ["plan_from_xlsx", "plan_to_xlsx"]

#: Sheets for what stands in plan.toml, with their columns.
META_SHEETS: Final[dict[str, tuple[str, ...]]] = {
    "plan": ("kunci", "nilai", "keterangan"),
    "subkode": ("kode", "arti"),
    "zona": ("kode", "nama"),
    "contoh": (
        "kegiatan",
        "kbli",
        "zona",
        "izin",
        "pada",
        "parameter",
        "batas",
        "luas_m2",
        "kelas_jalan",
    ),
}
HEAD: Final = PatternFill("solid", fgColor="E5EAF0")
#: Unpacked size of a workbook that people typed.
MAX_UNPACKED: Final = 200_000_000
LIST_SEPARATOR: Final = "; "


def plan_to_xlsx(folder: Path | str, target: Path | str) -> Path:
    """Write a plan folder as a workbook: one sheet per table, choices where there are any.

    Raises
    ------
    PlanError
        If the folder has a fault.
    """
    reading = read_plan_folder(Path(folder))
    raise_first(list(reading.faults))
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    _write_meta(book, _meta_rows(reading.folder))
    for name in TABLES:
        table = reading.tables.get(name)
        header = table.columns if table else tuple(schema(name)["properties"])
        sheet = _sheet(book, name, header)
        for row in table.rows if table else ():
            # Rows keep their numbers, so that a fault is found where it is told.
            for index, column in enumerate(header, start=1):
                _put(sheet.cell(row.line, index), row.values.get(column))
        _choices(sheet, header, schema(name)["properties"])
    book.save(target)
    return Path(target)


def _meta_rows(folder: Path) -> dict[str, list[list[Any]]]:
    data = tomllib.loads((folder / "plan.toml").read_text(encoding="utf-8-sig"))
    rules = schema("plan")["properties"]
    plan = [
        [key, _shown(data.get(key)), rule.get("description", "")]
        for key, rule in rules.items()
        if key not in META_SHEETS
    ]
    examples = [
        [_shown(example.get(column)) for column in META_SHEETS["contoh"]]
        for example in data.get("contoh", ())
    ]
    return {
        "plan": plan,
        "subkode": [list(pair) for pair in data.get("subkode", {}).items()],
        "zona": [list(pair) for pair in data.get("zona", {}).items()],
        "contoh": examples,
    }


def _shown(value: Any) -> Any:
    return LIST_SEPARATOR.join(value) if isinstance(value, list) else value


def _write_meta(book: openpyxl.Workbook, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    for name, header in META_SHEETS.items():
        sheet = _sheet(book, name, header)
        for line, values in enumerate(rows[name], start=2):
            for column, value in enumerate(values, start=1):
                _put(sheet.cell(line, column), value)
    sheet = book["plan"]
    sheet.column_dimensions["B"].width = 60
    sheet.column_dimensions["C"].width = 70
    for row, (key, *_) in enumerate(rows["plan"], start=2):
        choices = schema("plan")["properties"][key].get("enum")
        if choices:
            _offer(sheet, f"B{row}", choices)


def _sheet(book: openpyxl.Workbook, name: str, header: Sequence[str]) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    for index, column in enumerate(header, start=1):
        cell = sheet.cell(1, index, column)
        cell.font, cell.fill = Font(bold=True), HEAD
        cell.alignment = Alignment(vertical="top")
        width = 6 if name == "itbx" and column[:1].isupper() else max(12, len(column) + 2)
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "B2"
    return sheet


def _put(cell: Any, value: Any) -> None:
    """Write a value; text stays text, so that 01412 keeps its zero and =x is no formula."""
    if value is None:
        return
    cell.value = value
    if isinstance(value, str):
        cell.data_type, cell.number_format = "s", "@"


def _choices(sheet: Worksheet, header: Sequence[str], rules: Mapping[str, Any]) -> None:
    """Offer the values a column may hold, and keep codes of digits as text."""
    for index, column in enumerate(header, start=1):
        letter = get_column_letter(index)
        if choices := rules.get(column, {}).get("enum"):
            _offer(sheet, f"{letter}2:{letter}2000", choices)
        if column == "kbli":
            for line in range(2, 500):
                sheet.cell(line, index).number_format = "@"


def _offer(sheet: Worksheet, cells: str, choices: Sequence[str]) -> None:
    rule = DataValidation(type="list", formula1=json.dumps(",".join(choices)), allow_blank=True)
    rule.errorTitle, rule.error = "Tidak dikenal", "Pilih dari daftar"
    sheet.add_data_validation(rule)
    rule.add(cells)


def plan_from_xlsx(source: Path | str, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write the plan folder that a workbook holds, when the workbook has no fault.

    Raises
    ------
    PlanError
        With sheet, row and column of the first fault, all of them in `details["faults"]`;
        then nothing was written.
    """
    book = _opened(Path(source))
    faults = [note for sheet in book.worksheets for note in _unusable(sheet)]
    faults += _missing(book)
    raise_first(faults)
    meta = _meta_of(book)
    tables = {name: _csv(book[name]) for name in TABLES if name in book.sheetnames}
    return write_plan_folder(Path(folder), meta, tables, overwrite=overwrite)


def _opened(source: Path) -> openpyxl.Workbook:
    try:
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED or source.stat().st_size > MAX_BYTES:
            raise PlanError(
                "{file} is larger than {limit} bytes",
                code="plan_table_too_large",
                file=source.name,
                limit=MAX_BYTES,
            )
        return openpyxl.load_workbook(source)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        if isinstance(error, PlanError):
            raise
        raise PlanError(
            "{file} is no workbook that can be read: {why}",
            code="plan_workbook_unreadable",
            hint="Save it as .xlsx; tataruang plan to-xlsx writes one to begin with",
            file=source.name,
            why=f"{type(error).__name__}: {error}",
        ) from error


def _missing(book: openpyxl.Workbook) -> Iterator[Note]:
    required = ["plan", *(name for name, needed in TABLES.items() if needed)]
    for name in required:
        if name not in book.sheetnames:
            text = "the workbook has no sheet {name!r}; add it with the columns {columns}"
            columns = META_SHEETS.get(name) or tuple(schema(name)["properties"])
            facts = {"file": name, "row": None, "column": None, "name": name}
            yield Note("plan_sheet_missing", text, "error", facts | {"columns": ", ".join(columns)})


def _unusable(sheet: Worksheet) -> Iterator[Note]:
    """Yield cells whose value is not what stands in them: formulas, errors, merged cells."""
    if sheet.title not in TABLES and sheet.title not in META_SHEETS:
        return
    for merged in sheet.merged_cells.ranges:
        text = "sheet {file}, cells {cells}: they are merged, so only the first has a value; "
        text += "unmerge them and fill each"
        facts = {"file": sheet.title, "row": merged.min_row, "column": None, "cells": str(merged)}
        yield Note("plan_cells_merged", text, "error", facts)
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, Cell) and cell.data_type in ("f", "e"):
                text = "sheet {file}, cell {cell}: a formula or an error stands there ({value}); "
                text += "paste its value"
                facts = {"file": sheet.title, "row": cell.row, "column": cell.column_letter}
                facts |= {"cell": cell.coordinate, "value": str(cell.value)[:40]}
                yield Note("plan_cell_formula", text, "error", facts)


def _rows(sheet: Worksheet) -> tuple[list[str], list[list[Any]]]:
    """Return the header and the rows below it, without what formatting alone has added."""
    rows = [list(cells) for cells in sheet.iter_rows(values_only=True)]
    head = [str(cell).strip() if cell is not None else "" for cell in rows[0]] if rows else []
    while head and head[-1] == "":
        head.pop()
    return head, [cells[: len(head)] for cells in rows[1:]]


def _csv(sheet: Worksheet) -> str:
    header, rows = _rows(sheet)
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    lines = [{c: _text(v) for c, v in zip(header, row, strict=True)} for row in rows]
    return csv_text(header, lines)


def _text(value: Any) -> str:
    """Write a cell as the tables do: whole numbers without a point, dates as ISO."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _meta_of(book: openpyxl.Workbook) -> dict[str, Any]:
    kinds = schema("plan")["properties"]
    meta: dict[str, Any] = {}
    for key, value, *_ in _rows(book["plan"])[1]:
        if key is not None and value is not None:
            meta[str(key)] = _typed(value, kinds.get(str(key), {}))
    for name in ("subkode", "zona"):
        rows = _rows(book[name])[1] if name in book.sheetnames else []
        meta[name] = {str(code): _text(text) for code, text, *_ in rows if code is not None}
    meta["contoh"] = list(_examples(book)) if "contoh" in book.sheetnames else []
    return meta


def _typed(value: Any, kind: Mapping[str, Any]) -> Any:
    """Return a cell as the type that its key has in plan.toml; the schema judges the rest."""
    if kind.get("type") == "array":
        return [part.strip() for part in str(value).split(";") if part.strip()]
    if isinstance(value, datetime):
        return value.date()
    if kind.get("format") == "date" and isinstance(value, str):
        return _day(value)
    if kind.get("type") == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return _text(value) if kind.get("type") == "string" else value


def _day(text: str) -> date | str:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return text


def _examples(book: openpyxl.Workbook) -> Iterator[dict[str, Any]]:
    kinds = schema("plan")["properties"]["contoh"]["items"]["properties"]
    header, rows = _rows(book["contoh"])
    for row in rows:
        filled = {c: v for c, v in zip(header, row, strict=True) if v is not None}
        if filled:
            yield {name: _typed(value, kinds.get(name, {})) for name, value in filled.items()}
