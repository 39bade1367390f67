"""Polygons that come and go all day: which lie beside one, over one, or are the same.

What rarely changes is asked through `spatial.index`; this is for permits, of which some
arrive or leave every minute and each must be seen by the next question.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from rtree.index import Index
from shapely.geometry.base import BaseGeometry

from spatial.errors import LimitError
from spatial.index import index_of

__all__ = ["LiveIndex", "Neighbour"]

#: Neighbours that one question may have: more are a sign of an outline as large as a town.
MAX_NEIGHBOURS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A polygon beside or over the one that was asked for.

    Parameters
    ----------
    name : str
    away : float
        Distance; 0 where they touch or overlap.
    overlap : float
        Area of both; 0 where they only touch.
    alike : float
        Their common area as share of their union: 1 for the same ground.
    """

    name: str
    away: float
    overlap: float
    alike: float


class LiveIndex:
    """Valid polygons of one plane by name, for many threads.

    Parameters
    ----------
    shapes : iterable of (name, polygon)
        Loaded at once, which is much faster than one by one. Of one name the last counts.

    Examples
    --------
    >>> live = LiveIndex([("P-1", shapely.box(0, 0, 10, 10)), ("P-2", shapely.box(12, 0, 20, 10))])
    >>> [(n.name, n.away, n.overlap) for n in live.neighbours(shapely.box(5, 0, 11, 10), within=2)]
    [('P-1', 0.0, 50.0), ('P-2', 1.0, 0.0)]
    >>> live.put("P-3", shapely.box(0, 0, 10, 10))
    >>> [n.name for n in live.duplicates(shapely.box(0, 0, 10, 10.01))]
    ['P-1', 'P-3']
    """

    def __init__(self, shapes: Iterable[tuple[str, BaseGeometry]] = ()) -> None:
        self._shapes: dict[str, BaseGeometry] = dict(shapes)
        self._numbers = {name: number for number, name in enumerate(self._shapes)}
        self._names = list(self._shapes)
        # libspatialindex is not made for threads.
        self._lock = threading.Lock()
        if self._names:
            bounds = shapely.bounds(np.array(list(self._shapes.values()), dtype=object))
            numbers = np.arange(len(self._names), dtype=np.int64)
            self._tree = Index((numbers, bounds[:, :2].copy(), bounds[:, 2:].copy()))
        else:
            self._tree = Index()

    def __len__(self) -> int:
        return len(self._shapes)

    def put(self, name: str, shape: BaseGeometry) -> None:
        """Add a polygon, or give a name another polygon."""
        with self._lock:
            self._remove(name)
            self._numbers[name] = len(self._names)
            self._names.append(name)
            self._shapes[name] = shape
            self._tree.insert(self._numbers[name], shape.bounds)

    def drop(self, name: str) -> bool:
        """Take a polygon out; say whether it was there."""
        with self._lock:
            return self._remove(name)

    def _remove(self, name: str) -> bool:
        shape = self._shapes.pop(name, None)
        if shape is None:
            return False
        self._tree.delete(self._numbers.pop(name), shape.bounds)
        return True

    def neighbours(self, shape: BaseGeometry, *, within: float = 0.0) -> list[Neighbour]:
        """Return the polygons no further than `within` from one, by name.

        Raises
        ------
        LimitError
            `too_many_neighbours`, or `too_many_crossings` where outlines cross so often that
            their common area has no bound in time.
        """
        west, south, east, north = shape.bounds
        around = (west - within, south - within, east + within, north + within)
        with self._lock:
            names = sorted(self._names[number] for number in self._tree.intersection(around))
            shapes = [self._shapes[name] for name in names]
        if len(names) > MAX_NEIGHBOURS:
            raise LimitError(
                "{count} outlines lie beside this one; at most {limit} are compared",
                code="too_many_neighbours",
                hint="Ask for a smaller outline or distance",
                count=len(names),
                limit=MAX_NEIGHBOURS,
            )
        found = zip(names, shapes, _overlaps(shapes, shape), strict=True)
        near = (_neighbour(name, other, shape, overlap) for name, other, overlap in found)
        return [one for one in near if one.away <= within]

    def overlapping(self, shape: BaseGeometry) -> list[Neighbour]:
        """Return the polygons that share ground with one."""
        return [one for one in self.neighbours(shape) if one.overlap > 0.0]

    def duplicates(self, shape: BaseGeometry, *, alike: float = 0.99) -> list[Neighbour]:
        """Return the polygons that are the same ground as one, but for `1 - alike` of it."""
        return [one for one in self.neighbours(shape) if one.alike >= alike]


def _overlaps(others: list[BaseGeometry], shape: BaseGeometry) -> list[float]:
    """Return the area that each of the others shares with a polygon."""
    areas = np.zeros(len(others))
    if not others:
        return []
    array = np.empty(len(others), dtype=object)
    array[:] = others
    numbers = [f"{number:06d}" for number in range(len(others))]
    found = index_of(array, numbers).areas(np.array([shape], dtype=object))
    if found.unmeasured.any():
        raise LimitError(
            "the outlines cross so often that their common area has no bound in time",
            code="too_many_crossings",
            hint="Simplify the outline",
        )
    areas[found.code] = found.area
    return [float(area) for area in areas]


def _neighbour(name: str, other: BaseGeometry, shape: BaseGeometry, overlap: float) -> Neighbour:
    if overlap == 0.0:
        return Neighbour(name, float(shapely.distance(other, shape)), 0.0, 0.0)
    return Neighbour(name, 0.0, overlap, overlap / (other.area + shape.area - overlap))
