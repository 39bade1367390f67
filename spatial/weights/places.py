"""Where areas are for measuring distances: metres, or the plane of unknown units as it is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.crs import to_crs
from spatial.planes import plane_of

__all__ = ["centres", "metric"]


def metric(areas: gpd.GeoDataFrame | gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the geometries on a metric plane: degrees are projected, no CRS is left alone."""
    shapes = areas.geometry
    if shapes.crs is None or shapes.crs.is_projected:
        return shapes
    plane = plane_of(np.asarray(shapes.array, dtype=object), shapes.crs)
    return to_crs(gpd.GeoDataFrame(geometry=shapes), plane).geometry


def centres(areas: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.float64]:
    """Centroids, shape (n, 2), on the metric plane; NaN where there is no geometry."""
    points = shapely.centroid(np.asarray(metric(areas).array, dtype=object))
    # GEOS has no coordinate of an empty point and says so by an error.
    points[shapely.is_empty(points)] = None
    return np.column_stack((shapely.get_x(points), shapely.get_y(points)))
