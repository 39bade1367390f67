"""Polygons as flat arrays of rings: what every kernel of the engine reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

__all__ = ["Rings", "flatten", "one_shell"]

#: shapely's type number; its enumeration is slow to compare with.
_POLYGON: Final = 3
#: `kind` and `first` of a single ring, the same for all of them.
_ONE_SHELL: Final = np.ones(1, np.int64)
_ONE_RING: Final = np.array([0, 1])


@dataclass(frozen=True, slots=True)
class Rings:
    """The rings of n polygons or multipolygons.

    Parameters
    ----------
    xy : array, shape (vertices, 2)
    start : array of int64, shape (rings + 1,)
        Where each ring begins in `xy`; rings are closed.
    kind : array of int64, shape (rings,)
        1 for a shell, -1 for a hole.
    first : array of int64, shape (n + 1,)
        Rings `first[i]` to `first[i + 1]` are those of geometry i.
    """

    xy: NDArray[np.float64]
    start: NDArray[np.int64]
    kind: NDArray[np.int64]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first) - 1


def flatten(geometries: NDArray[np.object_]) -> Rings:
    """Return the rings of polygons and multipolygons; missing and empty ones have none.

    Parameters
    ----------
    geometries : array of shapely polygons, multipolygons or None, shape (n,)
        Heights are left out.

    Examples
    --------
    >>> ring = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
    >>> rings = flatten(np.array([ring, None], dtype=object))
    >>> rings.kind.tolist(), rings.first.tolist()
    ([1, -1], [0, 2, 2])
    """
    if len(geometries) == 1 and (one := one_shell(geometries[0])) is not None:
        return one
    blank = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    if not blank.all() and _only_shells(geometries[~blank]):
        return _shells(geometries, blank)
    return _all_rings(geometries, blank)


def one_shell(geometry: BaseGeometry | None) -> Rings | None:
    """Flatten one polygon without holes, else None: what a single question holds.

    Examples
    --------
    >>> one_shell(shapely.box(0, 0, 4, 4)).start.tolist()
    [0, 5]
    """
    if not isinstance(geometry, Polygon) or shapely.get_num_interior_rings(geometry):
        return None
    xy = shapely.get_coordinates(geometry)
    if not len(xy):
        return None
    return Rings(xy, np.array([0, len(xy)]), _ONE_SHELL, _ONE_RING)


def _only_shells(geometries: NDArray[np.object_]) -> bool:
    polygons = bool((shapely.get_type_id(geometries) == _POLYGON).all())
    return polygons and not shapely.get_num_interior_rings(geometries).any()


def _shells(geometries: NDArray[np.object_], blank: NDArray[np.bool_]) -> Rings:
    """Flatten polygons without holes, each of which is one ring. Most parcels are."""
    full = geometries[~blank]
    start = np.concatenate(([0], np.cumsum(shapely.get_num_coordinates(full)))).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(~blank))).astype(np.int64)
    xy = np.ascontiguousarray(shapely.get_coordinates(full))
    return Rings(xy, start, np.ones(len(full), np.int64), first)


def _all_rings(geometries: NDArray[np.object_], blank: NDArray[np.bool_]) -> Rings:
    """Flatten polygons with holes and several parts."""
    kept = np.flatnonzero(~blank)
    parts, owner = shapely.get_parts(geometries[kept], return_index=True)
    if not len(parts):
        zero = np.zeros(1, np.int64)
        none = np.zeros(len(geometries) + 1, np.int64)
        return Rings(np.empty((0, 2)), zero, np.empty(0, np.int64), none)
    _, xy, offsets = shapely.to_ragged_array(parts, include_z=False)
    start = np.asarray(offsets[0], dtype=np.int64)
    ring_of_part = np.asarray(offsets[1], dtype=np.int64)
    kind = np.full(len(start) - 1, -1, np.int64)
    kind[ring_of_part[:-1]] = 1
    part_of = np.concatenate(([0], np.cumsum(np.bincount(kept[owner], minlength=len(geometries)))))
    return Rings(np.ascontiguousarray(xy, dtype=np.float64), start, kind, ring_of_part[part_of])
