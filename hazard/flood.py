"""Flood by the shape of the land: geomorphic flood index, depth, fuzzy index."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard.rule_files import load_rule
from hazard.validation import roc_curve
from spatial.terrain import Flow, Tile, height_above_drainage, upstream_value

__all__ = ["GeomorphicFlood", "calibrate", "fuzzy_large", "geomorphic_flood"]

Array = NDArray[np.float64]
#: The plugin's stand-in for a cell at the very height of its river.
AT_RIVER_M = 1e-5


@dataclass(frozen=True, slots=True)
class GeomorphicFlood:
    """Flood index and depth, with every parameter that made them.

    `level_m` is hr = a * A**n, with A the area in km² that drains through the river cell
    which a cell drains to; H is its height above that cell. The arrays lie where those of the
    flow do: in memory, or in files while this object lasts. `index` is ln(hr / H), and
    `depth_m` is hr - H where that is above zero, which is where the index is, else 0; NaN
    where no river is met. Unless `calibrated`, the depth is a relative number. `threshold` and
    `auc` are those of the calibration, NaN without one.
    """

    index: Array
    depth_m: Array
    level_m: Array
    n: float
    a: float
    flow: Flow = field(repr=False)
    river_rule: str
    river_value: float
    calibrated: bool
    citation: str
    threshold: float = float("nan")
    auc: float = float("nan")

    def normalised(self) -> Array:
        """Return the index stretched to -1..1 over this area, as the published thresholds need."""
        low, high = np.nanmin(self.index), np.nanmax(self.index)
        return 2 * (self.index - low) / (high - low) - 1

    def prone(self, threshold: float) -> NDArray[np.bool_]:
        """Say which cells pass a threshold of the normalised index (BNPB's module: -0.53).

        A cell may pass it and still have no depth; the module's own samples have many such.
        """
        low, high = np.nanmin(self.index), np.nanmax(self.index)
        least = low + (threshold + 1) / 2 * (high - low)
        return self.flow.each("rawan", np.bool_, lambda tile: self.index[tile.window] >= least)

    def parameters(self) -> dict[str, float | bool | str | None]:
        """Return what has to be stored beside the rasters."""
        names = (
            "n",
            "a",
            "river_rule",
            "river_value",
            "calibrated",
            "citation",
            "threshold",
            "auc",
        )
        found = {name: getattr(self, name) for name in names}
        return {key: None if value != value else value for key, value in found.items()}


def geomorphic_flood(
    flow: Flow,
    *,
    river_km2: float | None = None,
    rivers: NDArray[np.bool_] | None = None,
    river_rule: str = "luas_km2",
    river_value: float = float("nan"),
    rule: str = "gfi_bnpb_2019",
    n: float | None = None,
    a: float | None = None,
) -> GeomorphicFlood:
    """Compute the geomorphic flood index over a flow network; uncalibrated.

    Parameters
    ----------
    flow : Flow
    river_km2 : float, optional
        A cell is river if at least this area drains through it.
    rivers : array of bool, optional
        River cells by another rule, see `spatial.terrain.slope_area_rivers`; `river_rule` and
        `river_value` then say which.
    rule : str
        Rule file of kind `flood` that states n and a.
    n, a : float, optional
        Instead of the rule's exponent and factor.

    References
    ----------
    Samela, C., Troy, T.J., Manfreda, S. (2017). Geomorphic classifiers for flood-prone areas
    delineation for data-scarce environments. Advances in Water Resources 102, 13-28.
    """
    stated = load_rule("flood", rule)
    exponent = float(stated.data["n"] if n is None else n)
    factor = float(stated.data["a"] if a is None else a)
    if rivers is None:
        river_rule = "luas_km2"
        river_value = float(stated.data["river_km2"] if river_km2 is None else river_km2)
        rivers = flow.rivers(river_value)
    height = height_above_drainage(flow, rivers)
    area = upstream_value(flow, rivers, flow.area_km2())
    level = flow.each(
        "muka air", np.float64, lambda t: factor * area[t.window].astype(np.float64) ** exponent
    )
    return GeomorphicFlood(
        index=flow.each(
            "indeks GFI",
            np.float64,
            lambda t: np.log(level[t.window] / np.maximum(height[t.window], AT_RIVER_M)),
        ),
        depth_m=flow.each("kedalaman", np.float64, lambda t: _above(level, height, t)),
        level_m=level,
        n=exponent,
        a=factor,
        flow=flow,
        river_rule=river_rule,
        river_value=river_value,
        calibrated=False,
        citation=stated.citation(),
    )


def _above(level: Array, height: NDArray[Any], tile: Tile) -> Array:
    """Return how high the water stands; NaN where there is no river to come from."""
    above = level[tile.window] - height[tile.window]
    return np.where(np.isnan(above), np.nan, np.maximum(above, 0.0))


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
    roc = roc_curve(flood.index, observed)
    scale = float(np.exp(-roc.best))
    each, index, level = flood.flow.each, flood.index, flood.level_m

    def depth(tile: Tile) -> Array:
        height = level[tile.window] * np.exp(-index[tile.window])
        return np.maximum(level[tile.window] * scale - height, 0.0)

    return replace(
        flood,
        depth_m=each("kedalaman", np.float64, depth),
        level_m=each("muka air", np.float64, lambda tile: level[tile.window] * scale),
        index=each("indeks GFI", np.float64, lambda tile: index[tile.window] - roc.best),
        a=flood.a * scale,
        calibrated=True,
        threshold=roc.best,
        auc=roc.auc,
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
