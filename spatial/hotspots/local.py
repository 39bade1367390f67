"""Local statistics with exact moments under randomisation, for any weights.

Every z is checked against spdep; the variances are those of Ord & Getis (1995) and
Sokal, Oden & Thomson (1998), which hold for binary, standardised and distance weights alike.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from spatial.hotspots.gate import OK, Entry, admit
from spatial.weights import Weights

__all__ = ["bivariate_moran", "gi", "local_geary", "local_moran", "two_sided"]

Moments = Literal["conditional", "total"]


def two_sided(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two-sided p of standard normal scores."""
    return np.asarray(2.0 * ndtr(-np.abs(z)), dtype=np.float64)


def gi(values: pd.Series, weights: Weights, *, star: bool = True) -> pd.DataFrame:
    """Getis-Ord Gi* (with the area itself) or Gi (without) as a z score.

    Parameters
    ----------
    values : Series of float, shape (n,)
    weights : Weights of the same areas
    star : bool
        Count the area among its own neighbours, with the largest weight of its row.

    Returns
    -------
    DataFrame
        `z`, `p` (two-sided), `status`; index as `values`.

    Notes
    -----
    Ord & Getis (1995), Geographical Analysis 27(4), eq. 14. The result does not change when a
    row of weights is scaled. Isolates, missing and constant values have a status and no z.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> gi(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line)["z"].round(3).to_list()
    [1.993, 1.328, -0.443, -1.993, -1.328]
    """
    entry = admit(values, weights)
    z = _gi_star(entry) if star else _gi(entry)
    return _scored(entry, z=z)


def _gi_star(entry: Entry) -> NDArray[np.float64]:
    x, w, own = entry.values, entry.weights.matrix, entry.weights.with_self()
    n = len(x)
    centred = x - x.mean()
    lag = w @ centred + own * centred
    total = np.asarray(w.sum(axis=1)).ravel() + own
    squares = np.asarray(w.power(2).sum(axis=1)).ravel() + own**2
    variance = (centred @ centred / n) * _spread(n * squares - total**2, n * squares) / (n - 1)
    return _ratio(lag, variance)


def _gi(entry: Entry) -> NDArray[np.float64]:
    expected, variance, lag = _lag_moments(entry.values, entry.weights)
    return _ratio(lag - expected, variance)


