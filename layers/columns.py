"""Columns of a file made ours: renamed once, read as what the kind says, every doubt told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.code_lists import CodeList, code_lists, nearest, unresolved
from layers.kinds import Kind
from layers.values import blank_to_na, says_none, to_dates, to_numbers
from spatial.notes import Note

__all__ = ["renamed", "valued"]

Frame: TypeAlias = gpd.GeoDataFrame | pd.DataFrame
#: Rows and values named in one note; the rest is counted.
_NAMED = 20


def renamed(frame: Frame, kind: Kind | None, official: list[str]) -> tuple[Frame, dict[str, str]]:
    """Return the frame with our names, and our name -> official name.

    Two columns that differ only in case keep both: the second under its own name.
    """
    names = kind.rename(official) if kind else {name: name.strip().lower() for name in official}
    taken: dict[str, str] = {}
    for name, ours in names.items():
        taken[ours if ours not in taken else name] = name
    return frame.rename(columns={name: ours for ours, name in taken.items()}), taken


def valued(frame: Frame, kind: Kind | None, notes: list[Note]) -> Frame:
    """Turn words for nothing into NA, read numbers, days and codes, and derive columns.

    What is doubtful is left empty and noted with its rows; a code that no list knows is kept
    and noted with the nearest one, which is never taken for it.
    """
    result = frame.copy()
    for column in frame.columns:
        if column != "geometry" and _is_text(frame[column]):
            result[column] = blank_to_na(frame[column])
    if kind is None:
        return result
    for column in kind.numbers:
        if column in result.columns:
            result[column] = _read(frame[column], to_numbers, "number", notes)
            _note_negative(result[column], notes)
    for column in kind.dates:
        if column in result.columns:
            result[column] = _read(frame[column], to_dates, "date", notes)
    for column in kind.codes:
        if column in result.columns:
            result[column] = result[column].map(_code).astype("str")
    for column, sources in kind.derived.items():
        there = [source for source in sources if source in result.columns]
        if there and column not in result.columns:
            result[column] = _first_filled(result, there)
    _note_codes(result, kind, notes)
    return result


def _read(
    values: pd.Series[Any],
    how: Callable[[pd.Series[Any]], tuple[pd.Series[Any], pd.Series[bool]]],
    what: str,
    notes: list[Note],
) -> pd.Series[Any]:
    read, doubtful = how(values)
    if doubtful.any():
        facts = {
            "column": str(values.name),
            "count": int(doubtful.sum()),
            "example": str(values[doubtful].iloc[0]),
            "rows": _rows(doubtful),
        }
        if what == "number":
            text = (
                "column {column}: {count} values are no numbers beyond doubt, such as {example!r}; "
                "left empty"
            )
            notes.append(Note("number_doubtful", text, "warning", facts))
        else:
            text = (
                "column {column}: {count} values are no days beyond doubt, such as {example!r}; "
                "left empty"
            )
            notes.append(Note("date_doubtful", text, "warning", facts))
    return read


def _note_negative(values: pd.Series[Any], notes: list[Note]) -> None:
    negative = (values < 0).to_numpy()
    if negative.any():
        facts = {"column": str(values.name), "count": int(negative.sum()), "rows": _rows(negative)}
        notes.append(
            Note(
                "number_negative",
                "column {column}: {count} values are below zero",
                "warning",
                facts,
            )
        )


def _note_codes(frame: Frame, kind: Kind, notes: list[Note]) -> None:
    """Tell codes that no list of the kind knows, and classes that name two at once."""
    lists = [code_lists()[name] for name in kind.code_lists]
    for column in dict.fromkeys(one.column for one in lists):
        if column in frame.columns:
            _note_unknown(frame[column], [one for one in lists if one.column == column], notes)
    for column in (*kind.derived, "namobj"):
        if column in frame.columns and kind.partition:
            double = frame[column].map(unresolved).to_numpy(dtype=bool)
            if double.any():
                facts = {
                    "column": column,
                    "count": int(double.sum()),
                    "example": str(frame[column][double].iloc[0]),
                    "rows": _rows(double),
                }
                text = (
                    "column {column}: {count} rows name two classes at once, such as {example!r}; "
                    "they are unresolved"
                )
                notes.append(Note("class_unresolved", text, "warning", facts))
                return


def _note_unknown(values: pd.Series[Any], lists: list[CodeList], notes: list[Note]) -> None:
    if not any(one.complete for one in lists):
        return
    known = {code for one in lists for code in one.values}
    folded = {code.lower() for code in known}
    systems = ", ".join(dict.fromkeys(one.system for one in lists))
    texts = values[~values.map(says_none).astype(bool)].astype(str)
    for code in texts.unique():
        if code.strip().lower() in folded or unresolved(code):
            continue
        rows = (values.astype(object) == code).to_numpy(dtype=bool)
        facts = {
            "column": str(values.name),
            "code": code,
            "systems": systems,
            "nearest": nearest(code, known) or "-",
            "count": int(rows.sum()),
            "rows": _rows(rows),
        }
        text = (
            "column {column}: {code!r} ({count} rows) is in no list ({systems}); nearest: {nearest}"
        )
        notes.append(Note("code_unknown", text, "warning", facts))


def _rows(mask: Any) -> list[int]:
    return [int(row) for row in np.flatnonzero(mask)[:_NAMED]]


def _is_text(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_string_dtype(values) or pd.api.types.is_object_dtype(values)


def _code(value: Any) -> Any:
    """Write a code as text: a file may have made 1003 or 1003.0 of it."""
    if value is None or pd.isna(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _first_filled(frame: pd.DataFrame, sources: list[str]) -> pd.Series[Any]:
    filled = frame[sources].map(lambda value: None if says_none(value) else value)
    return filled.bfill(axis=1).iloc[:, 0]
