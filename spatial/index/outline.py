"""The outline of one parcel within one row of cells, as lines over the row's floor."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.segments import ring_area
from spatial.index.under import at
from spatial.jit import kernel

__all__ = ["bounds_of", "lines_in_row", "parcel_area", "turns_of"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]


@kernel
def parcel_area(xy: F8, start: I8, kind: I8, one: int, last: int) -> float:
    """Return the area of the polygon made of rings one <= r < last."""
    total = 0.0
    for ring in range(one, last):
        total += kind[ring] * abs(ring_area(xy, start[ring], start[ring + 1]))
    return total


@kernel
def bounds_of(xy: F8, begin: int, end: int) -> Any:
    """Return west, south, east and north of the positions begin <= k < end."""
    west = east = xy[begin, 0]
    south = north = xy[begin, 1]
    for k in range(begin + 1, end):
        west, east = min(west, xy[k, 0]), max(east, xy[k, 0])
        south, north = min(south, xy[k, 1]), max(north, xy[k, 1])
    return west, south, east, north


@kernel
def turns_of(xy: F8, start: I8, kind: I8, one: int, last: int, turns: F8) -> F8:
    """Return for each ring 1 where its interior is to the left of its direction, else -1."""
    if turns.shape[0] < last - one:
        turns = np.empty(2 * (last - one))
    for ring in range(one, last):
        area = ring_area(xy, start[ring], start[ring + 1]) * kind[ring]
        turns[ring - one] = 1.0 if area > 0.0 else -1.0 if area < 0.0 else 0.0
    return turns


@kernel
def _add(lines: F8, used: int, x0: float, h0: float, x1: float, h1: float, sign: float) -> Any:
    if x1 <= x0:
        return lines, used
    if used == lines.shape[0]:
        lines = np.concatenate((lines, np.empty_like(lines)))
    lines[used, 0], lines[used, 1], lines[used, 2], lines[used, 3] = x0, h0, x1, h1
    lines[used, 4] = sign
    return lines, used + 1


@kernel
def _add_clamped(lines: F8, used: int, edge: Any, floor: float, top: float, sign: float) -> Any:
    """Add an edge cut to floor..top: above it runs along the top, below it is left out."""
    x0, y0, x1, y1 = edge
    if y0 <= floor and y1 <= floor:
        return lines, used
    height = top - floor
    if y0 >= top and y1 >= top:
        return _add(lines, used, x0, height, x1, height, sign)
    # Where it passes the floor and the top; its own ends where it does not.
    slope = (x1 - x0) / (y1 - y0) if y1 != y0 else 0.0
    at_floor = min(x1, max(x0, x0 + (floor - y0) * slope))
    at_top = min(x1, max(x0, x0 + (top - y0) * slope))
    if y1 >= y0:
        left, h_left = (at_floor, 0.0) if y0 < floor else (x0, y0 - floor)
        right, h_right = (at_top, height) if y1 > top else (x1, y1 - floor)
        lines, used = _add(lines, used, left, h_left, right, h_right, sign)
        return _add(lines, used, right, height, x1, height, sign)
    left, h_left = (at_top, height) if y0 > top else (x0, y0 - floor)
    right, h_right = (at_floor, 0.0) if y1 < floor else (x1, y1 - floor)
    lines, used = _add(lines, used, x0, height, left, height, sign)
    return _add(lines, used, left, h_left, right, h_right, sign)


@kernel
def lines_in_row(
    xy: F8,
    start: I8,
    turns: F8,
    one: int,
    last: int,
    origin: F8,
    floor: float,
    top: float,
    lines: F8,
) -> Any:
    """Return the outline between two heights.

    The polygon's area between them is the signed sum of the areas under the lines.

    Returns
    -------
    lines : array, shape (m, 5)
        x0, height, x1, height, sign; left to right, heights over the floor.
    used : int
    """
    used = 0
    for ring in range(one, last):
        turn = turns[ring - one]
        if turn == 0.0:
            continue
        for k in range(start[ring], start[ring + 1] - 1):
            x0, y0 = xy[k, 0] - origin[0], xy[k, 1] - origin[1]
            x1, y1 = xy[k + 1, 0] - origin[0], xy[k + 1, 1] - origin[1]
            if x0 < x1:
                lines, used = _add_clamped(lines, used, (x0, y0, x1, y1), floor, top, -turn)
            elif x1 < x0:
                lines, used = _add_clamped(lines, used, (x1, y1, x0, y0), floor, top, turn)
    return lines, used


@kernel
def area_under(lines: F8, used: int, west: float, east: float) -> float:
    """Return the signed area under lines between two abscissas."""
    total = 0.0
    for k in range(used):
        low, high = max(lines[k, 0], west), min(lines[k, 2], east)
        if high > low:
            left = at(lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3], low)
            right = at(lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3], high)
            total += lines[k, 4] * 0.5 * (left + right) * (high - low)
    return total
