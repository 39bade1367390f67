"""Fill depressions of a height model, tile by tile, to the one surface that tiling cannot change.

The filled height of a cell is the least height that water must reach to find its way out:
over all ways to an outlet, the lowest of their highest points. That is one number, so a
model in tiles gives the same as in one piece. Each tile is flooded from its own edge; what
it keeps is a small graph of how its catchments spill into each other; the graph of all
tiles is flooded once; then every tile rises to what that says.
Barnes, R. (2016). Parallel priority-flood depression filling for trillion cell digital
elevation models on desktops or clusters. Computers & Geosciences 96, 56-68.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["OUTSIDE", "flood_tile", "least_passes", "spill_levels"]

F4: TypeAlias = NDArray[np.float32]
I4: TypeAlias = NDArray[np.int32]
#: The label of all that lies outside the data: where water ends.
OUTSIDE: Final = 0


@kernel
def _push(keys: Any, items: Any, size: int, key: float, item: int) -> int:
    """Add to a binary heap whose arrays are large enough."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at], items[at] = keys[above], items[above]
        at = above
    keys[at], items[at] = key, item
    return size + 1


@kernel
def _pop(keys: Any, items: Any, size: int) -> int:
    """Close the gap that taking the first item leaves; returns the new size."""
    size -= 1
    key, item = keys[size], items[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], items[at] = keys[below], items[below]
        at = below
    keys[at], items[at] = key, item
    return size


@kernel
def _flood(heights: Any, width: int, core: Any) -> Any:
    """Flood a tile with a frame of one cell, all flat; see `flood_tile`."""
    count = heights.shape[0]
    steps = np.array([1, width + 1, width, width - 1, -1, -width - 1, -width, -width + 1], np.int64)
    labels = np.zeros(count, np.int32)
    waiting = np.zeros(count, np.bool_)
    # A cell enters the heap or the queue at most once.
    keys, items = np.empty(count, np.float32), np.empty(count, np.int32)
    queue = np.empty(count, np.int32)
    size, first, last = 0, 0, 0
    edges = np.empty((1024, 2), np.int32)
    passes = np.empty(1024, np.float32)
    used, labelled = 0, 0
    for cell in range(count):
        if core[cell] == 2:
            size = _push(keys, items, size, heights[cell], cell)
            waiting[cell] = True
    while size > 0 or first < last:
        if first < last:
            cell = queue[first]
            first += 1
        else:
            cell = items[0]
            size = _pop(keys, items, size)
        level = heights[cell]
        if labels[cell] == 0:
            for step in steps:
                near = cell + step
                if labels[near] > 0 and heights[near] <= level:
                    labels[cell] = labels[near]
                    break
            if labels[cell] == 0:
                labelled += 1
                labels[cell] = labelled
        own = labels[cell]
        for step in steps:
            near = cell + step
            if core[near] == 0:
                continue
            if labels[near] == 0 and not waiting[near]:
                labels[near] = own
                waiting[near] = True
                if heights[near] <= level:
                    heights[near] = level
                    queue[last] = near
                    last += 1
                else:
                    size = _push(keys, items, size, heights[near], near)
            elif labels[near] > 0 and labels[near] != own:
                if used == edges.shape[0]:
                    more = np.empty((used * 2, 2), np.int32)
                    more[:used] = edges
                    edges = more
                    wider = np.empty(used * 2, np.float32)
                    wider[:used] = passes
                    passes = wider
                edges[used, 0], edges[used, 1] = own, labels[near]
                passes[used] = max(level, heights[near])
                used += 1
    return labels, edges[:used], passes[:used], labelled


