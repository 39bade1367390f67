"""Risk from hazard, vulnerability and capacity by a named formula; what people need in flight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hazard.classes import NO_DATA, UNMAPPED
from hazard.indicators import Indices, class_between
from hazard.rule_files import load_rule
from spatial.errors import LayerError, PlanError

__all__ = ["FORMULAS", "Risk", "minimum_needs", "risk", "risk_table", "unit_hazard"]

Array = NDArray[np.float64]
Method: TypeAlias = Literal["terburuk", "terluas", "rata_rata"]
#: Name in the rule files -> the formula of hazard, vulnerability and capacity, each 0..1.
FORMULAS: Final[dict[str, Callable[[Array, Array, Array], Array]]] = {
    "akar_tiga": lambda h, v, c: np.cbrt(h * v * (1 - c)),
    "hv_per_c": lambda h, v, c: h * v / c,
}


@dataclass(frozen=True, slots=True)
class Risk:
    """An index of risk with its class (None where not known), of cells or of units alike."""

    index: Array
    classes: NDArray[np.object_]
    labels: tuple[str, ...]
    formula: str
    citation: str


def risk(
    hazard: ArrayLike,
    vulnerability: ArrayLike,
    capacity: ArrayLike,
    *,
    rule: str = "akar_tiga_2019",
) -> Risk:
    """Join hazard, vulnerability and capacity into an index of risk.

    Parameters
    ----------
    hazard, vulnerability, capacity : arrays that broadcast, 0..1
        NaN is not known, and leaves the risk not known.
    rule : str
        Rule file of kind `risk`, or a `.toml`: it names the formula, for handbooks differ.

    Raises
    ------
    LayerError
        `index_outside`, if a value is not within 0..1, or a formula divides by no capacity.
    PlanError
        `formula_unknown`.

    Examples
    --------
    >>> risk([1.0, 0.5, 0.0], [0.5, 0.5, 1.0], [0.5, 0.0, 0.2]).index.round(4).tolist()
    [0.63, 0.63, 0.0]
    >>> risk([1.0], [0.5], [0.25], rule="perka_2_2012").index.tolist()
    [2.0]
    """
    stated = load_rule("risk", rule)
    name = str(stated.data["formula"])
    if name not in FORMULAS:
        raise PlanError(
            "rule {name} names the formula {formula!r}, which does not exist",
            code="formula_unknown",
            hint="Formulas: {known}",
            name=stated.name,
            formula=name,
            known=", ".join(FORMULAS),
        )
    least = np.nextafter(0, 1) if name == "hv_per_c" else 0.0
    h, v = _within("hazard", hazard, 0.0), _within("vulnerability", vulnerability, 0.0)
    c = _within("capacity", capacity, least)
    index = np.asarray(FORMULAS[name](h, v, c), float)
    labels = tuple(stated.data["labels"])
    if len(labels) == 1:
        classes = np.full(index.shape, None, dtype=object)
    else:
        classes = class_between(index, index, stated.data["breaks"], labels)
    return Risk(index, classes, labels, name, stated.citation())


def _within(what: str, values: ArrayLike, least: float) -> Array:
    array = np.asarray(values, dtype=float)
    wrong = (array < least) | (array > 1)
    if wrong.any():
        raise LayerError(
            "{what} holds {value}; indices lie between 0 and 1",
            code="index_outside",
            hint="Percent must be divided by 100; a capacity of 0 has no answer where a formula "
            "divides by it",
            what=what,
            value=float(array[wrong][0]),
        )
    return array


def risk_table(
    hazard: pd.Series[float],
    vulnerability: Indices,
    capacity: Indices,
    *,
    rule: str = "akar_tiga_2019",
) -> pd.DataFrame:
    """Lay hazard, vulnerability, capacity and risk side by side, unit by unit.

    Parameters
    ----------
    hazard : Series 0..1, index units
        See `unit_hazard`; NaN where nothing is mapped.
    vulnerability, capacity : Indices over the same units

    Returns
    -------
    DataFrame, index of `hazard`
        `indeks_bahaya`, then `low`, `high` and class of each of `kerentanan`, `kapasitas` and
        `risiko`. Risk grows with vulnerability and falls with capacity, so its bounds follow from
        theirs; the class is NA where they leave it open.

    Raises
    ------
    LayerError
        `risk_unit_missing`, if a unit of the hazard has no row of indicators.
    """
    columns: dict[str, pd.Series[float]] = {"indeks_bahaya": hazard}
    for name, made in (("kerentanan", vulnerability), ("kapasitas", capacity)):
        lost = hazard.index.difference(made.table.index)
        if len(lost):
            raise LayerError(
                "unit {unit} has no row of indicators ({count} units have none)",
                code="risk_unit_missing",
                hint="Give a row for every unit; leave cells empty that are not known",
                unit=str(lost[0]),
                count=len(lost),
            )
        table = made.table.loc[hazard.index]
        columns[f"{name}_low"], columns[f"{name}_high"] = table["indeks_low"], table["indeks_high"]
        columns[f"kelas_{name}"] = table["kelas"]
    table = pd.DataFrame(columns, hazard.index)
    least = risk(hazard, table["kerentanan_low"], table["kapasitas_high"], rule=rule)
    most = risk(hazard, table["kerentanan_high"], table["kapasitas_low"], rule=rule)
    table["risiko_low"], table["risiko_high"] = least.index, most.index
    named = pd.Series(least.classes, table.index, dtype=object)
    table["kelas_risiko"] = named.where(least.classes == most.classes, None)
    return table


def unit_hazard(wide: pd.DataFrame, *, method: Method) -> pd.Series[float]:
    """Give each unit one index of hazard from the areas of its classes.

    Classes above the first (no hazard) have the indices 1/n, 2/n ... 1. Handbooks differ in
    what a desa is given, so the method is named:

    Parameters
    ----------
    wide : DataFrame
        Of `Exposure.wide`: classes from least to worst, then no data and outside the map.
    method : {"terburuk", "terluas", "rata_rata"}
        The worst class in it, the class with most of its area, or the mean by area.

    Returns
    -------
    Series
        NaN where nothing of the unit is mapped.

    Examples
    --------
    >>> wide = pd.DataFrame({"tidak_ada": [6.0], "rendah": [3.0], "sedang": [0.0],
    ...                      "tinggi": [1.0], "tanpa_data": [0.0], "luar_cakupan": [0.0]})
    >>> [round(float(unit_hazard(wide, method=m).iloc[0]), 4)
    ...  for m in ("terburuk", "terluas", "rata_rata")]
    [1.0, 0.0, 0.2]
    """
    classes = [name for name in wide.columns if name not in (NO_DATA, UNMAPPED)]
    areas = wide[classes].to_numpy(float)
    index = np.arange(len(classes)) / max(len(classes) - 1, 1)
    mapped = areas.sum(axis=1)
    if method == "rata_rata":
        with np.errstate(invalid="ignore"):
            value = areas @ index / np.where(mapped > 0, mapped, np.nan)
    elif method == "terluas":
        value = index[areas.argmax(axis=1)]
    else:
        value = index[areas.shape[1] - 1 - (areas[:, ::-1] > 0).argmax(axis=1)]
    return pd.Series(np.where(mapped > 0, value, np.nan), wide.index, name="indeks_bahaya")


def minimum_needs(
    people: pd.Series[int], *, weeks: float = 1.0, rule: str = "perka_7_2008"
) -> pd.DataFrame:
    """Say what people need who have to leave their homes.

    Parameters
    ----------
    people : Series, index units
    weeks : float
        How long; what is handed out once does not grow with it.

    Returns
    -------
    DataFrame, index of `people`
        One column per need, `<name>_<unit>`; what cannot be divided is rounded up per unit.

    Examples
    --------
    >>> minimum_needs(pd.Series({"33.99.01.2001": 121})).round(1).iloc[0].to_dict()
    {'beras_kg': 338.8, 'air_minum_l': 2117.5, 'air_bersih_l': 8107.0,
     'perlengkapan_keluarga_paket': 25.0, 'jamban_buah': 7.0}
    """
    columns = {}
    for need in load_rule("needs", rule).data["needs"]:
        each = need["per_person_week"] if "per_person_week" in need else 1 / need["people_each"]
        amount = people.to_numpy(float) * each * (1.0 if need.get("once") else weeks)
        if need.get("whole"):
            # 20 people need one, although 20 times a twentieth may exceed it by rounding.
            amount = np.ceil(amount - 1e-9)
        columns[f"{need['name']}_{need['unit']}"] = amount
    return pd.DataFrame(columns, people.index)
