"""Contiguity: queen and rook from an index of boxes, exact corners first, GEOS for the rest."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray

from spatial.errors import GeometryError
from spatial.weights.base import Weights, from_pairs
from spatial.weights.places import metric

__all__ = ["queen", "rook", "tolerant"]

#: DE-9IM pattern of two polygons whose boundaries run together for some length.
COMMON_EDGE = "****1****"
#: Up to so many pairs of a polygon are tried without an index of its edges.
FEW_PAIRS: Final = 8
#: Odd numbers that spread the bits of coordinates.
_MIX: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)


def queen(areas: gpd.GeoDataFrame | gpd.GeoSeries) -> Weights:
    """Neighbours share a point or more (so do areas that overlap).

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries of polygons, index unique
        Rows without geometry become isolates.

    Returns
    -------
    Weights
        Binary and symmetric.

    Notes
    -----
    Pairs whose boxes meet are tried in two steps: those with an equal vertex are neighbours
    at once (nearly all in a clean layer), only the others are handed to GEOS.

    Examples
    --------
    >>> squares = gpd.GeoSeries([shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (0, 1)])
    >>> queen(squares).cardinalities.to_list()
    [3, 3, 3, 3]
    """
    shapes = _polygons(areas)
    left, right = _box_pairs(shapes)
    joined = _share_vertex(shapes, left, right)
    rest = np.flatnonzero(~joined)
    _prepare_the_often_asked(shapes, left[rest])
    joined[rest] = shapely.intersects(shapes[left[rest]], shapes[right[rest]])
    return from_pairs(left[joined], right[joined], areas.index, kind="queen")


def rook(areas: gpd.GeoDataFrame | gpd.GeoSeries) -> Weights:
    """Neighbours share a piece of boundary with length, or overlap.

    Examples
    --------
    >>> squares = gpd.GeoSeries([shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (0, 1)])
    >>> rook(squares).cardinalities.to_list()
    [2, 2, 2, 2]
    """
    shapes = _polygons(areas)
    left, right = _box_pairs(shapes)
    joined = _share_edge(shapes, left, right)
    rest = np.flatnonzero(~joined)
    touching = rest[shapely.intersects(shapes[left[rest]], shapes[right[rest]])]
    joined[touching] = shapely.relate_pattern(
        shapes[left[touching]], shapes[right[touching]], COMMON_EDGE
    ) | shapely.relate_pattern(shapes[left[touching]], shapes[right[touching]], "2********")
    return from_pairs(left[joined], right[joined], areas.index, kind="rook")


def tolerant(
    areas: gpd.GeoDataFrame | gpd.GeoSeries, *, gap_m: float, shared_m: float = 0.0
) -> Weights:
    """Neighbours run along each other, no further apart than `gap_m`, for over `shared_m`.

    Boundaries drawn by two offices leave slivers; they cut no neighbours here.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries of polygons
        Measured in metres on the metric plane; without a CRS in the units of the file.
    gap_m : float
        Widest sliver, gap or overlap, that still counts as one boundary.
    shared_m : float
        Least length of common boundary, as the mean of the two sides.

    Examples
    --------
    >>> pair = gpd.GeoSeries([shapely.box(0, 0, 9, 9), shapely.box(10, 0, 20, 9)])
    >>> tolerant(pair, gap_m=2, shared_m=5).isolates.any(), queen(pair).isolates.all()
    (np.False_, np.True_)
    """
    if not (gap_m >= 0 and shared_m >= 0):
        raise GeometryError("a tolerance must not be negative", code="weights_tolerance")
    shapes = _polygons(metric(areas))
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m)
    once = left < right
    left, right = left[once], right[once]
    if shared_m > 0:
        length = (_along(shapes, left, right, gap_m) + _along(shapes, right, left, gap_m)) / 2
        left, right = left[length > shared_m], right[length > shared_m]
    return from_pairs(left, right, areas.index, kind=f"tolerant:{gap_m:g}:{shared_m:g}")


def _prepare_the_often_asked(shapes: NDArray[np.object_], asked: NDArray[np.intp]) -> None:
    """Index what has many pairs; for a few the index costs more than it saves, and it stays."""
    times = np.bincount(asked, minlength=len(shapes))
    shapely.prepare(shapes[times > FEW_PAIRS])


def _along(
    shapes: NDArray[np.object_], of: NDArray[np.intp], near: NDArray[np.intp], gap_m: float
) -> NDArray[np.float64]:
    """Length of the boundary of each of `of` that lies within `gap_m` of its partner."""
    reach = shapely.buffer(shapes[near], max(gap_m, 1e-9), quad_segs=4)
    hole = shapely.buffer(shapes[near], -max(gap_m, 1e-9), quad_segs=4)
    edge = shapely.boundary(shapes[of])
    inside = shapely.difference(shapely.intersection(edge, reach), hole)
    return np.asarray(shapely.length(inside), dtype=np.float64)


def _polygons(areas: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.object_]:
    """Geometries as an array; empty ones become None, lines and points are refused."""
    shapes = np.array(areas.geometry.array, dtype=object)
    kinds = shapely.get_type_id(shapes)
    wrong = ~np.isin(kinds, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if wrong.any():
        raise GeometryError(
            "{what} is a {kind}: contiguity needs areas",
            code="contiguity_needs_polygons",
            hint="Use knn:8 or distance:5000 for points",
            what=str(areas.index[wrong][0]),
            kind=str(shapes[wrong][0].geom_type),
        )
    shapes[shapely.is_empty(shapes)] = None
    return shapes


def _box_pairs(shapes: NDArray[np.object_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (left < right) of rows whose bounding boxes meet."""
    left, right = shapely.STRtree(shapes).query(shapes)
    once = left < right
    return left[once], right[once]


