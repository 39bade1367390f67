"""What a whole box lies in: most parcels need no more than one look at one cell."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.cells import PIECE
from spatial.index.finish import BORDER
from spatial.index.pieces import behind, enters
from spatial.index.under import at
from spatial.jit import inner, kernel

__all__ = ["NEAR", "cells_of", "look_up", "zone_without_border"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: Said of a box about which its cells alone do not tell.
NEAR: Final = -1


@inner
def cells_of(
    west: float, south: float, east: float, north: float, size: float, ny: int, nx: int
) -> Any:
    """Return the columns and rows that a box which meets the grid reaches, cut to the grid."""
    c0, c1 = int(max(west, 0.0) / size), int(min(east / size, nx - 1.0))
    r0, r1 = int(max(south, 0.0) / size), int(min(north / size, ny - 1.0))
    return min(c0, nx - 1), c1, min(r0, ny - 1), r1


@kernel
def look_up(frame: F8, shape: I8, fill: I4, box: F8, found: I4) -> int:
    """Write what boxes lie in: 0 for no zone, 1 + code, or NEAR; return how many are NEAR.

    Parameters
    ----------
    frame, shape, fill : arrays
        Of `GridArrays`.
    box : array, shape (n, 4)
        West, south, east and north; not a number where there is nothing.
    found : array of int32, shape (n,)
    """
    near = 0
    ox, oy, size, ny, nx = frame[0], frame[1], frame[2], shape[0], shape[1]
    width, height = nx * size, ny * size
    for p in range(box.shape[0]):
        west, south, east, north = box[p, 0] - ox, box[p, 1] - oy, box[p, 2] - ox, box[p, 3] - oy
        if not (east >= 0.0 and north >= 0.0 and west < width and south < height):
            found[p] = 0
            continue
        zone = NEAR
        if west >= 0.0 and south >= 0.0 and east < width and north < height:
            c0, c1, r0, r1 = cells_of(west, south, east, north, size, ny, nx)
            zone = fill[r1 * nx + c0]
            for row in range(r0, r1 + 1):
                for cell in range(row * nx + c0, row * nx + c1 + 1):
                    if fill[cell] != zone:
                        zone = NEAR
        if zone < 0:
            zone = NEAR
            near += 1
        found[p] = zone
    return near


@inner
def zone_without_border(
    grid: Any,
    west: float,
    south: float,
    east: float,
    north: float,
    c0: int,
    c1: int,
    r0: int,
    r1: int,
) -> int:
    """Return what a box lies in when no border enters it: 0 for no zone, 1 + code, or NEAR.

    Where zones do not overlap, a place lies in one zone or none, so the changes that are
    passed on the way from a cell's corner add up to a number: no list has to be kept.
    """
    nx, pieces = grid.shape[1], grid.pieces
    corner = r1 * nx + c0
    found = int(grid.state[corner])
    for row in range(r0, r1 + 1):
        for cell in range(row * nx + c0, row * nx + c1 + 1):
            if grid.fill[cell] < BORDER:
                return NEAR
            last = grid.start[cell + 1]
            k = behind(grid.reach, grid.start[cell], last, west)
            while k < last and pieces[k, 0] <= east:
                x0, y0, x1, y1 = pieces[k, 0], pieces[k, 1], pieces[k, 2], pieces[k, 3]
                if (
                    x1 >= west
                    and max(y0, y1) >= south
                    and grid.kinds[k] == PIECE
                    and enters(x0, y0, x1, y1, west, south, east, north)
                ):
                    return NEAR
                if (
                    cell == corner
                    and x0 <= west < x1
                    and (min(y0, y1) > north or at(x0, y0, x1, y1, west) > north)
                ):
                    found += grid.sides[k, 1] - grid.sides[k, 0]
                k = behind(grid.reach, k + 1, last, west)
    return found
