"""Neighbours by distance between centres: nearest, within a band, fading with distance."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spatial.errors import GeometryError
from spatial.weights.base import LINK_LIMIT, Weights, check_links, csr, from_pairs
from spatial.weights.places import centres

__all__ = ["distance_band", "inverse_distance", "knn"]


def knn(areas: gpd.GeoDataFrame | gpd.GeoSeries, k: int) -> Weights:
    """Take the `k` nearest centres of each area; not symmetric.

    Equal distances are ordered by name, so the order of rows never matters.

    Raises
    ------
    GeometryError
        If `k` is not between 1 and the number of other areas.

    Examples
    --------
    >>> import shapely
    >>> points = gpd.GeoSeries([shapely.Point(x, 0) for x in (0, 1, 3)])
    >>> knn(points, 1).neighbours(2).to_list()
    [1]
    """
    xy, placed = _placed(areas)
    if not 1 <= k < len(placed):
        raise GeometryError(
            "{k} nearest of {n} areas cannot be taken",
            code="knn_k",
            hint="Take a number between 1 and {most}",
            k=k,
            n=len(placed),
            most=max(len(placed) - 1, 0),
        )
    order = np.argsort(areas.index[placed].astype(str), kind="stable")
    near = order[_nearest(xy[order], k)]
    columns = np.empty_like(near)
    columns[order] = near
    check_links(columns.size)
    n = len(areas)
    rows = np.repeat(placed, k)
    matrix = sp.coo_array((np.ones(rows.size), (rows, placed[columns.ravel()])), (n, n))
    return Weights(csr(matrix), areas.index, f"knn:{k}")


def _nearest(xy: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Rows of the `k` nearest others, shape (n, k); ties go to the lower row."""
    tree = cKDTree(xy)
    radius = np.asarray(tree.query(xy, k + 1)[0])[:, -1] * (1 + 1e-12)
    found = tree.query_ball_point(xy, radius, return_sorted=True)
    out = np.empty((len(xy), k), dtype=np.intp)
    for row, near in enumerate(found):
        others = np.array([item for item in near if item != row])
        away = np.hypot(*(xy[others] - xy[row]).T)
        # Rounding must not break a tie: distances alike to twelve digits are the same.
        tie = np.round(away / (radius[row] or 1.0), 12)
        out[row] = others[np.lexsort((others, tie))[:k]]
    return out


def distance_band(areas: gpd.GeoDataFrame | gpd.GeoSeries, distance: float) -> Weights:
    """All areas whose centres lie within `distance` (m, or units of a file without CRS).

    Examples
    --------
    >>> import shapely
    >>> points = gpd.GeoSeries([shapely.Point(x, 0) for x in (0, 1, 3)])
    >>> distance_band(points, 2).cardinalities.to_list()
    [1, 2, 1]
    """
    left, right, _ = _within(areas, distance)
    return from_pairs(left, right, areas.index, kind=f"distance:{distance:g}")


def inverse_distance(
    areas: gpd.GeoDataFrame | gpd.GeoSeries, distance: float, *, power: float = 1.0
) -> Weights:
    """Weights 1 / d**power within `distance`.

    Raises
    ------
    GeometryError
        If two centres coincide: their weight would be infinite.

    Examples
    --------
    >>> import shapely
    >>> points = gpd.GeoSeries([shapely.Point(x, 0) for x in (0, 1, 3)])
    >>> inverse_distance(points, 2.5).matrix.toarray()[1].tolist()
    [1.0, 0.0, 0.5]
    """
    left, right, away = _within(areas, distance)
    if (away == 0).any():
        at = int(np.flatnonzero(away == 0)[0])
        raise GeometryError(
            "{one} and {two} have the same centre: no inverse distance between them",
            code="centres_coincide",
            hint="Remove one of them, or use a distance band",
            one=str(areas.index[left[at]]),
            two=str(areas.index[right[at]]),
        )
    kind = f"inverse:{distance:g}:{power:g}"
    return from_pairs(left, right, areas.index, kind=kind, weight=away**-power)


def _within(
    areas: gpd.GeoDataFrame | gpd.GeoSeries, distance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs of rows and their distance."""
    if not (np.isfinite(distance) and distance > 0):
        raise GeometryError(
            "a distance of {distance} joins no areas",
            code="weights_distance",
            hint="Give metres above zero",
            distance=distance,
        )
    xy, placed = _placed(areas)
    tree = cKDTree(xy)
    # Grids state their spacing exactly; rounding of a projection must not drop the far ones.
    reach = distance * (1 + 1e-12)
    check_links(_rough_links(tree, reach))
    pairs = tree.query_pairs(reach, output_type="ndarray")
    away = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    return placed[pairs[:, 0]], placed[pairs[:, 1]], away


def _rough_links(tree: cKDTree, reach: float) -> int:
    """Links within `reach`, counted without listing them where there may be too many."""
    most = int(tree.n) ** 2
    return most if most <= LINK_LIMIT else int(tree.count_neighbors(tree, reach))


def _placed(
    areas: gpd.GeoDataFrame | gpd.GeoSeries,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Centres of the rows that have a place, and these rows."""
    xy = centres(areas)
    rows = np.flatnonzero(np.isfinite(xy).all(axis=1))
    return xy[rows], rows
