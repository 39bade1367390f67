"""What lies at a point, in a box and near a parcel: the same cells asked other questions."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.cells import PIECE
from spatial.index.outline import bounds_of
from spatial.index.pieces import behind, enters
from spatial.index.segments import NO_CODE
from spatial.index.under import at
from spatial.jit import inner, kernel

__all__ = ["codes_at", "codes_in_box", "distances"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]


@kernel
def _tally(codes: I4, counts: I4, used: int, code: int, by: int) -> int:
    """Add to the count of a code in a short list."""
    if code == NO_CODE:
        return used
    for i in range(used):
        if codes[i] == code:
            counts[i] += by
            return used
    codes[used], counts[used] = code, by
    return used + 1


@kernel
def _codes_here(grid: Any, x: float, y: float) -> Any:
    """Return the codes at a position in the grid's own coordinates."""
    size, nx, n_codes = grid.frame[2], grid.shape[1], grid.shape[2]
    column, row = int(np.floor(x / size)), int(np.ceil(y / size)) - 1
    if column < 0 or row < 0 or column >= nx or row >= grid.shape[0]:
        return np.empty(0, np.int32)
    cell = row * nx + column
    one, last = grid.start[cell], grid.start[cell + 1]
    state = grid.state[cell]
    mixed = max(0, state - n_codes)
    room = 2 * (last - one) + 1
    if mixed:
        room += grid.mix_start[mixed] - grid.mix_start[mixed - 1]
    codes, counts, used = np.empty(room, np.int32), np.empty(room, np.int32), 0
    if mixed:
        for k in range(grid.mix_start[mixed - 1], grid.mix_start[mixed]):
            used = _tally(codes, counts, used, grid.mix[k, 0], grid.mix[k, 1])
    elif state > 0:
        used = _tally(codes, counts, used, state - 1, 1)
    k = behind(grid.reach, one, last, x)
    while k < last and grid.pieces[k, 0] <= x:
        x0, x1 = grid.pieces[k, 0], grid.pieces[k, 2]
        if x0 <= x < x1 and at(x0, grid.pieces[k, 1], x1, grid.pieces[k, 3], x) > y:
            used = _tally(codes, counts, used, grid.sides[k, 0], -1)
            used = _tally(codes, counts, used, grid.sides[k, 1], 1)
        k = behind(grid.reach, k + 1, last, x)
    return np.sort(codes[:used][counts[:used] > 0])


@kernel
def codes_at(grid: Any, points: F8) -> Any:
    """Return rows (point, code) for all codes at points, shape (n, 2), by point and code."""
    out, used = np.empty((points.shape[0] + 4, 2), np.int32), 0
    for p in range(points.shape[0]):
        x, y = points[p, 0] - grid.frame[0], points[p, 1] - grid.frame[1]
        for code in _codes_here(grid, x, y):
            if used == out.shape[0]:
                out = np.concatenate((out, np.empty_like(out)))
            out[used, 0], out[used, 1] = p, code
            used += 1
    return out[:used].copy()


@kernel
def _cells(grid: Any, west: float, south: float, east: float, north: float) -> Any:
    """Return columns and rows that a box in the grid's coordinates reaches, cut to the grid."""
    size = grid.frame[2]
    c0, c1 = max(0.0, np.floor(west / size)), min(grid.shape[1] - 1.0, np.floor(east / size))
    r0, r1 = max(0.0, np.floor(south / size)), min(grid.shape[0] - 1.0, np.floor(north / size))
    return int(c0), int(c1), int(r0), int(r1)


@inner
def _enters(pieces: F8, k: int, west: float, south: float, east: float, north: float) -> Any:
    return enters(pieces[k, 0], pieces[k, 1], pieces[k, 2], pieces[k, 3], west, south, east, north)


@kernel
def codes_in_box(grid: Any, box: F8) -> Any:
    """Return the codes that a box (west, south, east, north) meets, sorted."""
    west, east = box[0] - grid.frame[0], box[2] - grid.frame[0]
    south, north = box[1] - grid.frame[1], box[3] - grid.frame[1]
    found = np.zeros(grid.shape[2], np.bool_)
    c0, c1, r0, r1 = _cells(grid, west, south, east, north)
    # What covers the box without a border in it covers this corner.
    for code in _codes_here(grid, west, north):
        found[code] = True
    for row in range(r0, r1 + 1):
        for cell in range(row * grid.shape[1] + c0, row * grid.shape[1] + c1 + 1):
            last = grid.start[cell + 1]
            k = behind(grid.reach, grid.start[cell], last, west)
            while k < last and grid.pieces[k, 0] <= east:
                if grid.kinds[k] == PIECE and _enters(grid.pieces, k, west, south, east, north):
                    for side in range(2):
                        if grid.sides[k, side] != NO_CODE:
                            found[grid.sides[k, side]] = True
                k = behind(grid.reach, k + 1, last, west)
    return np.flatnonzero(found)


