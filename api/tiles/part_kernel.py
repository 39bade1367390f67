"""A polygon whose rings touch in corners, taken apart into polygons that are each sound.

Rings are walked with the ground at the left; where several meet, the walk goes on along the
first that it finds turning from where it came over the ground. So it goes around one piece of
ground. A walk that comes through a corner twice is then taken apart there.
"""

from __future__ import annotations

import numpy as np

from api.tiles.clip_kernel import goes_around
from api.tiles.ring_kernel import corners
from api.tiles.room_kernel import roomy, roomy_pairs, taken_apart
from spatial.jit import kernel

__all__ = ["add_pieces", "parted"]


@kernel
def _twins(x, y, count):  # type: ignore[no-untyped-def]  # numba infers
    """Link corners that lie in one place in a circle."""
    room = 16
    while room < 2 * count:
        room *= 2
    first = np.full(room, -1, np.int64)
    after = np.arange(count)
    for i in range(count):
        place = ((x[i] * 73_856_093) ^ (y[i] * 19_349_663)) & (room - 1)
        while first[place] >= 0 and (x[first[place]] != x[i] or y[first[place]] != y[i]):
            place = (place + 1) & (room - 1)
        if first[place] >= 0:
            j = first[place]
            after[i], after[j] = after[j], i
        else:
            first[place] = i
    return after


@kernel
def _half(ux, uy, vx, vy):  # type: ignore[no-untyped-def]  # numba infers
    """Say in which half turn, clockwise from u, a direction v lies: 0 or 1; u itself in 1."""
    side = ux * vy - uy * vx
    return 0 if side < 0 or (side == 0 and ux * vx + uy * vy < 0) else 1


@kernel
def _onward(x, y, follows, after, i):  # type: ignore[no-untyped-def]  # numba infers
    """Return the corner that a walk along the edge from i goes on from."""
    k = follows[i]
    best, t = k, after[k]
    ux, uy = x[i] - x[k], y[i] - y[k]
    while t != k:
        ax, ay = x[follows[best]] - x[k], y[follows[best]] - y[k]
        bx, by = x[follows[t]] - x[k], y[follows[t]] - y[k]
        one, other = _half(ux, uy, ax, ay), _half(ux, uy, bx, by)
        if other < one or (other == one and ax * by - ay * bx > 0):
            best = t
        t = after[t]
    return best


@kernel
def parted(xy, rings, first, stop):  # type: ignore[no-untyped-def]  # numba infers
    """Return points, ends of rings, and whether the walk came round everywhere."""
    most = rings[stop] - rings[first]
    x, y = np.empty(most, np.int64), np.empty(most, np.int64)
    follows = np.empty(most, np.int64)
    out, ends = np.empty((most, 2), np.int64), np.zeros(stop - first + 2, np.int64)
    at = made = 0
    count = corners(xy, rings, first, stop, x, y, follows)
    if count < 0:
        return out, ends[:1], False
    after = _twins(x, y, count)
    used = np.zeros(count, np.bool_)
    ring = np.empty((count + 1, 2), np.int64)
    for begin in range(count):
        i, size = begin, 0
        while not used[i]:
            used[i] = True
            ring[size, 0], ring[size, 1] = x[i], y[i]
            size += 1
            i = _onward(x, y, follows, after, i)
        if i != begin:
            return out, ends[:1], False
        if size:
            out, at, ends, made = taken_apart(ring, size, out, at, ends, made)
    return out, ends[: made + 1], True


@kernel
def _turns_left(points, begin, end):  # type: ignore[no-untyped-def]  # numba infers
    total = 0
    for i in range(begin, end - 1):
        total += points[i, 0] * points[i + 1, 1] - points[i + 1, 0] * points[i, 1]
    return total > 0


@kernel
def _within(shells, one, stop, points, begin):  # type: ignore[no-untyped-def]  # numba infers
    """Say whether a ring lies in another: by the middle of an edge, which is on no outline."""
    x = (points[begin, 0] + points[begin + 1, 0]) / 2
    y = (points[begin, 1] + points[begin + 1, 1]) / 2
    return goes_around(shells, one, stop, x, y)


@kernel
def _add(points, begin, end, out, at, rings, made):  # type: ignore[no-untyped-def]  # numba infers
    out, rings = roomy_pairs(out, at + end - begin), roomy(rings, made + 2)
    out[at : at + end - begin] = points[begin:end]
    rings[made + 1] = at + end - begin
    return out, at + end - begin, rings, made + 1


@kernel
def add_pieces(points, ends, local, offsets, inner, out, at, rings, made, polygons, count):  # type: ignore[no-untyped-def]  # numba infers
    """Append polygons made of rings: those that turn left, each with the holes within it.

    Parameters
    ----------
    points, ends
        Rings; those that turn right are holes.
    local, offsets, inner
        Further holes: the rings of these numbers.
    """
    outer = np.zeros(len(ends) - 1, np.bool_)
    for r in range(len(outer)):
        outer[r] = _turns_left(points, ends[r], ends[r + 1])
    several = outer.sum() > 1
    for shell in range(len(outer)):
        if not outer[shell]:
            continue
        one, stop = ends[shell], ends[shell + 1]
        out, at, rings, made = _add(points, one, stop, out, at, rings, made)
        for r in range(len(outer)):
            if outer[r] or (several and not _within(points, one, stop, points, ends[r])):
                continue
            out, at, rings, made = _add(points, ends[r], ends[r + 1], out, at, rings, made)
        for k in inner:
            begin, end = offsets[k], offsets[k + 1]
            if several and not _within(points, one, stop, local, begin):
                continue
            out, at, rings, made = _add(local, begin, end, out, at, rings, made)
        polygons = roomy(polygons, count + 2)
        count += 1
        polygons[count] = made
    return out, at, rings, made, polygons, count
