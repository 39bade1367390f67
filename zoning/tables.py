"""Rule tables read strictly: every fault with file, row, column and what would mend it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from spatial.errors import PlanError
from spatial.notes import Note

__all__ = [
    "Row",
    "TableReading",
    "columns_of",
    "raise_first",
    "read_lines",
    "read_table",
    "schema",
    "validate",
]

#: A rule table is typed by people; anything larger is not one.
MAX_BYTES: Final = 20_000_000
NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its line in the file (the header is 1) and its filled cells."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TableReading:
    """What was read of one file, and its faults."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: tuple[Note, ...]


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the published JSON schema of a plan file.

    Parameters
    ----------
    name : str
        `plan`, `itbx`, `intensitas`, `ketentuan_khusus`, `kbli`, `pengecualian`, `sempadan`.

    Examples
    --------
    >>> schema("kbli")["properties"]["kbli"]["pattern"]
    '^[0-9]{5}$'
    """
    text = (resources.files("zoning") / "schemas" / f"{name}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), format_checker=FormatChecker(["date"]))


def columns_of(name: str) -> tuple[str, ...]:
    """Return the named columns of a table in their order (for itbx: without the zones)."""
    return tuple(schema(name)["properties"])


def read_table(path: Path, name: str) -> TableReading:
    """Read one rule table and list every fault in it; nothing is repaired.

    Parameters
    ----------
    path : Path
        A CSV file, UTF-8, with a header.
    name : str
        Its schema.

    Raises
    ------
    PlanError
        If the file cannot be read at all.
    """
    lines, torn = _lines(path)
    if torn is not None:
        return TableReading(path.name, (), (), (torn,))
    if not lines or not any(lines[0]):
        raise PlanError(
            "{file} is empty",
            code="plan_table_empty",
            hint="Its first line names the columns: {columns}",
            file=path.name,
            columns=", ".join(columns_of(name)),
        )
    header = tuple(cell.strip() for cell in lines[0])
    faults = list(_header_faults(path.name, header, name))
    if faults:
        return TableReading(path.name, header, (), tuple(faults))
    rows = []
    for line, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        values, found = _row(path.name, line, header, cells, name)
        faults.extend(found)
        rows.append(Row(line, values))
    return TableReading(path.name, header, tuple(rows), tuple(faults))


def read_lines(path: Path) -> list[list[str]]:
    """Return the cells of every line of a CSV file, bounded and UTF-8.

    Raises
    ------
    PlanError
        If the text is not one.
    """
    lines, torn = _lines(path)
    raise_first([] if torn is None else [torn])
    return lines


def _lines(path: Path) -> tuple[list[list[str]], Note | None]:
    """Return the cells of every line, or where the text stops being a table."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        return list(reader), None
    except csv.Error as error:
        text = "{file}, row {row}: the text is no table here: {why}; check the quotes"
        facts = {"file": path.name, "row": reader.line_num, "column": None, "why": str(error)}
        return [], Note("plan_table_torn", text, "error", facts)


