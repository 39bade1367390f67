"""Cut exposed things by units, keeping what lies in none and what is counted twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

__all__ = ["Pieces", "cut", "of_dimension", "overlap_of_units"]

#: shapely's type number of the mixed collection.
COLLECTION = 7


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts of things in units.

    `thing` and `unit` are positions; `unit` is -1 for the part in no unit. `again` holds
    the parts of things that are counted a second time, since units overlap there.
    """

    thing: NDArray[np.int64]
    unit: NDArray[np.int64]
    shape: NDArray[np.object_]
    again: NDArray[np.object_]


def cut(things: NDArray[np.object_], units: NDArray[np.object_]) -> Pieces:
    """Cut polygons or lines by polygons, all in one plane.

    Examples
    --------
    >>> road = np.array([shapely.LineString([(0, 0), (10, 0)])], dtype=object)
    >>> desa = np.array([shapely.box(2, -1, 6, 1), shapely.box(5, -1, 7, 1)], dtype=object)
    >>> pieces = cut(road, desa)
    >>> pieces.unit.tolist(), shapely.length(pieces.shape).tolist()
    ([0, 1, -1], [4.0, 2.0, 5.0])
    >>> shapely.length(pieces.again).tolist()
    [1.0]
    """
    tree = shapely.STRtree(units)
    thing, unit = tree.query(things, predicate="intersects")
    order = np.lexsort((unit, thing))
    thing, unit = thing[order], unit[order]
    dimension = shapely.get_dimensions(things)
    shape = _inside(things[thing], units[unit], dimension[thing])
    kept = _measure(shape, dimension[thing]) > 0
    thing, unit, shape = thing[kept], unit[kept], shape[kept]
    rest, again = _rest_and_again(things, units, thing, unit, shape)
    left = np.flatnonzero(_measure(rest, dimension) > 0)
    return Pieces(
        np.concatenate((thing, left)),
        np.concatenate((unit, np.full(len(left), -1))),
        np.concatenate((shape, rest[left])),
        again,
    )


def overlap_of_units(units: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return for each unit the part that units before it already cover (maybe empty)."""
    one, other = shapely.STRtree(units).query(units, predicate="intersects")
    earlier = other < one
    one, other = one[earlier], other[earlier]
    out = np.full(len(units), shapely.Polygon(), dtype=object)
    shared = shapely.intersection(units[one], units[other])
    solid = shapely.area(shared) > 0
    for at in np.unique(one[solid]):
        out[at] = _solid(shapely.union_all(shared[solid & (one == at)]))
    return out


def _inside(
    things: NDArray[np.object_], units: NDArray[np.object_], dimension: NDArray[np.int32]
) -> NDArray[np.object_]:
    """Intersect pairs; a thing wholly within its unit stays the very same object."""
    shape = things.copy()
    crossing = ~shapely.covered_by(things, units)
    shape[crossing] = shapely.intersection(things[crossing], units[crossing])
    mixed = shapely.get_type_id(shape) == COLLECTION
    for at in np.flatnonzero(mixed):
        shape[at] = of_dimension(shape[at], int(dimension[at]))
    return shape


def _measure(shape: NDArray[np.object_], dimension: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.where(dimension == 2, shapely.area(shape), shapely.length(shape))


def of_dimension(shape: BaseGeometry, dimension: int) -> BaseGeometry:
    """Keep the parts of one dimension: where borders only touch, lines and points are left."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == dimension])


def _solid(shape: BaseGeometry) -> BaseGeometry:
    collection = shape.geom_type == "GeometryCollection"
    return of_dimension(shape, 2) if collection else shape


def _rest_and_again(
    things: NDArray[np.object_],
    units: NDArray[np.object_],
    thing: NDArray[np.int64],
    unit: NDArray[np.int64],
    shape: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Find what of each thing lies in no unit, and the parts that several units count."""
    rest = things.copy()
    again = []
    first = np.searchsorted(thing, np.arange(len(things)))
    last = np.searchsorted(thing, np.arange(len(things)), side="right")
    for at in np.flatnonzero(last > first):
        pieces = shape[first[at] : last[at]]
        near = units[unit[first[at] : last[at]]]
        if any(piece is things[at] for piece in pieces):
            rest[at] = shapely.Polygon()
        else:
            # Subtracting the units, not the pieces: an answer found in another way.
            rest[at] = shapely.difference(things[at], shapely.union_all(near))
        for k in range(1, len(pieces)):
            twice = shapely.intersection(pieces[k], shapely.union_all(near[:k]))
            twice = of_dimension(twice, shapely.get_dimensions(things[at]))
            if not twice.is_empty:
                again.append(twice)
    return rest, np.array(again, dtype=object)
