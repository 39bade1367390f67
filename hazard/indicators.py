"""Vulnerability and capacity: indicators scored, weighed into components, by rule files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazard.overlay import score_bounds
from hazard.rule_files import Rule, load_rule
from spatial.errors import LayerError, PlanError
from spatial.notes import Note

__all__ = ["Indices", "indices"]

Array = NDArray[np.float64]
#: Scores of the classes of an indicator that has two limits.
THIRDS = (1 / 3, 2 / 3, 1.0)


@dataclass(frozen=True, slots=True)
class Indices:
    """An index 0..1 per unit with its components.

    `table` has, per component and for the whole (`indeks`), the columns `<name>_low` and
    `<name>_high`: equal where every indicator is known, else what it could be. `kelas` is NA
    where that decides the class.
    """

    table: pd.DataFrame
    labels: tuple[str, ...]
    citation: str
    notes: tuple[Note, ...] = ()


def indices(kind: str, rule: str, indicators: pd.DataFrame) -> Indices:
    """Weigh indicators into an index, as a rule of kind `vulnerability` or `capacity` says.

    Parameters
    ----------
    indicators : DataFrame, one row per unit
        Columns named as in the rule, in the units their names state. NaN, or a column that is
        not there, leaves the index between what it could be; weights are never spread over the
        others.

    Raises
    ------
    PlanError
        `weights_wrong`, if weights of a level do not sum to the stated total.
    LayerError
        `indicator_none`, if no column is an indicator; `score_wrong`.

    Examples
    --------
    >>> made = indices("capacity", "ikd_ikm_2019", pd.DataFrame({"ikd": [0.5], "ikm": [0.25]}))
    >>> made.table[["indeks_low", "indeks_high", "kelas"]].round(9)
       indeks_low  indeks_high   kelas
    0        0.35         0.35  sedang
    """
    stated = load_rule(kind, rule)
    total = float(stated.data["weight_total"])
    components = stated.data["components"]
    _check(stated, [item["weight"] for item in components], total)
    known = [part["name"] for item in components for part in item["factors"]]
    if not set(known) & set(indicators.columns):
        raise LayerError(
            "the table has none of the indicators of rule {name}",
            code="indicator_none",
            hint="They are: {known}",
            name=rule,
            known=", ".join(known),
        )
    columns: dict[str, Any] = {}
    ends = [np.zeros(len(indicators)), np.zeros(len(indicators))]
    for item in components:
        _check(stated, [part["weight"] for part in item["factors"]], total)
        low, high = _component(item["factors"], indicators, total)
        columns[f"{item['name']}_low"], columns[f"{item['name']}_high"] = low, high
        ends[0] += low * item["weight"] / total
        ends[1] += high * item["weight"] / total
    table = pd.DataFrame(columns, indicators.index)
    table["indeks_low"], table["indeks_high"] = ends
    labels = tuple(stated.data["labels"])
    table["kelas"] = class_between(ends[0], ends[1], stated.data["breaks"], labels)
    return Indices(table, labels, stated.citation(), _notes(stated, known, indicators))


def _component(
    factors: list[dict[str, Any]], indicators: pd.DataFrame, total: float
) -> tuple[Array, Array]:
    low, high = np.zeros(len(indicators)), np.zeros(len(indicators))
    for part in factors:
        scored = part if "range" in part else {"scores": THIRDS, **part}
        column = indicators.get(part["name"])
        values = None if column is None else pd.to_numeric(column, errors="coerce")
        least, most = score_bounds(
            scored, None if values is None else values.to_numpy(float), (len(indicators),)
        )
        low, high = low + least * part["weight"] / total, high + most * part["weight"] / total
    return low, high


def class_between(
    low: Array, high: Array, breaks: list[float], labels: tuple[str, ...]
) -> NDArray[np.object_]:
    """Name the class of an index; None where its bounds lie in different classes."""
    limits = np.asarray(breaks, float)
    # Sums of weights and scores carry rounding; a limit is met up to a billionth.
    one, other = (np.searchsorted(limits, end - 1e-9) for end in (low, high))
    words = np.array([*labels, None], dtype=object)
    sure = (one == other) & ~np.isnan(low) & ~np.isnan(high)
    named = np.empty(np.shape(low), dtype=object)
    named[...] = words[np.where(sure, one, len(labels))]
    return named


def _check(rule: Rule, weights: list[float], total: float) -> None:
    if abs(sum(weights) - total) > 1e-9:
        raise PlanError(
            "rule {name}: the weights sum to {total}, not to {stated}",
            code="weights_wrong",
            hint="Correct the file; weights are never scaled silently",
            name=rule.name,
            total=sum(weights),
            stated=total,
        )


def _notes(rule: Rule, known: list[str], indicators: pd.DataFrame) -> tuple[Note, ...]:
    notes = []
    for name in known:
        blank = int(indicators[name].isna().sum()) if name in indicators else len(indicators)
        if blank:
            notes.append(
                Note(
                    "indicator_missing",
                    "rule {rule}: indicator {indicator} is not known for {units} units",
                    "warning",
                    {"rule": rule.name, "indicator": name, "units": blank},
                )
            )
    return tuple(notes)
