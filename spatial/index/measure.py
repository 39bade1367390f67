"""Areas of parcels by code, from an index: one loop over parcels, run by several threads."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.look_up import NEAR, cells_of, look_up, zone_without_border
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

__all__ = ["CLIPPED", "NOISE", "NOISE_M2", "OUTSIDE", "OVERLAPPING", "PURE", "UNBOUNDED", "measure"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: An area below this share of its parcel, and below this many m2, is rounding, not ground.
NOISE: Final = 1e-9
NOISE_M2: Final = 1e-5
#: The sum of the zones may exceed the parcel by this share of it before overlap is suspected.
SUSPECT: Final = 1e-10


@inner
def _clear(total: F8, touched: I4, used: int) -> None:
    for i in range(used):
        total[touched[i], 0], total[touched[i], 1], total[touched[i], 2] = 0.0, 0.0, 0.0


@inner
def _sort(codes: I4, used: int) -> None:
    """Sort the first codes; they are few, unless a parcel is a district."""
    if used > 64:
        codes[:used] = np.sort(codes[:used])
        return
    for i in range(1, used):
        code, k = codes[i], i - 1
        while k >= 0 and codes[k] > code:
            codes[k + 1] = codes[k]
            k -= 1
        codes[k + 1] = code


@inner
def _exceeds(total: F8, touched: I4, used: int, whole: float) -> bool:
    """Say whether zones hold more of a parcel than there is, so that they must overlap."""
    covered = 0.0
    for i in range(used):
        covered += total[touched[i], 0] - total[touched[i], 1]
    return covered > whole * (1.0 + SUSPECT)


@kernel
def _over_many(
    grid: Any,
    outline: Any,
    box: Any,
    cells: Any,
    careful: bool,
    whole: float,
    sums: Any,
    buffers: Any,
    budget: int,
    p: int,
    pair_rows: I4,
    pair_areas: F8,
    used_pairs: int,
) -> Any:
    """Sum a parcel over any cells and note what overlaps; no room for that is a count below 0."""
    total, touched = sums
    used, way, pairs, shared = over_many_cells(
        grid, outline, box, cells, careful, sums, buffers, budget
    )
    if way == CLIPPED and _exceeds(total, touched, used, whole):
        _clear(total, touched, used)
        used, way, pairs, shared = over_many_cells(
            grid, outline, box, cells, True, sums, buffers, budget
        )
    if way == UNBOUNDED:
        return used, way, used_pairs
    count = shared.shape[0]
    if used_pairs + count > pair_areas.shape[0]:
        return used, way, -1
    pair_rows[used_pairs : used_pairs + count, 0] = p
    pair_rows[used_pairs : used_pairs + count, 1:] = pairs
    pair_areas[used_pairs : used_pairs + count] = shared
    return used, way, used_pairs + count


@kernel
def _settle(
    grid: Any,
    rings: Any,
    extents: Any,
    found: I4,
    how: Any,
    near: I4,
    done: int,
    store: Any,
    used: Any,
    work: Any,
    budget: int,
) -> Any:
    """Answer the parcels `near[done:]` one by one, as long as there is room for the rows.

    Parameters
    ----------
    rings : (xy, start, kind, first, begin)
    extents : (whole, box)
    found, how : arrays of int, shape (n,)
        Written: what a parcel is wholly in, NEAR where it has rows of its own.
    store : (rows, values, pair_rows, pair_areas)
    used : (rows, pairs)
        How many of them are used.
    work : (total, touched, lines, column_lines, turns)

    Returns
    -------
    done, used_rows, used_pairs : int
        The parcel that found no room has to be asked again.
    """
    xy, start, kind, first, begin = rings
    whole, box = extents
    rows, values, pair_rows, pair_areas = store
    used_rows, used_pairs = used
    total, touched, lines, column_lines, turns = work
    ox, oy, size = grid.frame[0], grid.frame[1], grid.frame[2]
    ny, nx = grid.shape[0], grid.shape[1]
    for i in range(done, near.shape[0]):
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
        codes, way, careful = 0, OVERLAPPING, False
        if not is_large(start[last] - start[one], c0, c1, r0, r1):
            codes, way = over_cells(
                grid, xy, start, turns, one, last, south, north, c0, c1, r0, r1,
                total, touched, lines, budget,
            )  # fmt: skip
            careful = way == CLIPPED and _exceeds(total, touched, codes, area)
        if careful or way == OVERLAPPING:
            _clear(total, touched, codes)
            codes, way, met = _over_many(
                grid, (xy, start, turns, one, last), (west, south, east, north), (c0, c1, r0, r1),
                careful, area, (total, touched), (lines, column_lines), budget,
                p, pair_rows, pair_areas, used_pairs,
            )  # fmt: skip
            if met < 0:
                _clear(total, touched, codes)
                return i, used_rows, used_pairs
            kept = used_pairs
            used_pairs = met
        else:
            kept = used_pairs
        if used_rows + codes > rows.shape[0]:
            _clear(total, touched, codes)
            return i, used_rows, kept
        how[p] = way
        if way != UNBOUNDED:
            noise = min(NOISE * area, NOISE_M2)
            _sort(touched, codes)
            for j in range(codes):
                code = touched[j]
                if total[code, 0] > noise:
                    rows[used_rows, 0], rows[used_rows, 1] = p, code
                    values[used_rows, 0] = total[code, 0]
                    values[used_rows, 1] = total[code, 1] if total[code, 1] > noise else 0.0
                    used_rows += 1
        _clear(total, touched, codes)
    return near.shape[0], used_rows, used_pairs


@kernel
def _longer(rows: Any) -> Any:
    return np.concatenate((rows, np.empty_like(rows)))


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
    n = end - begin
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
    rows, values = np.empty((2 * waiting + 8, 2), np.int32), np.empty((2 * waiting + 8, 2))
    pair_rows, pair_areas = np.empty((0, 3), np.int32), np.empty(0)
    done = used_rows = used_pairs = 0
    if waiting:
        n_codes = grid.shape[2]
        total, touched = np.zeros((n_codes, 3)), np.empty(max(n_codes, 1), np.int32)
        work = (total, touched, np.empty((3 * most, 6)), np.empty((3 * most, 6)), np.empty(parts))
        while True:
            done, used_rows, used_pairs = _settle(
                grid, (xy, start, kind, first, begin), (whole, box), found, how, near, done,
                (rows, values, pair_rows, pair_areas), (used_rows, used_pairs), work, budget,
            )  # fmt: skip
            if done == waiting:
                break
            rows, values = _longer(rows), _longer(values)
            pair_rows = np.concatenate((pair_rows, np.empty((len(rows), 3), np.int32)))
            pair_areas = np.concatenate((pair_areas, np.empty(len(rows))))
    parcel, code, area, overlap = _rows_of(found, whole, begin, rows[:used_rows], values)
    return how, parcel, code, area, overlap, pair_rows[:used_pairs], pair_areas[:used_pairs]
