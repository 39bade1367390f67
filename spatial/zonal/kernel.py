"""Exact coverage of grid cells by polygons, gathered edge by edge and swept row by row.

Every edge leaves in each cell that it crosses two numbers: `cover`, the signed height it
spans there, and `area`, the part of the cell to its right. Swept from left to right, the
cover summed so far plus the area of a cell is the fraction of the cell inside the
polygon; between edges the fraction is constant, so inner cells come as whole runs. This is
how outline fonts are filled (Levien's and FreeType's rasterisers), with float64 in place of
their fixed-point numbers. Cost follows the length of the boundary, not the area.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel
from spatial.zonal.marks import mark_edge, most_marks, room, turn

__all__ = ["FLAG_FOLDED", "runs_of_polygon"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
#: Below this a fraction is rounding of the sweep, not land.
NOTHING: Final = 1e-11
#: A fraction beyond 0..1 by more than this shows a ring that crosses itself.
FOLDED: Final = 1e-7
FLAG_FOLDED: Final = 1
#: Rows with more crossings than this are sorted by merge instead of insertion.
MANY: Final = 48


@kernel
def _by_row(cells: Any, used: int, row0: int, rows: int) -> Any:
    """Order the marked cells by row and column: counted into rows, then sorted within them."""
    start = np.zeros(rows + 1, np.int64)
    for i in range(used):
        start[cells[i, 0] - row0 + 1] += 1
    for row in range(rows):
        start[row + 1] += start[row]
    place = start[:-1].copy()
    order = np.empty(used, np.int64)
    for i in range(used):
        row = cells[i, 0] - row0
        order[place[row]] = i
        place[row] += 1
    for row in range(rows):
        _sort_row(order, cells, start[row], start[row + 1])
    return start, order


@kernel
def _sort_row(order: I8, cells: Any, begin: int, end: int) -> None:
    if end - begin > MANY:
        part = order[begin:end].copy()
        columns = np.empty(end - begin, np.int64)
        for k in range(end - begin):
            columns[k] = cells[part[k], 1]
        ranked = np.argsort(columns, kind="mergesort")
        for k in range(end - begin):
            order[begin + k] = part[ranked[k]]
        return
    for k in range(begin + 1, end):
        item = order[k]
        column = cells[item, 1]
        at = k - 1
        while at >= begin and cells[order[at], 1] > column:
            order[at + 1] = order[at]
            at -= 1
        order[at + 1] = item


@kernel
def _emit(
    runs: Any, shares: Any, used: int, row: int, begin: int, end: int, share: float
) -> tuple[int, int]:
    """Add a run of cells begin <= col < end with one share; nothing for no share."""
    if begin >= end or abs(share) < NOTHING:
        return used, 0
    flag = FLAG_FOLDED if share < -FOLDED or share > 1.0 + FOLDED else 0
    runs[used, 0], runs[used, 1], runs[used, 2] = row, begin, end
    shares[used, 0] = 1.0 if abs(share - 1.0) < NOTHING else share
    return used + 1, flag


@kernel
def _sweep(cells: Any, marks: Any, used: int, window: Any, runs: Any, shares: Any) -> Any:
    """Turn marked cells into runs (row, first col, end col) with their share."""
    row0, rows = window[0], window[1] - window[0]
    start, order = _by_row(cells, used, row0, rows)
    count, flags = 0, 0
    for row in range(rows):
        cover = 0.0
        at = start[row]
        column = window[2] - 1
        while at < start[row + 1]:
            col = cells[order[at], 1]
            count, flag = _emit(runs, shares, count, row + row0, max(column, window[2]), col, cover)
            flags |= flag
            area, step = 0.0, 0.0
            while at < start[row + 1] and cells[order[at], 1] == col:
                step += marks[order[at], 0]
                area += marks[order[at], 1]
                at += 1
            if col >= window[2]:
                count, flag = _emit(runs, shares, count, row + row0, col, col + 1, cover + area)
                flags |= flag
            cover += step
            column = col + 1
        count, flag = _emit(
            runs, shares, count, row + row0, max(column, window[2]), window[3], cover
        )
        flags |= flag
    return count, flags


@kernel
def runs_of_polygon(
    xy: F8, rings: I8, ring_part: I8, first: int, last: int, window: I8, work: Any
) -> Any:
    """Return the runs of cells that one polygon covers inside a window.

    Parameters
    ----------
    xy : array, shape (n, 2)
        Coordinates in cells: column, row.
    rings : array, shape (rings + 1,)
        Where each ring begins in `xy`.
    ring_part : array, shape (rings,)
        1 for a shell, -1 for a hole.
    first, last : int
        The rings first <= i < last are those of the polygon.
    window : array (row0, row1, col0, col1)
    work : (cells, marks, runs, shares)
        Buffers that are used again; larger ones are returned when they did not suffice.

    Returns
    -------
    runs, shares, count, flags, work
    """
    cells, marks, runs, shares = work
    most = 0
    for ring in range(first, last):
        most += most_marks(xy, rings[ring], rings[ring + 1], window)
    cells, marks = room(cells, most), room(marks, most)
    used = 0
    for ring in range(first, last):
        begin, end = rings[ring], rings[ring + 1]
        # Rows grow downwards, so the sign only has to be the same for all shells.
        sign = -ring_part[ring] * turn(xy, begin, end)
        if sign == 0.0:
            continue
        for i in range(begin, end - 1):
            used = mark_edge(
                cells,
                marks,
                used,
                xy[i, 0],
                xy[i, 1],
                xy[i + 1, 0],
                xy[i + 1, 1],
                sign,
                window,
            )
    # Each mark ends a run and is one; each row has one that reaches the edge of the window.
    runs = room(runs, 2 * used + window[1] - window[0])
    shares = room(shares, 2 * used + window[1] - window[0])
    count, flags = _sweep(cells, marks, used, window, runs, shares)
    return runs, shares, count, flags, (cells, marks, runs, shares)
