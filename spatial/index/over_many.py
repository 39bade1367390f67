"""The sum over any cells: an outline of many edges in them, or zones that overlap there."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.finish import OVERLAPPED
from spatial.index.outline import edges_by_row, lines_by_column, lines_in_row, lines_of_edges
from spatial.index.over import CLIPPED, LARGE, MANY, OVERLAPPING, UNBOUNDED, add, in_cell
from spatial.index.slabs import TOO_MUCH, slab_areas
from spatial.jit import kernel

__all__ = ["over_many_cells"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

NOTHING: Final = np.empty(0, np.int64)


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
def _pick(lines: F8, used: int, west: float, east: float, out: F8) -> Any:
    """Return the lines that reach into a column, and what they span there."""
    count, low, high = 0, east, west
    for k in range(used):
        if lines[k, 2] > west and lines[k, 0] < east:
            out[count] = lines[k]
            low, high = min(low, lines[k, 0]), max(high, lines[k, 2])
            count += 1
    return count, max(low, west), min(high, east)


@kernel
def _pick_some(lines: F8, near: I8, west: float, east: float, out: F8) -> Any:
    """Return the lines that reach into a column, out of those that come near it."""
    count, low, high = 0, east, west
    for i in range(near.shape[0]):
        k = near[i]
        if lines[k, 2] > west and lines[k, 0] < east:
            out[count] = lines[k]
            low, high = min(low, lines[k, 0]), max(high, lines[k, 2])
            count += 1
    return count, max(low, west), min(high, east)


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
def over_many_cells(
    grid: Any,
    outline: Any,
    south: float,
    north: float,
    cells: Any,
    careful: bool,
    sums: Any,
    buffers: Any,
    budget: int,
) -> Any:
    """Sum one parcel over the cells it reaches, however many, and where zones overlap.

    Parameters
    ----------
    careful : bool
        Take every cell as one where zones overlap.

    Returns
    -------
    used : int
        Codes touched.
    how : int
        CLIPPED, OVERLAPPING or UNBOUNDED.
    pair_codes, pair_areas : arrays
        Overlapping codes and their common area.
    """
    xy, start, turns, one, last = outline
    total, touched = sums
    lines, column_lines = buffers
    c0, c1, r0, r1 = cells
    size, nx, n_codes = grid.frame[2], grid.shape[1], grid.shape[2]
    pair_codes, pair_areas = np.empty((0, 2), np.int32), np.empty(0)
    used, how, work = 0, CLIPPED, 0
    tall = r1 - r0 >= LARGE and start[last] - start[one] > MANY
    if tall:
        edges, begin, order = edges_by_row(xy, start, turns, one, last, grid.frame, size, r0, r1)
    else:
        edges, begin, order = lines[:0], NOTHING, NOTHING
    for row in range(r0, r1 + 1):
        floor, top = max(row * size, south), min((row + 1) * size, north)
        if tall:
            reach = order[begin[row - r0] : begin[row - r0 + 1]]
            count = lines_of_edges(edges, reach, floor, top, lines)
            work += reach.shape[0]
        else:
            count = lines_in_row(xy, start, turns, one, last, grid.frame, floor, top, lines)
            work += start[last] - start[one]
        wide = c1 - c0 >= LARGE and count > MANY
        if wide:
            column_begin, column_order = lines_by_column(lines, count, size, c0, c1)
        else:
            column_begin, column_order = NOTHING, NOTHING
        for column in range(c0, c1 + 1):
            cell = row * nx + column
            fill = grid.fill[cell]
            if fill == 0:
                continue
            west, east = column * size, (column + 1) * size
            if wide:
                near = column_order[column_begin[column - c0] : column_begin[column - c0 + 1]]
                picked, low, high = _pick_some(lines, near, west, east, column_lines)
                work += near.shape[0]
            else:
                picked, low, high = _pick(lines, count, west, east, column_lines)
                work += count
            if picked == 0 or work > budget:
                continue
            if careful or fill == OVERLAPPED:
                corner = _codes_at(grid.state[cell], grid.mix_start, grid.mix, n_codes)
                places, areas, shared, more = slab_areas(
                    column_lines, picked, grid, cell, floor, west, east, corner, budget - work
                )
                if more == TOO_MUCH:
                    work = budget + 1
                    continue
                how = OVERLAPPING
                work += more
                for i in range(places.shape[0]):
                    used = add(total, touched, used, places[i], areas[i, 0], 0)
                    used = add(total, touched, used, places[i], areas[i, 1], 1)
                pair_codes, pair_areas = _more_pairs(pair_codes, pair_areas, places, shared)
                continue
            used, more = in_cell(
                grid, cell, column_lines, picked, floor, top - floor, low, high,
                total, touched, used,
            )  # fmt: skip
            work += more
    if work > budget:
        how = UNBOUNDED
    return used, how, pair_codes, pair_areas
