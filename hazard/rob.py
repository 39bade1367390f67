"""Rob: the sea on sinking ground, as water that finds its way in from the sea."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spatial.errors import LayerError

__all__ = ["rob_depth"]

Array = NDArray[np.float64]
DAYS_PER_YEAR = 365.25


def rob_depth(
    heights: Array,
    sea: NDArray[np.bool_],
    *,
    sea_level_m: float,
    tide_m: float,
    dem_date: date,
    on: date,
    sinking_m_per_year: float | Array,
) -> tuple[Array, NDArray[np.bool_]]:
    """Flood low ground that is connected to the sea, on the ground of a later day.

    Parameters
    ----------
    heights : array, metres above the datum of `sea_level_m`; NaN for no data
    sea : array of bool
        Cells known to be sea. No data that is not sea stays without an answer.
    sea_level_m, tide_m : float
        Mean level and the tide above it.
    dem_date, on : date
        When the heights were true, and the day asked for; the ground sinks between them.
    sinking_m_per_year : float or array
        Above zero sinks.

    Returns
    -------
    depth : array, metres
        0 where dry, NaN without data.
    behind : array of bool
        Ground below the level but with no way to the sea: dry only as long as what
        lies between holds.

    Raises
    ------
    LayerError
        `dem_from_the_future`, if the day asked for is before the heights'.

    Examples
    --------
    >>> ground = np.array([[-1.0, 0.5, 2.0, 0.4]])
    >>> depth, behind = rob_depth(ground, ground < 0, sea_level_m=0.2, tide_m=0.6,
    ...     dem_date=date(2016, 1, 1), on=date(2026, 1, 1), sinking_m_per_year=0.08)
    >>> depth.round(2), behind
    (array([[2.6, 1.1, 0. , 0. ]]), array([[False, False, False,  True]]))
    """
    if on < dem_date:
        raise LayerError(
            "the heights are of {dem_date}, later than {on}",
            code="dem_from_the_future",
            dem_date=dem_date.isoformat(),
            on=on.isoformat(),
        )
    years = (on - dem_date).days / DAYS_PER_YEAR
    ground = heights - np.asarray(sinking_m_per_year) * years
    level = sea_level_m + tide_m
    below = (ground < level) | sea
    bodies, _ = ndimage.label(below, structure=np.ones((3, 3)))
    joined = np.isin(bodies, np.unique(bodies[sea & (bodies > 0)])) & below
    depth = np.where(joined, np.maximum(level - ground, 0.0), 0.0)
    blank = np.isnan(heights)
    return np.where(blank, np.nan, depth), below & ~joined & ~blank
