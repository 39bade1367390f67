"""Polygons of a map, cut small: plain arrays, of which a shape is made when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Pieces", "pieces_of"]

Geometries = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Pieces:
    """Polygons as arrays; processes that open the same file share their pages.

    Geometries are shared by threads and are therefore never prepared.

    Parameters
    ----------
    xy : array, shape (vertices, 2)
    ring : array of int, shape (rings + 1,)
        Where the vertices of each ring begin.
    first : array of int, shape (n + 1,)
        Where the rings of each polygon begin, its shell before its holes.
    box : array, shape (n, 4)
        West, south, east, north.

    Examples
    --------
    >>> made = pieces_of(shapely.box([0, 5], 0, [4, 9], 4))
    >>> len(made), made.meeting(shapely.Point(6, 1)).tolist()
    (2, [1])
    >>> shapely.area(made.take(np.array([1, 0]))).tolist()
    [16.0, 16.0]
    """

    xy: NDArray[np.float64]
    ring: NDArray[np.int64]
    first: NDArray[np.int64]
    box: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.box)

    @cached_property
    def boxes(self) -> shapely.STRtree:
        """Tree over the boxes."""
        return shapely.STRtree(np.asarray(shapely.box(*self.box.T), dtype=object))

    @cached_property
    def _made(self) -> Geometries:
        return np.empty(len(self), dtype=object)

    def take(self, rows: NDArray[np.intp]) -> Geometries:
        """Return some polygons; one that was made is kept."""
        made = self._made
        for row in rows.tolist():
            if made[row] is None:
                # Threads that meet here make equal shapes, and either is kept.
                made[row] = self._shape(row)
        found: Geometries = made[rows]
        return found

    def all(self) -> Geometries:
        """Return every polygon."""
        if not len(self):
            return self._made
        kind = shapely.GeometryType.POLYGON
        offsets = (np.asarray(self.ring), np.asarray(self.first))
        return np.asarray(shapely.from_ragged_array(kind, self.xy, offsets), dtype=object)

    def meeting(self, geometry: Any) -> NDArray[np.intp]:
        """Return the rows of the polygons that a geometry meets."""
        near = self.boxes.query(geometry)
        return near[shapely.intersects(self.take(near), geometry)]

    def _shape(self, row: int) -> shapely.Polygon:
        edges = self.ring[self.first[row] : self.first[row + 1] + 1]
        pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        shell, *holes = (self.xy[begin:end] for begin, end in pairs)
        return shapely.Polygon(shell, holes)


def pieces_of(polygons: Any) -> Pieces:
    """Take polygons apart.

    Parameters
    ----------
    polygons : array of polygons, shape (n,)
        None of them empty.
    """
    shapes = np.asarray(polygons, dtype=object)
    if not len(shapes):
        zero = np.zeros(1, dtype=np.int64)
        return Pieces(np.empty((0, 2)), zero, zero, np.empty((0, 4)))
    _, xy, offsets = shapely.to_ragged_array(shapes, include_z=False)
    ring, first = (np.asarray(one, dtype=np.int64) for one in offsets)
    return Pieces(np.ascontiguousarray(xy), ring, first, shapely.bounds(shapes).reshape(-1, 4))
