"""Flood by the shape of the land (GFI), flood index, and rob: the sea on sinking ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hazard.rule_files import load_rule
from spatial.errors import LayerError
from spatial.terrain import Flow, height_above_drainage, upstream_value

__all__ = ["GeomorphicFlood", "calibrate", "fuzzy_large", "geomorphic_flood", "rob_depth"]

Array = NDArray[np.float64]
#: The plugin's stand-in for a cell at the very height of its river.
AT_RIVER_M = 1e-5
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class GeomorphicFlood:
    """Flood index and depth, with every parameter that made them.

    `level_m` is hr = a * A**n, with A the area in km² that drains through the river cell
    which a cell drains to; H is its height above that cell. `index` is ln(hr / H), and
    `depth_m` is hr - H where that is above zero, which is where the index is, else 0; NaN
    where no river is met. Unless `calibrated`, the depth is a relative number.
    """

    index: Array
    depth_m: Array
    level_m: Array
    n: float
    a: float
    river_km2: float
    calibrated: bool
    citation: str

    def normalised(self) -> Array:
        """Return the index stretched to -1..1 over this area, as the published thresholds need."""
        low, high = np.nanmin(self.index), np.nanmax(self.index)
        return 2 * (self.index - low) / (high - low) - 1

    def parameters(self) -> dict[str, float | bool | str]:
        """Return what has to be stored beside the rasters."""
        names = ("n", "a", "river_km2", "calibrated", "citation")
        return {name: getattr(self, name) for name in names}


def geomorphic_flood(
    flow: Flow, *, river_km2: float, rule: str = "gfi_bnpb_2019", n: float | None = None
) -> GeomorphicFlood:
    """Compute the geomorphic flood index over a flow network; uncalibrated.

    Parameters
    ----------
    flow : Flow
    river_km2 : float
        A cell is river if at least this area drains through it.
    rule : str
        Rule file of kind `flood` that states n and a.
    n : float, optional
        Instead of the rule's exponent.

    References
    ----------
    Samela, C., Troy, T.J., Manfreda, S. (2017). Geomorphic classifiers for flood-prone areas
    delineation for data-scarce environments. Advances in Water Resources 102, 13-28.
    """
    stated = load_rule("flood", rule)
    exponent = float(stated.data["n"] if n is None else n)
    a = float(stated.data["a"])
    rivers = flow.rivers(river_km2)
    height = height_above_drainage(flow, rivers).astype(float)
    area = upstream_value(flow, rivers, flow.area_km2()).astype(float)
    level = a * area**exponent
    index = np.log(level / np.maximum(height, AT_RIVER_M))
    return GeomorphicFlood(
        index=index,
        depth_m=np.where(np.isnan(index), np.nan, np.maximum(level - height, 0.0)),
        level_m=level,
        n=exponent,
        a=a,
        river_km2=river_km2,
        calibrated=False,
        citation=stated.citation(),
    )


def calibrate(flood: GeomorphicFlood, observed: NDArray[Any]) -> GeomorphicFlood:
    """Choose the threshold that agrees best with an observed flood, and scale depths by it.

    The threshold t has the smallest sum of the share of dry cells called wet and of wet
    cells called dry. Since ln(hr / H) >= t just where H <= exp(-t) hr, the river level becomes
    exp(-t) times as high (so is a), and the index is above zero exactly where it passes.

    Parameters
    ----------
    observed : array, shape of the index
        1 wet, 0 dry, NaN not observed.

    Raises
    ------
    LayerError
        `observed_one_sided`, unless both wet and dry cells were observed.
    """
    known = np.isfinite(flood.index) & np.isfinite(observed.astype(float))
    index, wet = flood.index[known], observed[known] > 0
    if wet.all() or not wet.any():
        raise LayerError(
            "the observed map has {wet} wet and {dry} dry cells where the index is known",
            code="observed_one_sided",
            hint="Calibration needs both; mark only what was really looked at",
            wet=int(wet.sum()),
            dry=int((~wet).sum()),
        )
    order = np.argsort(-index, kind="stable")
    ranked, hits = index[order], np.cumsum(wet[order]) / wet.sum()
    alarms = np.cumsum(~wet[order]) / (~wet).sum()
    # A threshold admits all cells of the same index or none.
    last = np.append(ranked[1:] != ranked[:-1], True)
    cost = np.where(last, alarms + 1 - hits, np.inf)
    threshold = float(ranked[int(np.argmin(cost))])
    scale = float(np.exp(-threshold))
    level = flood.level_m * scale
    height = flood.level_m * np.exp(-flood.index)
    return replace(
        flood,
        depth_m=np.maximum(level - height, 0.0),
        level_m=level,
        index=flood.index - threshold,
        a=flood.a * scale,
        calibrated=True,
    )


def fuzzy_large(depth_m: Array, *, midpoint_m: float, spread: float) -> Array:
    """Return the hazard index 0..1 of a depth: 1 / (1 + (depth / midpoint)**-spread).

    Parameters
    ----------
    midpoint_m, spread : float
        From the rule; BNPB's module says 1.125 m and 1.75.

    Examples
    --------
    >>> fuzzy_large(np.array([0.0, 0.75, 1.125, 1.5]), midpoint_m=1.125, spread=1.75).round(4)
    array([0.    , 0.3297, 0.5   , 0.6233])
    """
    with np.errstate(divide="ignore"):
        return 1.0 / (1.0 + (depth_m / midpoint_m) ** -spread)


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
