"""Scenarios by return period: deeper when rarer, compared, and summed to a yearly expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from spatial.errors import LayerError
from spatial.notes import Note
from spatial.zonal import Grid

__all__ = ["check_monotone", "compare_scenarios", "expected_annual", "expected_exposed"]

Curve: TypeAlias = Literal["log", "linear", "step"]
WINDOW_ROWS = 512


def expected_annual(
    amounts: ArrayLike, return_periods: Sequence[float], *, curve: Curve = "log"
) -> NDArray[np.float64]:
    """Sum up the amount to expect per year from the amounts of several return periods.

    Parameters
    ----------
    amounts : array, shape (..., n)
        Damage or people, one column per return period.
    return_periods : sequence of n floats, in years
        In any order, each once.
    curve : {"log", "linear", "step"}
        Between two return periods the amount is linear in the logarithm of the frequency
        (as Delft-FIAT does), linear in the frequency, or that of the more frequent event.

    Returns
    -------
    array, shape (...)
        The area under amount over frequency. Beyond the rarest event its amount stands;
        events more frequent than the first count nothing.

    Raises
    ------
    LayerError
        `return_periods_wrong`, unless all are above zero and differ.

    Examples
    --------
    >>> expected_annual([0.0, 100.0], [10, 100], curve="linear").round(3)
    np.float64(5.5)
    >>> expected_annual([[5.0]], [5]).tolist()
    [1.0]
    """
    table = np.asarray(amounts, dtype=float)
    periods = np.asarray(return_periods, dtype=float)
    distinct = len(set(periods.tolist())) == len(periods)
    if table.shape[-1:] != periods.shape or not distinct or not (periods > 0).all():
        raise LayerError(
            "return periods {periods} do not fit {columns} amounts",
            code="return_periods_wrong",
            hint="One return period in years for each amount, each above zero and once",
            periods=periods.tolist(),
            columns=int(table.shape[-1]),
        )
    order = np.argsort(periods)
    table, frequency = table[..., order], 1.0 / periods[order]
    often, rare = frequency[:-1], frequency[1:]
    near, far = table[..., :-1], table[..., 1:]
    if curve == "log":
        log = np.log(rare / often)
        bend = (rare - often - rare * log) / log
        parts = near * (often - rare) + (far - near) * bend
    else:
        weight = 0.5 if curve == "linear" else 0.0
        parts = (near + (far - near) * weight) * (often - rare)
    total: NDArray[np.float64] = parts.sum(axis=-1) + table[..., -1] * frequency[-1]
    return total


def expected_exposed(
    table: pd.DataFrame,
    return_periods: Mapping[str, float],
    *,
    from_class: str,
    labels: Sequence[str],
    curve: Curve = "log",
) -> pd.DataFrame:
    """Sum up what to expect per year, unit by unit: people, land, houses in a class or worse.

    Parameters
    ----------
    table : DataFrame
        Of `Exposure.table`.
    return_periods : mapping of scenario to years
    from_class : str
        The least class that counts.
    labels : sequence of str
        The classes from least to worst.

    Returns
    -------
    DataFrame
        `hazard`, `unit_id`, `per_year`, and `unknown`, the part without an answer (no data or
        outside the map) in the scenario where it is largest: it is in no expectation.

    Examples
    --------
    >>> table = pd.DataFrame({"hazard": "banjir", "scenario": ["10", "100"], "unit_id": "a",
    ...                       "hazard_class": "tinggi", "amount": [0.0, 100.0]})
    >>> expected = expected_exposed(table, {"10": 10, "100": 100}, from_class="tinggi",
    ...                             labels=["tidak_ada", "tinggi"], curve="linear")
    >>> expected["per_year"].round(9).tolist()
    [5.5]
    """
    counted = list(labels)[list(labels).index(from_class) :]
    rows = table[table["scenario"].isin(list(return_periods))]
    keys = ["hazard", "unit_id", "scenario"]
    order = list(return_periods)

    def by_scenario(chosen: pd.Series[bool]) -> pd.DataFrame:
        amounts = rows.assign(amount=rows["amount"].where(chosen, 0.0).astype(float))
        table = amounts.pivot_table("amount", keys[:2], "scenario", "sum", sort=False)
        return table[order]

    exposed = by_scenario(rows["hazard_class"].isin(counted))
    blank = by_scenario(~rows["hazard_class"].isin(list(labels)))
    years = [return_periods[name] for name in order]
    return pd.DataFrame(
        {
            "per_year": expected_annual(exposed.to_numpy(float), years, curve=curve),
            "unknown": blank.max(axis=1),
        },
        exposed.index,
    ).reset_index()


def check_monotone(depths: Grid, return_periods: Sequence[float]) -> list[Note]:
    """List the steps between return periods at which some cell gets shallower.

    Parameters
    ----------
    depths : Grid
        A band per return period.
    return_periods : sequence of float
        In the order of the bands.

    Returns
    -------
    list of Note
        `scenario_not_monotone` with the number of cells, the largest drop in metres and where
        it is. A cell that is dry or blank in the rarer map but wet in the other counts too.
    """
    order = np.argsort(np.asarray(return_periods, dtype=float))
    notes = []
    for one, other in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        count, drop, place = _drops(depths, one + 1, other + 1)
        if count:
            notes.append(
                Note(
                    "scenario_not_monotone",
                    "{cells} cells are shallower at {rare} than at {often} years, by up to "
                    "{drop_m:.3f} m at {place}",
                    "warning",
                    {
                        "cells": count,
                        "often": float(return_periods[one]),
                        "rare": float(return_periods[other]),
                        "drop_m": drop,
                        "place": place,
                    },
                )
            )
    return notes


def _drops(depths: Grid, often: int, rare: int) -> tuple[int, float, list[float]]:
    """Count cells that fall, with the deepest fall and its place."""
    count, worst, place = 0, 0.0, [float("nan")] * 2
    for begin in range(0, depths.height, WINDOW_ROWS):
        end = min(begin + WINDOW_ROWS, depths.height)
        raw = depths.read((begin, end), None, (often, rare))
        near, far = np.where(depths.valid(raw), raw, 0.0)
        fall = near - far
        count += int((fall > 0).sum())
        row, col = np.unravel_index(int(fall.argmax()), fall.shape)
        if fall[row, col] > worst:
            worst = float(fall[row, col])
            place = [
                depths.x0 + (float(col) + 0.5) * depths.dx,
                depths.y0 + (begin + float(row) + 0.5) * depths.dy,
            ]
    return count, worst, place


def compare_scenarios(table: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """Compare two scenarios of an exposure table, unit by unit and class by class.

    Returns
    -------
    DataFrame
        `hazard`, `unit_id`, `hazard_class`, `before`, `after`, `change`. Changes of a unit
        sum to zero: what leaves a class enters another.

    Examples
    --------
    >>> table = pd.DataFrame({"hazard": "banjir", "scenario": ["005", "100"], "unit_id": "a",
    ...                       "hazard_class": "tinggi", "amount": [1.0, 4.0]})
    >>> compare_scenarios(table, "005", "100")["change"].tolist()
    [3.0]
    """
    known = set(table["scenario"])
    if not {one, other} <= known:
        raise LayerError(
            "there is no scenario {name!r}",
            code="scenario_unknown",
            hint="There are: {known}",
            name=one if one not in known else other,
            known=", ".join(sorted(known)),
        )
    keys = ["hazard", "unit_id", "hazard_class"]
    sides: list[pd.Series[Any]] = [
        table[table["scenario"] == name].set_index(keys)["amount"] for name in (one, other)
    ]
    merged = pd.concat(sides, axis=1, keys=["before", "after"]).reset_index()
    return merged.assign(change=merged["after"] - merged["before"])
