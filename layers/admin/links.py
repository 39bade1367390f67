"""Codes over time: what became of the desa of one edition in another, and how counts follow."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.crs import AREA_CRS, to_crs
from spatial.errors import SchemaError

__all__ = ["NOWHERE", "carry", "compare_codes", "ground_links"]

#: Where the part of an old area goes that no new area covers.
NOWHERE: Final = "luar"
#: Parts below this share of the old area are slivers of two drawings, not a change of boundary.
SLIVER: Final = 0.01


def compare_codes(old: pd.Series, new: pd.Series) -> pd.DataFrame:
    """Compare two editions of a list of codes.

    Parameters
    ----------
    old, new : Series of str, index code
        Names.

    Returns
    -------
    DataFrame
        Index code: `name_old`, `name_new`, `kind` (same, renamed, added, removed) and
        `candidates`: for a removed code the added codes of the same name in the same kabupaten,
        and the other way round. They are for a person to decide: names join nothing here.

    Raises
    ------
    SchemaError
        `codes_repeat`.

    Examples
    --------
    >>> old = pd.Series({"33.01.01.2001": "Tambakreja", "33.01.01.2002": "Bumireja"})
    >>> new = pd.Series({"33.01.01.2001": "Tambakreja", "33.01.02.2009": "Bumireja"})
    >>> compare_codes(old, new)[["kind", "candidates"]].values.tolist()
    [['same', ()], ['removed', ('33.01.02.2009',)], ['added', ('33.01.01.2002',)]]
    """
    for names in (old, new):
        if not names.index.is_unique:
            raise SchemaError(
                "code {id} stands more than once in a list of codes",
                code="codes_repeat",
                hint="Keep one edition per list",
                id=str(names.index[names.index.duplicated()][0]),
            )
    both = pd.DataFrame({"name_old": old, "name_new": new})
    kind = pd.Series("same", index=both.index, dtype=object)
    kind = kind.mask(_plain(both["name_old"]) != _plain(both["name_new"]), "renamed")
    kind = kind.mask(both["name_old"].isna(), "added").mask(both["name_new"].isna(), "removed")
    both = both.assign(kind=kind)
    gone, come = both[kind == "removed"], both[kind == "added"]
    found = {
        **_same_name(gone["name_old"], come["name_new"]),
        **_same_name(come["name_new"], gone["name_old"]),
    }
    candidates = [found.get(str(code), ()) for code in both.index]
    return both.assign(candidates=pd.Series(candidates, index=both.index, dtype=object))


def _plain(names: pd.Series) -> pd.Series:
    return names.astype("string").str.lower().str.split().str.join(" ")


def _same_name(of: pd.Series, among: pd.Series) -> dict[str, tuple[str, ...]]:
    """Codes of the same name and level in the same kabupaten (the first five signs)."""
    groups: dict[tuple[str, int, str], list[str]] = {}
    for key, code in zip(_keys(among), among.index, strict=True):
        groups.setdefault(key, []).append(str(code))
    return {
        str(code): tuple(groups.get(key, ())) for key, code in zip(_keys(of), of.index, strict=True)
    }


def _keys(names: pd.Series) -> list[tuple[str, int, str]]:
    return [
        (str(code)[:5], len(str(code)), str(name))
        for code, name in zip(names.index, _plain(names), strict=True)
    ]


def ground_links(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, sliver: float = SLIVER
) -> pd.DataFrame:
    """Measure how much of each old area lies in each new one.

    Parameters
    ----------
    old, new : GeoDataFrame of polygons, index code
    sliver : float
        Shares below it are the difference of two drawings: they go to the largest part, and
        are told in `slivers`.

    Returns
    -------
    DataFrame
        One row per part: `old`, `new` (or `luar`, where no new area lies), `share` of the old
        area (sums to 1 per old area), `slivers` (share that was put here), `kind`: same, moved
        (whole into another code), split, merged (a new area takes in several).

    Raises
    ------
    SchemaError
        `codes_repeat`, `areas_without_place`.

    Examples
    --------
    >>> old = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 4, 1)], crs="ESRI:54034")
    >>> new = gpd.GeoDataFrame(index=["a", "b"], crs="ESRI:54034",
    ...     geometry=[shapely.box(0, 0, 3, 1), shapely.box(3, 0, 4, 1)])
    >>> ground_links(old, new)[["old", "new", "share", "kind"]].values.tolist()
    [['a', 'a', 0.75, 'split'], ['a', 'b', 0.25, 'split']]
    """
    one, two = _plane(old), _plane(new)
    left, right = shapely.STRtree(two).query(one, predicate="intersects")
    area = shapely.area(shapely.intersection(one[left], two[right]))
    whole = shapely.area(one)
    parts = pd.DataFrame(
        {"old": old.index[left], "new": new.index[right], "share": area / whole[left]}
    )
    parts = parts[parts["share"] > 0]
    rest = 1.0 - parts.groupby("old")["share"].sum().reindex(old.index).fillna(0.0)
    outside = pd.DataFrame({"old": old.index, "new": NOWHERE, "share": rest.clip(lower=0.0)})
    both = pd.concat((parts, outside[outside["share"] > 0]), ignore_index=True)
    # New areas drawn over each other would count an old place twice.
    both["share"] /= both.groupby("old")["share"].transform("sum")
    return _named(_without_slivers(both, sliver))


def _plane(areas: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if not areas.index.is_unique:
        raise SchemaError(
            "code {id} stands more than once in a list of codes",
            code="codes_repeat",
            hint="Keep one edition per list",
            id=str(areas.index[areas.index.duplicated()][0]),
        )
    shapes = shapely.make_valid(np.asarray(to_crs(areas, AREA_CRS).geometry.array, dtype=object))
    empty = shapely.is_missing(shapes) | ~(shapely.area(shapes) > 0)
    if empty.any():
        raise SchemaError(
            "area {id} has no place: its share cannot be measured",
            code="areas_without_place",
            id=str(areas.index[empty][0]),
        )
    return shapes


def _without_slivers(parts: pd.DataFrame, sliver: float) -> pd.DataFrame:
    """Put the shares of slivers to the largest part of their old area."""
    largest = parts["share"] == parts.groupby("old")["share"].transform("max")
    largest &= ~parts[largest].duplicated("old").reindex(parts.index, fill_value=False)
    thin = (parts["share"] < sliver) & ~largest
    moved = parts["share"].where(thin, 0.0).groupby(parts["old"]).transform("sum")
    kept = parts.assign(
        share=parts["share"] + moved.where(largest, 0.0), slivers=moved.where(largest, 0.0)
    )
    return kept[~thin]


def _named(parts: pd.DataFrame) -> pd.DataFrame:
    alone = parts.groupby("old")["new"].transform("size") == 1
    several = parts.groupby("new")["old"].transform("size") > 1
    kind = pd.Series("split", index=parts.index, dtype=object)
    kind = kind.mask(alone & several, "merged").mask(alone & ~several, "moved")
    kind = kind.mask(alone & ~several & (parts["old"] == parts["new"]), "same")
    kind = kind.mask(alone & (parts["new"] == NOWHERE), "lost")
    ordered = parts.assign(kind=kind).sort_values(
        ["old", "share", "new"], ascending=[True, False, True], kind="stable"
    )
    return ordered.reset_index(drop=True)


def carry(counts: pd.Series, links: pd.DataFrame) -> pd.Series:
    """Carry whole counts from old codes to new ones, losing and inventing nobody.

    Parameters
    ----------
    counts : Series of whole numbers, index old code
        NA where the count is not known: the new areas it feeds are not known either.
    links : DataFrame
        Of `ground_links`: `old`, `new`, `share`. Shares may also come from settlements or
        buildings, which place people better than area does.

    Returns
    -------
    Series
        Index new code, with `luar` for what lies in no new area; sums to the sum of `counts`.

    Raises
    ------
    SchemaError
        `carry_code`, if an old code has no link; `carry_share`, if shares do not sum to 1;
        `carry_count`, if a count is negative or no whole number.

    Examples
    --------
    >>> links = pd.DataFrame({"old": ["a", "a"], "new": ["a", "b"], "share": [0.7, 0.3]})
    >>> carry(pd.Series({"a": 101}), links).to_dict()
    {'a': 71.0, 'b': 30.0}
    """
    sums = links.groupby("old")["share"].sum()
    lonely = counts.index.difference(sums.index)
    off = sums[(sums - 1).abs() > 1e-9]
    known = counts.dropna()
    wrong = known[(known < 0) | (known % 1 != 0)]
    if len(lonely):
        raise SchemaError(
            "code {id} has no link to a new one", code="carry_code", id=str(lonely[0])
        )
    if len(off):
        raise SchemaError(
            "the shares of code {id} do not sum to 1", code="carry_share", id=str(off.index[0])
        )
    if len(wrong):
        raise SchemaError(
            "the count of code {id} is negative or no whole number",
            code="carry_count",
            id=str(wrong.index[0]),
        )
    used = links[links["old"].isin(counts.index)]
    pieces = [_divide(float(counts[old]), part) for old, part in used.groupby("old", sort=True)]
    if not pieces:
        return pd.Series(dtype=float)
    all_parts = pd.concat(pieces)
    unknown = all_parts.isna().groupby(level=0).any()
    total: pd.Series = all_parts.groupby(level=0).sum().mask(unknown)
    return total


def _divide(count: float, part: pd.DataFrame) -> pd.Series:
    """Divide one count by shares into whole numbers, largest remainders first."""
    exact = count * part["share"].to_numpy(dtype=np.float64)
    names = pd.Index(part["new"])
    if np.isnan(count):
        return pd.Series(np.nan, index=names)
    floor = np.floor(exact + 1e-9)
    order = np.lexsort((np.argsort(np.argsort(names.astype(str))), -(exact - floor)))
    floor[order[: round(count - floor.sum())]] += 1
    return pd.Series(floor, index=names)