def _lag_moments(
    x: NDArray[np.float64], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, variance and value of each lag when the other n-1 values are shuffled.

    Values are centred first: sums of large, nearly equal numbers would lose their digits.
    """
    n, w = len(x), weights.matrix
    centred = x - x.mean()
    total, squares = _row_sums(weights)
    others = -centred / (n - 1)
    spread = (centred @ centred - centred**2) / (n - 1) - others**2
    variance = spread * _spread((n - 1) * squares - total**2, (n - 1) * squares) / max(n - 2, 1)
    return total * others, variance, w @ centred


def _row_sums(weights: Weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    w = weights.matrix
    total, squares = np.asarray(w.sum(axis=1)), np.asarray(w.power(2).sum(axis=1))
    return total.ravel().astype(np.float64), squares.ravel().astype(np.float64)


def _spread(difference: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences that are rounding of zero become zero: a neighbourhood of everyone."""
    return np.where(difference > 1e-9 * scale, difference, 0.0)


def _ratio(deviation: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide to z scores; NaN where no variance is left."""
    out = np.full(len(deviation), np.nan)
    np.divide(deviation, np.sqrt(np.maximum(variance, 0.0)), out=out, where=variance > 0)
    return out


def local_moran(
    values: pd.Series, weights: Weights, *, moments: Moments = "conditional"
) -> pd.DataFrame:
    """Local Moran's I with z, two-sided p and quadrant.

    Parameters
    ----------
    values : Series of float, shape (n,)
    weights : Weights
        Row standardised here, so that I is about the mean of the neighbours.
    moments : {"conditional", "total"}
        Hold the area's own value fixed (as a permutation test does), or shuffle all.

    Returns
    -------
    DataFrame
        `local_moran` (sum of squares divided by n, as spdep), `expected`, `variance`, `z`,
        `p`, `quadrant` (HH, LL, HL, LH: own value, then neighbours'), `status`.

    Notes
    -----
    Anselin (1995); moments of Sokal, Oden & Thomson (1998), Geographical Analysis 30(4).

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> local_moran(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line)["quadrant"].to_list()
    ['HH', 'HH', 'LH', 'LL', 'LL']
    """
    entry = admit(values, weights.row_standardised())
    entry = Entry(entry.values, entry.weights.row_standardised(), entry.rows, entry.status)
    z = entry.values - entry.values.mean()
    m2 = float(z @ z) / max(len(z), 1)
    lag = entry.weights.matrix @ z
    statistic = _safe(z * lag, m2)
    if moments == "total":
        expected, variance = _total_moments(z, m2, entry.weights)
    else:
        mean, spread, _ = _lag_moments(entry.values, entry.weights)
        expected, variance = _safe(z * mean, m2), _safe(z**2 * spread, m2**2)
    score = _ratio(statistic - expected, variance)
    out = _scored(entry, z=score, local_moran=statistic, expected=expected, variance=variance)
    return out.assign(quadrant=_quadrants(entry, z, lag, out["status"]))


def _safe(value: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    return value / scale if scale > 0 else np.full(len(value), np.nan)


def _total_moments(
    z: NDArray[np.float64], m2: float, weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = len(z)
    total, squares = _row_sums(weights)
    expected = -total / (n - 1)
    if m2 <= 0 or n < 3:
        return expected, np.zeros(n)
    b2 = float((z**4).mean()) / m2**2
    variance = (
        squares * (n - b2) / (n - 1)
        + (total**2 - squares) * (2 * b2 - n) / ((n - 1) * (n - 2))
        - (total / (n - 1)) ** 2
    )
    return expected, variance


def _quadrants(
    entry: Entry, z: NDArray[np.float64], lag: NDArray[np.float64], status: pd.Series
) -> pd.Series:
    """Own value and neighbours' mean, each high or low; exactly average counts as low."""
    word = np.where(z > 0, np.where(lag > 0, "HH", "HL"), np.where(lag > 0, "LH", "LL")).astype(
        object
    )
    full = np.full(len(status), None, dtype=object)
    full[entry.rows] = word
    return pd.Series(full, index=status.index, dtype=object).where(status == OK)


def bivariate_moran(values: pd.Series, others: pd.Series, weights: Weights) -> pd.DataFrame:
    """Local Moran between a value here and another value at the neighbours.

    Parameters
    ----------
    values, others : Series of float, shape (n,)
        For example poverty here and flood exposure around.

    Returns
    -------
    DataFrame
        `local_moran`, `z`, `p`, `quadrant`, `status`. Areas missing either value have none.

    Notes
    -----
    Own values fixed, neighbours' values shuffled without the area's own, as in Anselin, Syabri
    & Smirnov (2002). With `others` equal to `values` it is `local_moran` conditional.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> poor, wet = pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), pd.Series([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> bivariate_moran(poor, wet, line)["quadrant"].to_list()
    ['HL', 'HL', 'LL', 'LH', 'LH']
    """
    both = values.where(others.notna() & np.isfinite(others.astype(float)))
    first = admit(both, weights)
    row_weights = first.weights.row_standardised()
    second = admit(others.astype(float).iloc[first.rows], row_weights)
    status = first.status.copy()
    if (second.status == "constant").any():
        status = status.mask(status == OK, "constant")
    entry = Entry(first.values, row_weights, first.rows, status)
    z = first.values - first.values.mean()
    scale = np.sqrt(float(z @ z) * float(((y := second.values) - y.mean()) @ (y - y.mean())))
    mean, spread, lag = _lag_moments(y, row_weights)
    statistic = _safe(z * lag, scale / max(len(z), 1))
    score = np.sign(z) * _ratio(lag - mean, spread)
    out = _scored(entry, z=score, local_moran=statistic)
    return out.assign(quadrant=_quadrants(entry, z, lag, out["status"]))


def local_geary(values: pd.Series, weights: Weights) -> pd.Series:
    """Local Geary's c, the mean squared difference to the neighbours in units of variance.

    Notes
    -----
    Anselin (1995), row-standardised weights, variance with n - 1 as spdep. It has no analytic
    p here: use `permutation.lag_p` on the values for significance.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3]])
    >>> local_geary(pd.Series([9.0, 8.0, 1.0, 1.0, 1.0]), line).round(3).to_list()
    [0.059, 1.471, 1.441, 0.0, 0.0]
    """
    entry = admit(values, weights)
    x = entry.values
    w = entry.weights.row_standardised().matrix
    z = (x - x.mean()) / (x.std(ddof=1) or np.nan)
    total = np.asarray(w.sum(axis=1)).ravel()
    squared = total * z**2 - 2 * z * (w @ z) + w @ z**2
    return entry.table(local_geary=squared)["local_geary"]


def _scored(
    entry: Entry, *, z: NDArray[np.float64], **columns: NDArray[np.float64]
) -> pd.DataFrame:
    """Spread z and p over all rows; a score without variance becomes a status."""
    flat = np.zeros(len(entry.status), dtype=bool)
    flat[entry.rows] = np.isnan(z)
    status = entry.status.mask(
        pd.Series(flat, index=entry.status.index) & (entry.status == OK), "degenerate"
    )
    spread = Entry(entry.values, entry.weights, entry.rows, status)
    return spread.table(z=z, p=two_sided(z), **columns)
