"""From coordinates to whole numbers: polygons that rounding breaks are mended.

Every corner is rounded by itself, so neighbours go on sharing their border. A ring that then
touches or crosses itself is rounded anew, with a corner wherever an edge passes one (snap
rounding): its corners stay, and at most half a unit is left beside a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from api.tiles.mvt_kernel import LINE, POINT, POLYGON
from api.tiles.ring_kernel import may_be_broken

__all__ = ["PART_TYPE", "Snapped", "joined", "mended", "polygons_on", "snap", "spans"]

PART_TYPE: Final = {POINT: 0, LINE: 1, POLYGON: 3}


@dataclass(frozen=True)
class Snapped:
    """Parts of geometries on a grid.

    Parameters
    ----------
    xy : int64 array, shape (n, 2)
        y downwards.
    rings, polygons : int64 arrays
        Where each ring starts in `xy`, and each polygon in `rings`, with the end.
    owner : int64 array
        The geometry that each part belongs to, sorted.
    """

    xy: NDArray[np.int64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    owner: NDArray[np.int64]


def snap(
    geometries: NDArray[np.object_],
    kind: int,
    west: float,
    north: float,
    unit: float,
    *,
    mend: bool = True,
) -> Snapped:
    """Round the parts of a kind to a grid.

    Parameters
    ----------
    geometries : array of geometry
    kind : int
        POINT, LINE or POLYGON; parts of another kind are left out.
    west, north : float
        Corner of the grid.
    unit : float
        Size of a unit of the grid.
    mend : bool
        Mend polygons that rounding breaks.

    Examples
    --------
    >>> snap(np.array([shapely.box(0, 0, 2.2, 1)]), POLYGON, 0, 10, 1.0).xy.tolist()
    [[2, 10], [2, 9], [0, 9], [0, 10], [2, 10]]
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    right = (shapely.get_type_id(parts) == PART_TYPE[kind]) & ~shapely.is_empty(parts)
    parts, owner = parts[right], owner[right]
    found = _rounded(parts, owner, kind, west, north, unit)
    if kind != POLYGON or not len(parts) or not mend:
        return found
    doubtful = np.flatnonzero(may_be_broken(found.xy, found.rings, found.polygons))

    def unrounded(broken: NDArray[np.int64]) -> NDArray[np.object_]:
        return _scaled(parts[broken], west, north, unit)

    return _replaced(found, doubtful, unrounded)


def mended(found: Snapped, doubtful: NDArray[np.int64]) -> Snapped:
    """Mend those of some polygons on a grid that are broken.

    Examples
    --------
    >>> bow = np.array([[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]])
    >>> ends = np.array([0, 5]), np.array([0, 1])
    >>> whole = mended(Snapped(bow, *ends, np.array([0])), np.array([0]))
    >>> len(whole.polygons) - 1, whole.owner.tolist()
    (2, [0, 0])
    """
    return _replaced(found, doubtful, lambda broken: polygons_on(found, broken))


def joined(found: Snapped, rows: NDArray[np.int64]) -> tuple[Snapped, NDArray[np.int64]]:
    """Make polygons of one row one where they lie over each other; return the row of each.

    Examples
    --------
    >>> squares = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    >>> placed = snap(squares, POLYGON, 0, 9, 1.0)
    >>> one, rows = joined(placed, np.array([5, 5]))
    >>> len(one.polygons) - 1, rows.tolist()
    (1, [5])
    """
    rows = rows[found.owner]
    order = np.argsort(rows, kind="stable")
    which, first, count = np.unique(rows[order], return_index=True, return_counts=True)
    several = np.flatnonzero(count > 1)
    groups = [order[first[k] : first[k] + count[k]] for k in several]
    shapes = [polygons_on(found, group) for group in groups]
    broken = ~shapely.is_valid(np.array([shapely.multipolygons(one) for one in shapes], object))
    if not broken.any():
        return found, rows
    made, of = [], []
    for k in np.flatnonzero(broken):
        pieces = shapely.get_parts(shapely.union_all(shapes[k], grid_size=1.0))
        pieces = pieces[(shapely.get_type_id(pieces) == PART_TYPE[POLYGON])]
        made.append(pieces)
        of.append(np.full(len(pieces), which[several[k]]))
    gone = np.concatenate([groups[k] for k in np.flatnonzero(broken)])
    kept = np.setdiff1d(np.arange(len(rows)), gone)
    everything = np.concatenate([polygons_on(found, kept), *made])
    rows = np.concatenate([rows[kept], *of])
    owner = np.arange(len(rows))
    return _rounded(everything, owner, POLYGON, 0.0, 0.0, 1.0, down=1.0), rows


