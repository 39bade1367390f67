"""From coordinates to the whole numbers of a tile: polygons that rounding breaks are mended.

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

__all__ = ["Snapped", "snap"]

PART_TYPE: Final = {POINT: 0, LINE: 1, POLYGON: 3}


@dataclass(frozen=True)
class Snapped:
    """Parts of geometries on the grid of a tile.

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
    geometries: NDArray[np.object_], kind: int, west: float, north: float, unit: float
) -> Snapped:
    """Round the parts of a kind to the grid of a tile.

    Parameters
    ----------
    geometries : array of geometry
        Cut to the tile, in its plane.
    kind : int
        POINT, LINE or POLYGON; parts of another kind are left out.
    west, north : float
        Corner of the tile.
    unit : float
        Size of a unit of the grid.

    Examples
    --------
    >>> snap(np.array([shapely.box(0, 0, 2.2, 1)]), POLYGON, 0, 10, 1.0).xy.tolist()
    [[2, 10], [2, 9], [0, 9], [0, 10], [2, 10]]
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    right = (shapely.get_type_id(parts) == PART_TYPE[kind]) & ~shapely.is_empty(parts)
    parts, owner = parts[right], owner[right]
    found = _rounded(parts, owner, kind, west, north, unit)
    if kind != POLYGON or not len(parts):
        return found
    suspects = np.flatnonzero(may_be_broken(found.xy, found.rings, found.polygons))
    shapes = _polygons(found, suspects)
    broken = ~shapely.is_valid(shapes)
    if not broken.any():
        return found
    bad = suspects[broken]
    pieces, which = _mended(parts[bad], west, north, unit)
    kept = np.setdiff1d(np.arange(len(owner)), bad)
    everything = np.concatenate([_polygons(found, kept), pieces])
    owner = np.concatenate([owner[kept], owner[bad][which]])
    order = np.argsort(owner, kind="stable")
    return _rounded(everything[order], owner[order], kind, 0.0, 0.0, 1.0, down=1.0)


def _mended(
    parts: NDArray[np.object_], west: float, north: float, unit: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return polygons on the grid in place of those rounding breaks, and which each is of."""
    scaled = shapely.transform(
        parts, lambda xy: np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) / unit
    )
    valid = shapely.is_valid(scaled)
    if not valid.all():
        scaled[~valid] = shapely.make_valid(scaled[~valid])
    groups, which = shapely.get_parts(shapely.set_precision(scaled, 1.0), return_index=True)
    pieces, group = shapely.get_parts(groups, return_index=True)
    solid = (shapely.get_type_id(pieces) == PART_TYPE[POLYGON]) & ~shapely.is_empty(pieces)
    return pieces[solid], which[group[solid]]


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


def _polygons(found: Snapped, chosen: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return some of the polygons on the grid, y downwards."""
    corners, rings, ends = [], [0], [0]
    for polygon in chosen:
        first, stop = found.polygons[polygon], found.polygons[polygon + 1]
        offsets = found.rings[first : stop + 1]
        corners.append(found.xy[offsets[0] : offsets[-1]])
        rings += (offsets[1:] - offsets[0] + rings[-1]).tolist()
        ends.append(len(rings) - 1)
    xy = np.concatenate(corners) if corners else np.empty((0, 2), np.int64)
    polygons: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, xy.astype(float), (np.array(rings), np.array(ends))
    )
    return polygons


def _ring_offsets(
    kind: int, offsets: tuple[NDArray[np.signedinteger[Any]], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    none = np.zeros(1, np.int64)
    if kind == POINT:
        return none, none
    if kind == LINE:
        return offsets[0].astype(np.int64), none
    return offsets[0].astype(np.int64), offsets[1].astype(np.int64)
