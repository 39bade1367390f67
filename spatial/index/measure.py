"""Areas of parcels by code, from an index: one loop over parcels, run by several threads."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.cells import PIECE
from spatial.index.outline import bounds_of, parcel_area, turns_of
from spatial.index.over import (
    CLIPPED,
    OUTSIDE,
    OVERLAPPING,
    PURE,
    UNBOUNDED,
    over_cells,
)
from spatial.index.pieces import behind, enters
from spatial.index.under import at
from spatial.jit import kernel

__all__ = ["CLIPPED", "NOISE", "NOISE_M2", "OUTSIDE", "OVERLAPPING", "PURE", "UNBOUNDED", "measure"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: An area below this share of its parcel, and below this many m2, is rounding, not ground.
NOISE: Final = 1e-9
NOISE_M2: Final = 1e-5
#: The sum of the zones may exceed the parcel by this share of it before overlap is suspected.
SUSPECT: Final = 1e-10


@kernel
def _room(rows: Any, values: Any, used: int) -> Any:
    if used < rows.shape[0]:
        return rows, values
    return np.concatenate((rows, np.empty_like(rows))), np.concatenate(
        (values, np.empty_like(values))
    )


@kernel
def _zone_without_border(grid: Any, cells: Any, box: Any) -> int:
    """Return what a box lies in when no border enters it: 0 for no zone, 1 + code, or -1.

    Where zones do not overlap, a place lies in one zone or none, so the changes that are
    passed on the way from a cell's corner add up to a number: no list has to be kept.
    """
    c0, c1, r0, r1 = cells
    west, south, east, north = box
    nx = grid.shape[1]
    for row in range(r0, r1 + 1):
        for cell in range(row * nx + c0, row * nx + c1 + 1):
            if grid.overlap[cell] or grid.state[cell] > grid.shape[2]:
                return -1
            last = grid.start[cell + 1]
            k = behind(grid.reach, grid.start[cell], last, west)
            while k < last and grid.pieces[k, 0] <= east:
                if grid.kinds[k] == PIECE and enters(grid.pieces[k], west, south, east, north):
                    return -1
                k = behind(grid.reach, k + 1, last, west)
    cell = r1 * nx + c0
    found = grid.state[cell]
    last = grid.start[cell + 1]
    k = behind(grid.reach, grid.start[cell], last, west)
    while k < last and grid.pieces[k, 0] <= west:
        x0, x1 = grid.pieces[k, 0], grid.pieces[k, 2]
        if x0 <= west < x1 and at(x0, grid.pieces[k, 1], x1, grid.pieces[k, 3], west) > north:
            found += grid.sides[k, 1] - grid.sides[k, 0]
        k = behind(grid.reach, k + 1, last, west)
    return int(found)


@kernel
def _covered(total: F8, touched: I4, used: int) -> float:
    covered = 0.0
    for i in range(used):
        covered += total[touched[i], 0] - total[touched[i], 1]
    return covered


@kernel
def _clear(total: F8, touched: I4, used: int) -> None:
    for i in range(used):
        total[touched[i]] = 0.0


@kernel
def measure(
    grid: Any, xy: F8, start: I8, kind: I8, first: I8, begin: int, end: int, budget: int
) -> Any:
    """Measure parcels begin <= p < end.

    Parameters
    ----------
    grid : GridArrays
    xy, start, kind, first : arrays
        Of `spatial.rings.Rings`.
    budget : int
        Steps that one parcel may take.

    Returns
    -------
    whole : array, shape (end - begin,)
        Area of each parcel.
    how : array of int8, shape (end - begin,)
    rows : array of int32, shape (m, 2)
        Parcel, from `begin`, and code; by parcel, then code; only what is above rounding.
    values : array, shape (m, 2)
        Area, and what of it codes before it have counted.
    pair_rows : array of int32, shape (q, 3)
        Parcel and two codes that share ground in it.
    pair_areas : array, shape (q,)
        Pairs come once per cell.
    """
    n = end - begin
    whole, how = np.zeros(n), np.zeros(n, np.int8)
    rows, values, used_rows = np.empty((n + 16, 2), np.int32), np.empty((n + 16, 2)), 0
    pair_rows, pair_areas = np.empty((0, 3), np.int32), np.empty(0)
    n_codes = grid.shape[2]
    total, touched = np.zeros((n_codes, 3)), np.empty(max(n_codes, 1), np.int32)
    buffers = (np.empty((64, 5)), np.empty((64, 5)))
    turns = np.empty(8)
    size = grid.frame[2]
    for p in range(n):
        one, last = first[begin + p], first[begin + p + 1]
        if one == last:
            continue
        whole[p] = parcel_area(xy, start, kind, one, last)
        west, south, east, north = bounds_of(xy, start[one], start[last])
        west, east = west - grid.frame[0], east - grid.frame[0]
        south, north = south - grid.frame[1], north - grid.frame[1]
        c0, c1 = max(0, int(np.floor(west / size))), int(np.floor(east / size))
        r0, r1 = max(0, int(np.floor(south / size))), int(np.floor(north / size))
        c1, r1 = min(c1, grid.shape[1] - 1), min(r1, grid.shape[0] - 1)
        if c0 > c1 or r0 > r1:
            continue
        box, cells = (west, south, east, north), (c0, c1, r0, r1)
        inside = west >= 0.0 and south >= 0.0 and east < grid.shape[1] * size
        state = -1
        if inside and north < grid.shape[0] * size:
            state = _zone_without_border(grid, cells, box)
        if state == 0:
            continue
        if state > 0:
            how[p] = PURE
            rows, values = _room(rows, values, used_rows)
            rows[used_rows, 0], rows[used_rows, 1] = p, state - 1
            values[used_rows, 0], values[used_rows, 1] = whole[p], 0.0
            used_rows += whole[p] > 0.0
            continue
        turns = turns_of(xy, start, kind, one, last, turns)
        outline, sums = (xy, start, turns, one, last), (total, touched)
        used, way, pairs, shared, buffers = over_cells(
            grid, outline, box, cells, False, sums, buffers, budget
        )
        if way == CLIPPED and _covered(total, touched, used) > whole[p] * (1.0 + SUSPECT):
            _clear(total, touched, used)
            used, way, pairs, shared, buffers = over_cells(
                grid, outline, box, cells, True, sums, buffers, budget
            )
        how[p] = way
        if way != UNBOUNDED:
            noise = min(NOISE * whole[p], NOISE_M2)
            for code in np.sort(touched[:used]):
                if total[code, 0] <= noise:
                    continue
                rows, values = _room(rows, values, used_rows)
                rows[used_rows, 0], rows[used_rows, 1] = p, code
                values[used_rows, 0] = total[code, 0]
                values[used_rows, 1] = total[code, 1] if total[code, 1] > noise else 0.0
                used_rows += 1
            if pairs.shape[0]:
                tail = np.empty((pairs.shape[0], 3), np.int32)
                tail[:, 0] = p
                tail[:, 1:] = pairs
                pair_rows = np.concatenate((pair_rows, tail))
                pair_areas = np.concatenate((pair_areas, shared))
        _clear(total, touched, used)
    return whole, how, rows[:used_rows].copy(), values[:used_rows].copy(), pair_rows, pair_areas
