"""Siting by weighted criteria: what is closed first, then scores, then how far the order holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.crs import AREA_CRS, to_crs
from spatial.errors import SchemaError
from spatial.planes import plane_of
from zoning.studies.siting_rules import Criterion, SitingRule

__all__ = ["Ranking", "rank_sites"]

#: A site lies inside a layer when no more than this share of it is outside.
INSIDE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked sites.

    Parameters
    ----------
    table : DataFrame
        Index as the sites; open sites first, by rank: `rank`, `score` (0..1), `closed` (names
        of the constraints that close it, "" where open), one column per criterion with its
        score, `<criterion> (ukuran)` with what was measured, `first_share` and `top_share`:
        in how many of the tried weightings the site is first, and among the first `top`;
        `rank_best`, `rank_worst`.
    weights : DataFrame
        One row per criterion: its weight, and the first site if the criterion counted half,
        twice, or not at all.
    rule : SitingRule
    tried : int
    top : int
    """

    table: pd.DataFrame
    weights: pd.DataFrame
    rule: SitingRule
    tried: int
    top: int


def rank_sites(
    sites: gpd.GeoDataFrame,
    rule: SitingRule,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    tried: int = 2_000,
    top: int = 5,
    seed: int = 20_240_101,
) -> Ranking:
    """Close, score and rank sites.

    Parameters
    ----------
    sites : GeoDataFrame of polygons or points, index unique
    rule : SitingRule
    layers : mapping of name to GeoDataFrame
        Every layer that the rule names; an empty one says that nothing of it is there.
    tried : int
        Random weightings, each criterion between half and twice its weight.
    top : int
        How many first places count as "among the first".

    Returns
    -------
    Ranking

    Raises
    ------
    SchemaError
        `siting_layer_missing`: a layer that was not given cannot be taken as harmless.
        `siting_value_missing`: a column of a criterion is missing or has gaps.

    Examples
    --------
    >>> from zoning.studies import read_siting_rule
    >>> rule = read_siting_rule("evakuasi")
    >>> box = lambda x: shapely.box(430e3 + x, 92e5, 430e3 + x + 100, 92e5 + 100)
    >>> at = lambda *x: gpd.GeoDataFrame(geometry=[box(one) for one in x], crs="EPSG:9489")
    >>> given = {"bahaya": at(0), "permukiman": at(1_500), "jalan": at(900)}
    >>> ranked = rank_sites(at(0, 2_000).set_axis(["A", "B"]), rule, given)
    >>> ranked.table["closed"].to_dict()
    {'B': '', 'A': 'Kawasan rawan bencana'}
    """
    missing = [name for name in rule.layers if name not in layers]
    if missing:
        raise SchemaError(
            "siting needs the layers {missing}",
            code="siting_layer_missing",
            hint="Give each of them; an empty layer says that there is none of it",
            missing=", ".join(missing),
        )
    plane = plane_of(np.asarray(sites.geometry.array, dtype=object), sites.crs)
    metric = to_crs(sites[["geometry"]], plane)
    near = {name: to_crs(layers[name][["geometry"]], plane) for name in rule.layers}
    closed = _closed(metric, rule, near)
    measured = pd.DataFrame(
        {one.name: _measure(sites, metric, one, near) for one in rule.criteria}, index=sites.index
    )
    scores = pd.DataFrame({one.name: _score(measured[one.name], one) for one in rule.criteria})
    weights = np.array([one.weight for one in rule.criteria])
    open_ = (closed == "").to_numpy()
    table = _ranked(scores, weights, open_)
    table["closed"] = closed
    table = table.join(scores).join(measured.add_suffix(" (ukuran)"))
    table = table.join(_sensitivity(scores, weights, open_, tried, top, seed))
    order = np.lexsort((table.index.astype(str), table["rank"].fillna(np.inf)))
    return Ranking(table.iloc[order], _one_by_one(scores, rule, open_), rule, tried, top)


def _closed(
    sites: gpd.GeoDataFrame, rule: SitingRule, near: Mapping[str, gpd.GeoDataFrame]
) -> pd.Series:
    """Names of the constraints that close each site."""
    words: list[list[str]] = [[] for _ in range(len(sites))]
    for one in rule.constraints:
        if one.keep == "away":
            shut = _distance(sites, near[one.layer]) <= one.distance_m
        else:
            shut = _share(sites, near[one.layer]) < 1 - INSIDE
        for row in np.flatnonzero(shut):
            words[row].append(one.name)
    return pd.Series(["; ".join(names) for names in words], index=sites.index, dtype=object)


