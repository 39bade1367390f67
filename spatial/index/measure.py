"""Areas of parcels by code, from an index: one loop over parcels, run by several threads."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.look_up import NEAR, look_up
from spatial.index.over import CLIPPED, OUTSIDE, OVERLAPPING, PURE, UNBOUNDED
from spatial.index.settle import CAREFUL, NOISE, NOISE_M2, NOTHING, over_many, settle
from spatial.jit import kernel

__all__ = ["CLIPPED", "NOISE", "NOISE_M2", "OUTSIDE", "OVERLAPPING", "PURE", "UNBOUNDED", "measure"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]


@kernel
def _longer(rows: Any, more: int) -> Any:
    """Return an array of twice the length and some more, its rows at the beginning."""
    longer = np.empty((2 * rows.shape[0] + more, *rows.shape[1:]), rows.dtype)
    longer[: rows.shape[0]] = rows
    return longer


@kernel
def _rows_of(found: I4, whole: F8, begin: int, rows: I4, values: F8) -> Any:
    """Put the parcels that lie in one zone between those that have rows of their own."""
    count = rows.shape[0]
    for p in range(found.shape[0]):
        count += found[p] > 0 and whole[begin + p] > 0.0
    parcel, code = np.empty(count, np.int32), np.empty(count, np.int32)
    area, overlap = np.empty(count), np.zeros(count)
    out = k = 0
    for p in range(found.shape[0]):
        if found[p] > 0 and whole[begin + p] > 0.0:
            parcel[out], code[out], area[out] = begin + p, found[p] - 1, whole[begin + p]
            out += 1
        elif found[p] < 0:
            while k < rows.shape[0] and rows[k, 0] == p:
                parcel[out], code[out] = begin + p, rows[k, 1]
                area[out], overlap[out] = values[k, 0], values[k, 1]
                out += 1
                k += 1
    return parcel, code, area, overlap


@kernel
def measure(
    grid: Any,
    xy: F8,
    start: I8,
    kind: I8,
    first: I8,
    begin: int,
    end: int,
    whole: F8,
    box: F8,
    budget: int,
) -> Any:
    """Measure parcels begin <= p < end.

    Parameters
    ----------
    grid : GridArrays
    xy, start, kind, first : arrays
        Of `spatial.rings.Rings`.
    whole, box : arrays
        Of `spatial.index.outline.extents`.
    budget : int
        Steps that one parcel may take.

    Returns
    -------
    how : array of int8, shape (end - begin,)
    parcel, code : arrays of int32, shape (m,)
        By parcel, then code; only what is above rounding.
    area, overlap : arrays, shape (m,)
        Area, and what of it codes before it have counted.
    pair_rows : array of int32, shape (q, 3)
        Parcel, from `begin`, and two codes that share ground in it.
    pair_areas : array, shape (q,)
        Pairs come once per cell.
    """
    n, n_codes = end - begin, grid.shape[2]
    found, how = np.empty(n, np.int32), np.empty(n, np.int8)
    waiting = look_up(grid.frame, grid.shape, grid.fill, box, found)
    near, waiting, most, parts = np.empty(waiting, np.int32), 0, 0, 0
    for p in range(n):
        how[p] = PURE if found[p] > 0 else OUTSIDE
        if found[p] == NEAR:
            near[waiting] = p
            waiting += 1
            one, last = first[begin + p], first[begin + p + 1]
            most, parts = max(most, start[last] - start[one]), max(parts, last - one)
    room = 2 * waiting + n_codes
    rows, values = np.empty((room, 2), np.int32), np.empty((room, 2))
    pair_rows, pair_areas = np.empty((0, 3), np.int32), np.empty(0)
    done = used = used_pairs = 0
    total, touched = np.zeros((n_codes if waiting else 0, 3)), np.empty(n_codes, np.int32)
    work = (total, touched, np.empty((3 * most, 6)), np.empty((3 * most, 6)), np.empty(parts))
    rings, extents = (xy, start, kind, first, begin), (whole, box)
    while done < waiting:
        done, used, why = settle(
            grid, rings, extents, found, how, near, done, (rows, values), used, work, budget
        )
        if why != NOTHING:
            p, count = near[done], used_pairs
            how[p], used, pairs, shared = over_many(
                grid, rings, extents, p, why == CAREFUL, (rows, values), used, work, budget
            )
            done, used_pairs = done + 1, used_pairs + len(shared)
            if used_pairs > len(pair_areas):
                pair_rows = _longer(pair_rows, used_pairs)
                pair_areas = _longer(pair_areas, used_pairs)
            pair_rows[count:used_pairs, 0] = p
            pair_rows[count:used_pairs, 1:], pair_areas[count:used_pairs] = pairs, shared
        if used + n_codes > len(rows):
            rows, values = _longer(rows, n_codes), _longer(values, n_codes)
    parcel, code, area, overlap = _rows_of(found, whole, begin, rows[:used], values)
    return how, parcel, code, area, overlap, pair_rows[:used_pairs], pair_areas[:used_pairs]
