"""What a hazard map says of single parcels: classes inside, and within the map's accuracy."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazard.classes import NO_DATA, UNMAPPED
from hazard.counting import worst_of
from hazard.maps import Hazard
from hazard.measure import areas_by_class
from spatial.crs import AREA_CRS, parse_crs, project
from spatial.planes import planes_of

__all__ = ["parcel_classes"]

#: Areas are told to a square millimetre, so that one parcel and many give the same number.
AREA_DECIMALS = 6


def parcel_classes(
    parcels: gpd.GeoSeries, hazard: Hazard, *, scenario: str | None = None, accuracy_m: float = 0.0
) -> pd.DataFrame:
    """Measure the hazard classes of each parcel, and those that may lie there.

    Parameters
    ----------
    parcels : GeoSeries of polygons, shape (n,)
    hazard : Hazard
    scenario : str, optional
        By default the first.
    accuracy_m : float
        How far the map may be off: classes in a strip of this width around a parcel may
        be on it.

    Returns
    -------
    DataFrame
        One row per parcel and class that is met: `parcel` (position), `hazard_class`
        (`tanpa_data` and `luar_cakupan` are classes of their own), `area_m2` and `share`
        of the parcel, `near_share` in the strip around (as a share of the parcel). And of
        the whole parcel: `worst` (as for footprints), `weighted` (the class at the
        area-weighted mean of what is mapped, `tanpa_data` where nothing is) and
        `no_data_share`.

    Examples
    --------
    >>> from hazard import class_rule, hazard_from_grid
    >>> from spatial.zonal import grid_from_array
    >>> depth = grid_from_array([[0.5, 2.0]], crs="ESRI:54034", origin=(12_000_000, -700_000),
    ...                         cell=(100, -100))
    >>> flood = hazard_from_grid(depth, class_rule("banjir_kedalaman_bnpb"), name="banjir")
    >>> plot = gpd.GeoSeries([shapely.box(12_000_070, -700_020, 12_000_110, -700_010)],
    ...                      crs="ESRI:54034")
    >>> parcel_classes(plot, flood)[["hazard_class", "share", "worst", "weighted"]]
      hazard_class  share   worst weighted
    0       rendah   0.75  tinggi   sedang
    1       tinggi   0.25  tinggi   sedang
    """
    at = 0 if scenario is None else hazard.scenarios.index(scenario)
    shapes: NDArray[np.object_] = np.asarray(parcels.array, dtype=object)
    plane = project(shapes, parse_crs(parcels.crs, what="parcels"), AREA_CRS)
    both = np.concatenate([plane, _grown(plane, accuracy_m)]) if accuracy_m > 0 else plane
    areas = np.round(areas_by_class(both, hazard)[:, at], AREA_DECIMALS).astype(np.float64)
    inside, wide = areas[: len(plane)], areas[-len(plane) :]
    near = np.maximum(wide - inside, 0.0)
    labels = np.array([*hazard.labels, NO_DATA, UNMAPPED], dtype=object)
    row, code = np.nonzero((inside > 0) | (near > 0))
    whole = inside.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.nan_to_num(inside / whole[:, None])
        around = np.nan_to_num(near / whole[:, None])
    return pd.DataFrame(
        {
            "parcel": row,
            "hazard_class": labels[code],
            "area_m2": inside[row, code],
            "share": shares[row, code],
            "near_share": around[row, code],
            "worst": labels[worst_of(inside)][row],
            "weighted": _weighted(inside, hazard)[row],
            "no_data_share": shares[:, -2:].sum(axis=1)[row],
        }
    )


def _grown(plane: NDArray[np.object_], width_m: float) -> NDArray[np.object_]:
    """Widen shapes by a distance that is measured where distances are true."""
    grown = plane.copy()
    for crs, rows in planes_of(plane, AREA_CRS):
        metric = project(plane[rows], AREA_CRS, crs)
        wide = np.asarray(shapely.buffer(metric, width_m, quad_segs=8), dtype=object)
        grown[rows] = project(wide, crs, AREA_CRS)
    return grown


def _weighted(areas: NDArray[np.float64], hazard: Hazard) -> NDArray[np.object_]:
    """Name the class at the mean position of the ground that has one; halves count as worse."""
    known = areas[:, : len(hazard.labels)]
    whole = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nan_to_num(known @ np.arange(len(hazard.labels)) / whole)
    labels: NDArray[np.object_] = np.array(hazard.labels, dtype=object)
    names: NDArray[np.object_] = labels[np.floor(np.round(mean, 6) + 0.5).astype(int)]
    names[whole == 0] = NO_DATA
    return names
