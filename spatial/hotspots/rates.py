"""Rates of small populations: raw, and shrunk by empirical Bayes towards what is usual."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spatial.errors import SchemaError
from spatial.weights import Weights

__all__ = ["assuncao_reis", "eb_global", "eb_local", "rate", "rate_status"]


def rate_status(counts: pd.Series, population: pd.Series) -> pd.Series:
    """Say of each area whether it has a rate: `ok`, or why not.

    Examples
    --------
    >>> rate_status(pd.Series([1, 2, -1, 9]), pd.Series([10, 0, 10, 5])).to_list()
    ['ok', 'zero_population', 'negative', 'rate_above_one']
    """
    for series in (counts, population):
        if not pd.api.types.is_numeric_dtype(series):
            raise SchemaError(
                "column {column!r} holds {kind}, not numbers",
                code="values_not_numeric",
                hint="Give a column of numbers",
                column=str(series.name),
                kind=str(series.dtype),
            )
    cases, people = counts.astype(float), population.astype(float)
    status = pd.Series("ok", index=counts.index, dtype=object, name="status")
    status = status.mask(cases > people, "rate_above_one").mask(people == 0, "zero_population")
    status = status.mask((cases < 0) | (people < 0), "negative")
    status = status.mask(np.isinf(cases) | np.isinf(people), "not_finite")
    return status.mask(cases.isna() | people.isna(), "missing")


def rate(counts: pd.Series, population: pd.Series) -> pd.Series:
    """Cases per head, 0..1; NaN where there is none.

    Examples
    --------
    >>> rate(pd.Series([1, 2]), pd.Series([10, 0])).to_list()
    [0.1, nan]
    """
    known = rate_status(counts, population) == "ok"
    share = counts.astype(float).where(known) / population.astype(float).where(known)
    return share.rename("rate")


def eb_global(counts: pd.Series, population: pd.Series) -> pd.Series:
    """Rate drawn towards the overall rate, the more the smaller the population.

    Notes
    -----
    Marshall (1991), Applied Statistics 40(2), method of moments; as spdep's EBest. Where rates
    vary no more than chance makes them, every area gets the overall rate.

    Examples
    --------
    >>> eb_global(pd.Series([1, 30, 60]), pd.Series([2, 100, 100])).round(3).to_list()
    [0.454, 0.334, 0.567]
    """
    raw = rate(counts, population)
    cases, people = counts.where(raw.notna()).astype(float), population.where(raw.notna())
    people = people.astype(float)
    if not raw.notna().any():
        return raw.rename("rate_eb")
    overall, between = _prior(cases, people, raw)
    return _shrink(raw, people, overall, between).rename("rate_eb")


def _prior(cases: pd.Series, people: pd.Series, raw: pd.Series) -> tuple[float, float]:
    """Overall rate, and the variance of rates between areas beyond chance."""
    overall = float(cases.sum() / people.sum())
    spread = float((people * (raw - overall) ** 2).sum() / people.sum())
    return overall, spread - overall / float(people.mean())


def _shrink(
    raw: pd.Series, people: pd.Series, overall: pd.Series | float, between: pd.Series | float
) -> pd.Series:
    above = pd.Series(between, index=raw.index).clip(lower=0.0)
    chance = overall / people
    total = above + chance
    keep = (above / total.where(total > 0)).fillna(0.0)
    drawn: pd.Series = overall + keep * (raw - overall)
    return drawn.where(raw.notna())


def eb_local(counts: pd.Series, population: pd.Series, weights: Weights) -> pd.Series:
    """Rate drawn towards the rate of the area and its neighbours.

    Notes
    -----
    Marshall (1991) with the neighbourhood as reference (binary, the area included), as esda's
    Spatial_Empirical_Bayes and spdep's EBlocal(geoda=TRUE), not its default, which spreads each
    neighbour around a mean of its own. An area without neighbours keeps its raw rate.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> w = from_neighbours([[1], [0, 2], [1]])
    >>> eb_local(pd.Series([1, 30, 20]), pd.Series([2, 100, 100]), w).round(3).to_list()
    [0.304, 0.252, 0.25]
    """
    raw = rate(counts, population)
    known = raw.notna().to_numpy()
    cases = np.where(known, counts.astype(float), 0.0)
    people = np.where(known, population.astype(float), 0.0)
    near = weights.reindex(counts.index).matrix.copy()
    near.data[:] = 1.0

    def around(of: np.ndarray) -> np.ndarray:
        return np.asarray(near @ of + of)

    total = pd.Series(around(people), index=raw.index)
    total = total.where(total > 0)
    overall = pd.Series(around(cases), index=raw.index) / total
    filled = raw.fillna(0.0).to_numpy()
    # sum n (r - m)^2 over the neighbourhood, opened up so that it is three sparse products
    spread = around(people * filled**2) - 2 * overall * around(people * filled)
    spread = (spread + overall**2 * total) / total
    mean_people = total / around(known.astype(float))
    return _shrink(
        raw, pd.Series(people, index=raw.index), overall, spread - overall / mean_people
    ).rename("rate_eb_local")


def assuncao_reis(counts: pd.Series, population: pd.Series) -> pd.Series:
    """Standardised rates whose variance no longer depends on the population.

    The values to give to Moran's I when populations differ widely.

    Notes
    -----
    Assuncao & Reis (1999), Statistics in Medicine 18. Where the variance would be negative for
    an area, its chance part alone is taken, as the paper proposes.

    Examples
    --------
    >>> assuncao_reis(pd.Series([1, 30, 20]), pd.Series([20, 100, 100])).round(2).to_list()
    [-1.54, 0.99, -0.46]
    """
    raw = rate(counts, population)
    cases, people = counts.where(raw.notna()).astype(float), population.where(raw.notna())
    people = people.astype(float)
    overall, between = _prior(cases, people, raw)
    chance = overall / people
    variance = (between + chance).where(between + chance > 0, chance)
    return ((raw - overall) / np.sqrt(variance.where(variance > 0))).rename("rate_standardised")
