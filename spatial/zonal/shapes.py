"""Polygons, lines and points in the coordinates of a grid's cells, checked before they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.crs import parse_crs, project
from spatial.errors import GeometryError
from spatial.rings import Rings as Flat
from spatial.rings import flatten
from spatial.zonal.grid import Grid

__all__ = ["Rings", "in_cells", "rings_in_cells"]

#: shapely's type numbers of Polygon and MultiPolygon.
POLYGONS: Final = (3, 6)


@dataclass(frozen=True, slots=True)
class Rings:
    """The rings of many polygons as flat arrays, in cells (column, row).

    `kind` is 1 for a shell and -1 for a hole; rings `polygons[i]` to `polygons[i + 1]` are
    those of geometry i. `extent` is (col0, row0, col1, row1) per geometry, empty ones having
    col1 < col0.
    """

    xy: NDArray[np.float64]
    rings: NDArray[np.int64]
    kind: NDArray[np.int64]
    polygons: NDArray[np.int64]
    extent: NDArray[np.int64]


def in_cells(shapes: gpd.GeoSeries, grid: Grid, *, what: str = "polygons") -> NDArray[np.object_]:
    """Return the geometries projected into the CRS of the grid.

    Raises
    ------
    CrsError
        If the shapes state no CRS.
    """
    source = parse_crs(shapes.crs, what=what)
    flat: NDArray[np.object_] = np.asarray(shapes.array, dtype=object)
    if shapely.has_z(flat).any():
        flat = np.asarray(shapely.force_2d(flat), dtype=object)
    return project(flat, source, grid.crs)


def rings_in_cells(shapes: gpd.GeoSeries, grid: Grid, *, what: str = "polygons") -> Rings:
    """Turn polygons into rings in cell coordinates.

    Raises
    ------
    GeometryError
        `zonal_not_polygon` or `polygon_invalid`, naming the first such row.
    """
    geometries = in_cells(shapes, grid, what=what)
    _refuse_kinds(geometries, shapes, what)
    blank = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    geometries = geometries.copy()
    geometries[blank] = shapely.Polygon()
    flat = flatten(geometries)
    _refuse_invalid(geometries, _convex_quads(flat), shapes, what)
    return Rings(
        _to_cells(flat.xy, grid), flat.start, flat.kind, flat.first, _extent(geometries, grid)
    )


def _convex_quads(flat: Flat) -> NDArray[np.bool_]:
    """Say which polygons are single rings of four corners that all turn the same way.

    Such a ring cannot cross itself, as most footprints show without asking GEOS.
    """
    first = flat.first[:-1]
    single = np.flatnonzero(np.diff(flat.first) == 1)
    begin = flat.start[first[single]]
    four = flat.start[first[single] + 1] - begin == 5
    single, begin = single[four], begin[four]
    corner = flat.xy[begin[:, None] + np.arange(4)]
    side = np.roll(corner, -1, axis=1) - corner
    following = np.roll(side, -1, axis=1)
    turn = side[..., 0] * following[..., 1] - side[..., 1] * following[..., 0]
    convex = np.zeros(len(first), bool)
    convex[single] = (turn > 0).all(axis=1) | (turn < 0).all(axis=1)
    return convex


def _refuse_kinds(geometries: NDArray[np.object_], shapes: gpd.GeoSeries, what: str) -> None:
    """Refuse what is no polygon."""
    types = shapely.get_type_id(geometries)
    wrong = ~np.isin(types, POLYGONS) & ~shapely.is_missing(geometries)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise GeometryError(
            "{what}: row {row} is a {kind}, not a polygon",
            code="zonal_not_polygon",
            what=what,
            row=str(shapes.index[at]),
            kind=geometries[at].geom_type,
        )


def _refuse_invalid(
    geometries: NDArray[np.object_],
    sound: NDArray[np.bool_],
    shapes: gpd.GeoSeries,
    what: str,
) -> None:
    """Refuse what crosses itself: its area has no meaning. `sound` need not be asked."""
    asked = np.flatnonzero(~sound)
    invalid = asked[~shapely.is_valid(geometries[asked])]
    if len(invalid):
        at = int(invalid[0])
        raise GeometryError(
            "{what}: row {row} is not a valid polygon ({reason}); {count} rows are not",
            code="polygon_invalid",
            hint="Publish the layer first: its repair is listed and its area change shown",
            what=what,
            row=str(shapes.index[at]),
            reason=shapely.is_valid_reason(geometries[at]),
            count=len(invalid),
        )


def _to_cells(xy: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    moved = np.empty_like(xy)
    moved[:, 0] = (xy[:, 0] - grid.x0) / grid.dx
    moved[:, 1] = (xy[:, 1] - grid.y0) / grid.dy
    return moved


def _extent(geometries: NDArray[np.object_], grid: Grid) -> NDArray[np.int64]:
    """Cells that each geometry may touch, cut to the grid."""
    bounds = shapely.bounds(geometries)
    blank = np.isnan(bounds[:, 0])
    corners = np.where(blank[:, None], 0.0, bounds)
    one = _to_cells(corners[:, :2], grid)
    two = _to_cells(corners[:, 2:], grid)
    limit = np.array([grid.width, grid.height])
    low = np.clip(np.floor(np.minimum(one, two)), 0, limit)
    high = np.clip(np.ceil(np.maximum(one, two)), 0, limit)
    high[blank] = low[blank] - 1
    extent: NDArray[np.int64] = np.hstack((low, high)).astype(np.int64)
    return extent
