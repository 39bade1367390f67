"""Count buildings and facilities: each once, in one unit and in one class."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazard.classes import NO_DATA, UNMAPPED
from hazard.maps import Hazard
from hazard.measure import areas_by_class, lengths_by_class, points_by_class
from spatial.crs import AREA_CRS, to_crs
from spatial.zonal import zonal_statistics

__all__ = ["count_things", "footprint_classes", "owners_of", "worst_of"]

#: A class that holds less of a thing than this is the rounding of a shared edge.
TOUCHED = 1e-9


def footprint_classes(
    footprints: gpd.GeoDataFrame, hazard: Hazard, *, scenario: str | None = None
) -> pd.DataFrame:
    """Give each footprint its worst class, the class of most of it, and its weighted value.

    Parameters
    ----------
    footprints : GeoDataFrame of polygons, shape (n,)
    hazard : Hazard
    scenario : str, optional
        By default the first.

    Returns
    -------
    DataFrame, index of `footprints`
        `worst` and `most` (class names), `share_<class>` (0..1 of the footprint, with
        `tanpa_data` and `luar_cakupan`), and for a raster `mean_value`, the area-weighted
        value (depth) of its cells with data. A class counts as touched whatever its share.

    Examples
    --------
    >>> from hazard import class_rule, hazard_from_grid
    >>> from spatial.zonal import grid_from_array
    >>> depth = grid_from_array([[0.5, 2.0]], crs="ESRI:54034", origin=(12_000_000, -700_000),
    ...                         cell=(100, -100))
    >>> flood = hazard_from_grid(depth, class_rule("banjir_kedalaman_bnpb"), name="banjir")
    >>> house = shapely.box(12_000_090, -700_020, 12_000_110, -700_010)
    >>> houses = gpd.GeoDataFrame(geometry=[house], crs="ESRI:54034")
    >>> footprint_classes(houses, flood)[["worst", "share_tinggi", "mean_value"]].round(9)
        worst  share_tinggi  mean_value
    0  tinggi           0.5        1.25
    """
    at = 0 if scenario is None else hazard.scenarios.index(scenario)
    plane = np.asarray(to_crs(footprints, AREA_CRS).geometry.array, dtype=object)
    areas = areas_by_class(plane, hazard)[:, at]
    labels = np.array([*hazard.labels, NO_DATA, UNMAPPED], dtype=object)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = areas / areas.sum(axis=1, keepdims=True)
    table = pd.DataFrame(shares, footprints.index, [f"share_{label}" for label in labels])
    table.insert(0, "worst", labels[worst_of(areas)])
    table.insert(1, "most", labels[areas.argmax(axis=1)])
    if hazard.grid is not None:
        shapes = gpd.GeoSeries(plane, index=footprints.index, crs=AREA_CRS)
        table["mean_value"] = zonal_statistics(shapes, hazard.grid, bands=(at + 1,))["mean"]
    return table


def count_things(
    hazard: Hazard, units: NDArray[np.object_], things: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, float, float]:
    """Count things per unit and class: (amounts, whole per unit, gap, overlap, whole).

    A thing belongs to the unit that holds most of it, the first of equals; a point on a
    border to the first unit. Its class is the worst that it touches. No thing counts twice,
    so there is no overlap.
    """
    owner = owners_of(units, things)
    dimension = shapely.get_dimensions(things)
    measures = (points_by_class, lengths_by_class, areas_by_class)
    out = np.zeros((len(units), len(hazard.scenarios), len(hazard.labels) + 2))
    for kind in np.unique(dimension):
        here = np.flatnonzero(dimension == kind)
        amounts = measures[kind](things[here], hazard)
        inside = owner[here] >= 0
        for i in range(len(hazard.scenarios)):
            worst = worst_of(amounts[:, i])
            np.add.at(out[:, i], (owner[here][inside], worst[inside]), 1.0)
    wholes = np.bincount(owner[owner >= 0], minlength=len(units)).astype(float)
    return out, wholes, float((owner < 0).sum()), 0.0, float(len(things))


def worst_of(amounts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Find the worst class touched; no data or outside where nothing worse than that is known."""
    touched = amounts > TOUCHED * np.maximum(amounts.sum(axis=1, keepdims=True), 1e-300)
    classes = touched.shape[1] - 2
    worst = classes - 1 - touched[:, classes - 1 :: -1].argmax(axis=1)
    blank = np.where(touched[:, classes], classes, classes + 1)
    # A thing half on ground that nobody mapped is not safe because its other half is.
    known = touched[:, 1:classes].any(axis=1) | (touched[:, 0] & ~touched[:, classes:].any(axis=1))
    found: NDArray[np.int64] = np.where(known, worst, blank).astype(np.int64)
    return found


def owners_of(units: NDArray[np.object_], things: NDArray[np.object_]) -> NDArray[np.int64]:
    """Find the unit that holds most of each thing, -1 if none does."""
    at, unit = shapely.STRtree(units).query(things, predicate="intersects")
    size = np.ones(len(at))
    crossing = ~shapely.covered_by(things[at], units[unit])
    common = shapely.intersection(things[at[crossing]], units[unit[crossing]])
    size[crossing] = _relative(common, things[at[crossing]])
    order = np.lexsort((unit, -size, at))
    owner = np.full(len(things), -1, np.int64)
    first = order[np.unique(at[order], return_index=True)[1]]
    owner[at[first]] = unit[first]
    return owner


def _relative(common: NDArray[np.object_], things: NDArray[np.object_]) -> NDArray[np.float64]:
    """Measure the share of a thing in a common part; a part that only touches holds nothing."""
    solid = shapely.get_dimensions(things) == 2
    part = np.where(solid, shapely.area(common), shapely.length(common))
    whole = np.where(solid, shapely.area(things), shapely.length(things))
    return np.divide(part, whole, out=np.ones(len(part)), where=whole > 0)
