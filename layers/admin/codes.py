"""Codes of the Ministry of Home Affairs (Kemendagri): read, taken apart, joined on.

A code has two digits for the province, two for the kabupaten/kota, two for the kecamatan and
four for the desa/kelurahan: 33.74.01.1001. Files write it with or without dots. Names are no
keys: in one province 3,910 desa share theirs with another.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from spatial.errors import SchemaError
from spatial.notes import Note

__all__ = ["LEVELS", "code_column", "join", "level_of", "parent_of", "parse_codes"]

#: Level -> length of its code with dots, from the largest area to the smallest.
LEVELS: Final = {"provinsi": 2, "kabkota": 5, "kecamatan": 8, "desa": 13}
#: Columns that hold codes, in the order in which they are looked for.
COLUMNS: Final = ("kode_desa", "kode", "kdepum", "kode_kec", "kdcpum", "kode_kab", "kdpkab")
_DOTTED: Final = r"\d{2}(?:\.\d{2}(?:\.\d{2}(?:\.\d{4})?)?)?"
_LEVEL_OF_LENGTH: Final = {length: name for name, length in LEVELS.items()}
_NAMED: Final = 5


def parse_codes(values: pd.Series[Any], *, what: str = "the column") -> pd.Series[str]:
    """Return codes with dots; anything that is none is refused.

    Raises
    ------
    SchemaError
        `admin_code_name`, if names stand where codes should; `admin_code`, if something else.

    Examples
    --------
    >>> parse_codes(pd.Series(["3374011001", "33.74.01"])).tolist()
    ['33.74.01.1001', '33.74.01']
    """
    text = values.astype("string").str.strip().fillna("")
    plain = text.str.replace(".", "", regex=False)
    dotted = plain.str.replace(r"^(\d{2})(\d{2})?(\d{2})?(\d{4})?$", _with_dots, regex=True)
    wrong = ~dotted.str.fullmatch(_DOTTED) | (
        text.str.contains(".", regex=False) & (text != dotted)
    )
    if wrong.any():
        examples = ", ".join(repr(str(one)) for one in values[wrong].head(_NAMED))
        if text[wrong].str.contains(r"[A-Za-z]").all():
            raise SchemaError(
                "{what} holds names, not codes: {examples}",
                code="admin_code_name",
                hint="Areas are joined by code; many desa share a name. Give the column of codes",
                what=what,
                examples=examples,
            )
        raise SchemaError(
            "{what} holds {count} values that are no codes of areas: {examples}",
            code="admin_code",
            hint="Write 33.74.01.1001 or 3374011001, as text: numbers lose zeros",
            what=what,
            count=int(wrong.sum()),
            examples=examples,
        )
    return dotted.astype("str")


def _with_dots(found: Any) -> str:
    return ".".join(part for part in found.groups() if part)


def level_of(code: str) -> str:
    """Return the level of a code.

    Examples
    --------
    >>> level_of("33.74.01.1001"), level_of("33.74")
    ('desa', 'kabkota')
    """
    return _LEVEL_OF_LENGTH[len(code)]


def parent_of(code: str, level: str) -> str:
    """Return the code of the larger area that a code lies in.

    Examples
    --------
    >>> parent_of("33.74.01.1001", "kecamatan")
    '33.74.01'
    """
    return code[: LEVELS[level]]


def code_column(frame: pd.DataFrame, *, what: str = "the layer") -> str:
    """Return the column of the smallest areas' codes.

    Raises
    ------
    SchemaError
        `admin_code_column`, if there is none.

    Examples
    --------
    >>> code_column(pd.DataFrame({"nama": ["Bulu Lor"], "kode": ["33.74.02.1001"]}))
    'kode'
    """
    lower = {str(name).lower(): str(name) for name in frame.columns}
    for name in COLUMNS:
        if name in lower:
            return lower[name]
    raise SchemaError(
        "{what} has no column with codes of areas",
        code="admin_code_column",
        hint="It is called one of {known}. Columns there: {columns}",
        what=what,
        known=", ".join(COLUMNS),
        columns=", ".join(map(str, frame.columns)),
    )


def join(
    left: pd.DataFrame, right: pd.DataFrame, *, left_on: str, right_on: str
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Join a table to areas by code, and tell which rows found no partner.

    Parameters
    ----------
    left, right : DataFrame
        Every row of `left` is kept, in its order and with its index.
    left_on, right_on : str
        Columns of codes. Names are refused.

    Returns
    -------
    frame : DataFrame
        `left` with the other columns of `right`; NA where there is no partner.
    notes : tuple of Note
        `admin_join_left` and `admin_join_right`: codes without partner.

    Raises
    ------
    SchemaError
        If a column holds names or other values, or a code stands twice in `right`.

    Examples
    --------
    >>> areas = pd.DataFrame({"kode": ["33.74.01.1001", "33.74.01.1002"]})
    >>> people = pd.DataFrame({"kode_desa": ["3374011001"], "jiwa": [5120]})
    >>> frame, notes = join(areas, people, left_on="kode", right_on="kode_desa")
    >>> frame["jiwa"].tolist(), [note.code for note in notes]
    ([5120.0, nan], ['admin_join_left'])
    """
    ours = parse_codes(left[left_on], what=f"column {left_on}")
    theirs = parse_codes(right[right_on], what=f"column {right_on}")
    if (again := theirs[theirs.duplicated()]).any():
        raise SchemaError(
            "code {codes} stands more than once in column {column}",
            code="admin_code_twice",
            hint="One row for each code: sum the rows first, or correct the file",
            codes=_some(again),
            column=right_on,
        )
    table = right.set_axis(pd.Index(theirs)).drop(columns=right_on).reindex(ours)
    table = table[[name for name in table.columns if name not in left.columns]]
    frame = left.assign(**{str(name): table[name].to_numpy() for name in table.columns})
    return frame, tuple(_unmatched(set(ours), set(theirs)))


def _unmatched(ours: set[str], theirs: set[str]) -> Iterable[Note]:
    for code, missing in (("admin_join_left", ours - theirs), ("admin_join_right", theirs - ours)):
        if missing:
            details = {"count": len(missing), "codes": _some(sorted(missing))}
            if code == "admin_join_left":
                text = "{count} areas have no row in the table: {codes}"
                yield Note("admin_join_left", text, "warning", details)
            else:
                text = "{count} rows of the table belong to no area: {codes}"
                yield Note("admin_join_right", text, "warning", details)


def _some(codes: Iterable[str]) -> str:
    every = list(codes)
    return ", ".join(every[:_NAMED]) + (" ..." if len(every) > _NAMED else "")
