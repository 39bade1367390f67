"""Which counts may be shown, so that no household's poverty can be worked out.

A cell is shown only with at least `least` poor and `least` non-poor households. Totals of
kecamatan, kabupaten and province are shown too, so further cells are hidden until nobody can
solve for a hidden one. One mask serves every output, map scale and version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spatial.errors import SchemaError

__all__ = ["LEAST", "LEVELS", "Mask", "bounds", "levels_of_codes", "official_codes", "protect"]

#: Default least number of poor, and of non-poor, households in a shown cell.
LEAST: Final = 10
#: Levels from fine to coarse; the last one is the single cell of everything.
LEVELS: Final = ("desa", "kecamatan", "kabkota", "total")


@dataclass(frozen=True, slots=True)
class Mask:
    """Names of the cells that are hidden, per level, and the rule that hid them.

    Parameters
    ----------
    hidden : dict of level to frozenset of names
        Levels `desa`, `kecamatan`, `kabkota`, `total`.
    primary : frozenset of str
        Desa hidden for their own small numbers; the others hide these. Never published.
    least : int
    """

    hidden: dict[str, frozenset[str]]
    primary: frozenset[str]
    least: int

    def covers(self, names: pd.Index, level: str = "desa") -> pd.Series:
        """Say of each name of a level whether it is hidden."""
        return pd.Series(names.astype(str).isin(self.hidden[level]), index=names, name="withheld")

    def apply(self, frame: pd.DataFrame, columns: list[str], level: str = "desa") -> pd.DataFrame:
        """Return the frame with `columns` empty in hidden rows; the index names the cells.

        For tables of any level, so that every zoom shows and hides the same.
        """
        out = frame.copy()
        for name in columns:
            out[name] = out[name].where(~self.covers(frame.index, level))
        return out

    def joined(self, earlier: Mask) -> Mask:
        """Return the mask that hides what either hides, for a later version."""
        together = {level: self.hidden[level] | earlier.hidden[level] for level in LEVELS}
        return Mask(together, self.primary | earlier.primary, max(self.least, earlier.least))

    def to_json(self) -> str:
        """Write the mask without telling which cells are small: that alone would be a hint."""
        cells = {level: sorted(names) for level, names in self.hidden.items()}
        return json.dumps({"least": self.least, "hidden": cells}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Mask:
        """Read a mask written by `to_json`.

        Raises
        ------
        SchemaError
            If it is none.
        """
        try:
            data = json.loads(text)
            hidden = {level: frozenset(map(str, data["hidden"][level])) for level in LEVELS}
            return cls(hidden, frozenset(), int(data["least"]))
        except (ValueError, KeyError, TypeError) as error:
            raise SchemaError(
                "this is no mask of hidden cells",
                code="mask_wrong",
                hint="Use the file that an earlier publication wrote",
            ) from error


def official_codes(names: pd.Index) -> bool:
    """Say whether all names are official codes of desa, with dots or without.

    Examples
    --------
    >>> official_codes(pd.Index(["33.74.01.1001"])), official_codes(pd.Index(["37001"]))
    (True, False)
    """
    digits = pd.Series(names.astype(str)).str.replace(".", "", regex=False)
    return bool(len(digits)) and bool(digits.str.fullmatch(r"\d{10}").all())


def levels_of_codes(names: pd.Index) -> pd.DataFrame:
    """Read kecamatan and kabkota off official desa codes; other names share one cell.

    Examples
    --------
    >>> levels_of_codes(pd.Index(["33.74.01.1001"])).iloc[0].to_dict()
    {'kecamatan': '33.74.01', 'kabkota': '33.74'}
    """
    if not official_codes(names):
        return pd.DataFrame({"kecamatan": "semua", "kabkota": "semua"}, index=names)
    digits = pd.Series(names.astype(str), index=names).str.replace(".", "", regex=False)
    kecamatan = digits.str[:2] + "." + digits.str[2:4] + "." + digits.str[4:6]
    return pd.DataFrame({"kecamatan": kecamatan, "kabkota": kecamatan.str[:5]}, index=names)


def protect(
    poor: pd.Series,
    households: pd.Series,
    groups: pd.DataFrame,
    *,
    least: int = LEAST,
    earlier: Mask | None = None,
) -> Mask:
    """Choose the cells to hide.

    Parameters
    ----------
    poor, households : Series of int, index of desa names
        Households are taken as publicly known. Desa where either is NaN are hidden.
    groups : DataFrame
        Columns `kecamatan`, `kabkota`, same index.
    least : int
        Least number of poor and of non-poor households; also the least width of what anyone
        can work out about a hidden count.
    earlier : Mask, optional
        Of an earlier version: what was hidden stays hidden, or the difference would show it.

    Raises
    ------
    SchemaError
        If a count is negative or there are more poor than households.

    Notes
    -----
    The tables form a tree of sums, on which bounds of hidden cells are exact in two passes.
    Cells are added, the smallest open sibling first, until every hidden cell is uncertain by
    `least` at least. Cell suppression: Willenborg & de Waal (2001), ch. 6.

    Examples
    --------
    >>> names = pd.Index(["a", "b", "c"])
    >>> groups = pd.DataFrame({"kecamatan": "k", "kabkota": "x"}, index=names)
    >>> mask = protect(pd.Series([3, 40, 90], names), pd.Series([200] * 3, names), groups)
    >>> sorted(mask.hidden["desa"])
    ['a', 'b']
    """
    tree = _Tree(poor, households, groups, least)
    tree.hide_small()
    if earlier is not None:
        tree.hide_again(earlier)
    tree.hide_until_safe()
    return tree.mask()


def bounds(
    mask: Mask, poor: pd.Series, households: pd.Series, groups: pd.DataFrame
) -> pd.DataFrame:
    """Return what anyone can work out about each desa: `low` and `high` of its poor households.

    For checking a mask; uses the true counts only where they are shown.
    """
    tree = _Tree(poor, households, groups, mask.least)
    tree.hide_again(mask)
    low, high = tree.bounds()[0]
    return pd.DataFrame({"low": low, "high": high}, index=poor.index)


class _Tree:
    """Cells of every level with their sums, and which of them are hidden."""

    def __init__(
        self, poor: pd.Series, households: pd.Series, groups: pd.DataFrame, least: int
    ) -> None:
        self.least = least
        self.unknown = (poor.isna() | households.isna()).to_numpy()
        x = np.where(self.unknown, 0.0, poor.to_numpy(dtype=np.float64, na_value=0.0))
        t = np.where(self.unknown, 0.0, households.to_numpy(dtype=np.float64, na_value=0.0))
        if (x < 0).any() or (x > t).any():
            raise SchemaError(
                "{what}: {poor} poor of {all} households",
                code="counts_impossible",
                hint="Give households, and not more poor ones than there are",
                what=str(poor.index[(x < 0) | (x > t)][0]),
                poor=float(x[(x < 0) | (x > t)][0]),
                all=float(t[(x < 0) | (x > t)][0]),
            )
        keys = [poor.index.astype(str), groups["kecamatan"], groups["kabkota"]]
        self.names: list[list[str]] = [list(map(str, keys[0]))]
        self.parent: list[NDArray[np.intp]] = []
        self.poor, self.all = [x], [t]
        above = pd.DataFrame({"kecamatan": keys[1].to_numpy(), "kabkota": keys[2].to_numpy()})
        for level in ("kecamatan", "kabkota"):
            self._add(above[level])
            above = above.groupby(level, sort=True).first().reset_index()
        self._add(pd.Series(["semua"] * len(above)))
        self.hidden = [np.zeros(len(names), dtype=bool) for names in self.names]

    def _add(self, key: pd.Series) -> None:
        """Add the next coarser level, of which `key` names each cell's parent."""
        codes, names = pd.factorize(key, sort=True)
        self.parent.append(np.asarray(codes, dtype=np.intp))
        self.names.append([str(name) for name in names])
        for sums in (self.poor, self.all):
            sums.append(np.bincount(codes, weights=sums[-1], minlength=len(names)))

    def hide_small(self) -> None:
        """Hide every cell of any level with too few poor or too few others."""
        for level, hidden in enumerate(self.hidden):
            x, t = self.poor[level], self.all[level]
            hidden |= (x < self.least) | (t - x < self.least)
        self.hidden[0] |= self.unknown
        self.primary = self.hidden[0].copy()

    def hide_again(self, mask: Mask) -> None:
        """Hide what a mask hides."""
        self.primary = np.isin(self.names[0], list(mask.primary))
        for level, name in enumerate(LEVELS):
            self.hidden[level] |= np.isin(self.names[level], list(mask.hidden[name]))

    def bounds(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Least and largest poor count of each cell that fits everything shown; exact."""
        low = [np.where(self.hidden[0], 0.0, self.poor[0])]
        high = [np.where(self.hidden[0], self.all[0], self.poor[0])]
        for level, parent in enumerate(self.parent, 1):
            many, shown = len(self.names[level]), ~self.hidden[level]
            for ends in (low, high):
                total = np.bincount(parent, weights=ends[-1], minlength=many)
                ends.append(np.where(shown, self.poor[level], total))
        for level in range(len(self.parent) - 1, -1, -1):
            self._narrow(low, high, level)
        return list(zip(low, high, strict=True))

    def _narrow(
        self, low: list[NDArray[np.float64]], high: list[NDArray[np.float64]], level: int
    ) -> None:
        """Use the parents' bounds on their children: what the siblings leave over."""
        parent, many = self.parent[level], len(self.names[level + 1])
        least = np.bincount(parent, weights=low[level], minlength=many)
        most = np.bincount(parent, weights=high[level], minlength=many)
        floor = low[level + 1][parent] - (most[parent] - high[level])
        ceiling = high[level + 1][parent] - (least[parent] - low[level])
        low[level], high[level] = np.maximum(low[level], floor), np.minimum(high[level], ceiling)

    def hide_until_safe(self) -> None:
        """Add hidden cells until every hidden one is uncertain enough."""
        while True:
            changed = False
            for level, (low, high) in enumerate(self.bounds()):
                needed = np.minimum(self.least, self.all[level])
                known = self.hidden[level] & (high - low < needed)
                changed |= self._hide_beside(level, known)
            if not changed:
                return

    def _hide_beside(self, level: int, known: NDArray[np.bool_]) -> bool:
        """Hide one more sibling in each family with a cell that can be worked out."""
        if level == len(self.parent) or not known.any():
            return False
        parent, changed = self.parent[level], False
        for family in np.unique(parent[known]):
            open_ = np.flatnonzero((parent == family) & ~self.hidden[level])
            if len(open_):
                weight = np.minimum(self.poor[level], self.all[level] - self.poor[level])[open_]
                self.hidden[level][open_[np.argmin(weight)]] = True
                changed = True
            elif not self.hidden[level + 1][family]:
                self.hidden[level + 1][family] = True
                changed = True
        return changed

    def mask(self) -> Mask:
        """Return the names of what is hidden."""
        cells = {
            level: frozenset(np.array(names, dtype=object)[hidden])
            for level, names, hidden in zip(LEVELS, self.names, self.hidden, strict=True)
        }
        primary = frozenset(np.array(self.names[0], dtype=object)[self.primary])
        return Mask(cells, primary, self.least)
