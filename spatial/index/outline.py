"""The outline of one parcel within one row of cells, as lines over the row's floor."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.segments import ring_area
from spatial.index.under import at
from spatial.jit import kernel

__all__ = [
    "area_under",
    "bounds_of",
    "edges_by_row",
    "lines_by_column",
    "lines_in_row",
    "lines_of_edges",
    "parcel_area",
    "turns_of",
]

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
def _add_clamped(
    lines: F8, used: int, edge: Any, floor: float, top: float, sign: float, above: bool
) -> Any:
    """Add an edge cut to floor..top: below it is left out, above it runs along the top.

    Where `above` is false, that part is left out too.
    """
    x0, y0, x1, y1 = edge
    if y0 <= floor and y1 <= floor:
        return lines, used
    height = top - floor
    if y0 >= top and y1 >= top:
        # On the top itself it is no edge that lies above.
        if not above and (y0 > top or y1 > top):
            return lines, used
        return _add(lines, used, x0, height, x1, height, sign)
    # Where it passes the floor and the top; its own ends where it does not.
    slope = (x1 - x0) / (y1 - y0) if y1 != y0 else 0.0
    at_floor = min(x1, max(x0, x0 + (floor - y0) * slope))
    at_top = min(x1, max(x0, x0 + (top - y0) * slope))
    if y1 >= y0:
        left, h_left = (at_floor, 0.0) if y0 < floor else (x0, y0 - floor)
        right, h_right = (at_top, height) if y1 > top else (x1, y1 - floor)
        lines, used = _add(lines, used, left, h_left, right, h_right, sign)
        return _add(lines, used, right, height, x1 if above else right, height, sign)
    left, h_left = (at_top, height) if y0 > top else (x0, y0 - floor)
    right, h_right = (at_floor, 0.0) if y1 < floor else (x1, y1 - floor)
    lines, used = _add(lines, used, x0 if above else left, height, left, height, sign)
    return _add(lines, used, left, h_left, right, h_right, sign)


@kernel
def _edge(xy: F8, k: int, turn: float, origin: F8) -> Any:
    """Return an edge from left to right, from the origin, and its sign."""
    x0, y0 = xy[k, 0] - origin[0], xy[k, 1] - origin[1]
    x1, y1 = xy[k + 1, 0] - origin[0], xy[k + 1, 1] - origin[1]
    if x0 < x1 or (x0 == x1 and y0 <= y1):
        return (x0, y0, x1, y1), -turn
    return (x1, y1, x0, y0), turn


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
            edge, sign = _edge(xy, k, turn, origin)
            lines, used = _add_clamped(lines, used, edge, floor, top, sign, True)
    return lines, used


@kernel
def edges_by_row(
    xy: F8, start: I8, turns: F8, one: int, last: int, origin: F8, size: float, r0: int, r1: int
) -> Any:
    """Sort the edges of a large outline into the rows that they reach.

    Returns
    -------
    edges : array, shape (e, 5)
        x0, y0, x1, y1, sign; left to right, from the origin.
    begin, order : arrays
        Edges `order[begin[r]:begin[r + 1]]` reach row `r0 + r`.
    """
    edges, used = np.empty((start[last] - start[one], 5)), 0
    for ring in range(one, last):
        turn = turns[ring - one]
        if turn == 0.0:
            continue
        for k in range(start[ring], start[ring + 1] - 1):
            edge, sign = _edge(xy, k, turn, origin)
            edges[used, 0], edges[used, 1], edges[used, 2], edges[used, 3] = edge
            edges[used, 4] = sign
            used += 1
    begin = np.zeros(r1 - r0 + 2, np.int64)
    order = np.empty(0, np.int64)
    for writing in range(2):
        place = begin[:-1].copy()
        for k in range(used):
            low, high = min(edges[k, 1], edges[k, 3]), max(edges[k, 1], edges[k, 3])
            # One row more on either side: rounding must not lose an edge on a line.
            first = max(r0, int(np.floor(low / size)) - 1)
            final = min(r1, int(np.floor(high / size)) + 1)
            for row in range(first, final + 1):
                if writing:
                    order[place[row - r0]] = k
                    place[row - r0] += 1
                else:
                    begin[row - r0 + 1] += 1
        if not writing:
            begin = np.cumsum(begin)
            order = np.empty(begin[-1], np.int64)
    return edges, begin, order


@kernel
def lines_of_edges(edges: F8, order: I8, floor: float, top: float, lines: F8) -> Any:
    """Return the outline between two heights from the edges that reach there.

    As `lines_in_row`, but what lies above is not there: where the polygon covers the top is
    told by the edges that cross it.
    """
    used, crossings = 0, 0
    places, changes = np.empty(order.shape[0]), np.empty(order.shape[0])
    for i in range(order.shape[0]):
        x0, y0, x1, y1, sign = edges[order[i]]
        lines, used = _add_clamped(lines, used, (x0, y0, x1, y1), floor, top, sign, False)
        if (y0 > top) != (y1 > top):
            slope = (x1 - x0) / (y1 - y0)
            places[crossings] = min(x1, max(x0, x0 + (top - y0) * slope))
            # Below a line of sign 1 lies the inside: rightwards, a rising one is left behind
            # into the inside, a falling one out of it.
            changes[crossings] = sign if y1 > y0 else -sign
            crossings += 1
    ranked = np.argsort(places[:crossings])
    depth, height = 0.0, top - floor
    for i in range(crossings - 1):
        depth += changes[ranked[i]]
        if depth != 0.0:
            left, right = places[ranked[i]], places[ranked[i + 1]]
            lines, used = _add(lines, used, left, height, right, height, depth)
    return lines, used


@kernel
def lines_by_column(lines: F8, used: int, size: float, c0: int, c1: int) -> Any:
    """Sort lines into the columns that they reach: `order[begin[c]:begin[c + 1]]` for c0 + c."""
    begin = np.zeros(c1 - c0 + 2, np.int64)
    order = np.empty(0, np.int64)
    for writing in range(2):
        place = begin[:-1].copy()
        for k in range(used):
            first = max(c0, int(np.floor(lines[k, 0] / size)) - 1)
            final = min(c1, int(np.floor(lines[k, 2] / size)) + 1)
            for column in range(first, final + 1):
                if writing:
                    order[place[column - c0]] = k
                    place[column - c0] += 1
                else:
                    begin[column - c0 + 1] += 1
        if not writing:
            begin = np.cumsum(begin)
            order = np.empty(begin[-1], np.int64)
    return begin, order


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
