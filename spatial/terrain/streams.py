"""Strahler's order of a river network that lies scattered over a raster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel
from spatial.terrain.directions import CODES
from spatial.terrain.tiles import Tile, Tiles

__all__ = ["strahler"]


@kernel
def _orders(below: Any) -> Any:
    """Order of each river cell, upstream cells standing before those they drain to."""
    order = np.zeros(below.shape[0], np.int8)
    twice = np.zeros(below.shape[0], np.bool_)
    for at in range(below.shape[0]):
        if order[at] == 0:
            order[at] = 1
        elif twice[at]:
            order[at] += 1
        to = below[at]
        if to < 0:
            continue
        if order[at] > order[to]:
            order[to], twice[to] = order[at], False
        elif order[at] == order[to]:
            twice[to] = True
    return order


def strahler(
    tiles: Tiles,
    d8: NDArray[np.uint8],
    cells_upstream: NDArray[np.int32],
    rivers: NDArray[np.bool_],
    out: NDArray[np.int8],
) -> None:
    """Write the order of river cells to `out`, 0 elsewhere; only the rivers are held in memory.

    References
    ----------
    Strahler, A.N. (1957). Quantitative analysis of watershed geomorphology. Transactions of the
    American Geophysical Union 38(6), 913-920.
    """

    def cells(tile: Tile) -> tuple[Any, Any, Any]:
        row, col = np.nonzero(rivers[tile.window] & (cells_upstream[tile.window] > 0))
        at = (row + tile.r0).astype(np.int64) * tiles.width + col + tile.c0
        shift = np.full(256, -1, np.int64)
        shift[CODES[:, 0]] = CODES[:, 1] * tiles.width + CODES[:, 2]
        move = shift[d8[tile.window][row, col]]
        code = np.isin(d8[tile.window][row, col], CODES[:, 0])
        return at, np.where(code, at + move, -1), cells_upstream[tile.window][row, col]

    found = tiles.work("orde sungai", cells, None)
    at, below, size = (np.concatenate([part[i] for part in found]) for i in range(3))
    # The area grows downstream, so its order is an order of the flow.
    order = np.lexsort((at, size))
    at, below = at[order], below[order]
    place = np.argsort(at, kind="stable")
    spot = np.minimum(np.searchsorted(at[place], below), max(len(at) - 1, 0))
    joined = (below >= 0) & (at[place][spot] == below) if len(at) else below >= 0
    ranks = cast("Callable[..., Any]", _orders)(np.where(joined, place[spot], -1))
    row, col = np.divmod(at, tiles.width)
    number = tiles.number_at(row, col)
    for tile in tiles:
        here = number == tile.number
        part = np.zeros(tile.shape, np.int8)
        part[row[here] - tile.r0, col[here] - tile.c0] = ranks[here]
        out[tile.window] = part
