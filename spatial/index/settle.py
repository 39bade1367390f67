"""Parcels near a border, or not all on the map, one by one."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.look_up import NEAR, cells_of, zone_without_border
from spatial.index.outline import turns_of
from spatial.index.over import (
    CLIPPED,
    OUTSIDE,
    OVERLAPPING,
    PURE,
    UNBOUNDED,
    is_large,
    over_cells,
)
from spatial.index.over_many import over_many_cells
from spatial.jit import inner, kernel

__all__ = ["CAREFUL", "NOISE", "NOISE_M2", "NOTHING", "keep", "over_many", "settle"]

F8: TypeAlias = NDArray[np.float64]
I4: TypeAlias = NDArray[np.int32]

#: An area below this share of its parcel, and below this many m2, is rounding, not ground.
NOISE: Final = 1e-9
NOISE_M2: Final = 1e-5
#: The sum of the zones may exceed the parcel by this share of it before overlap is suspected.
SUSPECT: Final = 1e-10
#: Why `settle` stopped: no more to do or no room; a parcel that is large, or where zones
#: overlap; one where they must, since their areas exceed it.
NOTHING, MANY, CAREFUL = 0, 1, 2


@inner
def _clear(total: F8, touched: I4, used: int) -> None:
    for i in range(used):
        total[touched[i], 0], total[touched[i], 1], total[touched[i], 2] = 0.0, 0.0, 0.0


@inner
def _sort(codes: I4, used: int) -> None:
    """Sort the first codes in place, by strides that halve: they are few, as a rule."""
    stride = 1
    while 2 * stride < used:
        stride = 2 * stride + 1
    while stride > 0:
        for i in range(stride, used):
            code, k = codes[i], i - stride
            while k >= 0 and codes[k] > code:
                codes[k + stride] = codes[k]
                k -= stride
            codes[k + stride] = code
        stride //= 2


@inner
def _exceeds(total: F8, touched: I4, used: int, whole: float) -> bool:
    """Say whether zones hold more of a parcel than there is, so that they must overlap."""
    covered = 0.0
    for i in range(used):
        covered += total[touched[i], 0] - total[touched[i], 1]
    return covered > whole * (1.0 + SUSPECT)


@inner
def keep(
    p: int, area: float, total: F8, touched: I4, codes: int, rows: I4, values: F8, used: int
) -> int:
    """Append what a parcel has of each code, and forget it."""
    noise = min(NOISE * area, NOISE_M2)
    _sort(touched, codes)
    for j in range(codes):
        code = touched[j]
        if total[code, 0] > noise:
            rows[used, 0], rows[used, 1] = p, code
            values[used, 0] = total[code, 0]
            values[used, 1] = total[code, 1] if total[code, 1] > noise else 0.0
            used += 1
    _clear(total, touched, codes)
    return used


@kernel
def over_many(
    grid: Any, rings: Any, extents: Any, p: int, careful: bool, store: Any, used: int, work: Any,
    budget: int,
) -> Any:  # fmt: skip
    """Answer one parcel by `over_many_cells`, again with care where zones turn out to overlap.

    Parameters are those of `settle`.

    Returns
    -------
    way, used : int
        How it was answered, and rows in the store.
    pairs, shared : arrays
        Codes that overlap, and their common areas.
    """
    xy, start, kind, first, begin = rings
    whole, box = extents
    total, touched, lines, column_lines, turns = work
    ox, oy, size = grid.frame[0], grid.frame[1], grid.frame[2]
    one, last, area = first[begin + p], first[begin + p + 1], whole[begin + p]
    turns_of(xy, start, kind, one, last, turns)
    west, south, east, north = box[p, 0] - ox, box[p, 1] - oy, box[p, 2] - ox, box[p, 3] - oy
    cells = cells_of(west, south, east, north, size, grid.shape[0], grid.shape[1])
    outline = (xy, start, turns, one, last)
    codes, way, pairs, shared = over_many_cells(
        grid, outline, south, north, cells, careful, (total, touched), (lines, column_lines), budget
    )
    if way == CLIPPED and _exceeds(total, touched, codes, area):
        _clear(total, touched, codes)
        codes, way, pairs, shared = over_many_cells(
            grid, outline, south, north, cells, True, (total, touched), (lines, column_lines),
            budget,
        )  # fmt: skip
    if way == UNBOUNDED:
        _clear(total, touched, codes)
        return way, used, pairs[:0], shared[:0]
    rows, values = store
    return way, keep(p, area, total, touched, codes, rows, values, used), pairs, shared


@inner
def settle(
    grid: Any,
    rings: Any,
    extents: Any,
    found: I4,
    how: Any,
    near: I4,
    done: int,
    store: Any,
    used: int,
    work: Any,
    budget: int,
) -> Any:
    """Answer the parcels `near[done:]` until room for rows runs out, or one is for `over_many`.

    Nothing is allocated here, and so no array counted.

    Parameters
    ----------
    rings : (xy, start, kind, first, begin)
    extents : (whole, box)
    found, how : arrays of int, shape (n,)
        Written: what a parcel is wholly in, NEAR where it has rows of its own.
    store : (rows, values)
        With room for all codes at least.
    used : int
        Rows in them.
    work : (total, touched, lines, column_lines, turns)

    Returns
    -------
    done, used : int
    why : int
        NOTHING; MANY or CAREFUL where parcel `near[done]` is to be asked of `over_many`.
    """
    xy, start, kind, first, begin = rings
    whole, box = extents
    rows, values = store
    total, touched, lines, _, turns = work
    ox, oy, size = grid.frame[0], grid.frame[1], grid.frame[2]
    ny, nx, n_codes = grid.shape[0], grid.shape[1], grid.shape[2]
    for i in range(done, near.shape[0]):
        if used + n_codes > rows.shape[0]:
            return i, used, NOTHING
        p = near[i]
        west, south, east, north = box[p, 0] - ox, box[p, 1] - oy, box[p, 2] - ox, box[p, 3] - oy
        c0, c1, r0, r1 = cells_of(west, south, east, north, size, ny, nx)
        if west >= 0.0 and south >= 0.0 and east < nx * size and north < ny * size:
            found[p] = zone_without_border(grid, west, south, east, north, c0, c1, r0, r1)
            if found[p] != NEAR:
                how[p] = PURE if found[p] > 0 else OUTSIDE
                continue
        one, last, area = first[begin + p], first[begin + p + 1], whole[begin + p]
        turns_of(xy, start, kind, one, last, turns)
        if is_large(start[last] - start[one], c0, c1, r0, r1):
            return i, used, MANY
        codes, way = over_cells(
            grid, xy, start, turns, one, last, south, north, c0, c1, r0, r1,
            total, touched, lines, budget,
        )  # fmt: skip
        if way == CLIPPED and _exceeds(total, touched, codes, area):
            _clear(total, touched, codes)
            return i, used, CAREFUL
        if way != CLIPPED:
            _clear(total, touched, codes)
            codes = 0
        if way == OVERLAPPING:
            return i, used, MANY
        how[p] = way
        used = keep(p, area, total, touched, codes, rows, values, used)
    return near.shape[0], used, NOTHING
