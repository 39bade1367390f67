"""Areas of parcels by code, from an index: one loop over parcels, run by several threads."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.arrays import GridArrays, longer
from spatial.index.look_up import NEAR, look_up
from spatial.index.outline import extents
from spatial.index.over import CLIPPED, OUTSIDE, OVERLAPPING, PURE, UNBOUNDED
from spatial.index.settle import CAREFUL, NOISE, NOISE_M2, NOTHING, over_many, settle
from spatial.jit import kernel

__all__ = [
    "CLIPPED",
    "NOISE",
    "NOISE_M2",
    "OUTSIDE",
    "OVERLAPPING",
    "PURE",
    "UNBOUNDED",
    "measure",
    "measure_all",
]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]


@kernel
def _rows_of(found: I4, whole: F8, begin: int, rows: I4, values: F8) -> Any:
    """Put the parcels that lie in one zone between those that have rows of their own."""
    count = rows.shape[0]
    for p in range(found.shape[0]):
        count += found[p] > 0 and whole[begin + p] > 0.0
    codes, areas = np.empty((2, count), np.int32), np.empty((2, count))
    out = k = 0
    for p in range(found.shape[0]):
        if found[p] > 0 and whole[begin + p] > 0.0:
            codes[0, out], codes[1, out] = begin + p, found[p] - 1
            areas[0, out], areas[1, out] = whole[begin + p], 0.0
            out += 1
        elif found[p] < 0:
            while k < rows.shape[0] and rows[k, 0] == p:
                codes[0, out], codes[1, out] = begin + p, rows[k, 1]
                areas[0, out], areas[1, out] = values[k, 0], values[k, 1]
                out += 1
                k += 1
    return codes, areas


@kernel
def _answer_near(
    grid: Any, rings: Any, sizes: Any, found: I4, how: Any, near: I4, budget: int
) -> Any:
    """Answer parcels near a border one by one; parameters are those of `settle`.

    Returns
    -------
    rows, values : arrays
        Parcel (from the first of the part) and code; area and overlap.
    pairs : array, shape (q, 4)
    """
    _, start, _, first, begin = rings
    most, parts, n_codes, waiting = 0, 0, grid.shape[2], near.shape[0]
    for p in near:
        one, last = first[begin + p], first[begin + p + 1]
        most, parts = max(most, start[last] - start[one]), max(parts, last - one)
    room = 2 * waiting + n_codes
    rows, values = np.empty((room, 2), np.int32), np.empty((room, 2))
    all_pairs, met = np.empty((0, 4)), 0
    work = (
        np.zeros((n_codes, 3)), np.empty(n_codes, np.int32),
        np.empty((3 * most, 6)), np.empty((3 * most, 6)), np.empty(parts),
    )  # fmt: skip
    done = used = 0
    while done < waiting:
        done, used, why = settle(
            grid, rings, sizes, found, how, near, done, (rows, values), used, work, budget
        )
        if why != NOTHING:
            p, count = near[done], met
            how[p], used, pairs, shared = over_many(
                grid, rings, sizes, p, why == CAREFUL, (rows, values), used, work, budget
            )
            done, met = done + 1, met + len(shared)
            if met > len(all_pairs):
                all_pairs = longer(all_pairs, met)
            all_pairs[count:met, 0] = begin + p
            all_pairs[count:met, 1:3], all_pairs[count:met, 3] = pairs, shared
        if used + n_codes > len(rows):
            rows, values = longer(rows, n_codes), longer(values, n_codes)
    return rows[:used], values, all_pairs[:met]


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
    codes : array of int32, shape (2, m)
        Parcel and code, in this order; only what is above rounding.
    areas : array, shape (2, m)
        Area, and what of it codes before it have counted.
    pairs : array, shape (q, 4)
        Parcel, two codes that share ground in it, and its area, once per cell.
    """
    n = end - begin
    found, how = np.empty(n, np.int32), np.empty(n, np.int8)
    near, waiting = np.empty(look_up(grid.frame, grid.shape, grid.fill, box, found), np.int32), 0
    for p in range(n):
        how[p] = PURE if found[p] > 0 else OUTSIDE
        if found[p] == NEAR:
            near[waiting] = p
            waiting += 1
    rings = (xy, start, kind, first, begin)
    rows, values, pairs = _answer_near(grid, rings, (whole, box), found, how, near, budget)
    codes, areas = _rows_of(found, whole, begin, rows, values)
    return how, codes, areas, pairs


@kernel
def measure_all(
    frame: F8, shape: I8, cells: I8, pieces: F8, sides: I4, kinds: Any, state: I4,
    mix_start: I8, mix: I4, fill: I4, reach: F8,
    xy: F8, start: I8, kind: I8, first: I8, budget: int,
) -> Any:  # fmt: skip
    """Measure all parcels; the arrays of a grid come one by one, which is read much faster.

    Returns
    -------
    whole : array, shape (n,)
        Area of each parcel.
    how, codes, areas, pairs : arrays
        As of `measure`.
    """
    grid = GridArrays(frame, shape, cells, pieces, sides, kinds, state, mix_start, mix, fill, reach)
    n = first.shape[0] - 1
    whole, box = np.empty(n), np.empty((n, 4))
    extents(xy, start, kind, first, 0, n, whole, box)
    how, codes, areas, pairs = measure(grid, xy, start, kind, first, 0, n, whole, box, budget)
    return whole, how, codes, areas, pairs
