"""Columns of poverty tables as they come: codes, numbers, periods; refused with their row."""

from __future__ import annotations

import re
from typing import Final, Literal

import pandas as pd

from spatial.errors import SchemaError

__all__ = ["MISSING", "Decimal", "codes", "find_code_column", "numbers", "single_period"]

#: What agencies write where there is no number.
MISSING: Final = ("", "-", "–", "na", "n/a", "nan", "null", "none", "...", "x")
Decimal = Literal["point", "comma"]
#: Numbers with a decimal point, and with a decimal comma and points between thousands.
POINT: Final = r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"
COMMA: Final = r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
#: Names under which the code of an area is known, best first.
CODE_COLUMNS: Final = ("kdepum", "kode_desa", "kdcpum", "kdppum", "kode_wilayah", "kode", "id")
#: Names under which a period is known: rows of two periods must not be studied as one.
PERIOD_COLUMNS: Final = ("tahun", "triwulan", "periode", "edisi", "vintage")


def find_code_column(columns: pd.Index) -> str | None:
    """Return the column that holds the areas' codes, None where none is known.

    Examples
    --------
    >>> find_code_column(pd.Index(["nama", "KDEPUM"]))
    'KDEPUM'
    """
    known = {str(name).lower(): str(name) for name in columns}
    return next((known[name] for name in CODE_COLUMNS if name in known), None)


def codes(column: pd.Series) -> pd.Index:
    """Return codes as strings, each in one row only.

    Raises
    ------
    SchemaError
        If one is missing or stands twice.

    Examples
    --------
    >>> codes(pd.Series([33.0, 34.0])).to_list()
    ['33', '34']
    """
    empty = column.isna() | (column.astype("string").str.strip() == "").fillna(True)
    if empty.any():
        raise SchemaError(
            "row {row} has no code in column {column!r}",
            code="area_code_missing",
            hint="Give every area its code",
            row=int(empty.to_numpy(dtype=bool).argmax()) + 1,
            column=str(column.name),
        )
    whole = (
        column.astype("int64")
        if pd.api.types.is_float_dtype(column) and (column % 1 == 0).all()
        else column
    )
    text = pd.Index(whole.astype(str).str.strip(), name="id")
    if not text.is_unique:
        again = text[text.duplicated()]
        raise SchemaError(
            "code {id} stands more than once in column {column!r} ({count} such rows)",
            code="area_code_repeats",
            hint="Merge the pieces of one area into one row, and keep one period only",
            id=str(again[0]),
            column=str(column.name),
            count=len(again),
        )
    return text


def numbers(column: pd.Series, *, decimal: Decimal | None = None) -> pd.Series:
    """Return a column as floats; signs of absence become NaN, anything else is refused.

    A column of texts is read as a whole: "7.5" somewhere in it makes the point a decimal one,
    "1.234,5" or "12,5" the comma. Where every number could be either ("1.234"), none is guessed.

    Parameters
    ----------
    column : Series
    decimal : {"point", "comma"}, optional
        What parts whole and fraction, for columns that could be either.

    Raises
    ------
    SchemaError
        `column_text` with the first row that holds no number, `column_doubtful`.

    Examples
    --------
    >>> numbers(pd.Series(["12", "-", "7.5"])).to_list()
    [12.0, nan, 7.5]
    >>> numbers(pd.Series(["1.234", "7,5"])).to_list()
    [1234.0, 7.5]
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype("float64")
    written = column.map(lambda value: value.strip() if isinstance(value, str) else value)
    absent = written.isna() | written.map(lambda v: isinstance(v, str) and v.lower() in MISSING)
    texts = written[~absent & written.map(lambda value: isinstance(value, str))].astype(str)
    mark = decimal or _decimal(texts, str(column.name))
    values = written.where(~absent).map(lambda value: _number(value, mark)).astype("float64")
    wrong = values.isna() & ~absent
    if wrong.any():
        first = int(wrong.to_numpy().argmax())
        raise SchemaError(
            "column {column!r} holds text in {count} rows, first in row {row}: {text!r}",
            code="column_text",
            hint="Write numbers alone, and leave the cell empty where there is none",
            column=str(column.name),
            count=int(wrong.sum()),
            row=first + 1,
            text=str(column.iloc[first])[:40],
        )
    return values


def _decimal(texts: pd.Series, name: str) -> Decimal:
    """Say what parts whole and fraction in a column; point where nothing speaks for a comma."""
    point, comma = texts.str.fullmatch(POINT), texts.str.fullmatch(COMMA)
    if point.all() and comma.all() and texts.str.contains(".", regex=False).any():
        raise SchemaError(
            "column {column!r}: {text!r} and all its numbers may be thousands or fractions",
            code="column_doubtful",
            hint="Say which with --decimal point or --decimal comma",
            column=name,
            text=str(texts[texts.str.contains(".", regex=False)].iloc[0]),
        )
    return "comma" if comma.sum() > point.sum() else "point"


def _number(value: object, decimal: Decimal) -> float:
    if isinstance(value, str):
        if not re.fullmatch(POINT if decimal == "point" else COMMA, value):
            return float("nan")
        return float(value if decimal == "point" else value.replace(".", "").replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return float("nan")
    return float(value)


def single_period(frame: pd.DataFrame) -> None:
    """Refuse a table in which rows of two periods stand together.

    Raises
    ------
    SchemaError

    Examples
    --------
    >>> single_period(pd.DataFrame({"TAHUN": [2024, 2024]}))
    """
    for name in frame.columns:
        if str(name).lower() not in PERIOD_COLUMNS:
            continue
        periods = sorted(frame[name].dropna().astype(str).unique())
        if len(periods) > 1:
            raise SchemaError(
                "column {column!r} mixes {count} periods: {periods}",
                code="periods_mixed",
                hint="Study one period at a time; two are compared with the change of hotspots",
                column=str(name),
                count=len(periods),
                periods=", ".join(periods[:5]),
            )
