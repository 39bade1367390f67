"""What of a level lies in a tile: its features found by their boxes, rounded, and cut."""

from __future__ import annotations

from typing import Final

import numpy as np

from api.tiles.clip_kernel import (
    CUT,
    FIRST,
    LAST,
    WHOLE,
    clip_line,
    clip_polygon,
)
from api.tiles.part_kernel import add_pieces, parted
from api.tiles.ring_kernel import APART, MEET, TOUCH, fault_of
from api.tiles.room_kernel import roomy, roomy_pairs
from spatial.jit import kernel

__all__ = ["BLOCK", "candidates", "cut_lines", "cut_points", "cut_polygons", "mend_touching"]

#: Parts whose boxes are first looked at together.
BLOCK: Final = 32


@kernel
def candidates(boxes, blocks, west, north, east, south):  # type: ignore[no-untyped-def]  # numba infers
    """Return the parts whose box meets a window.

    Parameters
    ----------
    boxes : int32 array, shape (parts, 4)
        West, north, east and south on the grid of the level.
    blocks : int32 array, shape (-, 4)
        Boxes of every `BLOCK` parts.
    """
    found = np.empty(len(boxes), np.int64)
    count = 0
    for b in range(len(blocks)):
        if blocks[b, 0] > east or blocks[b, 2] < west:
            continue
        if blocks[b, 1] > south or blocks[b, 3] < north:
            continue
        for f in range(b * BLOCK, min((b + 1) * BLOCK, len(boxes))):
            if boxes[f, 0] > east or boxes[f, 2] < west:
                continue
            if boxes[f, 1] > south or boxes[f, 3] < north:
                continue
            found[count] = f
            count += 1
    return found[:count].copy()


@kernel
def _local(value, shift, corner):  # type: ignore[no-untyped-def]  # numba infers
    """Return a coordinate of the level in units of the tile."""
    value = np.int64(value)
    if shift > 0:
        value = (value + (1 << (shift - 1))) >> shift
    elif shift < 0:
        value = value << -shift
    return value - corner


@kernel
def _ring(xy, begin, end, shift, left, top, out, at):  # type: ignore[no-untyped-def]  # numba infers
    """Round a ring into `out`; corners that fall together become one, a ring of two goes."""
    first = at
    for i in range(begin, end):
        x, y = _local(xy[i, 0], shift, left), _local(xy[i, 1], shift, top)
        if at > first and out[at - 1, 0] == x and out[at - 1, 1] == y:
            continue
        out[at, 0], out[at, 1] = x, y
        at += 1
    return first if at - first < 4 else at


@kernel
def _reach(out, begin, end):  # type: ignore[no-untyped-def]  # numba infers
    """Say of points: 0 if all lie in the window, 1 if some may, 2 if none do."""
    west = east = out[begin, 0]
    north = south = out[begin, 1]
    for i in range(begin + 1, end):
        west, east = min(west, out[i, 0]), max(east, out[i, 0])
        north, south = min(north, out[i, 1]), max(south, out[i, 1])
    if west > LAST or east < FIRST or north > LAST or south < FIRST:
        return 2
    return 0 if west >= FIRST and east <= LAST and north >= FIRST and south <= LAST else 1


@kernel
def _beyond(box, window):  # type: ignore[no-untyped-def]  # numba infers
    return box[0] > window[2] or box[2] < window[0] or box[1] > window[3] or box[3] < window[1]


@kernel
def cut_polygons(xy, rings, polygons, extents, chosen, window, shift, left, top):  # type: ignore[no-untyped-def]  # numba infers
    """Round and cut polygons of a level.

    Parameters
    ----------
    xy, rings, polygons, extents
        Of the level; `extents` are the boxes of its rings.
    chosen : int64 array
        Its polygons that are cut.
    window : (west, north, east, south)
        On the grid of the level.
    shift : int
        How many zooms the grid of the level is finer than that of the tile.
    left, top : int
        Corner of the tile, in its units.

    Returns
    -------
    xy, rings, polygons, ends, states
        The same for the tile, where the pieces of each chosen one end; `states` says what was
        done to each polygon.
    """
    out, at = np.empty((256, 2), np.int64), 0
    ends, made = np.zeros(64, np.int64), 0
    shapes, count = np.zeros(64, np.int64), 0
    states = np.zeros(64, np.int64)
    features = np.zeros(len(chosen) + 1, np.int64)
    for c in range(len(chosen)):
        first, stop = polygons[chosen[c]], polygons[chosen[c] + 1]
        out = roomy_pairs(out, at + rings[stop] - rings[first])
        ends = roomy(ends, made + stop - first + 1)
        begin, before, shape = at, made, count
        for r in range(first, stop):
            if r > first and _beyond(extents[r], window):
                continue
            after = _ring(xy, rings[r], rings[r + 1], shift, left, top, out, at)
            if r == first and (after == at or _reach(out, begin, after) == 2):
                break
            if after > at:
                at = after
                made += 1
                ends[made] = at
        if made > before:
            state = WHOLE
            if _reach(out, begin, ends[before + 1]) == 0:
                count += 1
                shapes = roomy(shapes, count + 1)
                shapes[count] = made
            else:
                local = out[begin:at].copy()
                offsets = ends[before : made + 1] - begin
                points, outlines, inner, state = clip_polygon(local, offsets)
                out, at, ends, made, shapes, count = add_pieces(
                    points, outlines, local, offsets, inner, out, begin, ends, before, shapes, count
                )
            states = roomy(states, count + 1)
            states[shape:count] = state
        features[c + 1] = count
    return out[:at], ends[: made + 1], shapes[: count + 1], features, states[:count]


