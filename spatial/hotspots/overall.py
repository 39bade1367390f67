"""Global statistics: is there any clustering at all, before asking where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from spatial.hotspots.gate import OK, Entry, admit
from spatial.hotspots.local import two_sided
from spatial.weights import Weights

__all__ = ["Overall", "geary", "getis_ord", "moran"]

Null = Literal["randomisation", "normality"]


@dataclass(frozen=True, slots=True)
class Overall:
    """One statistic of the whole map: value, its mean and variance by chance, z, p, status.

    NaN everywhere except `status` where no answer exists.
    """

    statistic: float
    expected: float
    variance: float
    z: float
    p: float
    n: int
    status: str


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over the weights that all three moments are made of (Cliff & Ord 1981)."""

    n: int
    s0: float
    s1: float
    s2: float


def _sums(matrix: sp.csr_array) -> _Sums:
    both = (matrix + matrix.T).power(2).sum() / 2
    rows, columns = np.asarray(matrix.sum(axis=1)).ravel(), np.asarray(matrix.sum(axis=0)).ravel()
    linked = int(((rows + columns) > 0).sum())
    return _Sums(linked, float(matrix.sum()), float(both), float(((rows + columns) ** 2).sum()))


def _enter(values: pd.Series, weights: Weights) -> tuple[Entry, str]:
    """Values with their weights, and the status of the whole."""
    entry = admit(values, weights)
    found = entry.status.iloc[entry.rows]
    linked = found[found != "isolate"]
    if len(linked) < 4:
        return entry, "too_few" if len(found) < 4 else "isolate"
    return entry, OK if (linked == OK).all() else str(linked.iloc[0])


def _overall(value: float, expected: float, variance: float, n: int) -> Overall:
    if not variance > 0:
        return _nothing(n, "degenerate")
    z = (value - expected) / float(np.sqrt(variance))
    return Overall(value, expected, variance, z, float(two_sided(np.array([z]))[0]), n, OK)


def _nothing(n: int, status: str) -> Overall:
    nan = float("nan")
    return Overall(nan, nan, nan, nan, nan, n, status)


def moran(values: pd.Series, weights: Weights, *, null: Null = "randomisation") -> Overall:
    """Moran's I of the whole map.

    Missing values take no part. Isolates count in mean and variance but not in n, as in spdep.
    p is two-sided.

    Notes
    -----
    Cliff & Ord (1981), ch. 2; the same numbers as spdep's moran.test.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> round(moran(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line).statistic, 4)
    0.4779
    """
    entry, status = _enter(values, weights)
    if status != OK:
        return _nothing(len(entry.rows), status)
    x, k = entry.values, _sums(entry.weights.matrix)
    z, n = x - x.mean(), k.n
    statistic = n / k.s0 * float(z @ (entry.weights.matrix @ z)) / float(z @ z)
    expected = -1 / (n - 1)
    if null == "normality":
        second = (n**2 * k.s1 - n * k.s2 + 3 * k.s0**2) / (k.s0**2 * (n**2 - 1))
    else:
        b2 = _kurtosis(z)
        second = (
            n * ((n**2 - 3 * n + 3) * k.s1 - n * k.s2 + 3 * k.s0**2)
            - b2 * (n * (n - 1) * k.s1 - 2 * n * k.s2 + 6 * k.s0**2)
        ) / ((n - 1) * (n - 2) * (n - 3) * k.s0**2)
    return _overall(statistic, expected, second - expected**2, n)


def geary(values: pd.Series, weights: Weights) -> Overall:
    """Geary's C of the whole map: below 1 neighbours are alike, above 1 they differ.

    Notes
    -----
    Cliff & Ord (1981), randomisation. A positive z here means neighbours differ.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> round(geary(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line).statistic, 4)
    0.3676
    """
    entry, status = _enter(values, weights)
    if status != OK:
        return _nothing(len(entry.rows), status)
    w, k = entry.weights.matrix, _sums(entry.weights.matrix)
    z, n = entry.values - entry.values.mean(), k.n
    pairs = w.tocoo()
    away = float((pairs.data * (z[pairs.coords[0]] - z[pairs.coords[1]]) ** 2).sum())
    statistic = (n - 1) * away / (2 * k.s0 * float(z @ z))
    b2 = _kurtosis(z)
    variance = (
        (n - 1) * k.s1 * (n**2 - 3 * n + 3 - (n - 1) * b2)
        - (n - 1) * k.s2 * (n**2 + 3 * n - 6 - (n**2 - n + 2) * b2) / 4
        + k.s0**2 * (n**2 - 3 - (n - 1) ** 2 * b2)
    ) / (n * (n - 2) * (n - 3) * k.s0**2)
    return _overall(statistic, 1.0, variance, n)


def _kurtosis(z: NDArray[np.float64]) -> float:
    return float((z**4).mean()) / float((z**2).mean()) ** 2


def getis_ord(values: pd.Series, weights: Weights) -> Overall:
    """Getis-Ord general G: do high values cluster (z > 0) or low ones (z < 0).

    Values must not be negative; otherwise the status says so.

    Notes
    -----
    Getis & Ord (1992), Geographical Analysis 24(3); binary or any other weights.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> round(getis_ord(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line).statistic, 4)
    0.6508
    """
    entry, status = _enter(values, weights)
    if status == OK and (entry.values < 0).any():
        status = "negative"
    if status != OK:
        return _nothing(len(entry.rows), status)
    x, w, k = entry.values, entry.weights.matrix, _sums(entry.weights.matrix)
    n = k.n
    products = float(x.sum() ** 2 - x @ x)
    expected = k.s0 / (n * (n - 1))
    second = _g_second(x, k) / (products**2 * n * (n - 1) * (n - 2) * (n - 3))
    return _overall(float(x @ (w @ x)) / products, expected, second - expected**2, n)


def _g_second(x: NDArray[np.float64], k: _Sums) -> float:
    """Return the expected square of G's numerator times n(n-1)(n-2)(n-3)."""
    n, s0, s1, s2 = k.n, k.s0, k.s1, k.s2
    m1, m2, m3, m4 = (float((x**power).sum()) for power in (1, 2, 3, 4))
    b0 = (n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2
    b1 = -((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2
    b4 = s1 - s2 + s0**2
    return b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
