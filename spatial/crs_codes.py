"""Codes of coordinate reference systems: the ones the house uses, and how any is looked up."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeAlias

import pyproj
from pyproj.exceptions import CRSError as PyprojError

from spatial.errors import CrsError

__all__ = [
    "AREA_CRS",
    "INDONESIA",
    "LONLAT",
    "METRIC_CRS",
    "Bounds",
    "parse_crs",
    "same_crs",
]

AREA_CRS: Final = "ESRI:54034"
METRIC_CRS: Final = "EPSG:9489"
LONLAT: Final = "OGC:CRS84"

Bounds: TypeAlias = tuple[float, float, float, float]
#: Extent of Indonesia in degrees (west, south, east, north), as pyproj states for EPSG:9470.
INDONESIA: Final[Bounds] = (92.01, -13.95, 141.46, 7.79)


def parse_crs(value: Any, *, what: str = "crs") -> pyproj.CRS:
    """Look up a CRS by code, WKT or object.

    Parameters
    ----------
    value : str, int, pyproj.CRS or None
        For example `"EPSG:9489"`, `9489`, `"ESRI:54034"` or a WKT string.
    what : str
        Name of the thing the CRS belongs to, for the message.

    Raises
    ------
    CrsError
        If there is none, or it is not in the registry.

    Examples
    --------
    >>> parse_crs("EPSG:9489").name
    'SRGI2013 / UTM zone 49S'
    """
    if value is None or value == "":
        raise CrsError(
            "{what} states no coordinate reference system",
            code="crs_missing",
            hint="Give it: --source-crs EPSG:32749 (UTM 49S), EPSG:23835 or EPSG:23836 (TM-3), "
            "EPSG:4326 (degrees)",
            what=what,
        )
    try:
        return _looked_up(value) if isinstance(value, str | int) else _any(value)
    except PyprojError as error:
        raise CrsError(
            "{what}: there is no coordinate reference system {value!r}",
            code="crs_unknown",
            hint="Use a code such as EPSG:9489, EPSG:32749, EPSG:4326 or ESRI:54034",
            what=what,
            value=str(value)[:80],
        ) from error


@lru_cache(maxsize=256)
def _looked_up(code: str | int) -> pyproj.CRS:
    return _any(code)


def _any(value: Any) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(value)


def same_crs(one: Any, other: Any) -> bool:
    """Say whether two CRS are equal apart from the order of their axes."""
    if isinstance(one, str) and isinstance(other, str):
        return _same(one, other)
    return parse_crs(one).equals(parse_crs(other), ignore_axis_order=True)


@lru_cache(maxsize=256)
def _same(one: str, other: str) -> bool:
    return parse_crs(one).equals(parse_crs(other), ignore_axis_order=True)
