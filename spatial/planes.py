"""The plane in metres on which distances at a place are true: the UTM zone of SRGI2013 there.

A zone is true within a third of a percent at its edges. One zone away it is off by a percent,
and in Papua the zone of Jawa Tengah is off by twelve: a setback of 45 m would measure 50.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from spatial.crs import (
    INDONESIA,
    LONLAT,
    METRIC_CRS,
    Bounds,
    lonlat_bounds,
    operation,
    parse_crs,
)

__all__ = ["WIDEST", "metric_plane", "plane_of", "planes_of", "scale_error"]

#: EPSG codes of SRGI2013 / UTM: zones 46N to 52N, and 47S to 54S, by number in the dataset.
NORTH: Final = {zone: 9476 + zone - 46 for zone in range(46, 53)}
SOUTH: Final = {zone: 9487 + zone - 47 for zone in range(47, 55)}
#: Degrees of longitude beyond which no single zone serves: the house's plane is kept.
WIDEST: Final = 12.0


def metric_plane(bounds: Bounds) -> str:
    """Return the plane for distances within an extent in degrees.

    Parameters
    ----------
    bounds : (west, south, east, north)
        In degrees. Outside Indonesia, and for what is wider than two zones, the house's own
        plane (`METRIC_CRS`) is returned.

    Examples
    --------
    >>> metric_plane((108.5, -8.3, 111.7, -5.7)), metric_plane((137.0, -5.0, 141.0, -2.0))
    ('EPSG:9489', 'EPSG:9494')
    >>> metric_plane((117.0, 3.0, 118.0, 4.0)), metric_plane((92.0, -13.0, 141.0, 7.0))
    ('EPSG:9480', 'EPSG:9489')
    """
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    here = INDONESIA[0] <= x <= INDONESIA[2] and INDONESIA[1] <= y <= INDONESIA[3]
    if not here or not east - west <= WIDEST:
        return METRIC_CRS
    zone = int((x + 180.0) // 6.0) + 1
    code = (NORTH if y >= 0.0 else SOUTH).get(zone)
    return METRIC_CRS if code is None else f"EPSG:{code}"


def plane_of(shapes: Sequence[Any] | NDArray[np.object_], crs: Any) -> str:
    """Return the plane for distances between geometries: by the middle of their extent.

    Examples
    --------
    >>> plane_of(np.array([shapely.Point(140.7, -2.5), None]), "EPSG:4326")
    'EPSG:9494'
    """
    array = np.asarray(shapes, dtype=object)
    bounds = shapely.total_bounds(array) if len(array) else np.full(4, np.nan)
    if not np.isfinite(bounds).all():
        return METRIC_CRS
    west, south, east, north = bounds.tolist()
    return metric_plane(lonlat_bounds((west, south, east, north), crs))


def planes_of(shapes: NDArray[np.object_], crs: Any) -> list[tuple[str, NDArray[np.intp]]]:
    """Return plane -> rows: each geometry by its own place, whatever lies beside it.

    Examples
    --------
    >>> at = np.array([shapely.Point(110, -7), shapely.Point(140, -3), shapely.Point(111, -7)])
    >>> [(plane, rows.tolist()) for plane, rows in planes_of(at, "EPSG:4326")]
    [('EPSG:9489', [0, 2]), ('EPSG:9494', [1])]
    """
    bounds = shapely.bounds(shapes)
    middle = operation(crs, LONLAT)((bounds[:, :2] + bounds[:, 2:]) / 2)
    names = np.array([metric_plane((x, y, x, y)) for x, y in middle.tolist()])
    return [(str(name), np.flatnonzero(names == name)) for name in np.unique(names)]


def scale_error(crs: Any, bounds: Bounds) -> float:
    """Return by what share distances on a plane may be off within an extent in degrees.

    Examples
    --------
    >>> round(scale_error("EPSG:9489", (108.5, -8.3, 111.7, -5.7)), 4)
    0.0005
    >>> round(scale_error("EPSG:9489", (137.0, -5.0, 141.0, -2.0)), 2)
    0.16
    """
    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
    factors = pyproj.Proj(parse_crs(crs)).get_factors(x.ravel(), y.ravel())
    scales = np.concatenate([np.ravel(factors.meridional_scale), np.ravel(factors.parallel_scale)])
    return float(np.abs(scales - 1.0).max())
