"""Arrays that grow, and rings that touch themselves taken apart into rings that do not."""

from __future__ import annotations

import numpy as np

from spatial.jit import kernel

__all__ = ["roomy", "roomy_pairs", "taken_apart"]


@kernel
def roomy(array, need):  # type: ignore[no-untyped-def]  # numba infers
    """Return an array with room for `need` numbers, what it holds kept."""
    if need <= len(array):
        return array
    wider = np.empty(max(need, 2 * len(array)), array.dtype)
    wider[: len(array)] = array
    return wider


@kernel
def roomy_pairs(array, need):  # type: ignore[no-untyped-def]  # numba infers
    """Return an array with room for `need` points."""
    if need <= len(array):
        return array
    wider = np.empty((max(need, 2 * len(array)), 2), array.dtype)
    wider[: len(array)] = array
    return wider


@kernel
def _repeated(ring, size):  # type: ignore[no-untyped-def]  # numba infers
    """Say which points of a ring occur more than once in it."""
    room = 16
    while room < 2 * size:
        room *= 2
    first = np.full(room, -1, np.int64)
    found = np.zeros(size, np.bool_)
    for i in range(size):
        place = ((ring[i, 0] * 73_856_093) ^ (ring[i, 1] * 19_349_663)) & (room - 1)
        while first[place] >= 0:
            j = first[place]
            if ring[j, 0] == ring[i, 0] and ring[j, 1] == ring[i, 1]:
                found[i] = found[j] = True
                break
            place = (place + 1) & (room - 1)
        if first[place] < 0:
            first[place] = i
    return found


@kernel
def taken_apart(ring, size, out, at, rings, made):  # type: ignore[no-untyped-def]  # numba infers
    """Append a ring; where it touches itself it becomes several."""
    repeated = _repeated(ring, size)
    stack, depth = np.empty(size + 1, np.int64), 0
    seams, known = np.empty(size + 1, np.int64), 0
    for i in range(size + 1):
        back = 1 if i == size else 0
        if i < size and repeated[i]:
            for k in range(known - 1, -1, -1):
                j = stack[seams[k]]
                if ring[j, 0] == ring[i, 0] and ring[j, 1] == ring[i, 1]:
                    back, known = seams[k] + 1, k
                    break
        if back:
            if depth - back >= 2:
                out, rings = roomy_pairs(out, at + depth - back + 2), roomy(rings, made + 2)
                first = at
                for k in range(back - 1, depth):
                    out[at] = ring[stack[k]]
                    at += 1
                out[at] = out[first]
                at += 1
                made += 1
                rings[made] = at
            depth = back - 1
        if i < size:
            if repeated[i]:
                seams[known] = depth
                known += 1
            stack[depth] = i
            depth += 1
    return out, at, rings, made