def _vertices(shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Give the number of the place of every vertex (equal places alike, exactly) and its row."""
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    xy += 0.0  # so that -0.0 has the bits of 0.0
    bits = xy.view(np.uint64)
    key = (bits[:, 0] * _MIX[0]) ^ (bits[:, 1] * _MIX[1] >> np.uint64(7))
    order = np.argsort(key)
    key, new = key[order], _changes(xy, order)
    if (new[1:] & (key[1:] == key[:-1])).any():
        # Two places of one key may lie mixed; the slower order keeps each together.
        order = np.lexsort((xy[:, 1], xy[:, 0]))
        new = _changes(xy, order)
    place = np.empty(len(xy), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    return place, row.astype(np.intp)


def _changes(xy: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mark the places that differ from the one before them in an order; the first does."""
    new = np.ones(len(xy), dtype=bool)
    new[1:] = False
    for values in xy.T:
        ordered = values[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    return new


def _share_vertex(
    shapes: NDArray[np.object_], left: NDArray[np.intp], right: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Say for each pair whether both have a vertex at exactly the same place."""
    place, row = _vertices(shapes)
    return _share(place, row, left, right, len(shapes))


def _share_edge(
    shapes: NDArray[np.object_], left: NDArray[np.intp], right: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Say for each pair whether both have an edge between exactly the same two places."""
    place, row = _vertices(shapes)
    # A step between two rings is no edge, but then no neighbour has it either.
    inside = (row[1:] == row[:-1]) & (place[1:] != place[:-1])
    low, high = np.minimum(place[1:], place[:-1]), np.maximum(place[1:], place[:-1])
    edge = pd.factorize((low * (len(place) + 1) + high)[inside])[0].astype(np.int64)
    return _share(edge, row[1:][inside], left, right, len(shapes))


def _share(
    thing: NDArray[np.int64],
    row: NDArray[np.intp],
    left: NDArray[np.intp],
    right: NDArray[np.intp],
    n: int,
) -> NDArray[np.bool_]:
    """Say for each pair of rows whether they have a thing (vertex, edge) in common."""
    if not len(thing):
        return np.zeros(len(left), dtype=bool)
    owned = sp.coo_array((np.ones(len(thing)), (row, thing)), (n, int(thing.max()) + 1)).tocsr()
    common = (owned @ owned.T).tocoo()
    return np.isin(left * n + right, common.coords[0].astype(np.int64) * n + common.coords[1])
