"""Boundaries of zones as segments with a code on either side; what two zones share is one.

An edge between two polygons of the same code is no boundary and disappears, so a layer is
dissolved by code without building a geometry.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import inner, kernel

__all__ = ["NO_CODE", "boundaries", "ring_area"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: The side of a boundary that lies in no zone.
NO_CODE: Final = -1


@inner
def ring_area(xy: F8, begin: int, end: int) -> float:
    """Return the signed area of a closed ring, counter-clockwise positive.

    Taken from the ring's first position, so that large coordinates lose nothing.
    """
    total = 0.0
    x0, y0 = xy[begin, 0], xy[begin, 1]
    for k in range(begin + 1, end - 2):
        total += (xy[k, 0] - x0) * (xy[k + 1, 1] - y0) - (xy[k + 1, 0] - x0) * (xy[k, 1] - y0)
    return total / 2.0


@kernel
def _half_edges(xy: F8, start: I8, kind: I8, first: I8, code: I4, origin: F8) -> Any:
    """Return every edge from left to right (upwards where vertical) and the codes beside it.

    `sides` holds the code to the left of the direction, that is above, and to the right.
    """
    segments = np.empty((xy.shape[0], 4), np.float64)
    sides = np.full((xy.shape[0], 2), NO_CODE, np.int32)
    used = 0
    for g in range(first.shape[0] - 1):
        if code[g] == NO_CODE:
            continue
        for ring in range(first[g], first[g + 1]):
            inner_left = ring_area(xy, start[ring], start[ring + 1]) * kind[ring] > 0.0
            for k in range(start[ring], start[ring + 1] - 1):
                # Adding zero turns -0.0 into 0.0, so that equal edges have equal bits.
                x0, y0 = xy[k, 0] - origin[0] + 0.0, xy[k, 1] - origin[1] + 0.0
                x1, y1 = xy[k + 1, 0] - origin[0] + 0.0, xy[k + 1, 1] - origin[1] + 0.0
                if x0 == x1 and y0 == y1:
                    continue
                onward = x0 < x1 or (x0 == x1 and y0 < y1)
                if onward:
                    segments[used, 0], segments[used, 1] = x0, y0
                    segments[used, 2], segments[used, 3] = x1, y1
                else:
                    segments[used, 0], segments[used, 1] = x1, y1
                    segments[used, 2], segments[used, 3] = x0, y0
                sides[used, 0 if onward == inner_left else 1] = code[g]
                used += 1
    return segments[:used], sides[:used]


@kernel
def _hash(bits: Any, k: int) -> Any:
    value = np.uint64(0x9E3779B97F4A7C15)
    for j in range(4):
        value = (value ^ bits[k, j]) * np.uint64(0xFF51AFD7ED558CCD)
        value ^= value >> np.uint64(32)
    return value


@kernel
def _same(bits: Any, a: int, b: int) -> bool:
    return bool(
        bits[a, 0] == bits[b, 0]
        and bits[a, 1] == bits[b, 1]
        and bits[a, 2] == bits[b, 2]
        and bits[a, 3] == bits[b, 3]
    )


@kernel
def _chains(bits: Any) -> Any:
    """Chain equal segments: the first of each chain, and the next one behind each segment."""
    count = bits.shape[0]
    size = 16
    while size < 2 * count:
        size *= 2
    mask = np.uint64(size - 1)
    table = np.full(size, -1, np.int32)
    following = np.full(count, -1, np.int32)
    head = np.ones(count, np.bool_)
    for k in range(count):
        slot = _hash(bits, k) & mask
        while table[slot] >= 0 and not _same(bits, table[slot], k):
            slot = (slot + np.uint64(1)) & mask
        if table[slot] >= 0:
            following[k] = following[table[slot]]
            following[table[slot]] = k
            head[k] = False
        else:
            table[slot] = k
    return head, following


@kernel
def _sides_of_chain(sides: I4, following: I4, k: int) -> Any:
    """Return the sorted codes above and below equal segments, less those on both sides."""
    length, at = 0, k
    while at >= 0:
        length += 1
        at = following[at]
    above, below = np.empty(length, np.int32), np.empty(length, np.int32)
    tops, lows, at = 0, 0, k
    while at >= 0:
        if sides[at, 0] != NO_CODE:
            above[tops] = sides[at, 0]
            tops += 1
        else:
            below[lows] = sides[at, 1]
            lows += 1
        at = following[at]
    above, below = np.sort(above[:tops]), np.sort(below[:lows])
    i = j = kept_above = kept_below = 0
    while i < tops or j < lows:
        if i < tops and j < lows and above[i] == below[j]:
            i += 1
            j += 1
        elif j >= lows or (i < tops and above[i] < below[j]):
            above[kept_above] = above[i]
            kept_above += 1
            i += 1
        else:
            below[kept_below] = below[j]
            kept_below += 1
            j += 1
    return above[:kept_above], below[:kept_below]


@kernel
def _join_twins(segments: F8, sides: I4, bits: Any) -> int:
    """Make one segment of equal ones, in place; return how many remain."""
    head, following = _chains(bits)
    out = np.empty((segments.shape[0], 4), np.float64)
    out_sides = np.empty((segments.shape[0], 2), np.int32)
    used = 0
    for k in range(segments.shape[0]):
        if not head[k]:
            continue
        if following[k] < 0:
            out[used] = segments[k]
            out_sides[used] = sides[k]
            used += 1
            continue
        above, below = _sides_of_chain(sides, following, k)
        for i in range(max(above.shape[0], below.shape[0])):
            out[used] = segments[k]
            out_sides[used, 0] = above[i] if i < above.shape[0] else NO_CODE
            out_sides[used, 1] = below[i] if i < below.shape[0] else NO_CODE
            used += 1
    segments[:used] = out[:used]
    sides[:used] = out_sides[:used]
    return used


def boundaries(xy: F8, start: I8, kind: I8, first: I8, code: I4, origin: F8) -> tuple[F8, I4]:
    """Return the boundaries between codes.

    Parameters
    ----------
    xy, start, kind, first : arrays
        Of `spatial.rings.Rings`, of valid polygons.
    code : array of int32, shape (polygons,)
        NO_CODE leaves a polygon out.
    origin : array, shape (2,)
        Taken off all coordinates.

    Returns
    -------
    segments : array, shape (m, 4)
        x0, y0, x1, y1 from left to right, upwards where vertical.
    sides : array of int32, shape (m, 2)
        Code above (left of the direction) and below.
    """
    segments, sides = _half_edges(xy, start, kind, first, code, origin)
    used = _join_twins(segments, sides, segments.view(np.uint64))
    return segments[:used], sides[:used]
