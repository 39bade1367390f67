"""Many tests at once: which p still count when thousands were looked at."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from spatial.errors import SchemaError

__all__ = ["Method", "adjust"]

Method = Literal["bh", "by", "bonferroni"]


def adjust(p: pd.Series, method: Method = "bh") -> pd.Series:
    """Return q: the smallest false discovery rate at which each test is still counted.

    Parameters
    ----------
    p : Series of float in 0..1, NaN for no answer
        NaN takes no part and stays NaN.
    method : {"bh", "by", "bonferroni"}
        Benjamini & Hochberg (1995); Benjamini & Yekutieli (2001), for any dependence;
        Bonferroni (family-wise error).

    Raises
    ------
    SchemaError
        If a p lies outside 0..1.

    Examples
    --------
    >>> adjust(pd.Series([0.01, 0.04, None, 0.03])).round(4).to_list()
    [0.03, 0.04, nan, 0.04]
    """
    known = p.dropna()
    if ((known < 0) | (known > 1)).any():
        raise SchemaError(
            "p of {what} lies outside 0..1",
            code="p_outside",
            what=str(known.index[(known < 0) | (known > 1)][0]),
        )
    m = len(known)
    ordered = known.sort_values(kind="stable")
    rank = np.arange(1, m + 1)
    if method == "bonferroni":
        q = ordered * m
    else:
        factor = m * (float((1 / rank).sum()) if method == "by" else 1.0)
        raw = ordered.to_numpy() * factor / rank
        q = pd.Series(np.minimum.accumulate(raw[::-1])[::-1], index=ordered.index)
    return _aligned(p, known, q.clip(upper=1.0))


def _aligned(p: pd.Series, known: pd.Series, q: pd.Series) -> pd.Series:
    """Put q back in the order of p, by position: names may repeat."""
    out = np.full(len(p), np.nan)
    rows = np.flatnonzero(p.notna())
    out[rows[np.argsort(known.to_numpy(), kind="stable")]] = q.to_numpy()
    return pd.Series(out, index=p.index, name="q")