def _distance(sites: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Metres to the nearest feature; infinite where the layer is empty."""
    shapes = np.asarray(layer.geometry.array, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    out = np.full(len(sites), np.inf)
    if len(shapes):
        tree = shapely.STRtree(shapes)
        found, away = tree.query_nearest(
            np.asarray(sites.geometry.array, dtype=object), return_distance=True, all_matches=False
        )
        out[found[0]] = away
    return out


def _share(sites: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Share of each site under a layer (0 or 1 for points), on the equal-area plane."""
    shapes = np.asarray(to_crs(sites, AREA_CRS).geometry.array, dtype=object)
    cover = shapely.make_valid(np.asarray(to_crs(layer, AREA_CRS).geometry.array, dtype=object))
    left, right = shapely.STRtree(cover).query(shapes, predicate="intersects")
    out = np.zeros(len(shapes))
    for row in np.unique(left):
        under = shapely.union_all(cover[right[left == row]])
        whole = shapely.area(shapes[row])
        out[row] = (
            shapely.area(shapely.intersection(shapes[row], under)) / whole if whole > 0 else 1.0
        )
    return out


def _measure(
    sites: gpd.GeoDataFrame,
    metric: gpd.GeoDataFrame,
    one: Criterion,
    near: Mapping[str, gpd.GeoDataFrame],
) -> NDArray[np.float64]:
    if one.measure == "distance":
        return _distance(metric, near[one.layer])
    if one.measure == "share":
        return _share(metric, near[one.layer])
    if one.measure == "area":
        return np.asarray(to_crs(sites, AREA_CRS).geometry.area, dtype=np.float64)
    if one.column not in sites.columns or sites[one.column].isna().any():
        raise SchemaError(
            "criterion {name}: column {column!r} is missing or has gaps",
            code="siting_value_missing",
            hint="Give every site its value: a gap is neither best nor worst",
            name=one.name,
            column=one.column,
        )
    return sites[one.column].to_numpy(dtype=np.float64)


def _score(measured: pd.Series, one: Criterion) -> pd.Series:
    """Return 1 at best, 0 at worst, straight between and level beyond."""
    finite = measured.clip(-1e18, 1e18)
    score: pd.Series = ((finite - one.worst) / (one.best - one.worst)).clip(0.0, 1.0)
    return score


def _ranked(
    scores: pd.DataFrame, weights: NDArray[np.float64], open_: NDArray[np.bool_]
) -> pd.DataFrame:
    total = pd.Series(scores.to_numpy() @ (weights / weights.sum()), index=scores.index)
    rank = total.where(open_).round(12).rank(method="min", ascending=False)
    return pd.DataFrame({"rank": rank, "score": total})


def _sensitivity(
    scores: pd.DataFrame,
    weights: NDArray[np.float64],
    open_: NDArray[np.bool_],
    tried: int,
    top: int,
    seed: int,
) -> pd.DataFrame:
    """Rank under many weightings, each weight between half and twice what the rule says."""
    random = np.random.default_rng(seed)
    factors = 2.0 ** random.uniform(-1, 1, (tried, len(weights)))
    out = pd.DataFrame(index=scores.index)
    totals = scores.to_numpy()[open_] @ (weights * factors).T
    rank = 1 + (totals[None] > totals[:, None] + 1e-12).sum(axis=1) if len(totals) else totals
    for name, column in (
        ("first_share", (rank == 1).mean(axis=1) if len(totals) else []),
        ("top_share", (rank <= top).mean(axis=1) if len(totals) else []),
        ("rank_best", rank.min(axis=1) if len(totals) else []),
        ("rank_worst", rank.max(axis=1) if len(totals) else []),
    ):
        full = np.full(len(scores), np.nan)
        full[open_] = column
        out[name] = full
    return out


def _one_by_one(scores: pd.DataFrame, rule: SitingRule, open_: NDArray[np.bool_]) -> pd.DataFrame:
    """First site when one criterion counts half, twice, or not at all."""
    weights = np.array([one.weight for one in rule.criteria])
    rows = []
    for i, one in enumerate(rule.criteria):
        first = {}
        for word, factor in (("half", 0.5), ("twice", 2.0), ("without", 0.0)):
            changed = weights.copy()
            changed[i] *= factor
            known = open_.any() and changed.sum() > 0
            rank = _ranked(scores, changed, open_)["rank"] if known else pd.Series(dtype=float)
            first[word] = ", ".join(map(str, rank.index[rank == 1]))
        rows.append({"criterion": one.name, "weight": one.weight, **first})
    return pd.DataFrame(rows)
