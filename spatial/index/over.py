"""The sum over the few cells that most parcels reach, edge by edge."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.finish import OVERLAPPED
from spatial.index.outline import area_under, lines_in_row
from spatial.index.pieces import behind
from spatial.index.under import under_two
from spatial.jit import inner

__all__ = [
    "CLIPPED",
    "LARGE",
    "MANY",
    "OUTSIDE",
    "OVERLAPPING",
    "PURE",
    "UNBOUNDED",
    "add",
    "in_cell",
    "is_large",
    "over_cells",
]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: How a parcel was answered: off the map, with no border near, by pairs of edges, by slabs;
#: or not, because it would have taken too long.
OUTSIDE, PURE, CLIPPED, OVERLAPPING, UNBOUNDED = 0, 1, 2, 3, 4
#: An outline over more rows or columns, with more edges, is sorted into them first.
LARGE: Final = 4
MANY: Final = 32


@inner
def add(total: F8, touched: I4, used: int, code: int, area: float, column: int) -> int:
    """Add to the total of a code; a code met for the first time is noted."""
    if total[code, 2] == 0.0:
        total[code, 2] = 1.0
        touched[used] = code
        used += 1
    total[code, column] += area
    return used


@inner
def in_cell(
    grid: Any,
    cell: int,
    lines: F8,
    count: int,
    floor: float,
    top: float,
    low: float,
    high: float,
    total: F8,
    touched: I4,
    used: int,
) -> Any:
    """Add what a parcel has of each code in one cell where no zones overlap.

    The whole to the codes at the cell's corner; what lies under each piece to the code below
    it, taken from the code above. A piece over all of the parcel cuts nothing.

    Parameters
    ----------
    lines, count : array, int
        The outline over the floor, up to the height `top`.
    low, high : float
        What the lines span of the cell.

    Returns
    -------
    used, work : int
        Codes touched, and pairs of lines compared.
    """
    pieces, sides = grid.pieces, grid.sides
    state, n_codes = grid.state[cell], grid.shape[2]
    whole = area_under(lines, count, low, high)
    if state > n_codes:
        for i in range(grid.mix_start[state - n_codes - 1], grid.mix_start[state - n_codes]):
            used = add(total, touched, used, grid.mix[i, 0], grid.mix[i, 1] * whole, 0)
    elif state > 0:
        used = add(total, touched, used, state - 1, whole, 0)
    work, last = 0, grid.start[cell + 1]
    k = behind(grid.reach, grid.start[cell], last, low)
    while k < last and pieces[k, 0] < high:
        x0, x1 = pieces[k, 0], pieces[k, 2]
        y0, y1 = pieces[k, 1] - floor, pieces[k, 3] - floor
        if x1 > low and x0 < x1 and (y0 > 0.0 or y1 > 0.0):
            work += count
            area = 0.0
            if min(y0, y1) < top:
                slope = (y1 - y0) / (x1 - x0)
                for j in range(count):
                    area += lines[j, 4] * under_two(
                        lines[j, 0], lines[j, 1], lines[j, 2], lines[j, 3], lines[j, 5],
                        x0, y0, x1, y1, slope,
                    )  # fmt: skip
            elif x0 <= low and x1 >= high:
                area = whole
            else:
                area = area_under(lines, count, x0, x1)
            if sides[k, 0] >= 0:
                used = add(total, touched, used, sides[k, 0], -area, 0)
            if sides[k, 1] >= 0:
                used = add(total, touched, used, sides[k, 1], area, 0)
        k = behind(grid.reach, k + 1, last, low)
    return used, work


@inner
def is_large(vertices: int, c0: int, c1: int, r0: int, r1: int) -> bool:
    """Say whether an outline is better sorted into the rows and columns that it reaches."""
    return vertices > MANY and (r1 - r0 >= LARGE or c1 - c0 >= LARGE)


@inner
def over_cells(
    grid: Any,
    xy: F8,
    start: I8,
    turns: F8,
    one: int,
    last: int,
    south: float,
    north: float,
    c0: int,
    c1: int,
    r0: int,
    r1: int,
    total: F8,
    touched: I4,
    lines: F8,
    budget: int,
) -> Any:
    """Sum one parcel over few cells, or one of few edges.

    Returns
    -------
    used : int
        Codes touched.
    how : int
        CLIPPED or UNBOUNDED; OVERLAPPING where it has to be asked by `over_many_cells`.
    """
    size, nx = grid.frame[2], grid.shape[1]
    used, work = 0, 0
    for row in range(r0, r1 + 1):
        floor, top = max(row * size, south), min((row + 1) * size, north)
        count = lines_in_row(xy, start, turns, one, last, grid.frame, floor, top, lines)
        work += start[last] - start[one]
        first, final = np.inf, -np.inf
        for k in range(count):
            first, final = min(first, lines[k, 0]), max(final, lines[k, 2])
        for column in range(c0, c1 + 1):
            cell = row * nx + column
            fill = grid.fill[cell]
            low, high = max(first, column * size), min(final, (column + 1) * size)
            if fill == 0 or low >= high:
                continue
            if fill == OVERLAPPED:
                return used, OVERLAPPING
            used, more = in_cell(
                grid, cell, lines, count, floor, top - floor, low, high, total, touched, used
            )
            work += more
            if work > budget:
                return used, UNBOUNDED
    return used, CLIPPED
