"""Conditional permutation: each site shuffles the others with random numbers of its own.

The stream of a site is keyed by the seed and the site's name, and the values are drawn in the
order of names. So the same p comes out for any number of workers and any order of rows.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spatial.errors import LimitError
from spatial.hotspots.gate import OK, Entry, admit
from spatial.weights import Weights

__all__ = ["MOST_DRAWS", "lag_p"]

MOST_DRAWS: Final = 99_999
#: Draws are made in pieces of this many numbers, so memory stays small at any size.
PIECE: Final = 400_000


def lag_p(
    values: pd.Series,
    weights: Weights,
    *,
    draws: int = 9_999,
    seed: int = 20_240_101,
    workers: int = 2,
    only: pd.Series | None = None,
) -> pd.Series:
    """Two-sided pseudo p of each area's neighbours' sum, its own value held fixed.

    The sum decides Gi, Gi* and local Moran alike: with the own value fixed all three rise or
    fall with it, so one p serves them.

    Parameters
    ----------
    values : Series of float, shape (n,); names in the index must be unique
    weights : Weights
    draws : int
        1 to 99,999. The smallest possible p is 2 / (draws + 1).
    seed, workers : int
        `workers` never changes the result.
    only : Series of bool, optional
        Areas to try; the others stay NaN. Trying those with analytic p < 0.2 costs a fifth.

    Returns
    -------
    Series of float
        NaN where there is no answer.

    Raises
    ------
    LimitError
        If `draws` lies outside 1..99,999.

    Notes
    -----
    p = min(1, 2 (min(below, above) + 1) / (draws + 1)), ties counted on both sides, so a tie is
    never called extreme.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> p = lag_p(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line, draws=999)
    >>> bool(p.between(2 / 1000, 1).all())
    True
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise LimitError(
            "{draws} permutations; between 1 and {limit} are accepted",
            code="draws_limit",
            draws=draws,
            limit=MOST_DRAWS,
        )
    entry = admit(values, weights)
    wanted = (entry.status == OK).to_numpy()[entry.rows]
    if only is not None:
        wanted &= only.to_numpy(dtype=bool)[entry.rows]
    p = np.full(len(entry.rows), np.nan)
    sites = np.flatnonzero(wanted)
    shuffle = _Shuffle(entry, draws, seed)
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for at, piece in zip(
            (parts := np.array_split(sites, max(4 * workers, 1))),
            pool.map(shuffle.sites, parts),
            strict=True,
        ):
            p[at] = piece
    return entry.table(p=p)["p"].rename("p_perm")


class _Shuffle:
    """What all sites share: the values in the order of names, and the weights."""

    def __init__(self, entry: Entry, draws: int, seed: int) -> None:
        self.names = [str(name) for name in entry.weights.ids]
        order = np.argsort(np.array(self.names, dtype=object), kind="stable")
        self.place = np.empty(len(order), dtype=np.intp)
        self.place[order] = np.arange(len(order))
        centred = entry.values[order] - np.sort(entry.values).mean()
        self.values, self.matrix = centred, entry.weights.matrix
        self.draws, self.seed = draws, seed

    def sites(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return p of several sites."""
        return np.array([self.site(int(row)) for row in rows], dtype=np.float64)

    def site(self, row: int) -> float:
        """Return p of one site, from its own stream of random numbers."""
        start, stop = self.matrix.indptr[row], self.matrix.indptr[row + 1]
        near, weight = self.place[self.matrix.indices[start:stop]], self.matrix.data[start:stop]
        # Sums depend on the order of their terms; the order of names makes it one order.
        order = np.argsort(near)
        near, weight = near[order], weight[order]
        me = int(self.place[row])
        seen = float(_weighted(self.values[near][:, None], weight)[0])
        key = hashlib.blake2b(self.names[row].encode(), digest_size=8).digest()
        stream = np.random.Generator(
            np.random.SFC64(np.random.SeedSequence([self.seed, int.from_bytes(key, "little")]))
        )
        others = np.delete(self.values, me)
        above = below = 0
        wide = 2 * len(near) > len(others)
        step = max(PIECE // (len(others) if wide else len(near)), 1)
        slack = 1e-12 * float(np.abs(weight).sum()) * float(np.abs(self.values).max())
        for done in range(0, self.draws, step):
            many = min(step, self.draws - done)
            drawn = _without_repeat(stream, len(others), len(near), many)
            sums = _weighted(others.take(drawn), weight)
            above += int(np.count_nonzero(sums >= seen - slack))
            below += int(np.count_nonzero(sums <= seen + slack))
        return float(min(1.0, 2.0 * (min(above, below) + 1) / (self.draws + 1)))


def _weighted(terms: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted sums of columns; equal weights need no multiplication of every draw."""
    if (weight == weight[0]).all():
        return np.asarray(terms.sum(axis=0) * weight[0], dtype=np.float64)
    return np.asarray((terms * weight[:, None]).sum(axis=0), dtype=np.float64)


def _without_repeat(stream: np.random.Generator, n: int, k: int, many: int) -> NDArray[np.uint32]:
    """Draw `many` ordered samples of `k` of `n` without repeats, shape (k, many).

    A number that repeats an earlier one of its sample is drawn again. Nothing in that looks at
    what a number is, so every ordered sample stays equally likely.
    """
    if 2 * k > n:
        ranks = stream.random((many, n)).argsort(axis=1)[:, :k]
        return np.ascontiguousarray(ranks.T.astype(np.uint32))
    drawn = stream.integers(0, n, size=(k, many), dtype=np.uint32)
    columns = np.arange(many)
    while len(columns):
        part = drawn[:, columns]
        again = _repeats(part)
        part[again] = stream.integers(0, n, size=int(again.sum()), dtype=np.uint32)
        drawn[:, columns] = part
        columns = columns[again.any(axis=0)]
    return drawn


def _repeats(drawn: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Mark every number that stands higher up in its column already."""
    found = np.zeros(drawn.shape, dtype=bool)
    if len(drawn) <= 8:
        for one in range(1, len(drawn)):
            for two in range(one):
                found[one] |= drawn[one] == drawn[two]
        return found
    order = drawn.argsort(axis=0, kind="stable")
    ordered = np.take_along_axis(drawn, order, axis=0)
    np.put_along_axis(found, order[1:], ordered[1:] == ordered[:-1], axis=0)
    return found
