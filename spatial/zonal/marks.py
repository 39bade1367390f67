"""What one edge of a polygon leaves in the cells that it crosses: signed cover and area.

`cover` is the signed height the edge spans in the cell's row, `area` the part of the cell
to its right. See `spatial.zonal.kernel` for how they become coverage.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["mark_edge", "most_marks", "room", "turn"]

F8: TypeAlias = NDArray[np.float64]


@kernel
def room(array: Any, wanted: int) -> Any:
    """Return the array, or an empty one that is large enough."""
    if wanted <= array.shape[0]:
        return array
    return np.empty((2 * wanted, array.shape[1]), array.dtype)


@kernel
def most_marks(xy: F8, start: int, stop: int, window: Any) -> int:
    """Return a bound of the marks that the edges of a ring leave inside a window.

    Known beforehand, the buffers need not be handed from call to call: counting references
    to them at every mark took most of the time.
    """
    count = 0
    for i in range(start, stop - 1):
        ay, by = xy[i, 1], xy[i + 1, 1]
        low, high = max(min(ay, by), float(window[0])), min(max(ay, by), float(window[1]))
        if low >= high:
            continue
        first, last = window[2] - 1.0, float(window[3])
        left = min(max(min(xy[i, 0], xy[i + 1, 0]), first), last)
        right = min(max(max(xy[i, 0], xy[i + 1, 0]), first), last)
        # Every row has one cell more than it crosses columns, and one for what lies left of it.
        count += int(right - left) + 2 + 3 * (int(high - low) + 2)
    return count


@kernel
def _put(cells: Any, marks: Any, used: int, row: int, col: int, cover: float, area: float) -> Any:
    """Add to the last cell if it is the same one, else begin a new one; return the count."""
    if used and cells[used - 1, 0] == row and cells[used - 1, 1] == col:
        marks[used - 1, 0] += cover
        marks[used - 1, 1] += area
        return used
    cells[used, 0], cells[used, 1] = row, col
    marks[used, 0], marks[used, 1] = cover, area
    return used + 1


@kernel
def _edge_in_row(
    cells: Any,
    marks: Any,
    used: int,
    row: int,
    xa: float,
    xb: float,
    rise: float,
    first: int,
    last: int,
) -> Any:
    """Mark the cells of one row that an edge from xa to xb crosses while it rises by `rise`.

    What lies left of column `first` covers the whole row and is kept in column first - 1;
    what lies right of `last` covers nothing here.
    """
    low, high = (xa, xb) if xa <= xb else (xb, xa)
    if low >= last:
        return used
    width = high - low
    if high <= first:
        return _put(cells, marks, used, row, first - 1, rise, 0.0)
    if width <= 0.0 or np.floor(low) == np.floor(high):
        col = int(np.floor(low))
        if col < first:
            return _put(cells, marks, used, row, first - 1, rise, 0.0)
        return _put(cells, marks, used, row, col, rise, rise * (1.0 - ((low + high) / 2 - col)))
    slope = rise / width
    if low < first:
        part = slope * (first - low)
        used = _put(cells, marks, used, row, first - 1, part, 0.0)
        low = float(first)
    stop = min(high, float(last))
    col = int(np.floor(low))
    while low < stop:
        end = min(col + 1.0, stop)
        part = slope * (end - low)
        middle = (low + end) / 2 - col
        used = _put(cells, marks, used, row, col, part, part * (1.0 - middle))
        low = end
        col += 1
    return used


@kernel
def mark_edge(
    cells: Any,
    marks: Any,
    used: int,
    ax: float,
    ay: float,
    bx: float,
    by: float,
    sign: float,
    window: Any,
) -> Any:
    """Mark the cells that one edge crosses inside the window (row0, row1, col0, col1).

    `cells` and `marks` must have room for it, see `most_marks`. Returns how many are used.
    """
    if ay == by:
        return used
    direction = sign
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
        direction = -sign
    top, bottom = max(ay, float(window[0])), min(by, float(window[1]))
    if top >= bottom:
        return used
    slope = (bx - ax) / (by - ay)
    row = int(np.floor(top))
    y, x = top, ax + (top - ay) * slope
    while y < bottom:
        below = min(row + 1.0, bottom)
        x_below = bx if below == by else ax + (below - ay) * slope
        used = _edge_in_row(
            cells, marks, used, row, x, x_below, direction * (below - y), window[2], window[3]
        )
        y, x = below, x_below
        row += 1
    return used


@kernel
def turn(xy: F8, start: int, stop: int) -> float:
    """Say how a ring turns: +1 or -1, and 0 for one without area."""
    x0, y0 = xy[start, 0], xy[start, 1]
    twice = 0.0
    for i in range(start, stop - 1):
        twice += (xy[i, 0] - x0) * (xy[i + 1, 1] - y0) - (xy[i + 1, 0] - x0) * (xy[i, 1] - y0)
    return float(np.sign(twice))
