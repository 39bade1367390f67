"""Which code became which between two editions of the codes, and by what one knows it.

What both editions hold is the same area by definition of the ministry, unless the ground
says otherwise. What came and what went is paired by ground where both editions have it, with
shares; without ground a pair of one name in one kabupaten is only a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from layers.admin.codes import LEVELS, level_of, parse_codes
from layers.admin.links import NOWHERE, compare_codes, ground_links
from spatial.errors import SchemaError

__all__ = ["Crosswalk", "crosswalk"]

#: What the ground says of a pair, in the words of the table.
_CHANGES: Final = {"same": "same", "moved": "recoded", "split": "split", "merged": "merged"}
COLUMNS: Final = (
    "level",
    "code_old",
    "name_old",
    "code_new",
    "name_new",
    "change",
    "basis",
    "share_of_old",
    "share_of_new",
)


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """Codes of two editions side by side.

    Parameters
    ----------
    table : DataFrame
        One row per pair; every code of both editions is in at least one. `change` is `same`,
        `renamed`, `added`, `removed`, `recoded` (one area, another code), `split` (a part of
        the old area) or `merged` (the whole old area, a part of the new). `basis` says how
        one knows: `code`, `ground`, or `name`, which is only a proposal. `share_of_old` and
        `share_of_new` (0..1) are NA without ground.
    """

    table: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Return how many codes were added, removed and renamed, whatever they were paired with."""
        old, new = self.table["code_old"].dropna(), self.table["code_new"].dropna()
        renamed = self.table[self.table["change"] == "renamed"]
        return {
            "added": len(set(new) - set(old)),
            "removed": len(set(old) - set(new)),
            "renamed": len(renamed),
        }


def crosswalk(
    old: pd.DataFrame, new: pd.DataFrame, *, code: str = "kode", name: str = "nama"
) -> Crosswalk:
    """Compare two editions of administrative codes.

    Parameters
    ----------
    old, new : DataFrame or GeoDataFrame
        One row per code. Where both have geometry, areas are compared by ground too.
    code, name : str
        Columns of both.

    Raises
    ------
    SchemaError
        If a column is missing, holds no codes, or holds one twice.

    Examples
    --------
    >>> old = pd.DataFrame({"kode": ["33.09.02.2001", "33.09.02.2002"], "nama": ["Seboto", "A"]})
    >>> new = pd.DataFrame({"kode": ["33.09.20.2001", "33.09.02.2002"], "nama": ["Seboto", "B"]})
    >>> crosswalk(old, new).table[["code_old", "code_new", "change", "basis"]].values.tolist()
    [['33.09.02.2001', '33.09.20.2001', 'recoded', 'name'],
     ['33.09.02.2002', '33.09.02.2002', 'renamed', 'code']]
    """
    names_old, names_new = _names(old, code, name, "old"), _names(new, code, name, "new")
    codes = compare_codes(names_old, names_new)
    both = codes[codes["kind"].isin(["same", "renamed"])]
    rows = [
        _row(str(one), str(one), str(kind), "code")
        for one, kind in zip(both.index, both["kind"], strict=True)
    ]
    if isinstance(old, gpd.GeoDataFrame) and isinstance(new, gpd.GeoDataFrame):
        sides = (old.set_axis(names_old.index), new.set_axis(names_new.index))
        rows = _with_ground(rows, *sides)
    else:
        rows += _by_name(codes)
    paired_old = {row["code_old"] for row in rows}
    paired_new = {row["code_new"] for row in rows}
    rows += [
        _row(str(one), None, "removed", "code") for one in names_old.index if one not in paired_old
    ]
    rows += [
        _row(None, str(one), "added", "code") for one in names_new.index if one not in paired_new
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["name_old"] = table["code_old"].map(names_old)
    table["name_new"] = table["code_new"].map(names_new)
    table["level"] = [level_of(one) for one in table["code_old"].fillna(table["code_new"])]
    order = pd.DataFrame({"code": table["code_old"].fillna(table["code_new"])})
    order["new"] = table["code_new"].fillna("")
    table = table.iloc[order.sort_values(["code", "new"], kind="stable").index]
    return Crosswalk(table.reset_index(drop=True))


def _names(frame: pd.DataFrame, code: str, name: str, which: str) -> pd.Series[str]:
    for column in (code, name):
        if column not in frame.columns:
            raise SchemaError(
                "{what} has no column {column!r}",
                code="column_missing",
                hint="It has: {known}",
                what=f"the {which} edition",
                column=column,
                known=", ".join(map(str, frame.columns)),
            )
    codes = parse_codes(frame[code], what=f"column {code} of the {which} edition")
    if codes.duplicated().any():
        raise SchemaError(
            "code {codes} stands more than once in column {column}",
            code="admin_code_twice",
            hint="One row for each code: sum the rows first, or correct the file",
            codes=", ".join(codes[codes.duplicated()].head(5)),
            column=f"{code} ({which})",
        )
    return pd.Series(frame[name].to_numpy(), index=pd.Index(codes), dtype="str")


def _row(old: str | None, new: str | None, change: str, basis: str) -> dict[str, Any]:
    return {"code_old": old, "code_new": new, "change": change, "basis": basis}


def _by_name(codes: pd.DataFrame) -> list[dict[str, Any]]:
    """Propose pairs of one level, one kabupaten and one name, where there is no other."""
    candidates = codes["candidates"]
    removed = codes.index[codes["kind"] == "removed"]
    alone = [one for one in removed if len(candidates[one]) == 1]
    return [
        _row(str(one), candidates[one][0], "recoded", "name")
        for one in alone
        if len(candidates[candidates[one][0]]) == 1
    ]


def _with_ground(
    rows: list[dict[str, Any]], old: gpd.GeoDataFrame, new: gpd.GeoDataFrame
) -> list[dict[str, Any]]:
    """Replace what the codes say by what the ground says, wherever they differ."""
    links = _links(old, new)
    by_code = {row["code_old"]: row for row in rows}
    found = []
    for link in links.to_dict("records"):
        row = by_code.pop(link["old"], None) if link["old"] == link["new"] else None
        if row is None:
            row = _row(link["old"], link["new"], _CHANGES[link["kind"]], "ground")
        found.append(row | {"share_of_old": link["share"], "share_of_new": link["of_new"]})
    return found + list(by_code.values())


def _links(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return pairs of codes of one level that share ground, with their shares of both."""
    parts = []
    for length in LEVELS.values():
        one, other = (
            side[(side.index.str.len() == length) & side.geometry.notna()] for side in (old, new)
        )
        if len(one) and len(other):
            back = ground_links(other, one).rename(
                columns={"old": "new", "new": "old", "share": "of_new"}
            )
            there = ground_links(one, other)
            parts.append(there.merge(back[["old", "new", "of_new"]], on=["old", "new"], how="left"))
    if not parts:
        return pd.DataFrame(columns=["old", "new", "share", "of_new", "kind"])
    links = pd.concat(parts)
    return links[links["new"] != NOWHERE]
