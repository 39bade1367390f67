"""An index of zones on one plane: built once per layer version, asked many times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.crs import AREA_CRS, parse_crs, project
from spatial.errors import GeometryError, SchemaError
from spatial.index.areas import Areas, measure_areas
from spatial.index.arrays import GridArrays
from spatial.index.grid import build_grid
from spatial.index.places import codes_at, codes_in_box, distances
from spatial.rings import flatten
from spatial.validity import faults

if TYPE_CHECKING:
    import geopandas as gpd

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
        The plane, as WKT; empty where the maker of the index keeps it.
    grid : GridArrays
    """

    codes: tuple[str, ...]
    crs: str
    grid: GridArrays

    def same_as(self, other: ZoneIndex) -> bool:
        """Say whether two indexes are the same to the last bit.

        Examples
        --------
        >>> zone = np.array([shapely.box(0, 0, 9, 9)])
        >>> index_of(zone, ["R-2"]).same_as(index_of(zone, ["R-2"]))
        True
        """
        return (self.codes, self.crs) == (other.codes, other.crs) and all(
            np.array_equal(getattr(self.grid, name), getattr(other.grid, name))
            for name in GridArrays._fields
        )

    def areas(self, shapes: NDArray[np.object_], *, threads: int | None = None) -> Areas:
        """Measure valid polygons that lie on the plane.

        Examples
        --------
        >>> index = index_of(np.array([shapely.box(0, 0, 9, 9)]), ["R-2"], "ESRI:54034")
        >>> index.areas(np.array([shapely.box(8, 0, 10, 9)])).area.tolist()
        [9.0]
        """
        return measure_areas(self.grid, flatten(shapes), threads=threads)

    def at(self, points: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the codes at points of the plane, shape (n, 2): rows and positions in `codes`.

        A point in no zone has no row, one where zones overlap several. On a border it counts
        to one of the sides.

        Examples
        --------
        >>> index = index_of(np.array([shapely.box(0, 0, 9, 9)]), ["R-2"], "ESRI:54034")
        >>> row, code = index.at(np.array([[20.0, 5.0], [2.0, 5.0]]))
        >>> row.tolist(), [index.codes[c] for c in code]
        ([1], ['R-2'])
        """
        found = codes_at(self.grid, np.ascontiguousarray(points, dtype=np.float64))
        return found[:, 0].astype(np.intp), found[:, 1].astype(np.intp)

    def in_box(self, bounds: tuple[float, float, float, float]) -> tuple[str, ...]:
        """Return the codes that a box (west, south, east, north) of the plane meets.

        Examples
        --------
        >>> index = index_of(np.array([shapely.box(0, 0, 9, 9)]), ["R-2"], "ESRI:54034")
        >>> index.in_box((8.0, 8.0, 20.0, 20.0)), index.in_box((10.0, 0.0, 20.0, 20.0))
        (('R-2',), ())
        """
        found = codes_in_box(self.grid, np.array(bounds, dtype=np.float64))
        return tuple(self.codes[code] for code in found)

    def borders(
        self, shapes: NDArray[np.object_], within: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Return the codes whose border is no further than `within` from polygons or points.

        Parameters
        ----------
        shapes : array of valid polygons or points, shape (n,)
        within : float
            Units of the plane.

        Returns
        -------
        rows, codes : arrays of int
            Sorted; codes as positions in `codes`.
        away : array
            Distance to the border of the code: to the zone itself for a code that does not
            lie in the shape, to its rim for one that holds it. 0 where the border passes
            through.

        Examples
        --------
        >>> index = index_of(np.array([shapely.box(0, 0, 9, 9)]), ["R-2"], "ESRI:54034")
        >>> index.borders(np.array([shapely.Point(12, 5), shapely.Point(8, 5)]), 5.0)[2].tolist()
        [3.0, 1.0]
        """
        rings = flatten(_as_rings(shapes))
        rows, away = distances(
            self.grid, rings.xy, rings.start, rings.first, 0, len(rings), float(within)
        )
        return rows[:, 0].astype(np.intp), rows[:, 1].astype(np.intp), away

    def nearest(self, shape: BaseGeometry) -> tuple[str, float] | None:
        """Return the code whose border is nearest to a polygon or point, and its distance.

        Of several at one distance the first; None where the index is empty.

        Examples
        --------
        >>> index = index_of(np.array([shapely.box(0, 0, 9, 9)]), ["R-2"], "ESRI:54034")
        >>> index.nearest(shapely.Point(5000, 5))
        ('R-2', 4991.0)
        """
        if not len(self.grid.pieces):
            return None
        within = float(self.grid.frame[2])
        while True:
            _, code, away = self.borders(np.array([shape], dtype=object), within)
            if len(away):
                best = int(np.argmin(away))
                return self.codes[code[best]], float(away[best])
            within *= 4.0


def _as_rings(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return points as polygons of one position, which have the same distances."""
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    if not points.any():
        return shapes
    rings = shapes.copy()
    around = np.repeat(shapely.get_coordinates(shapes[points])[:, None], 4, axis=1)
    rings[points] = shapely.polygons(around)
    return rings


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
    >>> import geopandas as gpd
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


def index_of(
    shapes: NDArray[np.object_], codes: Iterable[str | None], plane: Any = None
) -> ZoneIndex:
    """Index valid polygons that lie on the plane already; a code of None leaves one out."""
    labels = list(codes)
    known = tuple(sorted({code for code in labels if code is not None}))
    place: dict[str | None, int] = {code: position for position, code in enumerate(known)}
    numbers = np.array([place.get(code, -1) for code in labels], dtype=np.int32)
    grid = build_grid(flatten(shapes), numbers, len(known))
    return ZoneIndex(known, "" if plane is None else parse_crs(plane).to_wkt(), grid)


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
