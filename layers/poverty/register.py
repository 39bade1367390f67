"""Counts of families per desa and decile: DTSEN, and DTKS and P3KE before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pandas as pd

from layers.poverty.columns import codes, find_code_column, numbers
from layers.poverty.personal import refuse_personal
from layers.rule_files import Rule, find_rule, rules_of
from spatial.errors import SchemaError
from spatial.notes import Note

__all__ = ["Register", "read_register"]

#: Ways to write a quarter: 2025-Q3, 2025 TW3, Triwulan III 2025.
QUARTER: Final = re.compile(
    r"^(?:(?P<y1>20\d\d)[\s\-/]*(?:q|tw|t|triwulan)?[\s\-]*(?P<q1>[1-4]|i{1,3}|iv)"
    r"|(?:q|tw|t|triwulan)[\s\-]*(?P<q2>[1-4]|i{1,3}|iv)[\s\-/]*(?P<y2>20\d\d))$"
)
ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


@dataclass(frozen=True, slots=True)
class Register:
    """Families per desa and decile, of one source and one quarter.

    Parameters
    ----------
    table : DataFrame
        Index code of the desa, columns the deciles (1 is the poorest); NaN where a cell is
        not stated.
    source, quarter : str
        `DTSEN`, `2025-Q3`.
    rule : Rule
        What the source is, and which deciles it holds.
    notes : tuple of Note
    """

    table: pd.DataFrame
    source: str
    quarter: str
    rule: Rule
    notes: tuple[Note, ...] = ()

    def poor(self, deciles: tuple[int, ...] = (1,)) -> pd.DataFrame:
        """Return `poor` and `households` per desa.

        Parameters
        ----------
        deciles : tuple of int
            Which deciles count as poor.

        Returns
        -------
        DataFrame
            NaN where a decile that counts is not stated; `households` is NaN throughout for
            a source that holds the lowest deciles only: its sum is not everyone.

        Raises
        ------
        SchemaError
            `decile_not_held`.

        Examples
        --------
        >>> table = pd.DataFrame({"kode_desa": ["33.74.01.1001"] * 10, "desil": range(1, 11),
        ...     "jumlah_kk": 20, "sumber": "DTSEN", "triwulan": "2025-Q3"})
        >>> read_register(table).poor((1, 2)).iloc[0].to_list()
        [40.0, 200.0]
        """
        missing = [one for one in deciles if one not in self.table.columns]
        if missing or not deciles:
            raise SchemaError(
                "{source} holds the deciles {held}, not {asked}",
                code="decile_not_held",
                source=self.source,
                held=", ".join(map(str, self.table.columns)),
                asked=", ".join(map(str, missing)) or "none",
            )
        everyone = self.table.sum(axis=1, min_count=len(self.table.columns), skipna=False)
        return pd.DataFrame(
            {
                "poor": self.table[list(deciles)].sum(axis=1, skipna=False),
                "households": everyone if self.rule.data["complete"] else float("nan"),
            }
        )


def read_register(frame: pd.DataFrame, *, private: bool = False, what: str = "table") -> Register:
    """Read a table of counts per desa and decile.

    Parameters
    ----------
    frame : DataFrame
        Columns, any case: code of the desa; `sumber`; `triwulan` (or `periode`); and either
        `desil` with `jumlah_kk` (or `jumlah_keluarga`), or one column `desil_1` ... each.
    private : bool
        True in a private workspace.
    what : str
        Name of the table, for messages.

    Raises
    ------
    AccessError
        If rows are persons.
    SchemaError
        `register_column`, `register_source`, `register_quarter`, `register_decile`,
        `register_repeats`, `register_count`.

    Examples
    --------
    >>> wide = pd.DataFrame({"kode_desa": ["33.74.01.1001"], "sumber": ["dtks"],
    ...     "triwulan": ["Triwulan IV 2024"], "desil_1": [12], "desil_2": [30],
    ...     "desil_3": [41], "desil_4": [50]})
    >>> read = read_register(wide)
    >>> read.source, read.quarter, read.table.loc["33.74.01.1001", 2]
    ('DTKS', '2024-Q4', np.float64(30.0))
    """
    refuse_personal(frame, private=private, what=what)
    lower = frame.rename(columns=lambda name: str(name).strip().lower())
    source, rule = _source(lower)
    quarter = _quarter(lower)
    table = _wide(lower)
    _check(table, rule, source)
    notes = (
        (
            Note(
                "register_legacy",
                "{source} was replaced by DTSEN: its counts are of {quarter}",
                "warning",
                {"source": source, "quarter": quarter},
            ),
        )
        if rule.data["legacy"]
        else ()
    )
    return Register(table.reindex(columns=sorted(table.columns)), source, quarter, rule, notes)


def _column(frame: pd.DataFrame, *names: str) -> pd.Series:
    found = next((name for name in names if name in frame.columns), None)
    if found is None:
        raise SchemaError(
            "a register needs a column {column}",
            code="register_column",
            hint="The columns are: {columns}",
            column=" or ".join(names),
            columns=", ".join(map(str, frame.columns)),
        )
    return frame[found]


def _one(column: pd.Series, code: str) -> str:
    """Return the one value of a column."""
    values = column.dropna().astype(str).str.strip().unique()
    if len(values) != 1 or not values[0]:
        raise SchemaError(
            "column {column!r} must hold one value for the whole table, not {count}",
            code=code,
            hint="Keep one source and one quarter per table",
            column=str(column.name),
            count=len(values),
        )
    return str(values[0])


def _source(frame: pd.DataFrame) -> tuple[str, Rule]:
    name = _one(_column(frame, "sumber", "source"), "register_source").lower()
    known = rules_of("layers.poverty", "register")
    if name not in known:
        raise SchemaError(
            "{source!r} is no register that is known",
            code="register_source",
            hint="Known: {known}",
            source=name[:40],
            known=", ".join(one.upper() for one in known),
        )
    return name.upper(), find_rule("layers.poverty", "register", name)


def _quarter(frame: pd.DataFrame) -> str:
    text = _one(_column(frame, "triwulan", "periode", "quarter"), "register_quarter")
    found = QUARTER.match(text.strip().lower())
    if found is None:
        raise SchemaError(
            "{text!r} is no quarter",
            code="register_quarter",
            hint="Write 2025-Q3 or Triwulan III 2025",
            text=text[:40],
        )
    number = found["q1"] or found["q2"]
    return f"{found['y1'] or found['y2']}-Q{ROMAN.get(number, number)}"


def _wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Return desa by decile from either form."""
    code = find_code_column(frame.columns)
    if code is None:
        raise SchemaError(
            "a register needs a column {column}",
            code="register_column",
            hint="The columns are: {columns}",
            column="kode_desa",
            columns=", ".join(map(str, frame.columns)),
        )
    spread = {
        int(found[1]): str(name)
        for name in frame.columns
        if (found := re.fullmatch(r"desil[\s_]*(\d{1,2})", str(name)))
    }
    if spread:
        table = pd.DataFrame({one: numbers(frame[name]) for one, name in spread.items()})
        return table.set_axis(codes(frame[code]))
    return _from_long(frame, frame[code].astype("string").str.strip().rename("id"))


