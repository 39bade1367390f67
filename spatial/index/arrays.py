"""The arrays of an index as kernels read them, and arrays that grow.

Beside the kernels, because what is compiled for an order of the arrays must not outlive it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["GridArrays", "longer"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]


class GridArrays(NamedTuple):
    """An index as arrays that the kernels read and a file holds.

    Parameters
    ----------
    frame : array (origin x, origin y, side of a cell)
    shape : array (rows, columns, codes)
    start : array of int64, shape (cells + 1,)
        Pieces `start[c]` to `start[c + 1]` are those of cell c.
    pieces : array, shape (m, 4)
        x0, y0, x1, y1 from the origin, left to right.
    sides : array of int32, shape (m, 2)
        Codes above and below each piece.
    kinds : array of int8, shape (m,)
        0 a piece of a boundary, 1 a lid.
    state : array of int32, shape (cells,)
        What lies at each cell's upper left corner.
    mix_start, mix : arrays
        States with several zones.
    fill : array of int32, shape (cells,)
        What a whole cell lies in: 0 no zone, 1 + code: that zone alone; BORDER, MIXED or
        OVERLAPPED where it is not one and the same.
    reach : array
        The most easterly end of pieces `STRIDE * b` to `STRIDE * (b + 1)`.
    """

    frame: F8
    shape: I8
    start: I8
    pieces: F8
    sides: I4
    kinds: NDArray[np.int8]
    state: I4
    mix_start: I8
    mix: I4
    fill: I4
    reach: F8


@kernel
def longer(rows: Any, more: int) -> Any:
    """Return an array of twice the length and some more, its rows at the beginning."""
    out = np.empty((2 * rows.shape[0] + more, *rows.shape[1:]), rows.dtype)
    out[: rows.shape[0]] = rows
    return out
