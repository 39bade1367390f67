"""Polygons on a grid made ready to be cut: turned one way, freed of what has no area."""

from __future__ import annotations

import numpy as np

from api.tiles.mvt_kernel import LINE, POINT
from spatial.jit import kernel

__all__ = ["boxes_of", "cells_of_dust", "sizes_of", "tidy"]


@kernel
def _twice_area(xy, begin, end):  # type: ignore[no-untyped-def]  # numba infers
    total = 0.0
    for i in range(begin, end - 1):
        total += float(xy[i, 0] - xy[begin, 0]) * float(xy[i + 1, 1] - xy[begin, 1])
        total -= float(xy[i + 1, 0] - xy[begin, 0]) * float(xy[i, 1] - xy[begin, 1])
    return total


@kernel
def _write(xy, begin, end, turned, out, at):  # type: ignore[no-untyped-def]  # numba infers
    first = at
    for k in range(end - begin):
        i = end - 1 - k if turned else begin + k
        if at > first and out[at - 1, 0] == xy[i, 0] and out[at - 1, 1] == xy[i, 1]:
            continue
        out[at, 0], out[at, 1] = xy[i, 0], xy[i, 1]
        at += 1
    return at


@kernel
def tidy(xy, rings, polygons, smallest):  # type: ignore[no-untyped-def]  # numba infers
    """Turn rings so that the ground lies at their left; leave out what has no area.

    Parameters
    ----------
    xy, rings, polygons
        See `api.tiles.grid.Snapped`.
    smallest : float
        Holes below this area are filled.

    Returns
    -------
    xy, rings, polygons, kept
        `kept` says which polygons are still there.
    """
    out = np.empty(xy.shape, np.int32)
    ends, shapes = np.zeros(len(rings), np.int64), np.zeros(len(polygons), np.int64)
    kept = np.zeros(len(polygons) - 1, np.bool_)
    at = made = count = 0
    for p in range(len(polygons) - 1):
        for r in range(polygons[p], polygons[p + 1]):
            outer = r == polygons[p]
            area = _twice_area(xy, rings[r], rings[r + 1])
            if area == 0.0 or (not outer and abs(area) < 2.0 * smallest):
                if outer:
                    break
                continue
            at = _write(xy, rings[r], rings[r + 1], (area > 0.0) != outer, out, at)
            made += 1
            ends[made] = at
            kept[p] = True
        if kept[p]:
            count += 1
            shapes[count] = made
    return out[:at].copy(), ends[: made + 1].copy(), shapes[: count + 1].copy(), kept


@kernel
def boxes_of(xy, starts):  # type: ignore[no-untyped-def]  # numba infers
    """Return west, north, east and south of the points of each feature; none has no points."""
    boxes = np.empty((len(starts) - 1, 4), np.int32)
    for f in range(len(boxes)):
        one = starts[f]
        boxes[f, 0] = boxes[f, 2] = xy[one, 0]
        boxes[f, 1] = boxes[f, 3] = xy[one, 1]
        for i in range(one + 1, starts[f + 1]):
            boxes[f, 0], boxes[f, 2] = min(boxes[f, 0], xy[i, 0]), max(boxes[f, 2], xy[i, 0])
            boxes[f, 1], boxes[f, 3] = min(boxes[f, 1], xy[i, 1]), max(boxes[f, 3], xy[i, 1])
    return boxes


@kernel
def cells_of_dust(cells, classes, areas, count, size):  # type: ignore[no-untyped-def]  # numba infers
    """Choose which cells stand for what is too small to draw, and for which class.

    Parameters
    ----------
    cells, classes : int64 arrays
        Of each small part, sorted along a curve that keeps neighbouring cells near.
    areas : float array
    count : int
        Of classes.
    size : float
        Area of a cell.

    Returns
    -------
    int64 array
        For the last part in a cell the class that is drawn there, else -1: the one that has
        gathered most since it was last drawn, if that fills half of the cell.
    """
    drawn = np.full(len(areas), -1, np.int64)
    gathered = np.zeros(count)
    begin = 0
    for i in range(len(areas)):
        gathered[classes[i]] += areas[i]
        if i + 1 < len(areas) and cells[i + 1] == cells[i]:
            continue
        best = classes[begin]
        for k in range(begin, i + 1):
            if gathered[classes[k]] > gathered[best]:
                best = classes[k]
        if 2.0 * gathered[best] >= size:
            drawn[i] = best
            gathered[best] -= size
        begin = i + 1
    return drawn


@kernel
def sizes_of(kind, xy, rings, polygons, features):  # type: ignore[no-untyped-def]  # numba infers
    """Return how much of a tile each feature takes: its area or length; 0 for points."""
    found = np.zeros(len(features) - 1)
    if kind == POINT:
        return found
    for f in range(len(found)):
        for part in range(features[f], features[f + 1]):
            if kind != LINE:
                for r in range(polygons[part], polygons[part + 1]):
                    found[f] += _twice_area(xy, rings[r], rings[r + 1])
                continue
            for i in range(rings[part], rings[part + 1] - 1):
                found[f] += np.hypot(xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1])
    return found
