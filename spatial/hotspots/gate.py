"""The gate before every statistic: which areas take part, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spatial.errors import SchemaError
from spatial.weights import Weights

__all__ = ["OK", "STATUS", "Entry", "admit"]

OK: Final = "ok"
#: Status -> what it means. Only `ok` ever carries a z or a p.
STATUS: Final[dict[str, str]] = {
    OK: "has an answer",
    "missing": "no value",
    "not_finite": "value is infinite",
    "isolate": "no neighbour with a value",
    "constant": "all values are equal, so none can stand out",
    "too_few": "fewer than four areas have a value",
    "degenerate": "its neighbourhood is everyone, so no variance remains",
    "zero_population": "nobody lives there, so there is no rate",
    "negative": "count or population below zero",
    "rate_above_one": "more cases than people",
    "suppressed": "withheld to protect households",
    "no_geometry": "no geometry, so no neighbours are known",
    "overlap": "lies over another area, so people would be counted twice",
}

#: Differences below this share of the largest value are rounding, not variation.
FLAT: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Entry:
    """Values admitted to a statistic.

    Parameters
    ----------
    values : array, shape (m,)
    weights : Weights
        Among the `m` admitted areas only.
    rows : array of int, shape (m,)
        Their rows in the input.
    status : Series
        Of every input row; `ok` or the reason why it has no answer.
    """

    values: NDArray[np.float64]
    weights: Weights
    rows: NDArray[np.intp]
    status: pd.Series

    def table(self, **columns: NDArray[np.float64]) -> pd.DataFrame:
        """Spread results of the admitted areas over all rows; NaN wherever status is not ok."""
        out = pd.DataFrame(index=self.status.index)
        answered = (self.status == OK).to_numpy()
        for name, column in columns.items():
            full = np.full(len(self.status), np.nan)
            full[self.rows] = column
            out[name] = np.where(answered, full, np.nan)
        return out.assign(status=self.status)


def admit(values: pd.Series, weights: Weights) -> Entry:
    """Sort out which areas can be judged.

    Areas without a value leave the study together with their links, so they bias nobody's
    neighbourhood. An isolate stays in the mean and variance but gets no answer of its own.

    Raises
    ------
    SchemaError
        If the values are text.
    """
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise SchemaError(
            "column {column!r} holds {kind}, not numbers",
            code="values_not_numeric",
            hint="Give a column of numbers",
            column=str(values.name),
            kind=str(values.dtype),
        )
    weights = weights.reindex(values.index)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    status = np.full(len(numbers), OK, dtype=object)
    status[np.isnan(numbers)] = "missing"
    status[np.isinf(numbers)] = "not_finite"
    keep = status == OK
    among = weights.subset(keep)
    inner = numbers[keep]
    status[keep] = np.where(among.isolates, "isolate", _verdict(inner))
    named = pd.Series(status, index=values.index, name="status", dtype=object)
    return Entry(inner, among, np.flatnonzero(keep), named)


def _verdict(values: NDArray[np.float64]) -> str:
    """Say whether values can be compared at all."""
    if len(values) < 4:
        return "too_few"
    return "constant" if np.ptp(values) <= FLAT * np.abs(values).max() else OK