@kernel
def _point_to_line(px: float, py: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Return the squared distance of a point from a segment."""
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    part = 0.0 if length == 0.0 else ((px - x0) * dx + (py - y0) * dy) / length
    part = max(0.0, min(1.0, part))
    ex, ey = px - x0 - part * dx, py - y0 - part * dy
    return ex * ex + ey * ey


@kernel
def _side(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@kernel
def _between(a: F8, b: F8) -> Any:
    """Return the squared distance between two segments."""
    one = _side(a[0], a[1], a[2], a[3], b[0], b[1])
    two = _side(a[0], a[1], a[2], a[3], b[2], b[3])
    three = _side(b[0], b[1], b[2], b[3], a[0], a[1])
    four = _side(b[0], b[1], b[2], b[3], a[2], a[3])
    if ((one > 0.0) != (two > 0.0)) and ((three > 0.0) != (four > 0.0)):
        return 0.0
    return min(
        min(
            _point_to_line(a[0], a[1], b[0], b[1], b[2], b[3]),
            _point_to_line(a[2], a[3], b[0], b[1], b[2], b[3]),
        ),
        min(
            _point_to_line(b[0], b[1], a[0], a[1], a[2], a[3]),
            _point_to_line(b[2], b[3], a[0], a[1], a[2], a[3]),
        ),
    )


@kernel
def _inside(edges: F8, x: float, y: float) -> bool:
    """Say whether a point lies in the polygon with these edges (even-odd)."""
    odd = False
    for k in range(edges.shape[0]):
        x0, y0, x1, y1 = edges[k]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


@kernel
def _edges_of(grid: Any, xy: F8, start: I8, one: int, last: int) -> F8:
    edges, used = np.empty((start[last] - start[one], 4)), 0
    for ring in range(one, last):
        for k in range(start[ring], start[ring + 1] - 1):
            edges[used, 0], edges[used, 1] = xy[k, 0] - grid.frame[0], xy[k, 1] - grid.frame[1]
            edges[used, 2] = xy[k + 1, 0] - grid.frame[0]
            edges[used, 3] = xy[k + 1, 1] - grid.frame[1]
            used += 1
    return edges[:used]


@kernel
def _to_piece(edges: F8, piece: F8, best: float, limit: float) -> float:
    """Return the smaller of `best` and the squared distance of a polygon from a piece."""
    west, east = piece[0] - limit, piece[2] + limit
    south, north = min(piece[1], piece[3]) - limit, max(piece[1], piece[3]) + limit
    for k in range(edges.shape[0]):
        x0, y0, x1, y1 = edges[k]
        if max(x0, x1) < west or min(x0, x1) > east or max(y0, y1) < south or min(y0, y1) > north:
            continue
        best = min(best, _between(edges[k], piece))
    if best > 0.0 and _inside(edges, piece[0], piece[1]):
        return 0.0
    return best


@kernel
def distances(grid: Any, xy: F8, start: I8, first: I8, begin: int, end: int, within: float) -> Any:
    """Return how far the borders of codes are from parcels, those no further than `within`.

    Returns
    -------
    rows : array of int32, shape (m, 2)
        Parcel, from `begin`, and code; by parcel, then code.
    away : array, shape (m,)
        0 where the border passes through the parcel.
    """
    rows, away, used = np.empty((16, 2), np.int32), np.empty(16), 0
    nearest = np.full(grid.shape[2], np.inf)
    limit = within * within
    for p in range(end - begin):
        one, last = first[begin + p], first[begin + p + 1]
        if one == last:
            continue
        edges = _edges_of(grid, xy, start, one, last)
        west, south, east, north = bounds_of(xy, start[one], start[last])
        west, east = west - grid.frame[0] - within, east - grid.frame[0] + within
        south, north = south - grid.frame[1] - within, north - grid.frame[1] + within
        c0, c1, r0, r1 = _cells(grid, west, south, east, north)
        met = False
        for row in range(r0, r1 + 1):
            for cell in range(row * grid.shape[1] + c0, row * grid.shape[1] + c1 + 1):
                stop = grid.start[cell + 1]
                k = behind(grid.reach, grid.start[cell], stop, west)
                while k < stop and grid.pieces[k, 0] <= east:
                    if grid.kinds[k] == PIECE and _enters(grid.pieces, k, west, south, east, north):
                        found = _to_piece(edges, grid.pieces[k], np.inf, within)
                        if found <= limit:
                            met = True
                            for side in range(2):
                                code = grid.sides[k, side]
                                if code != NO_CODE:
                                    nearest[code] = min(nearest[code], found)
                    k = behind(grid.reach, k + 1, stop, west)
        if not met:
            continue
        for code in np.flatnonzero(nearest < np.inf):
            if used == rows.shape[0]:
                rows = np.concatenate((rows, np.empty_like(rows)))
                away = np.concatenate((away, np.empty_like(away)))
            rows[used, 0], rows[used, 1], away[used] = p, code, np.sqrt(nearest[code])
            nearest[code] = np.inf
            used += 1
    return rows[:used].copy(), away[:used].copy()
