"""An index of zones on one plane: built once per layer version, asked many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.crs import AREA_CRS, parse_crs, project
from spatial.errors import GeometryError, SchemaError
from spatial.index.grid import GridArrays, build_grid
from spatial.rings import flatten
from spatial.validity import faults

__all__ = ["ZoneIndex", "build_index", "index_of"]

#: A layer's polygons may be large; only requests are bounded.
_ANY_SIZE: Final = 2**31


@dataclass(frozen=True, eq=False)
class ZoneIndex:
    """Zones by code on a plane. Threads and forked processes may share it: nothing in it changes.

    Parameters
    ----------
    codes : tuple of str
        Sorted; arrays name a code by its position.
    crs : str
        The plane, as WKT.
    grid : GridArrays
    """

    codes: tuple[str, ...]
    crs: str
    grid: GridArrays


def build_index(zones: gpd.GeoDataFrame, *, by: str, crs: Any = None) -> ZoneIndex:
    """Index zones by the code in a column.

    Parameters
    ----------
    zones : GeoDataFrame of valid polygons
        In any CRS. A polygon without a code is left out: its ground counts as uncovered.
    by : str
        Column with the code of the zone.
    crs : CRS, optional
        Plane of the index; ESRI:54034 (equal-area) without.

    Raises
    ------
    CrsError
        If `zones` states no CRS.
    GeometryError
        `zone_invalid`, if a zone is no valid polygon: areas measured on it would be wrong.
    SchemaError
        `column_missing`, if there is no column `by`.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame(
    ...     {"zona": ["R-2", "K-3"]},
    ...     geometry=[shapely.box(0, 0, 9, 9), shapely.box(9, 0, 18, 9)],
    ...     crs="ESRI:54034",
    ... )
    >>> build_index(zones, by="zona").codes
    ('K-3', 'R-2')
    """
    if by not in zones.columns:
        raise SchemaError(
            "{what} has no column {column!r}",
            code="column_missing",
            hint="It has: {known}",
            what="the zone layer",
            column=by,
            known=", ".join(str(column) for column in zones.columns),
        )
    source = np.asarray(zones.geometry.array, dtype=object)
    _refuse_faults(source, zones[by])
    plane = parse_crs(AREA_CRS if crs is None else crs)
    shapes = project(shapely.force_2d(source), parse_crs(zones.crs, what="the zone layer"), plane)
    named = zones[by].astype("string").astype(object)
    codes = np.asarray(named.where(named.notna(), None), dtype=object)
    return index_of(shapes, codes, plane)


def index_of(shapes: NDArray[np.object_], codes: NDArray[np.object_], plane: Any) -> ZoneIndex:
    """Index valid polygons that lie on the plane already; a code of None leaves one out."""
    known = tuple(sorted({code for code in codes if code is not None}))
    place = {code: position for position, code in enumerate(known)}
    numbers = np.array([place.get(code, -1) for code in codes], dtype=np.int32)
    grid = build_grid(flatten(shapes), numbers, len(known))
    return ZoneIndex(known, parse_crs(plane).to_wkt(), grid)


def _refuse_faults(shapes: NDArray[np.object_], codes: Any) -> None:
    """Raise for the first zone that is no valid polygon."""
    found = faults(shapes, max_vertices=_ANY_SIZE)
    for row in np.flatnonzero(found != None):  # noqa: E711  element by element
        raise GeometryError(
            "zone {zone!r} (row {row}) is not valid: {reason}",
            code="zone_invalid",
            hint="Repair it when reading the layer: areas measured on an invalid polygon are wrong",
            zone=str(codes.iloc[row]),
            row=int(row),
            reason=str(found[row]),
        )
