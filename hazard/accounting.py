"""Closure: parts equal the whole, or the table is refused with the place of the defect."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spatial.errors import ClosureError, LayerError

__all__ = ["TOLERANCE", "Account", "check_units", "largest_remainder", "round_table"]

#: Relative to the whole.
TOLERANCE: Final = 1e-8
#: Decimals to which remainders are compared: finer ones are rounding of areas, not people.
REMAINDER_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Account:
    """The balance of a table, every part measured by itself.

    classified + nodata + unmapped + gap - overlap = whole, where `classified` is what
    the units hold in hazard classes, `nodata` what they hold where the hazard map is blank,
    `unmapped` beyond its edge, `gap` what lies in no unit, and `overlap` what units count
    a second time because they overlap.

    Examples
    --------
    >>> account = Account(classified=7.0, nodata=2.0, unmapped=1.0, gap=1.0, overlap=0.5,
    ...                   whole=10.5, unit="m2")
    >>> account.units, account.residual
    (10.0, 0.0)
    >>> account.check("luas") is account
    True
    """

    classified: float
    nodata: float
    unmapped: float
    gap: float
    overlap: float
    whole: float
    unit: str

    @property
    def units(self) -> float:
        """Sum of all units."""
        return self.classified + self.nodata + self.unmapped

    @property
    def residual(self) -> float:
        """What is missing from the balance."""
        return self.units + self.gap - self.overlap - self.whole

    def check(self, what: str) -> Account:
        """Return the account if it closes.

        Raises
        ------
        ClosureError
            `table_open`, with every part of the balance.
        """
        if abs(self.residual) <= TOLERANCE * max(abs(self.whole), abs(self.units), 1e-300):
            return self
        raise ClosureError(
            "{what}: units {units} + gap {gap} - overlap {overlap} differ from the whole "
            "{whole} by {residual} {unit}",
            code="table_open",
            what=what,
            units=self.units,
            residual=self.residual,
            **{key: value for key, value in asdict(self).items() if key != "units"},
        )

    def to_dict(self) -> dict[str, float | str]:
        """Return the balance as JSON-ready dictionary, with sum and residual."""
        return asdict(self) | {"units": self.units, "residual": self.residual}


def check_units(parts: pd.Series[float], wholes: pd.Series[float], what: str) -> None:
    """Refuse a table in which some unit's parts are not its whole, naming the worst unit.

    Raises
    ------
    ClosureError
        `unit_open`.

    Examples
    --------
    >>> check_units(pd.Series({"a": 3.0}), pd.Series({"a": 3.0}), "luas")
    >>> check_units(pd.Series({"a": 2.0}), pd.Series({"a": 3.0}), "luas")
    Traceback (most recent call last):
    spatial.errors.ClosureError: luas: the parts of unit a sum to 2.0, its whole is 3.0
    """
    have, want = parts.to_numpy(float), wholes.to_numpy(float)
    # A part that is not a number is the worst defect of all.
    gap = np.nan_to_num(np.abs(have - want) / np.maximum(np.abs(want), 1e-300), nan=np.inf)
    if len(gap) and gap.max() > TOLERANCE:
        at = int(gap.argmax())
        raise ClosureError(
            "{what}: the parts of unit {unit} sum to {parts}, its whole is {whole}",
            code="unit_open",
            what=what,
            unit=str(parts.index[at]),
            parts=float(have[at]),
            whole=float(want[at]),
        )


def largest_remainder(shares: NDArray[np.float64], total: int | None = None) -> NDArray[np.int64]:
    """Round a row of amounts to integers that keep its (rounded) sum.

    Every amount is rounded down, then the largest remainders get one more. This is
    Hamilton's method of apportionment. Remainders that agree to a millionth are a tie, and
    ties go to the earlier place, so that the rounding of an area on another machine moves
    nobody from one class to the next.

    Parameters
    ----------
    shares : array, shape (n,)
        Amounts, none negative.
    total : int, optional
        The sum to keep; by default the sum of the amounts, rounded.

    Raises
    ------
    LayerError
        `amount_negative`, if an amount is negative or not a number; `amount_all_zero`, if
        a sum is to be divided among zeros.

    Examples
    --------
    >>> largest_remainder(np.array([1.4, 1.4, 1.2])).tolist()
    [2, 1, 1]
    >>> largest_remainder(np.array([100 / 3, 100 / 3, 100 / 3 + 1e-9])).tolist()
    [34, 33, 33]
    >>> largest_remainder(np.array([0.0, 0.0])).tolist()
    [0, 0]
    """
    if not (shares >= 0).all():
        raise LayerError(
            "amounts must not be negative or missing, but one is {value}",
            code="amount_negative",
            value=float(shares[~(shares >= 0)][0]),
        )
    amount = float(shares.sum())
    wanted = round(amount) if total is None else total
    if amount == 0 and wanted:
        raise LayerError(
            "{total} cannot be divided among amounts that are all zero",
            code="amount_all_zero",
            total=wanted,
        )
    # Scaled only where a sum is imposed: scaling by one would still move the last bits.
    scaled = shares if total is None or not amount else shares * (wanted / amount)
    floor = np.floor(scaled).astype(np.int64)
    order = np.argsort(-np.round(scaled - floor, REMAINDER_DECIMALS), kind="stable")
    short = int(wanted - floor.sum())
    floor[order[:short]] += 1
    return floor


def round_table(table: pd.DataFrame, totals: pd.Series[Any] | None = None) -> pd.DataFrame:
    """Round a table unit x class to integers, row by row; coarser tables are sums of these.

    Parameters
    ----------
    table : DataFrame, shape (units, classes)
    totals : Series of int, index of `table`, optional
        The official number of each unit, kept exactly.

    Examples
    --------
    >>> round_table(pd.DataFrame([[0.5, 0.5]], ["a"], ["rendah", "tinggi"]))
       rendah  tinggi
    a       1       0
    """
    rows = [
        largest_remainder(row, None if totals is None else int(totals.iloc[i]))
        for i, row in enumerate(table.to_numpy(float))
    ]
    empty = np.empty((0, table.shape[1]), np.int64)
    return pd.DataFrame(np.vstack(rows) if rows else empty, table.index, table.columns)