def _replaced(found: Snapped, doubtful: NDArray[np.int64], shapes_of: Any) -> Snapped:
    """Put polygons on the grid in place of those that GEOS finds broken."""
    broken = doubtful[~shapely.is_valid(polygons_on(found, doubtful))]
    if not len(broken):
        return found
    scaled = shapes_of(broken)
    valid = shapely.is_valid(scaled)
    scaled[~valid] = shapely.make_valid(scaled[~valid])
    groups, which = shapely.get_parts(shapely.set_precision(scaled, 1.0), return_index=True)
    pieces, group = shapely.get_parts(groups, return_index=True)
    solid = (shapely.get_type_id(pieces) == PART_TYPE[POLYGON]) & ~shapely.is_empty(pieces)
    pieces, which = pieces[solid], which[group[solid]]
    kept = np.setdiff1d(np.arange(len(found.owner)), broken)
    everything = np.concatenate([polygons_on(found, kept), pieces])
    owner = np.concatenate([found.owner[kept], found.owner[broken][which]])
    order = np.argsort(owner, kind="stable")
    return _rounded(everything[order], owner[order], POLYGON, 0.0, 0.0, 1.0, down=1.0)


def _scaled(
    parts: NDArray[np.object_], west: float, north: float, unit: float
) -> NDArray[np.object_]:
    moved: NDArray[np.object_] = shapely.transform(
        parts, lambda xy: np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) / unit
    )
    return moved


def _rounded(
    parts: NDArray[np.object_],
    owner: NDArray[np.int64],
    kind: int,
    west: float,
    north: float,
    unit: float,
    down: float = -1.0,
) -> Snapped:
    none = np.zeros(1, np.int64)
    if not len(parts):
        return Snapped(np.empty((0, 2), np.int64), none, none, owner)
    _, xy, offsets = shapely.to_ragged_array(parts)
    grid = np.empty((len(xy), 2), np.int64)
    np.rint((xy[:, 0] - west) / unit, out=grid[:, 0], casting="unsafe")
    np.rint(down * (xy[:, 1] - north) / unit, out=grid[:, 1], casting="unsafe")
    rings, polygons = _ring_offsets(kind, offsets)
    return Snapped(grid, rings, polygons, owner)


def polygons_on(found: Snapped, chosen: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return some of the polygons on the grid, y downwards.

    Examples
    --------
    >>> placed = snap(np.array([shapely.box(0, 0, 2, 1)]), POLYGON, 0, 9, 1.0)
    >>> polygons_on(placed, np.array([0]))[0].area
    2.0
    """
    first, stop = found.polygons[chosen], found.polygons[chosen + 1]
    rings = spans(first, stop)
    begin, end = found.rings[rings], found.rings[rings + 1]
    offsets = np.append(0, np.cumsum(end - begin))
    ends = np.append(0, np.cumsum(stop - first))
    polygons: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, found.xy[spans(begin, end)].astype(float), (offsets, ends)
    )
    return polygons


def spans(begin: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of all spans, one after the other.

    Examples
    --------
    >>> spans(np.array([3, 7]), np.array([5, 8])).tolist()
    [3, 4, 7]
    """
    sizes = end - begin
    before = np.cumsum(sizes) - sizes
    found: NDArray[np.int64] = np.arange(int(sizes.sum())) + np.repeat(begin - before, sizes)
    return found


def _ring_offsets(
    kind: int, offsets: tuple[NDArray[np.signedinteger[Any]], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    none = np.zeros(1, np.int64)
    if kind == POINT:
        return none, none
    if kind == LINE:
        return offsets[0].astype(np.int64), none
    return offsets[0].astype(np.int64), offsets[1].astype(np.int64)
