"""Which rings are valid polygons beyond doubt: what rounding might decide is left to GEOS.

A ring is simple when no two of its edges that are not neighbours meet and no two neighbours
fold back on each other. Each test here is made with a bound of its own rounding error
(Shewchuk 1997), so a ring that passes is simple in exact arithmetic, and GEOS, which decides
exactly, calls it valid too. A ring that does not pass may still be valid.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["surely_valid"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]

#: Rounding of the difference of two products of differences, as share of their sum; a little
#: more than the proven (3 + 16 eps) eps.
ROUNDING: Final = 4.0e-16
#: A ring whose area is a smaller share of its box is left to GEOS.
THIN: Final = 1.0e-9


@kernel
def _side(xy: F8, a: int, b: int, c: int) -> int:
    """Return on which side of a line through a and b a position c lies for sure; else 0."""
    left = (xy[b, 0] - xy[a, 0]) * (xy[c, 1] - xy[a, 1])
    right = (xy[b, 1] - xy[a, 1]) * (xy[c, 0] - xy[a, 0])
    away, doubt = left - right, ROUNDING * (abs(left) + abs(right))
    if away > doubt:
        return 1
    if away < -doubt:
        return -1
    return 0


@kernel
def _apart(xy: F8, a: int, b: int) -> bool:
    """Say whether the edges that begin at a and at b surely have no point in common."""
    if (
        max(xy[a, 0], xy[a + 1, 0]) < min(xy[b, 0], xy[b + 1, 0])
        or max(xy[b, 0], xy[b + 1, 0]) < min(xy[a, 0], xy[a + 1, 0])
        or max(xy[a, 1], xy[a + 1, 1]) < min(xy[b, 1], xy[b + 1, 1])
        or max(xy[b, 1], xy[b + 1, 1]) < min(xy[a, 1], xy[a + 1, 1])
    ):
        return True
    side = _side(xy, a, a + 1, b)
    if side != 0 and side == _side(xy, a, a + 1, b + 1):
        return True
    side = _side(xy, b, b + 1, a)
    return bool(side != 0 and side == _side(xy, b, b + 1, a + 1))


@kernel
def _turns(xy: F8, a: int, b: int) -> bool:
    """Say whether the edge that begins at b surely does not run back over the one before it."""
    if _side(xy, a, a + 1, b + 1) != 0:
        return True
    x = (xy[a + 1, 0] - xy[a, 0]) * (xy[b + 1, 0] - xy[b, 0])
    y = (xy[a + 1, 1] - xy[a, 1]) * (xy[b + 1, 1] - xy[b, 1])
    return bool(x + y > ROUNDING * (abs(x) + abs(y)))


@kernel
def _simple(xy: F8, begin: int, end: int) -> bool:
    edges = end - begin - 1
    if xy[begin, 0] != xy[end - 1, 0] or xy[begin, 1] != xy[end - 1, 1]:
        return False
    for k in range(begin, end - 1):
        if xy[k, 0] == xy[k + 1, 0] and xy[k, 1] == xy[k + 1, 1]:
            return False
        if not _turns(xy, k, k + 1 if k + 2 < end else begin):
            return False
    for i in range(edges):
        for j in range(i + 2, edges):
            if i == 0 and j == edges - 1:
                continue
            if not _apart(xy, begin + i, begin + j):
                return False
    return True


@kernel
def _has_area(xy: F8, begin: int, end: int) -> bool:
    """Say whether a ring has an area that no rounding can take away; not if it is not finite."""
    west = east = xy[begin, 0]
    south = north = xy[begin, 1]
    doubled = 0.0
    for k in range(begin + 1, end - 1):
        west, east = min(west, xy[k, 0]), max(east, xy[k, 0])
        south, north = min(south, xy[k, 1]), max(north, xy[k, 1])
        doubled += (xy[k, 0] - xy[begin, 0]) * (xy[k + 1, 1] - xy[begin, 1])
        doubled -= (xy[k + 1, 0] - xy[begin, 0]) * (xy[k, 1] - xy[begin, 1])
    box = (east - west) * (north - south)
    return bool(0.0 < box < np.inf and abs(doubled) > THIN * box)


@kernel
def surely_valid(xy: F8, start: I8) -> Any:
    """Say for each ring whether it is a valid polygon with an area, without a doubt.

    Parameters
    ----------
    xy : array, shape (vertices, 2)
    start : array, shape (rings + 1,)
    """
    out = np.zeros(start.shape[0] - 1, np.bool_)
    for ring in range(out.shape[0]):
        finite = True
        for k in range(start[ring], start[ring + 1]):
            # Infinity and not-a-number differ from themselves less themselves.
            if not (xy[k, 0] - xy[k, 0] == 0.0 and xy[k, 1] - xy[k, 1] == 0.0):
                finite = False
        out[ring] = (
            finite
            and _has_area(xy, start[ring], start[ring + 1])
            and _simple(xy, start[ring], start[ring + 1])
        )
    return out
