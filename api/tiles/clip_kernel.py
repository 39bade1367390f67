"""Rings cut to the window of a tile in whole numbers, so that pieces stay polygons.

The window's edges lie half a unit beyond the last unit drawn: no corner ever lies on one, and
what crosses an edge crosses it in a point. The chains of a ring inside the window are joined
along its edges, each to the next that enters, as Weiler and Atherton (1977) join them; the
ground of a ring is at its left, that of a hole too. A crossing is computed from the same end
whichever way its edge runs, so neighbours are cut in the same point.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from api.tiles.room_kernel import roomy_pairs, taken_apart
from spatial.jit import kernel

__all__ = [
    "BUFFER",
    "CUT",
    "EXTENT",
    "FAILED",
    "FIRST",
    "LAST",
    "WHOLE",
    "clip_line",
    "clip_polygon",
    "goes_around",
]

#: A tile, and how far beyond its edge is drawn so that outlines do not show there.
EXTENT: Final = 4096
BUFFER: Final = 64
FIRST: Final = -BUFFER
LAST: Final = EXTENT + BUFFER
LOW: Final = FIRST - 0.5
HIGH: Final = LAST + 0.5
SIDE: Final = HIGH - LOW
#: What was done to a polygon. FAILED: its chains do not join, a library has to cut it.
WHOLE: Final = 0
CUT: Final = 1
FAILED: Final = 2


@kernel
def _in(x, y):  # type: ignore[no-untyped-def]  # numba infers
    return FIRST <= x <= LAST and FIRST <= y <= LAST


@kernel
def _slab(a, d, found, side_low, side_high):  # type: ignore[no-untyped-def]  # numba infers
    """Narrow the part of an edge to one pair of sides: (from, its side, to, its side)."""
    low, low_side, high, high_side = found
    if d == 0.0:
        if a < LOW or a > HIGH:
            return 1.0, -1, 0.0, -1
        return found
    one, other = (LOW - a) / d, (HIGH - a) / d
    one_side, other_side = side_low, side_high
    if d < 0.0:
        one, other, one_side, other_side = other, one, other_side, one_side
    if one > low:
        low, low_side = one, one_side
    if other < high:
        high, high_side = other, other_side
    return low, low_side, high, high_side


@kernel
def _spot(ax, ay, dx, dy, t, side):  # type: ignore[no-untyped-def]  # numba infers
    """Return a crossing: its whole numbers, and how far along the outline of the window it lies."""
    x, y = ax + t * dx, ay + t * dy
    x, y = min(max(x, LOW), HIGH), min(max(y, LOW), HIGH)
    column, row = np.int64(np.rint(x)), np.int64(np.rint(y))
    if side == 0:
        return column, np.int64(FIRST - 1), x - LOW
    if side == 1:
        return np.int64(LAST + 1), row, SIDE + y - LOW
    if side == 2:
        return column, np.int64(LAST + 1), 2 * SIDE + HIGH - x
    return np.int64(FIRST - 1), row, 3 * SIDE + HIGH - y


@kernel
def _crossing(ax, ay, bx, by):  # type: ignore[no-untyped-def]  # numba infers
    """Cut an edge: (is there a part inside, where it enters, where it leaves)."""
    turned = ax > bx or (ax == bx and ay > by)
    if turned:
        ax, ay, bx, by = bx, by, ax, ay
    x, y, dx, dy = float(ax), float(ay), float(bx - ax), float(by - ay)
    found = _slab(x, dx, (0.0, -1, 1.0, -1), 3, 1)
    low, low_side, high, high_side = _slab(y, dy, found, 0, 2)
    enter = leave = (np.int64(0), np.int64(0), 0.0)
    if low >= high:
        return False, enter, leave
    if low_side >= 0:
        enter = _spot(x, y, dx, dy, low, low_side)
    if high_side >= 0:
        leave = _spot(x, y, dx, dy, high, high_side)
    if turned:
        return True, leave, enter
    return True, enter, leave


@kernel
def _aside(ax, ay, bx, by):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether an edge lies beyond one side of the window."""
    return (
        (ax < FIRST and bx < FIRST)
        or (ax > LAST and bx > LAST)
        or (ay < FIRST and by < FIRST)
        or (ay > LAST and by > LAST)
    )


@kernel
def _outer_corner(xy, begin, end):  # type: ignore[no-untyped-def]  # numba infers
    for i in range(begin, end):
        if not _in(xy[i, 0], xy[i, 1]):
            return i
    return -1


