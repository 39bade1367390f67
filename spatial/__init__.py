"""Geometry and statistics of the engine: CRS, validity, shares. It knows no planning."""

from spatial.drivers import disarm  # isort: skip  # before anything that loads GDAL

from spatial.crs import AREA_CRS, METRIC_CRS, check_extent, parse_crs, project, to_crs
from spatial.shares import shares
from spatial.validity import faults, require_polygon

__all__ = [
    "AREA_CRS",
    "METRIC_CRS",
    "check_extent",
    "disarm",
    "faults",
    "parse_crs",
    "project",
    "require_polygon",
    "shares",
    "to_crs",
]
