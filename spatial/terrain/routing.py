"""Follow water from cell to cell within a tile: what gathers downstream, what is met on the way.

Within a tile every path ends at an outlet or leaves over the edge. What crosses an edge is
settled between tiles by `spatial.terrain.between`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["ENDED", "exits", "gather", "resolve"]

U1: TypeAlias = NDArray[np.uint8]
I8: TypeAlias = NDArray[np.int64]
#: In place of an exit: the path ends within the tile.
ENDED: Final = -1


@kernel
def _step(code: int) -> Any:
    """Rows down and columns right of a D8 code; (0, 0) for an outlet."""
    if code == 1:
        return 0, 1
    if code == 2:
        return 1, 1
    if code == 4:
        return 1, 0
    if code == 8:
        return 1, -1
    if code == 16:
        return 0, -1
    if code == 32:
        return -1, -1
    if code == 64:
        return -1, 0
    if code == 128:
        return -1, 1
    return 0, 0


@kernel
def _below(d8: Any, at: int) -> int:
    """Cell that a cell drains to; itself at an outlet, -1 beyond the tile."""
    rows, cols = d8.shape
    row, col = at // cols, at % cols
    down, right = _step(int(d8[row, col]))
    row, col = row + down, col + right
    if row < 0 or row >= rows or col < 0 or col >= cols:
        return -1
    return int(row * cols + col)


@kernel
def _gather(d8: Any, own: Any, entering: Any, amount: Any) -> Any:
    rows, cols = d8.shape
    total = own.copy().ravel()
    waiting = np.zeros(rows * cols, np.uint8)
    for at in range(rows * cols):
        if d8[at // cols, at % cols] == 247:
            continue
        below = _below(d8, at)
        if below >= 0 and below != at:
            waiting[below] += 1
    for k in range(entering.shape[0]):
        total[entering[k]] += amount[k]
    for start in range(rows * cols):
        if waiting[start] or d8[start // cols, start % cols] == 247:
            continue
        at = start
        while True:
            below = _below(d8, at)
            # A cell is passed on once, when all above it have been.
            waiting[at] = 255
            if below < 0 or below == at:
                break
            total[below] += total[at]
            waiting[below] -= 1
            if waiting[below]:
                break
            at = below
    return total.reshape(rows, cols)


def gather(d8: U1, own: I8, entering: I8, amount: I8) -> I8:
    """Sum what drains through each cell of a tile, itself included.

    Parameters
    ----------
    own : array, shape (rows, cols)
        What each cell adds; 1 counts cells.
    entering, amount : arrays, shape (n,)
        Cells (row * columns + column) at which water comes in from other tiles, and how much.
    """
    return cast("Callable[..., I8]", _gather)(d8, own, entering, amount)


@kernel
def _exits(d8: Any, entering: Any, stop: Any) -> Any:
    out = np.empty(entering.shape[0], np.int64)
    met = np.empty(entering.shape[0], np.int64)
    cols = d8.shape[1]
    for k in range(entering.shape[0]):
        at = entering[k]
        out[k], met[k] = -1, -1
        while True:
            if stop[at // cols, at % cols]:
                met[k] = at
                break
            below = _below(d8, at)
            if below < 0:
                out[k] = at
                break
            if below == at or d8[at // cols, at % cols] == 247:
                break
            at = below
    return out, met


def exits(d8: U1, entering: I8, stop: NDArray[np.bool_]) -> tuple[I8, I8]:
    """Follow water from cells of a tile: the cell it leaves the tile from, the stop it meets.

    Either is `ENDED` where there is none; both are where the path ends at an outlet.
    """
    return cast("Callable[..., tuple[I8, I8]]", _exits)(d8, entering, stop)


@kernel
def _resolve(d8: Any, stop: Any, values: Any, leaving: Any, carried: Any) -> Any:
    rows, cols = d8.shape
    out = np.empty(rows * cols, values.dtype)
    state = np.zeros(rows * cols, np.uint8)
    beyond = np.zeros(rows * cols, np.int32)
    path = np.empty(1024, np.int32)
    blank = np.zeros(1, values.dtype)[0]
    for k in range(leaving.shape[0]):
        beyond[leaving[k]] = k + 1
    for start in range(rows * cols):
        at, length = start, 0
        while not state[at]:
            if stop[at // cols, at % cols]:
                out[at], state[at] = values[at // cols, at % cols], 1
                break
            below = _below(d8, at)
            if below < 0:
                k = beyond[at] - 1
                out[at], state[at] = (carried[k], 1) if k >= 0 else (blank, 2)
                break
            if below == at or d8[at // cols, at % cols] == 247:
                out[at], state[at] = blank, 2
                break
            if length == path.shape[0]:
                more = np.empty(2 * length, np.int32)
                more[:length] = path
                path = more
            path[length] = at
            length += 1
            at = below
        for k in range(length):
            out[path[k]], state[path[k]] = out[at], state[at]
    return out.reshape(rows, cols), (state == 1).reshape(rows, cols)


def resolve(
    d8: U1, stop: NDArray[np.bool_], values: NDArray[Any], leaving: I8, carried: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Carry values of stops upstream through a tile.

    Parameters
    ----------
    stop : array of bool, shape (rows, cols)
        Cells whose value is carried up, rivers for instance.
    values : array, same shape
    leaving, carried : arrays, shape (n,)
        Cells from which water leaves the tile and meets a stop later, and the value of it.

    Returns
    -------
    values, known : arrays, shape (rows, cols)
        The value of the first stop that water meets, and whether it meets one.
    """
    return cast("Callable[..., Any]", _resolve)(d8, stop, values, leaving, carried)  # type: ignore[no-any-return]  # numba
