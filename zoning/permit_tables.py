"""Tables that offices send, CSV and XLSX: rows with their line in the file, nothing guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zipfile import BadZipFile

from spatial.errors import EngineError, LimitError, PermitError
from zoning.permit import COLUMNS

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = [
    "CORNER_COLUMNS",
    "GEOMETRY_COLUMNS",
    "MAX_ROWS",
    "NO_COLUMNS",
    "Table",
    "corner_table",
    "our_names",
    "permit_table",
]

#: One file of permits; a province sends fewer in a year.
MAX_ROWS: Final = 1_000_000
MAX_BYTES: Final = 500_000_000
CORNER_COLUMNS: Final = ("id", "no", "x", "y")
GEOMETRY_COLUMNS: Final = ("geometry", "geometri", "wkt", "geom")
NO_COLUMNS: Final[Mapping[str, str]] = {}
Table: TypeAlias = tuple[list[str], list[tuple[int, list[Any]]]]


def permit_table(file: Path, sheet: str | None = None) -> Table:
    """Read a table: names of columns, and its rows with their line in the file.

    Raises
    ------
    PermitError
        `permit_file_unreadable`, or `permit_row_width` where a row has too many cells.
    LimitError
        `permit_file_too_large` or `permit_too_many`.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise LimitError(
                "{file} is larger than {limit} bytes",
                code="permit_file_too_large",
                file=file.name,
                limit=MAX_BYTES,
            )
        rows = _sheet_rows(file, sheet) if file.suffix.lower() == ".xlsx" else _csv_rows(file)
    except (OSError, BadZipFile, KeyError, ValueError) as error:
        if isinstance(error, EngineError):
            raise
        raise PermitError(
            "{file} cannot be read: {why}",
            code="permit_file_unreadable",
            hint="Send CSV in UTF-8 or an XLSX workbook with the table on its first sheet",
            file=file.name,
            why=f"{type(error).__name__}: {error}",
        ) from error
    header = [str(cell).strip() for cell in rows[0][1]] if rows else []
    filled = [(line, cells) for line, cells in rows[1:] if any(c not in (None, "") for c in cells)]
    if len(filled) > MAX_ROWS:
        raise LimitError(
            "{file} has more than {limit} rows",
            code="permit_too_many",
            file=file.name,
            limit=MAX_ROWS,
        )
    return header, filled


def our_names(
    file: str, header: Sequence[str], columns: Mapping[str, str] = NO_COLUMNS
) -> dict[str, str]:
    """Return column -> name of ours: as told, or where they differ in case alone.

    Parameters
    ----------
    file : str
        For the error.
    header : sequence of str
    columns : mapping
        Name of ours -> column of the file.

    Raises
    ------
    PermitError
        `permit_column_unknown` where the file has no such column, or we no such name.

    Examples
    --------
    >>> our_names("p.xlsx", ["No Permohonan", "KBLI"], {"permit_id": "no permohonan"})
    {'No Permohonan': 'permit_id', 'KBLI': 'kbli'}
    """
    ours = (*COLUMNS, *GEOMETRY_COLUMNS, *CORNER_COLUMNS)
    there = {name.strip().casefold(): name for name in reversed(header)}
    found = {}
    for name, column in columns.items():
        if name not in ours or (real := there.get(column.strip().casefold())) is None:
            raise PermitError(
                "{file}: {name}={column} cannot be followed; the file has {known}",
                code="permit_column_unknown",
                hint="Names of ours are {ours}",
                file=file,
                name=name,
                column=column,
                known=", ".join(header),
                ours=", ".join(COLUMNS) + ", geometry",
            )
        if name in header and name != real:
            # What the file calls by our name is not meant, and keeps a name of its own.
            found[name] = f"{name} (berkas)"
        found[real] = name
    for name in ours:
        real = there.get(name, "")
        if name in there and name not in header and name not in columns and real not in found:
            found[real] = name
    return found


def corner_table(file: Path) -> Table | None:
    """Return the table of corner points: of a workbook the one sheet that has its columns."""
    if file.suffix.lower() != ".xlsx":
        return _corners_or_none(permit_table(file))
    found = [_corners_or_none(permit_table(file, name)) for name in _sheet_names(file)]
    tables = [table for table in found if table is not None]
    return tables[0] if len(tables) == 1 else None


def _corners_or_none(table: Table) -> Table | None:
    header, rows = table
    ours = our_names("", header)
    header = [ours.get(name, name) for name in header]
    return (header, rows) if set(CORNER_COLUMNS) <= set(header) else None


def _sheet_names(file: Path) -> list[str]:
    try:
        book = _book(file)
    except (OSError, BadZipFile, KeyError, ValueError):
        # The table's own reading says what is wrong with the file.
        return [""]
    names = list(book.sheetnames)
    book.close()
    return names


def _book(file: Path, **options: bool) -> Workbook:
    """Open a workbook; a file that is none is a `BadZipFile`."""
    # Imported where it is used: most answers come without a workbook, and this is heavy.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return openpyxl.load_workbook(file, read_only=True, **options)
    except InvalidFileException as error:
        raise BadZipFile(str(error)) from error


def _csv_rows(file: Path) -> list[tuple[int, list[Any]]]:
    text = file.read_text(encoding="utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    csv.field_size_limit(50_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = [(number, list(cells)) for number, cells in enumerate(reader, start=1)]
    width = len(rows[0][1]) if rows else 0
    for number, cells in rows:
        if len(cells) not in (0, width):
            raise PermitError(
                "{file}, row {row}: {found} cells instead of {wanted}",
                code="permit_row_width",
                hint="Put texts that hold the separator between quotes",
                file=file.name,
                row=number,
                found=len(cells),
                wanted=width,
            )
    return rows


def _sheet_rows(file: Path, sheet: str | None) -> list[tuple[int, list[Any]]]:
    book = _book(file, data_only=True)
    try:
        page = book[sheet] if sheet else book.worksheets[0]
        rows = [(n, list(cells)) for n, cells in enumerate(page.iter_rows(values_only=True), 1)]
    finally:
        book.close()
    if not rows:
        return []
    # Formatting alone makes a sheet wider than its table.
    width = max((i + 1 for i, cell in enumerate(rows[0][1]) if cell not in (None, "")), default=0)
    return [(n, cells[:width]) for n, cells in rows]
