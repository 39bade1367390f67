"""Water across administrative borders: what each kab/kota gives to and takes from a DAS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.errors import LayerError
from spatial.shares import shares

__all__ = ["das_shares", "water_balance"]

M2_PER_KM2: Final = 1e6
#: One millimetre on one square metre is a litre.
M3_PER_MM_M2: Final = 1e-3


def das_shares(
    das: gpd.GeoDataFrame, kabkota: gpd.GeoDataFrame, *, das_id: str, kabkota_id: str
) -> pd.DataFrame:
    """Measure how each DAS is divided among kab/kota.

    Raises
    ------
    LayerError
        `das_no_area`, if the shape of a DAS cannot be measured.

    Returns
    -------
    DataFrame
        `das`, `kabkota` (NA for the part in none), `area_m2`, `share_of_das`. Per DAS the
        areas sum to its own.

    Examples
    --------
    >>> import shapely
    >>> x, y = 12_000_000, -700_000
    >>> das = gpd.GeoDataFrame({"das": ["Garang"]}, geometry=[shapely.box(x, y, x + 400, y + 100)],
    ...                        crs="ESRI:54034")
    >>> kab = gpd.GeoDataFrame({"kab": ["33.74", "33.22"]}, crs="ESRI:54034", geometry=[
    ...     shapely.box(x, y, x + 100, y + 100), shapely.box(x + 100, y, x + 300, y + 100)])
    >>> das_shares(das, kab, das_id="das", kabkota_id="kab")["share_of_das"].tolist()
    [0.5, 0.25, 0.25]
    """
    named = das.set_index(das[das_id].astype(str))
    found = shares(named, kabkota, by=kabkota_id)
    silent = found[found["area_m2"].isna()]
    if len(silent):
        raise LayerError(
            "DAS {das} has no answer: {status}",
            code="das_no_area",
            hint="Publish the layer first: its repair is listed and its area change shown",
            das=str(silent["parcel_id"].iloc[0]),
            status=str(silent["status"].iloc[0]),
        )
    table = pd.DataFrame(
        {
            "das": found["parcel_id"].astype(str),
            "kabkota": found["zone"],
            # Where two kab/kota overlap, the part counts for the first.
            "area_m2": found["area_m2"] - found["overlap_m2"].fillna(0.0),
        }
    )
    whole = table.groupby("das")["area_m2"].transform("sum")
    return table.assign(share_of_das=table["area_m2"] / whole).reset_index(drop=True)


def water_balance(
    parts: pd.DataFrame,
    runoff_mm: pd.Series[float],
    users: pd.DataFrame,
    coefficients: Mapping[str, float],
) -> pd.DataFrame:
    """Set supply against demand in every part of a DAS, and what flows to a neighbour.

    Parameters
    ----------
    parts : DataFrame
        Of `das_shares`.
    runoff_mm : Series, index das
        Water that a year yields, in millimetres over the DAS.
    users : DataFrame, index kabkota
        Amounts that need water (people, hectares of paddy, ...), each column named in
        `coefficients`. They are divided among the parts of a kab/kota by area.
    coefficients : mapping of column to m³ a year for one of it

    Returns
    -------
    DataFrame
        `parts` with `supply_m3`, `demand_m3`, `balance_m3`, and `transfer_m3`: above zero
        received from, below zero given to other kab/kota of the same DAS (they sum to zero),
        and `deficit_m3` that is left. Givers give, and takers get, in proportion.

    Raises
    ------
    LayerError
        `runoff_missing`, `users_missing`, `coefficient_missing`: nothing is taken as zero.

    Examples
    --------
    >>> parts = pd.DataFrame({"das": ["G", "G"], "kabkota": ["A", "B"],
    ...                       "area_m2": [3e6, 1e6], "share_of_das": [0.75, 0.25]})
    >>> table = water_balance(parts, pd.Series({"G": 1000.0}),
    ...     pd.DataFrame({"jiwa": [10_000, 50_000]}, ["A", "B"]), {"jiwa": 40.0})
    >>> table[["supply_m3", "demand_m3", "transfer_m3", "deficit_m3"]].to_numpy().tolist()
    [[3000000.0, 400000.0, -1000000.0, 0.0], [1000000.0, 2000000.0, 1000000.0, 0.0]]
    """
    _check(parts, runoff_mm, users, coefficients)
    table = parts.copy()
    table["supply_m3"] = table["area_m2"] * table["das"].map(runoff_mm) * M3_PER_MM_M2
    need = pd.Series(0.0, users.index)
    for name, each in coefficients.items():
        need = need + users[name] * each
    own = table.groupby("kabkota")["area_m2"].transform("sum")
    wanted = table["kabkota"].map(need) * table["area_m2"] / own
    table["demand_m3"] = wanted.where(table["kabkota"].notna(), 0.0)
    table["balance_m3"] = table["supply_m3"] - table["demand_m3"]
    spare, lack = table["balance_m3"].clip(lower=0), (-table["balance_m3"]).clip(lower=0)
    spare_sum = spare.groupby(table["das"]).transform("sum")
    lack_sum = lack.groupby(table["das"]).transform("sum")
    moved = np.minimum(spare_sum, lack_sum)
    gets: pd.Series[float] = _part(lack, lack_sum) * moved
    table["transfer_m3"] = gets - _part(spare, spare_sum) * moved
    table["deficit_m3"] = lack - gets
    return table


def _part(amount: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    return amount / whole.where(whole > 0, 1.0)


def _check(
    parts: pd.DataFrame,
    runoff_mm: pd.Series[float],
    users: pd.DataFrame,
    coefficients: Mapping[str, float],
) -> None:
    dry = sorted(set(parts["das"]) - set(runoff_mm.dropna().index))
    if dry:
        raise LayerError(
            "the yield of DAS {das} is not given ({count} have none)",
            code="runoff_missing",
            das=dry[0],
            count=len(dry),
        )
    absent = [name for name in coefficients if name not in users]
    if absent:
        raise LayerError(
            "there is a coefficient for {name}, but no such column of users",
            code="coefficient_missing",
            hint="Columns: {known}",
            name=absent[0],
            known=", ".join(map(str, users.columns)),
        )
    known = users[list(coefficients)].dropna().index
    lost = sorted(set(parts["kabkota"].dropna()) - set(known))
    if lost:
        raise LayerError(
            "the users of water in {kabkota} are not given ({count} kab/kota have none)",
            code="users_missing",
            hint="Give a row for every kab/kota that a DAS touches",
            kabkota=str(lost[0]),
            count=len(lost),
        )
