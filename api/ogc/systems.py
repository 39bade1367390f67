"""Coordinate reference systems as OGC API Features Part 2 names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from api.errors import RequestError
from spatial.crs import LONLAT, parse_crs, project

__all__ = ["CRS84", "SYSTEMS", "System", "from_lonlat", "system_named", "to_lonlat", "uri_of"]

_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, slots=True)
class System:
    """A reference system: its URI, its code, and whether its first axis points north."""

    uri: str
    code: str
    north_first: bool = False


#: Offered for every collection. The registry puts latitude first in 4326 and 9470.
SYSTEMS: Final = {
    system.uri: system
    for system in (
        System(CRS84, LONLAT),
        System(f"{_EPSG}4326", "EPSG:4326", north_first=True),
        System(f"{_EPSG}3857", "EPSG:3857"),
        System(f"{_EPSG}9489", "EPSG:9489"),
        System(f"{_EPSG}32749", "EPSG:32749"),
        System(f"{_EPSG}9470", "EPSG:9470", north_first=True),
    )
}


def system_named(uri: str, parameter: str) -> System:
    """Return the system of a URI or of its short form `[EPSG:9489]`.

    Raises
    ------
    RequestError
        `crs_not_offered`.

    Examples
    --------
    >>> system_named("http://www.opengis.net/def/crs/EPSG/0/9489", "crs").code
    'EPSG:9489'
    """
    text = uri.strip().removeprefix("[").removesuffix("]")
    short = {system.code: system for system in SYSTEMS.values()}
    found = SYSTEMS.get(text) or short.get(text.upper())
    if found is None:
        raise RequestError(
            "{parameter}: the reference system {uri!r} is not offered",
            code="crs_not_offered",
            hint="Offered are {known}",
            parameter=parameter,
            uri=uri[:120],
            known=", ".join(SYSTEMS),
        )
    return found


def uri_of(crs: Any) -> str:
    """Return the URI of the system a layer is stored in.

    Examples
    --------
    >>> uri_of("EPSG:9489")
    'http://www.opengis.net/def/crs/EPSG/0/9489'
    """
    parsed = parse_crs(crs)
    authority = parsed.to_authority()
    if authority is None or authority[0] != "EPSG":
        return CRS84
    # Files of EPSG:4326 hold longitude first: that is CRS84.
    return CRS84 if authority[1] == "4326" else _EPSG + authority[1]


def from_lonlat(geometries: NDArray[np.object_], system: System) -> NDArray[np.object_]:
    """Return geometries given in CRS84 in another system, its axes in their official order."""
    moved = project(geometries, LONLAT, system.code, densify=False)
    return _swapped(moved) if system.north_first else moved


def to_lonlat(geometries: NDArray[np.object_], system: System) -> NDArray[np.object_]:
    """Return geometries given in a system, axes in official order, in CRS84."""
    ordered = _swapped(geometries) if system.north_first else geometries
    return project(ordered, system.code, LONLAT, densify=False)


def _swapped(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    swapped: NDArray[np.object_] = np.asarray(
        shapely.transform(geometries, lambda xy: xy[:, ::-1]), dtype=object
    )
    return swapped
