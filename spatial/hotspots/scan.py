"""A second opinion: circles of any size, and the one with the most cases too many."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spatial.errors import SchemaError
from spatial.hotspots.rates import rate_status
from spatial.weights.places import centres

__all__ = ["circular_scan"]

#: Circles that are tried: a circle of a province holds a few hundred areas at most.
LIMIT: Final = 2_000_000


def circular_scan(
    areas: gpd.GeoDataFrame,
    counts: str,
    population: str,
    *,
    largest_share: float = 0.5,
    draws: int = 999,
    seed: int = 20_240_101,
) -> pd.DataFrame:
    """Look for circles with more cases than chance puts there, largest likelihood first.

    Parameters
    ----------
    areas : GeoDataFrame, index unique
    counts, population : str
        Columns. Areas without a rate take no part.
    largest_share : float
        A circle holds at most this share of all people.
    draws : int
        Multinomial maps that give the p of each circle.

    Returns
    -------
    DataFrame
        One row per circle, circles that overlap a better one left out: `centre`, `members`
        (tuple of names), `cases`, `expected`, `ratio` (relative risk), `llr`, `p`. The p is of
        the largest circle of each random map, so it needs no further correction.

    Notes
    -----
    Kulldorff (1997), Communications in Statistics 26(6), Poisson model, high rates only. Circles
    grow by nearest centres; each centre's circles are cut at `largest_share` of the people, and
    at a few hundred areas where there are thousands, so that a province takes seconds.

    Examples
    --------
    >>> import shapely
    >>> frame = gpd.GeoDataFrame(
    ...     {"poor": [30, 30, 2, 2, 2, 2], "all": [50] * 6},
    ...     geometry=[shapely.Point(x, 0) for x in range(6)],
    ... )
    >>> circular_scan(frame, "poor", "all", draws=99).loc[0, "members"]
    (0, 1)
    """
    if not 0 < largest_share <= 1:
        raise SchemaError("{share} is no share of people", code="scan_share", share=largest_share)
    ok = (rate_status(areas[counts], areas[population]) == "ok").to_numpy()
    xy = centres(areas)
    rows = np.flatnonzero(ok & np.isfinite(xy).all(axis=1))
    # Random maps and ties follow the order of names, never that of the rows.
    rows = rows[np.argsort(areas.index[rows].astype(str), kind="stable")]
    cases = areas[counts].to_numpy(dtype=np.float64)[rows]
    people = areas[population].to_numpy(dtype=np.float64)[rows]
    if len(rows) < 4 or cases.sum() <= 0:
        return pd.DataFrame(columns=["centre", "members", *NUMBERS])
    circles = _Circles(xy[rows], people, largest_share)
    found = circles.best(cases)
    top = circles.simulated(cases.sum(), draws, seed)
    return _table(found, circles, cases, areas.index[rows], top)


NUMBERS: Final = ("cases", "expected", "ratio", "llr", "p")


class _Circles:
    """Nested circles about every centre, up to a share of all people."""

    def __init__(self, xy: NDArray[np.float64], people: NDArray[np.float64], share: float) -> None:
        self.people, n = people, len(people)
        # Enough nearest centres for the share in nearly every place, within memory.
        depth = int(min(n, max(LIMIT // n, 8)))
        self.near = np.asarray(cKDTree(xy).query(xy, depth)[1], dtype=np.intp).reshape(n, depth)
        self.inside = people[self.near].cumsum(axis=1)
        self.allowed = self.inside <= share * people.sum()

    def likelihood(self, cases: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log likelihood ratio of every circle, shape (n, depth); 0 where nothing is too many."""
        seen, all_cases = cases[self.near].cumsum(axis=1), cases.sum()
        expected = self.inside * (all_cases / self.people.sum())
        many = self.allowed & (seen > expected) & (expected > 0)
        rest, rest_expected = all_cases - seen, all_cases - expected
        out = np.zeros(seen.shape)
        inner = seen[many] * np.log(seen[many] / expected[many])
        outer = np.zeros(inner.shape)
        left = rest[many] > 0
        outer[left] = rest[many][left] * np.log(rest[many][left] / rest_expected[many][left])
        out[many] = inner + outer
        return out

    def best(self, cases: NDArray[np.float64]) -> list[tuple[int, int, float]]:
        """Best circle of each centre that meets no better one: (centre, size, likelihood)."""
        ratio = self.likelihood(cases)
        size = ratio.argmax(axis=1)
        top = ratio[np.arange(len(size)), size]
        taken = np.zeros(len(size), dtype=bool)
        out = []
        for row in np.argsort(-top, kind="stable"):
            members = self.near[row, : size[row] + 1]
            if top[row] <= 0 or taken[members].any():
                continue
            taken[members] = True
            out.append((int(row), int(size[row]) + 1, float(top[row])))
        return out

    def simulated(self, total: float, draws: int, seed: int) -> NDArray[np.float64]:
        """Largest likelihood of maps on which cases fall by population alone."""
        stream = np.random.default_rng(seed)
        chance = self.people / self.people.sum()
        maps = (stream.multinomial(round(total), chance).astype(np.float64) for _ in range(draws))
        return np.array([self.likelihood(one).max() for one in maps])


def _table(
    found: list[tuple[int, int, float]],
    circles: _Circles,
    cases: NDArray[np.float64],
    ids: pd.Index,
    top: NDArray[np.float64],
) -> pd.DataFrame:
    rows = []
    for centre, size, llr in found:
        members = circles.near[centre, :size]
        seen, everyone = float(cases[members].sum()), float(cases.sum())
        expected = everyone * float(circles.people[members].sum() / circles.people.sum())
        rest = (everyone - seen) / (everyone - expected) if everyone > expected else np.nan
        rows.append(
            {
                "centre": ids[centre],
                "members": tuple(ids[members]),
                "cases": seen,
                "expected": expected,
                "ratio": seen / expected / rest if rest > 0 else np.inf,
                "llr": llr,
                "p": float((1 + (top >= llr).sum()) / (1 + len(top))),
            }
        )
    return pd.DataFrame(rows, columns=["centre", "members", *NUMBERS])