@kernel
def mend_touching(xy, rings, polygons, ends, states, every):  # type: ignore[no-untyped-def]  # numba infers
    """Take apart polygons whose rings touch in corners; find those that are worse.

    Parameters
    ----------
    xy, rings, polygons, ends, states
        See `cut_polygons`.
    every : bool
        Any polygon may have been broken, by rounding; else only those that were cut.

    Returns
    -------
    xy, rings, polygons, ends, broken
        `broken` are the numbers of polygons that a library has to mend.
    """
    faults = np.zeros(len(states), np.int64)
    for p in range(len(states)):
        if every:
            faults[p] = fault_of(xy, rings, polygons[p], polygons[p + 1], 0, -1)
        elif states[p] == CUT:
            faults[p] = fault_of(xy, rings, polygons[p], polygons[p + 1], FIRST, LAST)
        if states[p] > CUT:
            faults[p] = MEET
    if not np.any(faults == TOUCH):
        return xy, rings, polygons, ends, np.flatnonzero(faults == MEET)
    out, at = np.empty((len(xy) + 64, 2), np.int64), 0
    outlines, made = np.zeros(len(rings) + 16, np.int64), 0
    shapes, count = np.zeros(len(polygons) + 16, np.int64), 0
    stops, none = np.zeros(len(ends), np.int64), np.empty(0, np.int64)
    broken, bad = np.empty(2 * len(states) + 16, np.int64), 0
    for c in range(len(ends) - 1):
        for p in range(ends[c], ends[c + 1]):
            good = False
            if faults[p] == TOUCH:
                points, found, good = parted(xy, rings, polygons[p], polygons[p + 1])
                if good:
                    out, at, outlines, made, shapes, count = add_pieces(
                        points, found, xy, rings, none, out, at, outlines, made, shapes, count
                    )
            if not good:
                for r in range(polygons[p], polygons[p + 1]):
                    out, outlines = (
                        roomy_pairs(out, at + rings[r + 1] - rings[r]),
                        roomy(outlines, made + 2),
                    )
                    out[at : at + rings[r + 1] - rings[r]] = xy[rings[r] : rings[r + 1]]
                    at += rings[r + 1] - rings[r]
                    made += 1
                    outlines[made] = at
                if faults[p] != APART:
                    broken[bad] = count
                    bad += 1
                shapes = roomy(shapes, count + 2)
                count += 1
                shapes[count] = made
        stops[c + 1] = count
    return out[:at], outlines[: made + 1], shapes[: count + 1], stops, broken[:bad]


@kernel
def cut_lines(xy, rings, chosen, shift, left, top):  # type: ignore[no-untyped-def]  # numba infers
    """Round and cut lines of a level: points, ends of lines, ends of what each became."""
    out, at = np.empty((256, 2), np.int64), 0
    ends, made = np.zeros(64, np.int64), 0
    features = np.zeros(len(chosen) + 1, np.int64)
    for c in range(len(chosen)):
        begin, size = rings[chosen[c]], rings[chosen[c] + 1] - rings[chosen[c]]
        local = np.empty((size, 2), np.int64)
        for i in range(size):
            local[i, 0] = _local(xy[begin + i, 0], shift, left)
            local[i, 1] = _local(xy[begin + i, 1], shift, top)
        points, pieces = clip_line(local, 0, size)
        for k in range(len(pieces)):
            one, stop = pieces[k, 0], pieces[k, 1]
            out, ends = roomy_pairs(out, at + stop - one), roomy(ends, made + 2)
            out[at : at + stop - one] = points[one:stop]
            at += stop - one
            made += 1
            ends[made] = at
        features[c + 1] = made
    return out[:at], ends[: made + 1], features


@kernel
def cut_points(xy, chosen, shift, left, top):  # type: ignore[no-untyped-def]  # numba infers
    """Round points of a level and leave out those beyond the window: points, ends of each."""
    out, at = np.empty((len(chosen), 2), np.int64), 0
    features = np.zeros(len(chosen) + 1, np.int64)
    for c in range(len(chosen)):
        x, y = _local(xy[chosen[c], 0], shift, left), _local(xy[chosen[c], 1], shift, top)
        if FIRST <= x <= LAST and FIRST <= y <= LAST:
            out[at, 0], out[at, 1] = x, y
            at += 1
        features[c + 1] = at
    return out[:at], features