def _from_long(frame: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    decile = numbers(_column(frame, "desil", "decile"))
    counts = numbers(_column(frame, "jumlah_kk", "jumlah_keluarga", "jumlah", "keluarga"))
    if names.isna().any() or decile.isna().any() or (decile % 1 != 0).any():
        row = int((names.isna() | decile.isna() | (decile % 1 != 0)).to_numpy(dtype=bool).argmax())
        raise SchemaError(
            "row {row} has no code or no decile",
            code="register_decile",
            hint="Deciles are whole numbers from 1, the poorest, to 10",
            row=row + 1,
        )
    keys = pd.MultiIndex.from_arrays([names.astype(str), decile.astype(int)])
    if not keys.is_unique:
        id_, one = next(iter(keys[keys.duplicated()]))
        raise SchemaError(
            "desa {id}, decile {decile} stands more than once",
            code="register_repeats",
            hint="Add the rows up, and keep one quarter only",
            id=str(id_),
            decile=str(one),
        )
    long = pd.DataFrame({"id": names.astype(str), "decile": decile.astype(int), "count": counts})
    table = long.pivot_table("count", "id", "decile", "sum", sort=False, dropna=False)
    stated = long.pivot_table("count", "id", "decile", "count", sort=False, dropna=False) > 0
    return table.where(stated).rename_axis(columns=None)


def _check(table: pd.DataFrame, rule: Rule, source: str) -> None:
    held = rule.data["deciles"]
    odd = [int(one) for one in table.columns if one not in held]
    if odd:
        raise SchemaError(
            "{source} has no decile {decile}",
            code="register_decile",
            hint="Deciles are whole numbers from 1, the poorest, to 10",
            source=source,
            decile=odd[0],
            row=0,
        )
    wrong = (table < 0) | (table % 1 != 0) & table.notna()
    if wrong.any(axis=None):
        id_ = table.index[wrong.any(axis=1)][0]
        raise SchemaError(
            "desa {id} has a count that is negative or no whole number",
            code="register_count",
            id=str(id_),
        )
