"""Boundaries spread over a uniform grid: in each cell its pieces, at each corner the codes.

A cell is asked from its upper left corner: the codes there are stored, walking right along
its upper side passes the boundaries that cross it ("lids"), walking down from there passes
the pieces. All decisions about a crossing rest on one computed number, so what one cell
says of a corner its neighbour says too.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.segments import NO_CODE
from spatial.jit import kernel

__all__ = ["PIECE", "corner_states", "spread"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: A piece of a boundary, and what a boundary that leaves through the upper side leaves behind.
PIECE: Final = 0
LID: Final = 1


@kernel
def _floor(value: float, size: float) -> int:
    """Return the largest i with i * size <= value, as multiplied."""
    i = int(np.floor(value / size))
    while i * size > value:
        i -= 1
    while (i + 1) * size <= value:
        i += 1
    return i


@kernel
def _ceil(value: float, size: float) -> int:
    """Return the smallest i with i * size >= value, as multiplied."""
    i = int(np.ceil(value / size))
    while (i - 1) * size >= value:
        i -= 1
    while i * size < value:
        i += 1
    return i


@kernel
def _put(
    store: Any, cell: int, x0: float, y0: float, x1: float, y1: float, a: int, b: int, kind: int
) -> None:
    """Count a piece, or write it where there is room for it."""
    place, pieces, sides, kinds, fill = store
    at = place[cell]
    place[cell] = at + 1
    if fill:
        pieces[at, 0], pieces[at, 1], pieces[at, 2], pieces[at, 3] = x0, y0, x1, y1
        sides[at, 0], sides[at, 1] = a, b
        kinds[at] = kind


@kernel
def _along_row(
    store: Any, row: int, size: float, nx: int, ends: Any, above: int, below: int
) -> None:
    """Cut the part of a boundary within one row at the columns."""
    xa, ya, xb, yb = ends
    if xa == xb:
        _put(
            store,
            row * nx + _ceil(xa, size) - 1,
            xa,
            min(ya, yb),
            xb,
            max(ya, yb),
            above,
            below,
            PIECE,
        )
        return
    slope = (yb - ya) / (xb - xa)
    last = _ceil(xb, size) - 1
    x, y = xa, ya
    for column in range(_floor(xa, size), last + 1):
        if column == last:
            x_next, y_next = xb, yb
        else:
            x_next = (column + 1) * size
            y_next = ya + (x_next - xa) * slope
            y_next = max(min(ya, yb), min(max(ya, yb), y_next))
        _put(store, row * nx + column, x, y, x_next, y_next, above, below, PIECE)
        x, y = x_next, y_next


@kernel
def _through_line(
    store: Any, events: Any, line: int, x: float, size: float, nx: int, lose: int, gain: int
) -> None:
    """Note a crossing of the upper side of a row: a lid in its cell, a change at later corners."""
    place, changes, fill = events
    row = line - 1
    corner = _ceil(x, size)
    if x < corner * size:
        y = line * size
        _put(store, row * nx + corner - 1, x, y, corner * size, y, lose, gain, LID)
    if corner < nx:
        at = place[row * nx + corner]
        place[row * nx + corner] = at + 1
        if fill:
            changes[at, 0], changes[at, 1] = lose, gain


@kernel
def spread(segments: F8, codes: I4, size: float, nx: int, store: Any, events: Any) -> None:
    """Cut boundaries at the lines of the grid.

    Called twice: first to count into `place`, then, `fill` set, to write.

    Parameters
    ----------
    segments, codes : arrays
        Of `boundaries`, inside the grid by more than nothing on every side.
    size : float
        Side of a cell.
    nx : int
        Cells in a row.
    store : (place, pieces, sides, kinds, fill)
    events : (place, changes, fill)
    """
    for k in range(segments.shape[0]):
        x0, y0, x1, y1 = segments[k, 0], segments[k, 1], segments[k, 2], segments[k, 3]
        above, below = codes[k, 0], codes[k, 1]
        if y0 == y1:
            _along_row(store, _ceil(y0, size) - 1, size, nx, (x0, y0, x1, y1), above, below)
            continue
        rising = y1 > y0
        low_x, low_y, high_x, high_y = (x0, y0, x1, y1) if rising else (x1, y1, x0, y0)
        run = (high_x - low_x) / (high_y - low_y)
        lose, gain = (above, below) if rising else (below, above)
        last = _ceil(high_y, size) - 1
        x, y = low_x, low_y
        row = _floor(low_y, size)
        if row * size == low_y:
            _through_line(store, events, row, low_x, size, nx, lose, gain)
        while row <= last:
            x_next, y_next = high_x, high_y
            if row < last:
                y_next = (row + 1) * size
                x_next = low_x + (y_next - low_y) * run
                x_next = max(x0, min(x1, x_next))
            ends = (x, y, x_next, y_next) if rising else (x_next, y_next, x, y)
            _along_row(store, row, size, nx, ends, above, below)
            if row < last:
                _through_line(store, events, row + 1, x_next, size, nx, lose, gain)
            x, y = x_next, y_next
            row += 1


@kernel
def _change(codes: I4, counts: I4, used: int, code: int, by: int) -> int:
    """Add to the count of a code in a list sorted by code; a count of zero leaves it."""
    at = 0
    while at < used and codes[at] < code:
        at += 1
    if at < used and codes[at] == code:
        counts[at] += by
        if counts[at] == 0:
            for k in range(at, used - 1):
                codes[k], counts[k] = codes[k + 1], counts[k + 1]
            return used - 1
        return used
    for k in range(used, at, -1):
        codes[k], counts[k] = codes[k - 1], counts[k - 1]
    codes[at], counts[at] = code, by
    return used + 1


@kernel
def corner_states(start: I8, changes: I4, ny: int, nx: int, n_codes: int) -> Any:
    """Return what lies at the upper left corner of each cell.

    Parameters
    ----------
    start : array, shape (ny * nx + 1,)
        Where the changes at each corner begin.
    changes : array, shape (m, 2)
        The code lost and the code gained.

    Returns
    -------
    state : array of int32, shape (ny * nx,)
        0: no zone; 1 + code: that zone once; 1 + n_codes + k: entry k of the mixtures.
    mix_start, mix : arrays
        Mixtures as rows (code, count).
    """
    state = np.zeros(ny * nx, np.int32)
    mix_start = np.zeros(64, np.int64)
    mix = np.empty((64, 2), np.int32)
    mixtures = rows = 0
    codes, counts = np.empty(64, np.int32), np.empty(64, np.int32)
    for row in range(ny):
        used, current = 0, 0
        for cell in range(row * nx, (row + 1) * nx):
            if start[cell + 1] > start[cell]:
                for k in range(start[cell], start[cell + 1]):
                    if used + 2 >= codes.shape[0]:
                        codes = np.concatenate((codes, np.empty_like(codes)))
                        counts = np.concatenate((counts, np.empty_like(counts)))
                    if changes[k, 0] != NO_CODE:
                        used = _change(codes, counts, used, changes[k, 0], -1)
                    if changes[k, 1] != NO_CODE:
                        used = _change(codes, counts, used, changes[k, 1], 1)
                if used == 0:
                    current = 0
                elif used == 1 and counts[0] == 1:
                    current = 1 + codes[0]
                else:
                    current = 1 + n_codes + mixtures
                    if mixtures + 2 > mix_start.shape[0]:
                        mix_start = np.concatenate((mix_start, np.zeros_like(mix_start)))
                    while rows + used > mix.shape[0]:
                        mix = np.concatenate((mix, np.empty_like(mix)))
                    mix[rows : rows + used, 0] = codes[:used]
                    mix[rows : rows + used, 1] = counts[:used]
                    rows += used
                    mixtures += 1
                    mix_start[mixtures] = rows
            state[cell] = current
    return state, mix_start[: mixtures + 1].copy(), mix[:rows].copy()
