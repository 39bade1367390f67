"""Areas of parcels by code, from an index: one loop over parcels, run by several threads."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.cells import PIECE
from spatial.index.outline import area_under, bounds_of, lines_in_row, parcel_area, turns_of
from spatial.index.pieces import enters
from spatial.index.slabs import TOO_MUCH, slab_areas
from spatial.index.under import at, under_both
from spatial.jit import kernel

__all__ = ["CLIPPED", "NOISE", "NOISE_M2", "OUTSIDE", "OVERLAPPING", "PURE", "UNBOUNDED", "measure"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: How a parcel was answered: off the map, with no border near, by pairs of edges, by slabs;
#: or not, because it would have taken too long.
OUTSIDE, PURE, CLIPPED, OVERLAPPING, UNBOUNDED = 0, 1, 2, 3, 4
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
def _codes_at(state: int, mix_start: I8, mix: I4, n_codes: int) -> Any:
    """Return the codes of a state with their counts, shape (k, 2)."""
    if state == 0:
        return np.empty((0, 2), np.int32)
    if state <= n_codes:
        out = np.ones((1, 2), np.int32)
        out[0, 0] = state - 1
        return out
    return mix[mix_start[state - n_codes - 1] : mix_start[state - n_codes]].copy()


@kernel
def _add(total: F8, touched: I4, used: int, code: int, area: float, column: int) -> int:
    """Add to the total of a code; a code met for the first time is noted."""
    if total[code, 2] == 0.0:
        total[code, 2] = 1.0
        touched[used] = code
        used += 1
    total[code, column] += area
    return used


@kernel
def _by_pairs(
    lines: F8, n_lines: int, pieces: F8, sides: I4, floor: float, span: Any, sums: Any, used: int
) -> Any:
    """Add what lies under each piece to the code below it, and take it from the code above."""
    total, touched = sums
    west, east = span
    work = 0
    for k in range(pieces.shape[0]):
        x0, x1 = pieces[k, 0], pieces[k, 2]
        if x0 >= east or x1 <= west or x0 >= x1:
            continue
        y0, y1 = pieces[k, 1] - floor, pieces[k, 3] - floor
        if y0 <= 0.0 and y1 <= 0.0:
            continue
        area = 0.0
        for j in range(n_lines):
            if lines[j, 2] > x0 and lines[j, 0] < x1:
                area += lines[j, 4] * under_both(
                    lines[j, 0], lines[j, 1], lines[j, 2], lines[j, 3], x0, y0, x1, y1
                )
        work += n_lines
        if sides[k, 0] >= 0:
            used = _add(total, touched, used, sides[k, 0], -area, 0)
        if sides[k, 1] >= 0:
            used = _add(total, touched, used, sides[k, 1], area, 0)
    return used, work


@kernel
def _pick(lines: F8, used: int, west: float, east: float, out: F8) -> Any:
    """Return the lines that reach into a column, and what they span there."""
    if out.shape[0] < used:
        out = np.empty((2 * used, 5))
    count, low, high = 0, east, west
    for k in range(used):
        if lines[k, 2] > west and lines[k, 0] < east:
            out[count] = lines[k]
            low, high = min(low, lines[k, 0]), max(high, lines[k, 2])
            count += 1
    return out, count, max(low, west), min(high, east)


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
            for k in range(grid.start[cell], grid.start[cell + 1]):
                if grid.kinds[k] == PIECE and enters(grid.pieces[k], west, south, east, north):
                    return -1
    cell = r1 * nx + c0
    found = grid.state[cell]
    for k in range(grid.start[cell], grid.start[cell + 1]):
        x0, x1 = grid.pieces[k, 0], grid.pieces[k, 2]
        if x0 <= west < x1 and at(x0, grid.pieces[k, 1], x1, grid.pieces[k, 3], west) > north:
            found += grid.sides[k, 1] - grid.sides[k, 0]
    return int(found)


@kernel
def _over_cells(
    grid: Any,
    outline: Any,
    box: Any,
    cells: Any,
    careful: bool,
    sums: Any,
    buffers: Any,
    budget: int,
) -> Any:
    """Sum one parcel over the cells it reaches.

    Returns
    -------
    used : int
        Codes touched.
    how : int
        CLIPPED, OVERLAPPING or UNBOUNDED.
    pairs, n_pairs : arrays of overlapping codes and their common area
    """
    xy, start, turns, one, last = outline
    total, touched = sums
    lines, column_lines = buffers
    c0, c1, r0, r1 = cells
    size, nx, n_codes = grid.frame[2], grid.shape[1], grid.shape[2]
    pair_codes, pair_areas = np.empty((0, 2), np.int32), np.empty(0)
    used, how, work = 0, CLIPPED, 0
    for row in range(r0, r1 + 1):
        floor, top = max(row * size, box[1]), min((row + 1) * size, box[3])
        lines, count = lines_in_row(xy, start, turns, one, last, grid.frame, floor, top, lines)
        work += start[last] - start[one]
        for column in range(c0, c1 + 1):
            cell = row * nx + column
            a, b = grid.start[cell], grid.start[cell + 1]
            state = grid.state[cell]
            if a == b and state == 0:
                continue
            west, east = column * size, (column + 1) * size
            column_lines, picked, low, high = _pick(lines, count, west, east, column_lines)
            work += count
            if picked == 0 or work > budget:
                continue
            if careful or grid.overlap[cell]:
                corner = _codes_at(state, grid.mix_start, grid.mix, n_codes)
                places, areas, shared, more = slab_areas(
                    column_lines, picked, grid.pieces[a:b], grid.sides[a:b], floor, west, east,
                    corner, budget - work,
                )  # fmt: skip
                if more == TOO_MUCH:
                    work = budget + 1
                    continue
                how = OVERLAPPING
                work += more
                for i in range(places.shape[0]):
                    used = _add(total, touched, used, places[i], areas[i, 0], 0)
                    used = _add(total, touched, used, places[i], areas[i, 1], 1)
                pair_codes, pair_areas = _more_pairs(pair_codes, pair_areas, places, shared)
                continue
            if state > 0:
                own = area_under(column_lines, picked, west, east)
                if state <= n_codes:
                    used = _add(total, touched, used, state - 1, own, 0)
                else:
                    mixed = state - n_codes
                    for i in range(grid.mix_start[mixed - 1], grid.mix_start[mixed]):
                        code, times = grid.mix[i, 0], grid.mix[i, 1]
                        used = _add(total, touched, used, code, times * own, 0)
            if b > a:
                used, more = _by_pairs(
                    column_lines, picked, grid.pieces[a:b], grid.sides[a:b], floor, (low, high),
                    sums, used,
                )  # fmt: skip
                work += more
    if work > budget:
        how = UNBOUNDED
    return used, how, pair_codes, pair_areas, (lines, column_lines)


@kernel
def _more_pairs(codes: I4, areas: F8, places: I4, shared: F8) -> Any:
    """Append the pairs of codes that share ground in a cell."""
    count = 0
    for j in range(shared.shape[0]):
        for i in range(j):
            count += shared[i, j] > 0.0
    if count == 0:
        return codes, areas
    used = codes.shape[0]
    more_codes, more_areas = np.empty((used + count, 2), np.int32), np.empty(used + count)
    more_codes[:used], more_areas[:used] = codes, areas
    for j in range(shared.shape[0]):
        for i in range(j):
            if shared[i, j] > 0.0:
                more_codes[used, 0], more_codes[used, 1] = places[i], places[j]
                more_areas[used] = shared[i, j]
                used += 1
    return more_codes, more_areas


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
        used, way, pairs, shared, buffers = _over_cells(
            grid, outline, box, cells, False, sums, buffers, budget
        )
        if way == CLIPPED and _covered(total, touched, used) > whole[p] * (1.0 + SUSPECT):
            _clear(total, touched, used)
            used, way, pairs, shared, buffers = _over_cells(
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
