"""Which polygons on the grid of a tile may be broken: exact, in whole numbers, in one pass."""

from __future__ import annotations

import numpy as np

from spatial.jit import kernel

__all__ = ["may_be_broken"]


@kernel
def _side(ax, ay, bx, by, cx, cy):  # type: ignore[no-untyped-def]  # numba infers
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return 1 if turn > 0 else (-1 if turn < 0 else 0)


@kernel
def _within(ax, ay, bx, by, cx, cy):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether c, which lies on the line through a and b, lies between them."""
    return min(ax, bx) <= cx <= max(ax, bx) and min(ay, by) <= cy <= max(ay, by)


@kernel
def _meet(x, y, i, k, j, m):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether the edges i-k and j-m share a point."""
    if max(x[i], x[k]) < min(x[j], x[m]) or max(x[j], x[m]) < min(x[i], x[k]):
        return False
    if max(y[i], y[k]) < min(y[j], y[m]) or max(y[j], y[m]) < min(y[i], y[k]):
        return False
    a = _side(x[i], y[i], x[k], y[k], x[j], y[j])
    b = _side(x[i], y[i], x[k], y[k], x[m], y[m])
    c = _side(x[j], y[j], x[m], y[m], x[i], y[i])
    d = _side(x[j], y[j], x[m], y[m], x[k], y[k])
    if a != b and c != d:
        return True
    return (
        (a == 0 and _within(x[i], y[i], x[k], y[k], x[j], y[j]))
        or (b == 0 and _within(x[i], y[i], x[k], y[k], x[m], y[m]))
        or (c == 0 and _within(x[j], y[j], x[m], y[m], x[i], y[i]))
        or (d == 0 and _within(x[j], y[j], x[m], y[m], x[k], y[k]))
    )


@kernel
def _spike(x, y, before, at, after):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether a ring turns back on itself at a corner."""
    ux, uy = x[before] - x[at], y[before] - y[at]
    vx, vy = x[after] - x[at], y[after] - y[at]
    return ux * vy == uy * vx and ux * vx + uy * vy > 0


@kernel
def _corners(xy, rings, first, stop, x, y, follows):  # type: ignore[no-untyped-def]  # numba infers
    """Copy the corners of a polygon without repetitions; -1 if a ring has fewer than three."""
    count = 0
    for r in range(first, stop):
        begin = count
        for i in range(rings[r], rings[r + 1] - 1):
            if count > begin and x[count - 1] == xy[i, 0] and y[count - 1] == xy[i, 1]:
                continue
            x[count], y[count] = xy[i, 0], xy[i, 1]
            follows[count] = count + 1
            count += 1
        while count > begin + 1 and x[count - 1] == x[begin] and y[count - 1] == y[begin]:
            count -= 1
        if count - begin < 3:
            return -1
        follows[count - 1] = begin
    return count


@kernel
def _suspect(xy, rings, first, stop):  # type: ignore[no-untyped-def]  # numba infers
    """Look at one polygon, its edges from west to east: only those that overlap can meet."""
    most = rings[stop] - rings[first]
    x, y = np.empty(most, np.int64), np.empty(most, np.int64)
    follows = np.empty(most, np.int64)
    count = _corners(xy, rings, first, stop, x, y, follows)
    if count < 0:
        return True
    west, east = np.empty(count, np.int64), np.empty(count, np.int64)
    for i in range(count):
        k = follows[i]
        if _spike(x, y, i, k, follows[k]):
            return True
        west[i], east[i] = min(x[i], x[k]), max(x[i], x[k])
    order = np.argsort(west)
    for a in range(count):
        i = order[a]
        k = follows[i]
        for b in range(a + 1, count):
            j = order[b]
            if west[j] > east[i]:
                break
            m = follows[j]
            if j != k and m != i and _meet(x, y, i, k, j, m):
                return True
    return False


@kernel
def may_be_broken(xy, rings, polygons):  # type: ignore[no-untyped-def]  # numba infers
    """Say for each polygon whether its edges touch anywhere but at their ends.

    Parameters
    ----------
    xy : int64 array, shape (n, 2)
    rings : int64 array
        Where each ring starts in `xy`, and the end; its last point repeats the first.
    polygons : int64 array
        Where each polygon starts in `rings`, and the end.

    Returns
    -------
    bool array
        False is certain. True is for a library to decide: a hole may touch a ring in a point.
    """
    found = np.zeros(len(polygons) - 1, np.bool_)
    for p in range(len(found)):
        found[p] = _suspect(xy, rings, polygons[p], polygons[p + 1])
    return found
