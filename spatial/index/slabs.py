"""Areas where zones lie over each other: the plane cut into slabs in which no two lines cross."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.pieces import behind
from spatial.index.segments import NO_CODE
from spatial.jit import kernel

__all__ = ["TOO_MUCH", "slab_areas"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: Answer where the work would not be bounded.
TOO_MUCH: Final = -1


@kernel
def _own(lines: F8, n_lines: int, west: float, east: float) -> Any:
    """Return the parcel's lines between west and east, what they span, and their highest place."""
    out, what = np.empty((n_lines, 4)), np.zeros((n_lines, 3), np.int32)
    used, low, high, top = 0, east, west, 0.0
    for k in range(n_lines):
        if lines[k, 2] <= west or lines[k, 0] >= east:
            continue
        out[used] = lines[k, :4]
        what[used, 0] = 1 if lines[k, 4] > 0.0 else -1
        low, high = min(low, max(west, lines[k, 0])), max(high, min(east, lines[k, 2]))
        top = max(top, max(lines[k, 1], lines[k, 3]))
        used += 1
    return out[:used], what[:used], low, high, top


@kernel
def _keep(out: F8, what: I4, used: int, line: Any, lose: int, gain: int) -> Any:
    if used == out.shape[0]:
        out = np.concatenate((out, np.empty_like(out)))
        what = np.concatenate((what, np.empty_like(what)))
    out[used, 0], out[used, 1], out[used, 2], out[used, 3] = line
    what[used, 0], what[used, 1], what[used, 2] = 0, lose, gain
    return out, what, used + 1


@kernel
def _above_floor(x0: float, y0: float, x1: float, y1: float) -> Any:
    """Cut a line at zero, below which nothing counts."""
    run = (x1 - x0) / (y1 - y0) if y1 != y0 else 0.0
    if y0 < 0.0:
        return min(x1, x0 - y0 * run), 0.0, x1, y1
    if y1 < 0.0:
        return x0, y0, max(x0, x1 - y1 * run), 0.0
    return x0, y0, x1, y1


@kernel
def _zones(grid: Any, cell: int, floor: float, low: float, high: float, top: float) -> Any:
    """Return the zones' lines over a parcel in a cell, and what changes from the cell's corner.

    The parcel is asked from the upper left corner of its own box: on the way there some lines
    are passed, and what crosses the box's upper side leaves a lid behind, as it does at the
    upper side of a cell. So of a cell's many lines only those in the box are compared.

    Returns
    -------
    out : array, shape (m, 4)
    what : array of int32, shape (m, 3)
        0, the code above and the code below.
    passed : array of int32, shape (p, 2)
        Codes lost and gained on the way.
    """
    out, what, used = np.empty((16, 4)), np.empty((16, 3), np.int32), 0
    passed, met = np.empty((16, 2), np.int32), 0
    last = grid.start[cell + 1]
    following = behind(grid.reach, grid.start[cell], last, low)
    while following < last and grid.pieces[following, 0] < high:
        k = following
        following = behind(grid.reach, k + 1, last, low)
        x0, y0 = grid.pieces[k, 0], grid.pieces[k, 1] - floor
        x1, y1 = grid.pieces[k, 2], grid.pieces[k, 3] - floor
        above, below = grid.sides[k, 0], grid.sides[k, 1]
        if x1 <= low or (y0 <= 0.0 and y1 <= 0.0):
            continue
        over_low = y0 > top
        if (y0 > top) != (y1 > top):
            rising = y1 > y0
            x = min(x1, max(x0, x0 + (top - y0) * ((x1 - x0) / (y1 - y0))))
            over_low = x <= low if rising else x > low
            if low < x < high:
                lose, gain = (above, below) if rising else (below, above)
                out, what, used = _keep(out, what, used, (x, top, high, top), lose, gain)
            if rising:
                x1, y1 = x, top
            else:
                x0, y0 = x, top
        elif not over_low and x1 > x0:
            line = _above_floor(x0, y0, x1, y1)
            out, what, used = _keep(out, what, used, line, above, below)
            continue
        elif not over_low:
            continue
        if over_low and grid.pieces[k, 0] <= low < grid.pieces[k, 2]:
            if met == passed.shape[0]:
                passed = np.concatenate((passed, np.empty_like(passed)))
            passed[met, 0], passed[met, 1] = above, below
            met += 1
        if y0 <= top and y1 <= top and x1 > x0 and x1 > low and x0 < high:
            line = _above_floor(x0, y0, x1, y1)
            out, what, used = _keep(out, what, used, line, above, below)
    return out[:used], what[:used], passed[:met]


@kernel
def _crossing(line: F8, a: int, b: int) -> float:
    """Return where two lines cross, or NaN where they do not within both."""
    low, high = max(line[a, 0], line[b, 0]), min(line[a, 2], line[b, 2])
    if high <= low:
        return np.nan
    slope_a = (line[a, 3] - line[a, 1]) / (line[a, 2] - line[a, 0])
    slope_b = (line[b, 3] - line[b, 1]) / (line[b, 2] - line[b, 0])
    d0 = line[a, 1] + (low - line[a, 0]) * slope_a - line[b, 1] - (low - line[b, 0]) * slope_b
    d1 = line[a, 1] + (high - line[a, 0]) * slope_a - line[b, 1] - (high - line[b, 0]) * slope_b
    if (d0 > 0.0) == (d1 > 0.0) or d0 == 0.0 or d1 == 0.0:
        return np.nan
    return float(low + (high - low) * (d0 / (d0 - d1)))


