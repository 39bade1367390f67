"""The outline of one parcel within one row of cells, as lines over the row's floor."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.segments import ring_area
from spatial.index.under import under
from spatial.jit import inner, kernel

__all__ = [
    "area_under",
    "bounds_of",
    "edges_by_row",
    "extents",
    "lines_by_column",
    "lines_in_row",
    "lines_of_edges",
    "parcel_area",
    "turns_of",
]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]


@inner
def parcel_area(xy: F8, start: I8, kind: I8, one: int, last: int) -> float:
    """Return the area of the polygon made of rings one <= r < last."""
    total = 0.0
    for ring in range(one, last):
        total += kind[ring] * abs(ring_area(xy, start[ring], start[ring + 1]))
    return total


@inner
def bounds_of(xy: F8, begin: int, end: int) -> Any:
    """Return west, south, east and north of the positions begin <= k < end."""
    west = east = xy[begin, 0]
    south = north = xy[begin, 1]
    for k in range(begin + 1, end):
        west, east = min(west, xy[k, 0]), max(east, xy[k, 0])
        south, north = min(south, xy[k, 1]), max(north, xy[k, 1])
    return west, south, east, north


@kernel
def extents(
    xy: F8, start: I8, kind: I8, first: I8, begin: int, end: int, whole: F8, box: F8
) -> None:
    """Write area and bounds of parcels begin <= p < end; bounds of nothing are not a number.

    Parameters
    ----------
    whole : array, shape (parcels,)
    box : array, shape (end - begin, 4)
        West, south, east and north.
    """
    for p in range(begin, end):
        one, last = first[p], first[p + 1]
        if one == last:
            whole[p], box[p - begin] = 0.0, np.nan
            continue
        whole[p] = parcel_area(xy, start, kind, one, last)
        west, south, east, north = bounds_of(xy, start[one], start[last])
        box[p - begin, 0], box[p - begin, 1] = west, south
        box[p - begin, 2], box[p - begin, 3] = east, north


@inner
def turns_of(xy: F8, start: I8, kind: I8, one: int, last: int, turns: F8) -> None:
    """Write for each ring 1 where its interior is to the left of its direction, else -1."""
    for ring in range(one, last):
        area = ring_area(xy, start[ring], start[ring + 1]) * kind[ring]
        turns[ring - one] = 1.0 if area > 0.0 else -1.0 if area < 0.0 else 0.0


@inner
def _add(lines: F8, used: int, x0: float, h0: float, x1: float, h1: float, sign: float) -> int:
    if x1 <= x0:
        return used
    lines[used, 0], lines[used, 1], lines[used, 2], lines[used, 3] = x0, h0, x1, h1
    lines[used, 4], lines[used, 5] = sign, (h1 - h0) / (x1 - x0)
    return used + 1


@inner
def _add_clamped(
    lines: F8,
    used: int,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    floor: float,
    top: float,
    sign: float,
    above: bool,
) -> Any:
    """Add an edge cut to floor..top: below it is left out, above it runs along the top.

    Where `above` is false, that part is left out too. It adds two lines at most.
    """
    if y0 <= floor and y1 <= floor:
        return used
    height = top - floor
    if y0 >= top and y1 >= top:
        # On the top itself it is no edge that lies above.
        if not above and (y0 > top or y1 > top):
            return used
        return _add(lines, used, x0, height, x1, height, sign)
    if min(y0, y1) >= floor and max(y0, y1) <= top:
        return _add(lines, used, x0, y0 - floor, x1, y1 - floor, sign)
    # Where it passes the floor and the top; its own ends where it does not.
    slope = (x1 - x0) / (y1 - y0) if y1 != y0 else 0.0
    at_floor = min(x1, max(x0, x0 + (floor - y0) * slope))
    at_top = min(x1, max(x0, x0 + (top - y0) * slope))
    if y1 >= y0:
        left, h_left = (at_floor, 0.0) if y0 < floor else (x0, y0 - floor)
        right, h_right = (at_top, height) if y1 > top else (x1, y1 - floor)
        used = _add(lines, used, left, h_left, right, h_right, sign)
        return _add(lines, used, right, height, x1 if above else right, height, sign)
    left, h_left = (at_top, height) if y0 > top else (x0, y0 - floor)
    right, h_right = (at_floor, 0.0) if y1 < floor else (x1, y1 - floor)
    used = _add(lines, used, x0 if above else left, height, left, height, sign)
    return _add(lines, used, left, h_left, right, h_right, sign)


@inner
def _edge(xy: F8, k: int, turn: float, ox: float, oy: float) -> Any:
    """Return an edge from left to right, from the origin, and its sign."""
    x0, y0 = xy[k, 0] - ox, xy[k, 1] - oy
    x1, y1 = xy[k + 1, 0] - ox, xy[k + 1, 1] - oy
    if x0 < x1 or (x0 == x1 and y0 <= y1):
        return x0, y0, x1, y1, -turn
    return x1, y1, x0, y0, turn


@inner
def lines_in_row(
    xy: F8,
    start: I8,
    turns: F8,
    one: int,
    last: int,
    frame: F8,
    floor: float,
    top: float,
    lines: F8,
) -> int:
    """Write the outline between two heights, and return of how many lines it is.

    The polygon's area between them is the signed sum of the areas under the lines.

    Parameters
    ----------
    lines : array, shape (m, 6)
        x0, height, x1, height, sign, slope; left to right, heights over the floor. There is
        room for three of every edge.
    """
    ox, oy, used = frame[0], frame[1], 0
    for ring in range(one, last):
        turn = turns[ring - one]
        if turn == 0.0:
            continue
        for k in range(start[ring], start[ring + 1] - 1):
            x0, y0, x1, y1, sign = _edge(xy, k, turn, ox, oy)
            used = _add_clamped(lines, used, x0, y0, x1, y1, floor, top, sign, True)
    return used


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
            x0, y0, x1, y1, sign = _edge(xy, k, turn, origin[0], origin[1])
            edges[used, 0], edges[used, 1], edges[used, 2], edges[used, 3] = x0, y0, x1, y1
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
def lines_of_edges(edges: F8, order: I8, floor: float, top: float, lines: F8) -> int:
    """Write the outline between two heights from the edges that reach there.

    As `lines_in_row`, but what lies above is not there: where the polygon covers the top is
    told by the edges that cross it.
    """
    used, crossings = 0, 0
    places, changes = np.empty(order.shape[0]), np.empty(order.shape[0])
    for i in range(order.shape[0]):
        x0, y0, x1, y1, sign = edges[order[i]]
        used = _add_clamped(lines, used, x0, y0, x1, y1, floor, top, sign, False)
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
            used = _add(lines, used, left, height, right, height, depth)
    return used


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


@inner
def area_under(lines: F8, used: int, west: float, east: float) -> float:
    """Return the signed area under lines between two places."""
    total = 0.0
    for k in range(used):
        total += lines[k, 4] * under(
            lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3], lines[k, 5], west, east
        )
    return total
