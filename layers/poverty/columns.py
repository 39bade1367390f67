"""Columns of poverty tables as they come: codes, numbers, periods; refused with their row."""

from __future__ import annotations

from typing import Final

import pandas as pd

from spatial.errors import SchemaError

__all__ = ["MISSING", "codes", "find_code_column", "numbers", "single_period"]

#: What agencies write where there is no number.
MISSING: Final = ("", "-", "–", "na", "n/a", "nan", "null", "none", "...", "x")
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
    if column.isna().any():
        raise SchemaError(
            "row {row} has no code in column {column!r}",
            code="area_code_missing",
            hint="Give every area its code",
            row=int(column.isna().to_numpy().argmax()) + 1,
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


def numbers(column: pd.Series) -> pd.Series:
    """Return a column as floats; signs of absence become NaN, anything else is refused.

    Text such as "12,5" is refused rather than guessed: it may be twelve and a half or 125.

    Raises
    ------
    SchemaError
        With the first rows that hold no number.

    Examples
    --------
    >>> numbers(pd.Series(["12", "-", "7.5"])).to_list()
    [12.0, nan, 7.5]
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype("float64")
    text = column.astype("string").str.strip()
    absent = text.isna() | text.str.lower().isin(MISSING)
    values = pd.to_numeric(text.where(~absent), errors="coerce").astype("float64")
    wrong = values.isna() & ~absent
    if wrong.any():
        first = int(wrong.to_numpy().argmax())
        raise SchemaError(
            "column {column!r} holds text in {count} rows, first in row {row}: {text!r}",
            code="column_text",
            hint="Write numbers with a point: 12.5",
            column=str(column.name),
            count=int(wrong.sum()),
            row=first + 1,
            text=str(text.iloc[first])[:40],
        )
    return values


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