@kernel
def _breaks(line: F8, low: float, high: float, limit: int) -> F8:
    """Return all abscissas between which lines neither begin, end nor cross; empty: too many."""
    found = np.empty(4 * line.shape[0] + 2)
    found[0], found[1] = low, high
    used = 2
    for a in range(line.shape[0]):
        for x in (line[a, 0], line[a, 2]):
            if low < x < high:
                found[used] = x
                used += 1
    for a in range(line.shape[0]):
        for b in range(a + 1, line.shape[0]):
            x = _crossing(line, a, b)
            if low < x < high:
                if used >= limit:
                    return np.empty(0)
                if used == found.shape[0]:
                    found = np.concatenate((found, np.empty_like(found)))
                found[used] = x
                used += 1
    # A break that comes twice makes a slab without width, which has no area.
    return np.sort(found[:used])


@kernel
def _distinct(codes: I4) -> I4:
    """Return the codes, sorted and each once."""
    ordered = np.sort(codes)
    used = 0
    for code in ordered:
        if code != NO_CODE and (used == 0 or ordered[used - 1] != code):
            ordered[used] = code
            used += 1
    return ordered[:used]


@kernel
def _count(places: I4, counts: I8, code: int, by: int) -> None:
    for i in range(places.shape[0]):
        if places[i] == code:
            counts[i] += by


@kernel
def _share_out(counts: I8, area: float, out: F8, shared: F8) -> None:
    """Give an area to every code present, and to every pair of them."""
    for i in range(counts.shape[0]):
        if counts[i] <= 0:
            continue
        out[i, 0] += area
        earlier = False
        for j in range(i):
            if counts[j] > 0:
                shared[j, i] += area
                earlier = True
        if earlier:
            out[i, 1] += area


@kernel
def slab_areas(
    lines: F8,
    n_lines: int,
    grid: Any,
    cell: int,
    floor: float,
    west: float,
    east: float,
    corner: I4,
    budget: int,
) -> Any:
    """Measure a parcel in one cell where zones overlap.

    Parameters
    ----------
    lines, n_lines : array, int
        The parcel's outline in the row, of `lines_in_row`.
    grid : GridArrays
    cell : int
    floor, west, east : float
        Floor of the outline, sides of the cell.
    corner : array of int32, shape (k, 2)
        Codes at the upper left corner with their counts.
    budget : int
        Comparisons at most.

    Returns
    -------
    codes : array of int32, shape (c,)
    areas : array, shape (c, 2)
        Area of each, and what codes before it have counted already.
    shared : array, shape (c, c)
        Area in both of two codes, above the diagonal.
    work : int
        Comparisons made, or TOO_MUCH.
    """
    own, own_what, low, high, top = _own(lines, n_lines, west, east)
    zones, zones_what, passed = _zones(grid, cell, floor, low, high, top)
    line, what = np.concatenate((own, zones)), np.concatenate((own_what, zones_what))
    seen = np.concatenate(
        (corner[:, 0], passed[:, 0], passed[:, 1], zones_what[:, 1], zones_what[:, 2])
    )
    places = _distinct(seen)
    areas = np.zeros((places.shape[0], 2))
    count = line.shape[0]
    limit = max(16, budget // max(1, count))
    too_wide = places.shape[0] ** 2 > limit
    shared = np.zeros((0, 0)) if too_wide else np.zeros((places.shape[0], places.shape[0]))
    if too_wide or count * count > budget:
        return places, areas, shared, TOO_MUCH
    if own.shape[0] == 0 or low >= high:
        return places, areas, shared, 0
    breaks = _breaks(line, low, high, limit)
    if breaks.shape[0] == 0:
        return places, areas, shared, TOO_MUCH
    begin = np.zeros(places.shape[0], np.int64)
    for k in range(corner.shape[0]):
        _count(places, begin, corner[k, 0], corner[k, 1])
    for k in range(passed.shape[0]):
        _count(places, begin, passed[k, 0], -1)
        _count(places, begin, passed[k, 1], 1)
    height, active = np.empty(count), np.empty(count, np.int64)
    for slab in range(breaks.shape[0] - 1):
        _measure_slab(
            line, what, breaks[slab], breaks[slab + 1], begin, places, height, active, areas, shared
        )
    return places, areas, shared, count * (count + breaks.shape[0])


@kernel
def _measure_slab(
    line: F8,
    what: I4,
    west: float,
    east: float,
    begin: I8,
    places: I4,
    height: F8,
    active: I8,
    areas: F8,
    shared: F8,
) -> None:
    """Walk down through the lines over the middle of a slab."""
    middle, width, used = 0.5 * (west + east), east - west, 0
    for k in range(line.shape[0]):
        if line[k, 0] < middle < line[k, 2]:
            slope = (line[k, 3] - line[k, 1]) / (line[k, 2] - line[k, 0])
            height[used] = line[k, 1] + (middle - line[k, 0]) * slope
            active[used] = k
            used += 1
    order = np.argsort(-height[:used])
    counts, inside = begin.copy(), 0
    for i in range(used):
        k = active[order[i]]
        if what[k, 0] != 0:
            inside += what[k, 0]
        else:
            _count(places, counts, what[k, 1], -1)
            _count(places, counts, what[k, 2], 1)
        above = height[order[i]]
        below = max(height[order[i + 1]], 0.0) if i + 1 < used else 0.0
        if inside > 0 and above > below:
            _share_out(counts, (above - below) * width, areas, shared)
