"""Polygons of one ring out of well-known binary, copied into one array of positions."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["copy_rings", "count_vertices"]

U1: TypeAlias = NDArray[np.uint8]
I8: TypeAlias = NDArray[np.int64]

#: Order of bytes, type, number of rings, number of positions.
HEAD: Final = 13
#: Bytes of one position.
POSITION: Final = 16
LITTLE: Final = 1
POLYGON: Final = 3


@kernel
def _number(data: U1, at: int) -> int:
    """Return an unsigned number of four bytes, the lowest first."""
    return (
        int(data[at])
        + (int(data[at + 1]) << 8)
        + (int(data[at + 2]) << 16)
        + (int(data[at + 3]) << 24)
    )


@kernel
def count_vertices(data: U1, offsets: Any, most: int) -> I8:
    """Return the positions of each record that is a plain polygon of one ring, else 0.

    Plain: little-endian, two-dimensional, exactly as long as it says, of four to `most`
    positions.
    """
    count = np.zeros(offsets.shape[0] - 1, np.int64)
    for row in range(count.shape[0]):
        at, end = int(offsets[row]), int(offsets[row + 1])
        if end - at < HEAD or data[at] != LITTLE:
            continue
        if _number(data, at + 1) != POLYGON or _number(data, at + 5) != 1:
            continue
        positions = _number(data, at + 9)
        if 4 <= positions <= most and end - at == HEAD + positions * POSITION:
            count[row] = positions
    return count


@kernel
def copy_rings(data: U1, offsets: Any, count: I8, start: I8, out: U1) -> None:
    """Copy the positions of the records that have a count to their places in `out`, as bytes."""
    ring = 0
    for row in range(count.shape[0]):
        if count[row] == 0:
            continue
        source, target = int(offsets[row]) + HEAD, start[ring] * POSITION
        for k in range(count[row] * POSITION):
            out[target + k] = data[source + k]
        ring += 1