@kernel
def _chains(xy, begin, end, start, steps, points, at, chains, count):  # type: ignore[no-untyped-def]  # numba infers
    """Collect what of a path lies inside; `chains` holds (first, stop, enters, leaves).

    `end` is that of the corners, of which the one after the last is the first.
    """
    inside = _in(xy[start, 0], xy[start, 1])
    if inside:
        points = roomy_pairs(points, at + 1)
        chains[count, 0], chains[count, 2] = at, 0.0
        points[at] = xy[start]
        at += 1
    i = start
    for _ in range(steps):
        j = i + 1 if i + 1 < end else begin
        ax, ay, bx, by = xy[i, 0], xy[i, 1], xy[j, 0], xy[j, 1]
        i = j
        reaches = _in(bx, by)
        points = roomy_pairs(points, at + 3)
        if not (inside and reaches):
            if _aside(ax, ay, bx, by):
                continue
            crosses, enter, leave = _crossing(ax, ay, bx, by)
            if not crosses:
                continue
            if not inside:
                chains[count, 0], chains[count, 2] = at, enter[2]
                points[at, 0], points[at, 1] = enter[0], enter[1]
                at += 1
            if not reaches:
                points[at, 0], points[at, 1] = leave[0], leave[1]
                at += 1
                chains[count, 1], chains[count, 3] = at, leave[2]
                count += 1
        if reaches:
            points[at, 0], points[at, 1] = bx, by
            at += 1
        inside = reaches
    if inside:
        chains[count, 1], chains[count, 3] = at, 0.0
        count += 1
    return points, at, count


@kernel
def _corner(number):  # type: ignore[no-untyped-def]  # numba infers
    side = number % 4
    x = FIRST - 1 if side == 0 or side == 3 else LAST + 1
    y = FIRST - 1 if side < 2 else LAST + 1
    return x, y


@kernel
def _joined(points, chains, count):  # type: ignore[no-untyped-def]  # numba infers
    """Join chains to closed rings: (points, ends of rings, whether every chain found its ring)."""
    out, at = np.empty((len(points), 2), np.int64), 0
    rings, made = np.zeros(count + 2, np.int64), 0
    ring = np.empty((len(points), 2), np.int64)
    order = np.argsort(chains[:count, 2])
    enters = chains[:count, 2][order]
    used = np.zeros(count, np.bool_)
    for begin in range(count):
        if used[begin]:
            continue
        chain, size = begin, 0
        while True:
            used[chain] = True
            one, stop = int(chains[chain, 0]), int(chains[chain, 1])
            ring = roomy_pairs(ring, size + stop - one + 10)
            ring[size : size + stop - one] = points[one:stop]
            size += stop - one
            leaves = chains[chain, 3]
            place = np.searchsorted(enters, leaves)
            beyond = 0.0
            if place == count:
                place, beyond = 0, 4 * SIDE
            chain = order[place]
            number = int(leaves // SIDE) + 1
            while number * SIDE < enters[place] + beyond:
                ring[size, 0], ring[size, 1] = _corner(number)
                size += 1
                number += 1
            if used[chain]:
                break
        if chain != begin:
            return out, rings[:1], False
        out, at, rings, made = taken_apart(ring, size, out, at, rings, made)
    return out, rings[: made + 1], True


@kernel
def goes_around(xy, begin, end, px, py):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether a closed ring goes around a point; `xy[end - 1]` repeats the first corner."""
    odd = False
    for i in range(begin, end - 1):
        ay, by = xy[i, 1], xy[i + 1, 1]
        if (ay > py) != (by > py):
            ax = xy[i, 0]
            if px < ax + (py - ay) * ((xy[i + 1, 0] - ax) / (by - ay)):
                odd = not odd
    return odd


@kernel
def _window():  # type: ignore[no-untyped-def]  # numba infers
    """Return the window as a ring."""
    points = np.empty((5, 2), np.int64)
    for number in range(5):
        points[number, 0], points[number, 1] = _corner(number)
    return points


@kernel
def clip_polygon(xy, offsets):  # type: ignore[no-untyped-def]  # numba infers
    """Cut one polygon that reaches out of the window; its pieces may touch in points.

    Parameters
    ----------
    xy : int64 array, shape (n, 2)
        Units of the tile.
    offsets : int64 array
        Where each closed ring starts, and the end; the first is the outer one. The ground lies
        at the left.

    Returns
    -------
    points, ends of rings, rings within the window, what was done
        Those that go the other way round are holes. Rings of the polygon that lie within the
        window are given by their number, not copied.
    """
    chains = np.empty((len(xy) + 1, 4))
    points, used = np.empty((64, 2), np.int64), 0
    within, islands = np.empty(len(offsets), np.int64), 0
    pieces = 0
    around = False
    for r in range(len(offsets) - 1):
        begin, end = offsets[r], offsets[r + 1]
        start = _outer_corner(xy, begin, end - 1)
        if start < 0:
            within[islands] = r
            islands += 1
            continue
        before = pieces
        points, used, pieces = _chains(
            xy, begin, end - 1, start, end - 1 - begin, points, used, chains, pieces
        )
        if pieces == before and goes_around(xy, begin, end, LOW, LOW):
            around = not around
    shells = np.zeros(1, np.int64)
    if pieces:
        points, shells, good = _joined(points, chains, pieces)
        return points, shells, within[:islands], CUT if good else FAILED
    if around:
        return _window(), np.array([0, 5]), within[:islands], CUT
    return points, shells, within[:0], CUT


@kernel
def clip_line(xy, begin, end):  # type: ignore[no-untyped-def]  # numba infers
    """Cut one line: points, and where each piece starts and stops."""
    chains = np.empty((end - begin + 1, 4))
    points = np.empty((64, 2), np.int64)
    points, _, count = _chains(xy, begin, end, begin, end - begin - 1, points, 0, chains, 0)
    return points, chains[:count, :2].astype(np.int64)
