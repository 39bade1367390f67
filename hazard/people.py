"""People of each desa placed on its settlements, and counted in whole numbers by hazard class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hazard.accounting import Account, round_table
from hazard.classes import NO_DATA
from hazard.exposure import Exposure, exposure
from hazard.maps import Hazard
from spatial.errors import LayerError
from spatial.notes import Note
from spatial.zonal import Grid

__all__ = ["people_exposure", "roll_up"]


def people_exposure(
    hazards: Hazard | Sequence[Hazard],
    units: gpd.GeoDataFrame,
    *,
    unit_id: str,
    people: str,
    settlement: gpd.GeoDataFrame | Grid,
) -> Exposure:
    """Count the people of each unit by hazard class.

    The people of a unit (official number) are spread evenly over its settlement; the part of
    the settlement in a class holds that part of them. Numbers are rounded once, here, by
    largest remainder, so that every unit keeps its official number; coarser tables are sums
    of these integers (`roll_up`).

    Parameters
    ----------
    units : GeoDataFrame of polygons
    people : str
        Column of `units` with whole numbers; NA where the number is not known.
    settlement : GeoDataFrame of polygons, or Grid
        Where people live. A grid weighs by its values, for example floor area per cell.

    Returns
    -------
    Exposure
        Amounts are whole numbers. People of a unit without settlement are `tanpa_data` with
        a note; units whose number is not known are left out with a note.

    Raises
    ------
    LayerError
        `people_wrong`, if a number is negative or no whole number.

    References
    ----------
    Mennis, J. (2003). Generating surface models of population using dasymetric mapping. The
    Professional Geographer 55(1), 31-42.
    """
    counted, missing = _counted(units, unit_id, people)
    placed = exposure(hazards, counted, unit_id=unit_id, of=settlement)
    totals = counted.set_index(counted[unit_id].astype(str))[people].astype(int)
    wide = placed.wide().fillna(0.0)
    amounts, homeless = _divide(wide, totals)
    rounded = round_table(amounts, totals.loc[amounts.index.get_level_values("unit_id")])
    return replace(
        placed,
        table=_long(rounded, placed.table),
        accounts=_accounts(rounded, totals),
        unit="jiwa",
        notes=(*placed.notes, *missing, *_homeless_notes(homeless, totals)),
    )


def roll_up(table: pd.DataFrame, parent: pd.Series[Any]) -> pd.DataFrame:
    """Sum an exposure table over coarser units: desa to kecamatan, to kabkota.

    Parameters
    ----------
    table : DataFrame
        Of `Exposure.table`.
    parent : Series of str, index unit_id
        The coarser unit of each unit.

    Raises
    ------
    LayerError
        `parent_missing`, if some unit has none: its people would vanish.

    Examples
    --------
    >>> table = pd.DataFrame({"hazard": "banjir", "scenario": "utama", "unit_id": ["a", "b"],
    ...                       "hazard_class": "tinggi", "amount": [2, 3]})
    >>> roll_up(table, pd.Series({"a": "K", "b": "K"}))["amount"].tolist()
    [5]
    """
    above = table["unit_id"].map(parent)
    if above.isna().any():
        raise LayerError(
            "unit {unit} belongs to no coarser unit",
            code="parent_missing",
            hint="Complete the table of parents",
            unit=str(table.loc[above.isna(), "unit_id"].iloc[0]),
        )
    keys = ["hazard", "scenario", "unit_id", "hazard_class"]
    grouped = table.assign(unit_id=above).groupby(keys, sort=False, as_index=False)
    return grouped[["amount"]].sum()


def _counted(
    units: gpd.GeoDataFrame, unit_id: str, people: str
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Keep the units whose number is known; refuse numbers that are none."""
    numbers = pd.to_numeric(units[people], errors="coerce")
    broken = units[people].notna() & (numbers.isna() | (numbers < 0) | (numbers % 1 != 0))
    if broken.any():
        row = units[broken].iloc[0]
        raise LayerError(
            "unit {unit} has {value!r} people",
            code="people_wrong",
            hint="Whole numbers from 0; leave the cell empty where the number is not known",
            unit=str(row[unit_id]),
            value=str(row[people]),
        )
    notes = [
        Note(
            "people_unknown",
            "the number of people of unit {unit} is not known; it is left out",
            "warning",
            {"unit": str(unit)},
        )
        for unit in units.loc[numbers.isna(), unit_id]
    ]
    known = units[numbers.notna()]
    return known.assign(**{people: numbers[numbers.notna()].astype(int)}), notes


def _divide(wide: pd.DataFrame, totals: pd.Series[int]) -> tuple[pd.DataFrame, pd.Index[Any]]:
    """Divide the people of a unit by its settlement in each class; find those without any."""
    settled = wide.sum(axis=1)
    shares = wide.div(settled.where(settled > 0, np.nan), axis=0)
    shares.loc[settled <= 0] = 0.0
    shares.loc[settled <= 0, NO_DATA] = 1.0
    unit = wide.index.get_level_values("unit_id")
    amounts = shares.mul(totals.loc[unit].to_numpy(), axis=0)
    return amounts, pd.Index(unit[settled <= 0].unique())


def _homeless_notes(units: pd.Index[Any], totals: pd.Series[int]) -> list[Note]:
    return [
        Note(
            "settlement_missing",
            "unit {unit} has no settlement: its {people} people are without data",
            "warning",
            {"unit": str(unit), "people": int(totals[unit])},
        )
        for unit in units
        if totals[unit]
    ]


def _long(rounded: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Bring the integers into the order of the exposure table."""
    keys = ["hazard", "scenario", "unit_id", "hazard_class"]
    values = rounded.reset_index().melt(keys[:3], var_name="hazard_class", value_name="amount")
    return like[keys].merge(values, on=keys, how="left", validate="one_to_one")


def _accounts(rounded: pd.DataFrame, totals: pd.Series[int]) -> pd.DataFrame:
    rows = []
    for (hazard, scenario), part in rounded.groupby(level=["hazard", "scenario"], sort=False):
        sums = part.sum()
        account = Account(
            classified=float(sums.iloc[:-2].sum()),
            nodata=float(sums.iloc[-2]),
            unmapped=float(sums.iloc[-1]),
            gap=0.0,
            overlap=0.0,
            whole=float(totals.sum()),
            unit="jiwa",
        ).check(f"{hazard}/{scenario}")
        rows.append({"hazard": hazard, "scenario": scenario, **account.to_dict()})
    return pd.DataFrame(rows)
