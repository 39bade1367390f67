"""What passes between tiles: where catchments meet across an edge, and where water crosses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel
from spatial.terrain.directions import CODES, NO_DIRECTION
from spatial.terrain.filling import I4, least_passes
from spatial.terrain.routing import exits
from spatial.terrain.tiles import Progress, Tile, Tiles, framed

__all__ = ["Crossings", "crossings_of", "edges_between"]

I8: TypeAlias = NDArray[np.int64]
#: A whole row or a whole column.
_Place: TypeAlias = tuple[int | None, int | None]


def edges_between(
    tiles: Tiles, levels: NDArray[np.float32], labels: I4, offsets: I8
) -> tuple[I4, NDArray[np.float32]]:
    """Pair the catchments that meet across edges of tiles, with their lowest passes.

    Parameters
    ----------
    labels : array of the whole raster
        Numbered from 1 in every tile; 0 where there is no ground.
    offsets : array, one per tile
        What makes the labels of a tile unique.
    """
    pairs, passes = [np.empty((0, 2), np.int32)], [np.empty(0, np.float32)]
    lines: list[tuple[_Place, _Place]] = [((at - 1, None), (at, None)) for at in tiles.rows[1:]]
    lines += [((None, at - 1), (None, at)) for at in tiles.cols[1:]]
    for one, other in lines:
        near, near_level = _line(tiles, levels, labels, offsets, *one)
        far, far_level = _line(tiles, levels, labels, offsets, *other)
        for shift in (-1, 0, 1):
            here = slice(max(-shift, 0), len(near) - max(shift, 0))
            there = slice(max(shift, 0), len(near) - max(-shift, 0))
            both = (near[here] > 0) & (far[there] > 0)
            pairs.append(np.column_stack((near[here], far[there]))[both])
            passes.append(np.maximum(near_level[here], far_level[there])[both])
    return least_passes(np.vstack(pairs), np.concatenate(passes))


def _line(
    tiles: Tiles,
    levels: NDArray[np.float32],
    labels: I4,
    offsets: I8,
    row: int | None,
    col: int | None,
) -> tuple[I4, NDArray[np.float32]]:
    """Return unique labels and levels along one whole row or column."""
    at = (slice(None) if row is None else row, slice(None) if col is None else col)
    along = np.arange(tiles.width if col is None else tiles.height)
    number = tiles.number_at(along if row is None else row, along if col is None else col)
    label = np.asarray(labels[at])
    return np.where(label > 0, label + offsets[number], 0).astype(np.int32), np.asarray(levels[at])


@kernel
def _sum_along(following: Any, amount: Any) -> None:
    waiting = np.zeros(following.shape[0], np.int64)
    for i in range(following.shape[0]):
        if following[i] >= 0:
            waiting[following[i]] += 1
    for start in range(following.shape[0]):
        at = start
        while waiting[at] == 0:
            waiting[at] = -1
            below = following[at]
            if below < 0:
                break
            amount[below] += amount[at]
            waiting[below] -= 1
            at = below


@dataclass(frozen=True, slots=True)
class Crossings:
    """Cells that drain into another tile.

    `source` and `target` are cells of the whole raster (row * width + col), sorted by source;
    `following` is the crossing that the water takes next, -1 if none.
    """

    tiles: Tiles
    source: I8
    target: I8
    following: I8

    def amounts(self, local: I8) -> I8:
        """Sum what crosses each edge, given what each tile alone brings there."""
        total = local.copy()
        cast("Callable[..., None]", _sum_along)(self.following, total)
        return total

    def entering(self, tile: Tile) -> tuple[NDArray[np.bool_], I8]:
        """Which crossings enter a tile, and at which of its cells."""
        return self._within(self.target, tile)

    def leaving(self, tile: Tile) -> tuple[NDArray[np.bool_], I8]:
        """Which crossings leave a tile, and from which of its cells."""
        return self._within(self.source, tile)

    def _within(self, cell: I8, tile: Tile) -> tuple[NDArray[np.bool_], I8]:
        row, col = np.divmod(cell, self.tiles.width)
        here = self.tiles.number_at(row, col) == tile.number
        return here, (row[here] - tile.r0) * tile.shape[1] + col[here] - tile.c0

    def ends(self) -> I8:
        """Return the last crossing on the way of each."""
        last = np.where(self.following < 0, np.arange(len(self.following)), self.following)
        while True:
            further = last[last]
            if (further == last).all():
                return last
            last = further


def crossings_of(
    tiles: Tiles,
    d8: NDArray[np.uint8],
    stops: Callable[[Tile], NDArray[np.bool_]],
    progress: Progress | None = None,
) -> tuple[Crossings, I8]:
    """Find where water crosses between tiles, and what it meets in the tile it enters.

    Parameters
    ----------
    stops : callable
        Cells of a tile at which paths end, besides outlets.

    Returns
    -------
    crossings
    met : array
        The stop (cell of the raster) that each crossing meets in the tile it enters, or -1.
    """

    def follow(tile: Tile) -> tuple[I8, I8, I8, I8]:
        source, target = _inflow(tile, d8, tiles.width)
        row, col = np.divmod(target, tiles.width)
        entry = (row - tile.r0) * tile.shape[1] + col - tile.c0
        out, met = exits(np.ascontiguousarray(d8[tile.window]), entry, stops(tile))
        return source, target, _whole(out, tile, tiles.width), _whole(met, tile, tiles.width)

    found = tiles.work("lintas petak", follow, progress)
    source, target, out, met = (np.concatenate([part[i] for part in found]) for i in range(4))
    order = np.argsort(source, kind="stable")
    source, target, out, met = source[order], target[order], out[order], met[order]
    following = np.full(len(source), -1, np.int64)
    on = out >= 0
    at = np.searchsorted(source, out[on])
    # Water that leaves over the edge of the raster crosses into no tile.
    real = (at < len(source)) & (source[np.minimum(at, max(len(source) - 1, 0))] == out[on])
    following[np.flatnonzero(on)[real]] = at[real]
    return Crossings(tiles, source, target, following), met


def _whole(cell: I8, tile: Tile, width: int) -> I8:
    """Turn cells of a tile into cells of the raster; -1 stays."""
    row, col = np.divmod(cell, tile.shape[1])
    return np.where(cell < 0, -1, (row + tile.r0) * width + col + tile.c0)


def _inflow(tile: Tile, d8: NDArray[np.uint8], width: int) -> tuple[I8, I8]:
    """Cells around a tile that drain into it, and the cells they drain to."""
    around = framed(d8, tile, NO_DIRECTION)
    rows, cols = around.shape
    ring = np.ones(around.shape, bool)
    ring[1:-1, 1:-1] = False
    sources, targets = [], []
    for code, down, right in CODES.tolist():
        row, col = np.nonzero(ring & (around == code))
        to_row, to_col = row + down, col + right
        inside = (to_row > 0) & (to_row < rows - 1) & (to_col > 0) & (to_col < cols - 1)
        shift = (tile.r0 - 1) * width + tile.c0 - 1
        sources.append((row * width + col)[inside] + shift)
        targets.append((to_row * width + to_col)[inside] + shift)
    return np.concatenate(sources).astype(np.int64), np.concatenate(targets).astype(np.int64)
