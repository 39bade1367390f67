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

from layers.admin.codes import LEVELS, level_of, parent_of, parse_codes
from spatial.errors import SchemaError
from spatial.shares import shares

__all__ = ["Crosswalk", "crosswalk"]

#: A share of ground below this is a boundary drawn anew, not a transfer.
TRANSFER: Final = 0.01
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
    rows = _by_code(names_old, names_new)
    removed = names_old.index.difference(names_new.index)
    added = names_new.index.difference(names_old.index)
    if isinstance(old, gpd.GeoDataFrame) and isinstance(new, gpd.GeoDataFrame):
        rows = _with_ground(rows, old, new, code)
    else:
        rows += _by_name(names_old[removed], names_new[added])
    paired_old = {row["code_old"] for row in rows}
    paired_new = {row["code_new"] for row in rows}
    rows += [_row(one, None, "removed", "code") for one in removed if one not in paired_old]
    rows += [_row(None, one, "added", "code") for one in added if one not in paired_new]
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


def _by_code(old: pd.Series[str], new: pd.Series[str]) -> list[dict[str, Any]]:
    both = old.index.intersection(new.index)
    renamed = old[both].map(_folded) != new[both].map(_folded)
    return [
        _row(one, one, "renamed" if changed else "same", "code")
        for one, changed in zip(both, renamed, strict=True)
    ]


def _folded(name: Any) -> str:
    return str(name).strip().casefold()


def _by_name(removed: pd.Series[str], added: pd.Series[str]) -> list[dict[str, Any]]:
    """Propose pairs of one level, one kabupaten and one name, where that is unambiguous."""

    def keys(names: pd.Series[str]) -> pd.Series[str]:
        found = [
            "/".join((level_of(code), parent_of(code, "kabkota"), _folded(name).replace(" ", "")))
            for code, name in zip(names.index, names, strict=True)
        ]
        key = pd.Series(names.index, index=pd.Index(found), dtype="str")
        return key[~key.index.duplicated(keep=False)]

    before, after = keys(removed), keys(added)
    both = before.index.intersection(after.index)
    return [_row(before[key], after[key], "recoded", "name") for key in both]


def _with_ground(
    rows: list[dict[str, Any]], old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, code: str
) -> list[dict[str, Any]]:
    """Replace what the codes say by what the ground says, wherever they differ."""
    pairs = _pairs(old, new, code)
    partners_old = pairs.groupby("old")["new"].nunique()
    partners_new = pairs.groupby("new")["old"].nunique()
    by_code = {row["code_old"]: row for row in rows}
    found = []
    for one in pairs.to_dict("records"):
        row = by_code.pop(one["old"], None) if one["old"] == one["new"] else None
        if row is None:
            alone = partners_old[one["old"]] == 1
            change = (
                "recoded"
                if alone and partners_new[one["new"]] == 1
                else ("merged" if alone else "split")
            )
            row = _row(one["old"], one["new"], change, "ground")
        shares_ = {"share_of_old": one["of_old"], "share_of_new": one["of_new"]}
        found.append(row | shares_)
    return found + list(by_code.values())


def _pairs(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, code: str) -> pd.DataFrame:
    """Return pairs of codes of one level that share ground, with their shares of both."""
    parts = []
    sides = {
        "old": old.assign(kode_=parse_codes(old[code]).to_numpy()),
        "new": new.assign(kode_=parse_codes(new[code]).to_numpy()),
    }
    for length in LEVELS.values():
        one, other = (
            side[(side["kode_"].str.len() == length) & side.geometry.notna()].set_index(
                "kode_", drop=False
            )
            for side in sides.values()
        )
        if len(one) and len(other):
            of_old = shares(one, other.reset_index(drop=True), by="kode_")
            of_new = shares(other, one.reset_index(drop=True), by="kode_")
            left = of_old.dropna(subset="zone").rename(
                columns={"parcel_id": "old", "zone": "new", "share": "of_old"}
            )[["old", "new", "of_old"]]
            right = of_new.dropna(subset="zone").rename(
                columns={"parcel_id": "new", "zone": "old", "share": "of_new"}
            )[["old", "new", "of_new"]]
            parts.append(left.merge(right, on=["old", "new"], how="outer"))
    pairs = pd.concat(parts) if parts else pd.DataFrame(columns=["old", "new", "of_old", "of_new"])
    return pairs[(pairs[["of_old", "of_new"]] >= TRANSFER).any(axis=1)]
