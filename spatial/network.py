"""Ways along roads: from many places to the nearest of some services."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from spatial.errors import GeometryError
from spatial.weights.places import metric

__all__ = ["ways_along"]

#: A road that ends this near to another was meant to meet it.
JOIN_M: Final = 1.0
_ALMOST_0: Final = 1e-9

F8 = NDArray[np.float64]
Rows = NDArray[np.intp]


def ways_along(
    roads: gpd.GeoDataFrame | gpd.GeoSeries,
    places: gpd.GeoSeries,
    services: gpd.GeoSeries,
    *,
    join_m: float = JOIN_M,
) -> F8:
    """Measure the way from each place to the nearest service along roads.

    Roads meet where they share a vertex, and where one ends within `join_m` of another. Lines
    that merely cross do not meet: one may be a bridge. Both directions are open.

    Parameters
    ----------
    roads : lines
        With a CRS; measured in metres.
    places, services : points or polygons
        Of any CRS. Each is led to the nearest road by a straight line.
    join_m : float
        Gaps of drawing that count as joined.

    Returns
    -------
    array of float, shape (n,)
        Metres from each place to its road, along the roads, and from them to the service that is
        so reached first; infinite where no road leads to one.

    Raises
    ------
    GeometryError
        `network_needs_lines`, where `roads` holds anything but lines, or none at all.

    Examples
    --------
    >>> road = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 100 50)"])
    >>> home, school = gpd.GeoSeries([shapely.Point(0, 3)]), gpd.GeoSeries([shapely.Point(104, 50)])
    >>> ways_along(road, home, school)
    array([157.])
    """
    pieces, ends = _pieces(roads)
    pieces = _meeting(pieces, ends, join_m)
    goals = _shapes(services)
    number, off, foot = _feet(pieces, goals)
    pieces = _cut(pieces, number, foot)
    nodes, first, n_nodes = _nodes(pieces, ends, foot, join_m)
    far = _from_services(pieces, nodes, n_nodes, first, off)
    return _of_places(pieces, nodes, far, _shapes(places))


def _shapes(layer: gpd.GeoSeries) -> NDArray[np.object_]:
    return np.asarray(metric(layer).array, dtype=object)


def _pieces(roads: gpd.GeoDataFrame | gpd.GeoSeries) -> tuple[F8, F8]:
    """Straight pieces of all roads, shape (s, 2, 2), and the ends of the roads, shape (e, 2)."""
    lines = shapely.get_parts(shapely.force_2d(_shapes(roads.geometry)))
    lines = lines[~(shapely.is_missing(lines) | shapely.is_empty(lines))]
    kinds = shapely.get_type_id(lines)
    wrong = kinds[
        ~np.isin(kinds, (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING))
    ]
    if not len(lines) or len(wrong):
        raise GeometryError(
            "a network of roads needs lines{found}",
            code="network_needs_lines",
            hint="Give the axes of the roads, not their surfaces",
            found=f"; {len(wrong)} of {len(lines)} shapes are none"
            if len(lines)
            else "; there are none",
        )
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    pieces = np.stack((xy[:-1][same], xy[1:][same]), axis=1)
    pieces = pieces[(pieces[:, 0] != pieces[:, 1]).any(axis=1)]
    begin = np.flatnonzero(np.r_[True, ~same])
    return pieces, xy[np.concatenate((begin, np.r_[begin[1:] - 1, len(xy) - 1]))]


def _lines(pieces: F8) -> NDArray[np.object_]:
    return np.asarray(shapely.linestrings(pieces), dtype=object)


def _meeting(pieces: F8, ends: F8, join_m: float) -> F8:
    """Cut pieces where another road ends at them."""
    point, piece = shapely.STRtree(_lines(pieces)).query(
        shapely.points(ends), predicate="dwithin", distance=join_m
    )
    return _cut(pieces, piece, ends[point])


def _cut(pieces: F8, piece: Rows, at: F8) -> F8:
    """Lead each named piece through a point beside it; points at its ends change nothing."""
    way = pieces[piece, 1] - pieces[piece, 0]
    part = ((at - pieces[piece, 0]) * way).sum(axis=1) / (way * way).sum(axis=1)
    inner = (part > 0) & (part < 1)
    count = np.arange(len(pieces))
    number = np.concatenate((count, count, piece[inner]))
    where = np.concatenate((np.zeros(len(count)), np.ones(len(count)), part[inner]))
    xy = np.concatenate((pieces[:, 0], pieces[:, 1], at[inner]))
    order = np.lexsort((where, number))
    number, xy = number[order], xy[order]
    one = (number[1:] == number[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    return np.stack((xy[:-1][one], xy[1:][one]), axis=1)


def _feet(pieces: F8, shapes: NDArray[np.object_]) -> tuple[Rows, F8, F8]:
    """Give the piece nearest to each shape, how far it is, and where on it."""
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    lines = _lines(pieces)
    if not len(there):
        return np.empty(0, np.intp), np.empty(0), np.empty((0, 2))
    found, off = shapely.STRtree(lines).query_nearest(
        there, return_distance=True, all_matches=False
    )
    bridge = shapely.shortest_line(lines[found[1]], there[found[0]])
    return found[1], off, shapely.get_coordinates(shapely.get_point(bridge, 0))


def _nodes(pieces: F8, ends: F8, feet: F8, join_m: float) -> tuple[Rows, Rows, int]:
    """Give the node of each end of a piece, shape (s, 2), and of each foot, and how many there are.

    Equal places are one node, and the end of a road is one with what is near to it.
    """
    points, number = np.unique(pieces.reshape(-1, 2), axis=0, return_inverse=True)
    tree = cKDTree(points)
    loose = np.unique(tree.query(ends)[1])
    near: Any = tree.query_ball_point(points[loose], join_m)
    count = [len(one) for one in near]
    joined = np.concatenate(near).astype(np.intp)
    links = sp.coo_array(
        (np.ones(len(joined)), (np.repeat(loose, count), joined)),
        (len(points), len(points)),
    )
    n_nodes, group = connected_components(links, directed=False)
    first = group[tree.query(feet)[1]] if len(feet) else np.empty(0, np.intp)
    return group[number.reshape(-1, 2)].astype(np.intp), first.astype(np.intp), int(n_nodes)


def _from_services(pieces: F8, nodes: Rows, n_nodes: int, first: Rows, off: F8) -> F8:
    """Shortest way of every node to a service."""
    long = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T)
    start = np.full(n_nodes, np.inf)
    np.minimum.at(start, first, off)
    served = np.flatnonzero(np.isfinite(start))
    # One node more, from which each service's foot is as far as the service is off its road.
    begin = np.concatenate((nodes[:, 0], nodes[:, 1], np.full(len(served), n_nodes)))
    end = np.concatenate((nodes[:, 1], nodes[:, 0], served))
    length = np.concatenate((long, long, start[served]))
    graph = _least(begin, end, length, n_nodes + 1)
    far: F8 = dijkstra(graph, directed=True, indices=np.array([n_nodes]))[0]
    return far[:n_nodes]


def _least(begin: Rows, end: Rows, length: F8, n: int) -> Any:
    """Return the graph with the shortest of several pieces between two nodes."""
    kept = begin != end
    begin, end, length = begin[kept], end[kept], length[kept]
    order = np.lexsort((length, end, begin))
    begin, end, length = begin[order], end[order], length[order]
    new = np.r_[True, (begin[1:] != begin[:-1]) | (end[1:] != end[:-1])][: len(begin)]
    # A sparse graph knows no way of length 0.
    return sp.csr_array((np.maximum(length[new], _ALMOST_0), (begin[new], end[new])), (n, n))


def _of_places(pieces: F8, nodes: Rows, far: F8, shapes: NDArray[np.object_]) -> F8:
    """Lead each place to its road, and on by the nearer end of that piece."""
    way = np.full(len(shapes), np.inf)
    number, off, foot = _feet(pieces, shapes)
    by_end = [far[nodes[number, end]] + np.hypot(*(foot - pieces[number, end]).T) for end in (0, 1)]
    way[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))] = off + np.minimum(*by_end)
    return way