def _text(path: Path) -> str:
    """Read a bounded UTF-8 text, with or without the mark that Excel writes."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlanError(
                "{file} is larger than {limit} bytes",
                code="plan_table_too_large",
                file=path.name,
                limit=MAX_BYTES,
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(
            "{file} is not UTF-8 at byte {byte}",
            code="plan_table_encoding",
            hint="In Excel: Save as, CSV UTF-8 (comma delimited)",
            file=path.name,
            byte=error.start,
        ) from error
    except OSError as error:
        raise PlanError(
            "{file} cannot be read: {why}",
            code="plan_table_unreadable",
            file=path.name,
            why=error.strerror or type(error).__name__,
        ) from error


def _header_faults(file: str, header: tuple[str, ...], name: str) -> Iterator[Note]:
    if len(header) == 1 and ";" in header[0]:
        yield Note(
            "plan_delimiter",
            "{file}: columns are separated by semicolons; save as CSV UTF-8 (comma delimited)",
            "error",
            {"file": file, "row": 1},
        )
        return
    known = schema(name)
    patterns = known.get("patternProperties", {})
    for column in header:
        details = {"file": file, "row": 1, "column": column}
        if header.count(column) > 1:
            yield Note("plan_column_twice", "{file}: column {column!r} stands twice; keep one",
                       "error", details)  # fmt: skip
        elif column not in known["properties"] and not (patterns and column[:1].isupper()):
            yield Note(
                "plan_column_unknown",
                "{file}: there is no column {column!r}; known are {known}",
                "error",
                details | {"known": ", ".join(known["properties"])},
            )
    for column in known["required"]:
        if column not in header:
            yield Note("plan_column_missing", "{file}: column {column!r} is missing; add it",
                       "error", {"file": file, "row": 1, "column": column})  # fmt: skip


def _row(
    file: str, line: int, header: tuple[str, ...], cells: list[str], name: str
) -> tuple[dict[str, Any], list[Note]]:
    if len(cells) != len(header):
        details = {"file": file, "row": line, "found": len(cells), "wanted": len(header)}
        return {}, [
            Note(
                "plan_row_width",
                "{file}, row {row}: {found} cells instead of {wanted}; put texts with a comma "
                'between "quotes"',
                "error",
                details,
            )
        ]
    values: dict[str, Any] = {}
    faults: list[Note] = []
    kinds = schema(name)["properties"]
    for column, cell in zip(header, (cell.strip() for cell in cells), strict=True):
        if cell == "":
            continue
        if kinds.get(column, {}).get("type") != "number":
            values[column] = cell
            continue
        # float() alone would also take "1_000", "nan" and "inf".
        if NUMBER.fullmatch(cell):
            values[column] = float(cell)
        else:
            faults.append(_not_a_number(file, line, column, cell))
    return values, faults + list(validate(values, name, file=file, line=line, skip=faults))


def _not_a_number(file: str, line: int, column: str, cell: str) -> Note:
    return Note(
        "plan_not_a_number",
        "{file}, row {row}, column {column}: {value!r} is no number; write it like 0.6, with a "
        "point and without a unit",
        "error",
        {"file": file, "row": line, "column": column, "value": cell},
    )


def validate(
    values: Mapping[str, Any],
    name: str,
    *,
    file: str,
    line: int | None = None,
    skip: list[Note] | None = None,
) -> Iterator[Note]:
    """Yield a note for every place where values differ from their schema."""
    done = {note.details.get("column") for note in skip or ()}
    for error in sorted(_validator(name).iter_errors(values), key=lambda e: str(list(e.path))):
        if (note := _fault(error, file, line)).details.get("column") not in done:
            yield note


def _fault(error: ValidationError, file: str, line: int | None) -> Note:
    column = ".".join(str(step) for step in error.absolute_path)
    details = {"file": file, "row": line, "column": column, "value": _short(error.instance)}
    wanted: Any = error.validator_value
    if error.validator == "required":
        # jsonschema says which one only in its sentence: "'pasal' is a required property".
        missing = error.message.split("'")[1]
        column = f"{column}.{missing}" if column else missing
        text = "{file}, row {row}, column {column}: nothing stands there; fill it"
        return Note("plan_cell_empty", text, "error", details | {"column": column})
    if error.validator == "enum":
        text = "{file}, row {row}, column {column}: {value} is not known; write one of {known}"
        known = ", ".join(str(value) for value in wanted)
        return Note("plan_value_unknown", text, "error", details | {"known": known})
    if error.validator == "format":
        text = "{file}, row {row}, column {column}: {value} is no date; write it like 2024-06-13"
        return Note("plan_not_a_date", text, "error", details)
    if error.validator == "additionalProperties":
        text = "{file}, row {row}: there is no {column!r}; remove it or correct its name. "
        text += "Known: {known}"
        facts = _extra(error, column)
        return Note("plan_key_unknown", text, "error", details | facts)
    if error.validator == "pattern" and file == "itbx.csv":
        text = "{file}, row {row}, column {column}: {value} is no cell of a matrix; write I, X, T, "
        text += "B, T1, T1,B1 (both) or T|B (one of them), or leave it blank"
        return Note("plan_matrix_cell", text, "error", details)
    text = "{file}, row {row}, column {column}: {value} does not fit: {problem}. {meaning}"
    meaning = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    facts = details | {"problem": _problem(error), "meaning": meaning}
    return Note("plan_value_unfit", text, "error", facts)


def _extra(error: ValidationError, path: str) -> dict[str, Any]:
    """Return the first key that the schema does not know, and those it knows."""
    known = list(error.schema.get("properties", {})) if isinstance(error.schema, dict) else []
    patterns = error.schema.get("patternProperties", {}) if isinstance(error.schema, dict) else {}
    present: Any = error.instance
    extra = next(
        str(key)
        for key in present
        if key not in known and not any(re.search(one, str(key)) for one in patterns)
    )
    column = f"{path}.{extra}" if path else extra
    return {"column": column, "known": ", ".join(known) or " ".join(patterns)}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _problem(error: ValidationError) -> str:
    return f"{error.validator} {_short(error.validator_value)}"


def raise_first(faults: list[Note]) -> None:
    """Refuse a plan with faults: the first in the message, all of them in the details.

    Raises
    ------
    PlanError
        If there is any.
    """
    if not faults:
        return
    first = faults[0]
    error = PlanError(first.text, code=first.code, **first.details)
    error.details["faults"] = [str(fault) for fault in faults]
    raise error
