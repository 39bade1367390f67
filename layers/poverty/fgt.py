"""Poverty measures from unit records: how many, how deep, how uneven (Foster-Greer-Thorbecke)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spatial.errors import SchemaError

__all__ = ["fgt"]


def fgt(
    spending: pd.Series,
    line: pd.Series | float,
    *,
    weight: pd.Series | None = None,
    by: pd.Series | None = None,
    least: int = 0,
) -> pd.DataFrame:
    """Return P0, P1 and P2 of each group.

    Parameters
    ----------
    spending : Series of float
        Spending per head and month of each unit record, not negative.
    line : Series or float
        Poverty line in the same unit, above zero; per record where it differs by place.
    weight : Series, optional
        People each record stands for.
    by : Series, optional
        Group of each record (kab/kota). All together without.
    least : int
        Groups with fewer records that are poor, or that are not, carry no number.

    Returns
    -------
    DataFrame
        Index the groups: `p0`, `p1`, `p2`, `records`, `unused` (records without spending,
        line, weight or group), `people`, `status` (ok, suppressed, no_records).

    Raises
    ------
    SchemaError
        `fgt_value`, if a value is negative, infinite or a line is not above zero.

    Notes
    -----
    P_a = sum w ((z - y) / z)^a over the y below z, divided by sum w. Foster, Greer &
    Thorbecke (1984), Econometrica 52(3); as BPS publishes it for kab/kota.

    Examples
    --------
    >>> found = fgt(pd.Series([100.0, 200, 300, 400, 500]), 350.0)
    >>> found[["p0", "p1", "p2"]].round(4).values.tolist()
    [[0.6, 0.2571, 0.1429]]
    """
    records = pd.DataFrame({"y": spending.astype(float)})
    records["z"] = line if isinstance(line, int | float) else line.astype(float)
    records["w"] = 1.0 if weight is None else weight.astype(float)
    records["by"] = "semua" if by is None else by
    _check(records)
    used = records.dropna()
    group = used["by"]
    short = ((used["z"] - used["y"]) / used["z"]).clip(lower=0.0)
    poor = used["y"] < used["z"]
    people = used["w"].groupby(group).sum()
    sums = {
        f"p{power}": (used["w"] * poor * short**power).groupby(group).sum() / people
        for power in (0, 1, 2)
    }
    everyone = records["by"].value_counts().sort_index()
    out = pd.DataFrame(sums).reindex(everyone.index)
    many = poor.groupby(group).size().reindex(out.index).fillna(0).astype(int)
    below = poor.groupby(group).sum().reindex(out.index).fillna(0)
    out = out.assign(
        records=many, unused=everyone - many, people=people.reindex(out.index).fillna(0.0)
    )
    return _shown(out, below, least)


def _check(records: pd.DataFrame) -> None:
    wrong = (
        (records["y"] < 0)
        | np.isinf(records["y"])
        | (records["z"] <= 0)
        | np.isinf(records["z"])
        | (records["w"] < 0)
        | np.isinf(records["w"])
    )
    if wrong.any():
        raise SchemaError(
            "{count} records have spending or weight below zero or infinite, or a line of zero",
            code="fgt_value",
            hint="Spending and weight from 0, the poverty line above 0; leave unknown cells empty",
            count=int(wrong.sum()),
        )


def _shown(out: pd.DataFrame, below: pd.Series, least: int) -> pd.DataFrame:
    """Take the numbers of groups that are too small to be shown."""
    few = (below < least) | (out["records"] - below < least)
    status = pd.Series("ok", index=out.index, dtype=object)
    status = status.mask(few, "suppressed").mask(out["records"] == 0, "no_records")
    numbers = ["p0", "p1", "p2"]
    out[numbers] = out[numbers].where(status == "ok")
    return out.assign(status=status).rename_axis("group")