def flood_tile(heights: F4, ground: NDArray[np.bool_]) -> tuple[F4, I4, I4, F4, int]:
    """Flood one tile from its edge.

    Parameters
    ----------
    heights : array, shape (rows + 2, cols + 2)
        The tile in a frame of its neighbours; what is no ground may hold anything.
    ground : array of bool, same shape
        Where there is data.

    Returns
    -------
    levels, shape (rows, cols)
        Heights, risen to what keeps water within the tile.
    labels, shape (rows, cols)
        From 1, the catchment of each cell; 0 where there is no ground.
    edges, shape (n, 2), and passes, shape (n,)
        Which catchments meet, `OUTSIDE` among them, and the height at which.
    count
        Number of catchments.
    """
    core = np.zeros(heights.shape, np.uint8)
    core[1:-1, 1:-1] = ground[1:-1, 1:-1]
    way_out = _beside(~ground)[1:-1, 1:-1] & ground[1:-1, 1:-1]
    seeds = core[1:-1, 1:-1]
    seeds[way_out] = 2
    for side in (seeds[0], seeds[-1], seeds[:, 0], seeds[:, -1]):
        side[side > 0] = 2
    levels = heights.astype(np.float32).ravel()
    flood = cast("Callable[..., Any]", _flood)
    labels, edges, passes, count = flood(levels, heights.shape[1], core.ravel())
    raised: F4 = levels.reshape(heights.shape)[1:-1, 1:-1]
    labels = labels.reshape(heights.shape)[1:-1, 1:-1]
    out = np.column_stack((labels[way_out], np.full(int(way_out.sum()), OUTSIDE, np.int32)))
    edges, passes = np.vstack((edges, out)), np.concatenate((passes, raised[way_out]))
    return raised, labels, *least_passes(edges, passes), int(count)


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which cells have one of the mask among their eight neighbours."""
    out = np.zeros(mask.shape, bool)
    rows, cols = mask.shape
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            source = mask[max(down, 0) : rows + min(down, 0), max(right, 0) : cols + min(right, 0)]
            out[max(-down, 0) : rows + min(-down, 0), max(-right, 0) : cols + min(-right, 0)] |= (
                source
            )
    return out


def least_passes(edges: I4, passes: F4) -> tuple[I4, F4]:
    """Keep each pair of catchments once, with its lowest pass."""
    low, high = edges.min(axis=1).astype(np.int64), edges.max(axis=1).astype(np.int64)
    key = low << 32 | high
    order = np.lexsort((passes, key))
    first = np.ones(len(key), bool)
    first[1:] = key[order][1:] != key[order][:-1]
    kept = order[first]
    return np.column_stack((low[kept], high[kept])).astype(np.int32), passes[kept]


@kernel
def _climb(start: Any, other: Any, height: Any) -> Any:
    levels = np.full(start.shape[0] - 1, np.inf, np.float32)
    keys, items = np.empty(other.shape[0] + 1, np.float32), np.empty(other.shape[0] + 1, np.int32)
    done = np.zeros(levels.shape[0], np.bool_)
    levels[0] = -np.inf
    size = _push(keys, items, 0, -np.inf, 0)
    while size > 0:
        node = items[0]
        size = _pop(keys, items, size)
        if done[node]:
            continue
        done[node] = True
        for k in range(start[node], start[node + 1]):
            level = max(levels[node], height[k])
            if level < levels[other[k]]:
                levels[other[k]] = level
                size = _push(keys, items, size, level, other[k])
    return levels


def spill_levels(edges: I4, passes: F4, count: int) -> F4:
    """Return the height at which each of `count` catchments spills to the outside.

    Examples
    --------
    >>> spill_levels(np.array([[0, 1], [1, 2], [0, 2]], np.int32),
    ...              np.array([3, 1, 9], np.float32), 3).tolist()
    [-inf, 3.0, 3.0]
    """
    source = np.concatenate((edges[:, 0], edges[:, 1]))
    order = np.argsort(source, kind="stable")
    start = np.searchsorted(source[order], np.arange(count + 1))
    other = np.concatenate((edges[:, 1], edges[:, 0]))[order]
    climb = cast("Callable[..., F4]", _climb)
    return climb(start, other, np.concatenate((passes, passes))[order])
