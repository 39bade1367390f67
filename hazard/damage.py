"""Damage to buildings by depth of water, per scenario and to expect per year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hazard.maps import Hazard
from hazard.rule_files import load_rule
from hazard.scenarios import Curve, expected_annual
from spatial.crs import AREA_CRS, to_crs
from spatial.errors import LayerError, PlanError
from spatial.zonal import zonal_statistics

__all__ = ["Damage", "damage", "damage_fraction"]

Depth: TypeAlias = Literal["rata_rata", "maksimum"]


@dataclass(frozen=True, slots=True)
class Damage:
    """Damage per building: one column per scenario, and `per_tahun` if return periods are given.

    NaN where no cell under the building has a depth; `unknown` counts those.
    """

    table: pd.DataFrame
    unknown: int
    citation: str

    def total(self) -> pd.Series[float]:
        """Sum each column over the buildings that have an answer."""
        return self.table.sum()


def damage_fraction(depth_m: ArrayLike, rule: str = "rumah_asia_jrc_2017") -> NDArray[np.float64]:
    """Return the share of the value lost at a depth, straight between the points of a curve.

    Parameters
    ----------
    depth_m : array
        NaN is not known. Above the last point its share stands; ground that is dry loses
        what the curve says at 0.
    rule : str
        Rule file of kind `damage`, or a `.toml`.

    Raises
    ------
    PlanError
        `curve_wrong`, unless depths rise and shares lie within 0..1.

    Examples
    --------
    >>> damage_fraction([0.0, 0.25, 1.0, 9.0]).tolist()
    [0.0, 0.165, 0.49, 1.0]
    """
    stated = load_rule("damage", rule)
    x = np.asarray(stated.data.get("depth_m", ()), float)
    y = np.asarray(stated.data.get("fraction", ()), float)
    rises = len(x) == len(y) > 1 and bool((np.diff(x) > 0).all())
    if not rises or not ((y >= 0) & (y <= 1)).all():
        raise PlanError(
            "rule {name}: the points of the curve do not fit together",
            code="curve_wrong",
            hint="depth_m rising, one fraction within 0..1 for each",
            name=stated.name,
        )
    depths = np.asarray(depth_m, float)
    return np.where(np.isnan(depths), np.nan, np.interp(depths, x, y))


def damage(
    buildings: gpd.GeoDataFrame,
    hazard: Hazard,
    *,
    value: str,
    rule: str = "rumah_asia_jrc_2017",
    depth: Depth = "rata_rata",
    return_periods: Sequence[float] | None = None,
    curve: Curve = "log",
) -> Damage:
    """Estimate the damage to each building in each scenario.

    Parameters
    ----------
    buildings : GeoDataFrame of polygons
    hazard : Hazard of depths in metres, as a raster; a band per scenario
    value : str
        Column with what a building is worth, in the money the damage comes in.
    depth : {"rata_rata", "maksimum"}
        Depth at a building: the mean by area over the cells under it, or the deepest.
    return_periods : sequence of float, optional
        In years, in the order of the scenarios: adds the damage to expect per year.

    Raises
    ------
    LayerError
        `damage_needs_depths`, if the hazard is no raster; `value_wrong`.

    Examples
    --------
    >>> import shapely
    >>> from hazard import class_rule, hazard_from_grid
    >>> from spatial.zonal import grid_from_array
    >>> bands = grid_from_array([[[0.0]], [[0.5]], [[2.0]]], crs="ESRI:54034",
    ...                         origin=(12_000_000, -700_000), cell=(100, -100))
    >>> flood = hazard_from_grid(bands, class_rule("banjir_kedalaman_bnpb"), name="banjir",
    ...                          scenarios=["5", "25", "100"])
    >>> home = shapely.box(12_000_010, -700_020, 12_000_020, -700_010)
    >>> homes = gpd.GeoDataFrame({"rp": [100.0]}, geometry=[home], crs="ESRI:54034")
    >>> damage(homes, flood, value="rp", return_periods=[5, 25, 100],
    ...        curve="linear").table.round(3)
       5    25   100  per_tahun
    0  0.0  33.0  72.0      4.935
    """
    if hazard.grid is None:
        raise LayerError(
            "{name} has classes, not depths; damage needs depths in metres",
            code="damage_needs_depths",
            hint="Give the depth raster, one band per return period",
            name=hazard.name,
        )
    worth = pd.to_numeric(buildings[value], errors="coerce").to_numpy(float)
    if not (worth >= 0).all():
        row = int(np.flatnonzero(~(worth >= 0))[0])
        raise LayerError(
            "row {row} is worth {value!r}",
            code="value_wrong",
            hint="Every building needs a value of 0 or more",
            row=str(buildings.index[row]),
            value=str(buildings[value].iloc[row]),
        )
    shapes = to_crs(buildings, AREA_CRS, what="buildings").geometry
    bands = tuple(range(1, hazard.grid.count + 1))
    found = zonal_statistics(shapes, hazard.grid, bands=bands)
    name = "mean" if depth == "rata_rata" else "max"
    depths = found[[name]] if len(bands) == 1 else found.xs(name, axis=1, level=1)
    lost = damage_fraction(depths.to_numpy(float), rule) * worth[:, None]
    table = pd.DataFrame(lost, buildings.index, list(hazard.scenarios))
    if return_periods is not None:
        table["per_tahun"] = expected_annual(lost, return_periods, curve=curve)
    unknown = int(np.isnan(lost).any(axis=1).sum())
    return Damage(table, unknown, load_rule("damage", rule).citation())
