"""Which polygons on the grid of a tile may be broken: exact, in whole numbers, in one pass."""

from __future__ import annotations

from typing import Final

import numpy as np

from spatial.jit import kernel

__all__ = ["APART", "MEET", "TOUCH", "corners", "fault_of", "may_be_broken"]

#: How edges meet that do not follow each other.
APART: Final = 0
TOUCH: Final = 1
MEET: Final = 2


@kernel
def _side(ax, ay, bx, by, cx, cy):  # type: ignore[no-untyped-def]  # numba infers
    turn = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return 1 if turn > 0 else (-1 if turn < 0 else 0)


@kernel
def _within(ax, ay, bx, by, cx, cy):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether c, which lies on the line through a and b, lies between them."""
    return min(ax, bx) <= cx <= max(ax, bx) and min(ay, by) <= cy <= max(ay, by)


@kernel
def _turns_back(ax, ay, bx, by, cx, cy):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether b and c lie in one direction from a."""
    ux, uy, vx, vy = bx - ax, by - ay, cx - ax, cy - ay
    return ux * vy == uy * vx and ux * vx + uy * vy > 0


@kernel
def _meet(x, y, i, k, j, m):  # type: ignore[no-untyped-def]  # numba infers
    """Say how the edges i-k and j-m meet: APART, in a common corner (TOUCH), or MEET."""
    if max(x[i], x[k]) < min(x[j], x[m]) or max(x[j], x[m]) < min(x[i], x[k]):
        return APART
    if max(y[i], y[k]) < min(y[j], y[m]) or max(y[j], y[m]) < min(y[i], y[k]):
        return APART
    for one, other in ((i, k), (k, i)):
        for a, b in ((j, m), (m, j)):
            if x[one] == x[a] and y[one] == y[a]:
                back = _turns_back(x[one], y[one], x[other], y[other], x[b], y[b])
                return MEET if back else TOUCH
    a = _side(x[i], y[i], x[k], y[k], x[j], y[j])
    b = _side(x[i], y[i], x[k], y[k], x[m], y[m])
    c = _side(x[j], y[j], x[m], y[m], x[i], y[i])
    d = _side(x[j], y[j], x[m], y[m], x[k], y[k])
    if a != b and c != d:
        return MEET
    on = (
        (a == 0 and _within(x[i], y[i], x[k], y[k], x[j], y[j]))
        or (b == 0 and _within(x[i], y[i], x[k], y[k], x[m], y[m]))
        or (c == 0 and _within(x[j], y[j], x[m], y[m], x[i], y[i]))
        or (d == 0 and _within(x[j], y[j], x[m], y[m], x[k], y[k]))
    )
    return MEET if on else APART


@kernel
def corners(xy, rings, first, stop, x, y, follows):  # type: ignore[no-untyped-def]  # numba infers
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
def _swept(x, y, follows, count):  # type: ignore[no-untyped-def]  # numba infers
    """Look at edges from west to east: only those that overlap can meet."""
    west, east = np.empty(count, np.int64), np.empty(count, np.int64)
    for i in range(count):
        k = follows[i]
        west[i], east[i] = min(x[i], x[k]), max(x[i], x[k])
    order = np.argsort(west)
    worst = APART
    for a in range(count):
        i = order[a]
        k = follows[i]
        for b in range(a + 1, count):
            j = order[b]
            if west[j] > east[i]:
                break
            m = follows[j]
            if j != k and m != i:
                worst = max(worst, _meet(x, y, i, k, j, m))
                if worst == MEET:
                    return worst
    return worst


@kernel
def _span(low, size, side, one, other):  # type: ignore[no-untyped-def]  # numba infers
    """Return the cells from one coordinate to another."""
    first, last = (min(one, other) - low) // size, (max(one, other) - low) // size
    return min(first, side - 1), min(last, side - 1)


@kernel
def _gridded(x, y, follows, count, new):  # type: ignore[no-untyped-def]  # numba infers
    """Look at new edges beside all others by cells of a grid, in time that grows with them.

    Return how they meet; -1 if so many edges are long that the grid does not help.
    """
    left, top = x[:count].min(), y[:count].min()
    side = min(1024, int(np.sqrt(count)) + 1)
    wide = (x[:count].max() - left) // side + 1
    high = (y[:count].max() - top) // side + 1
    starts = np.zeros(side * side + 1, np.int64)
    walked = 0
    for i in range(count):
        a, b = _span(left, wide, side, x[i], x[follows[i]])
        c, d = _span(top, high, side, y[i], y[follows[i]])
        walked += (b - a + 1) * (d - c + 1)
        if walked > 32 * count:
            return -1
        if new[i]:
            for row in range(c, d + 1):
                for column in range(a, b + 1):
                    starts[row * side + column + 1] += 1
    for cell in range(side * side):
        starts[cell + 1] += starts[cell]
    edges, free = np.empty(starts[-1], np.int64), starts.copy()
    worst = APART
    # New ones first, each beside the new ones before it; then the others beside all of them.
    for turn in range(2):
        for i in range(count):
            if new[i] == (turn == 1):
                continue
            k = follows[i]
            a, b = _span(left, wide, side, x[i], x[k])
            c, d = _span(top, high, side, y[i], y[k])
            for row in range(c, d + 1):
                for column in range(a, b + 1):
                    cell = row * side + column
                    for at in range(starts[cell], free[cell]):
                        j = edges[at]
                        m = follows[j]
                        if j != k and m != i:
                            worst = max(worst, _meet(x, y, i, k, j, m))
                            if worst == MEET:
                                return worst
                    if turn == 0:
                        edges[free[cell]] = i
                        free[cell] += 1
    return worst


@kernel
def fault_of(xy, rings, first, stop, low, high):  # type: ignore[no-untyped-def]  # numba infers
    """Say how edges of one polygon, rings `first` up to `stop`, meet but at their ends.

    APART is sound, TOUCH is in corners only, MEET is anything else. Of a sound polygon that was
    cut only edges are new that have a corner beyond `low` or `high`; where these are the wrong
    way round, every edge is.
    """
    most = rings[stop] - rings[first]
    x, y = np.empty(most, np.int64), np.empty(most, np.int64)
    follows = np.empty(most, np.int64)
    count = corners(xy, rings, first, stop, x, y, follows)
    if count < 0:
        return MEET
    new = np.ones(count, np.bool_)
    for i in range(count):
        k = follows[i]
        if _turns_back(x[k], y[k], x[i], y[i], x[follows[k]], y[follows[k]]):
            return MEET
        inside = low <= min(x[i], x[k]) and max(x[i], x[k]) <= high
        new[i] = not (inside and low <= min(y[i], y[k]) and max(y[i], y[k]) <= high)
    found = _gridded(x, y, follows, count, new) if count > 32 else -1
    return found if found >= 0 else _swept(x, y, follows, count)


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
        found[p] = fault_of(xy, rings, polygons[p], polygons[p + 1], 0, -1) != APART
    return found
