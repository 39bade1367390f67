"""Sums carried down a network of flow, and values carried up it, whatever the tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.terrain.between import crossings_of
from spatial.terrain.routing import gather, resolve
from spatial.terrain.tiles import Progress, Scratch, Tile, Tiles

__all__ = ["accumulate", "carry_up"]

OfTile: TypeAlias = Callable[[Tile], NDArray[Any]]


def accumulate(
    d8: NDArray[np.uint8],
    own: OfTile,
    tiles: Tiles,
    scratch: Scratch,
    progress: Progress | None = None,
) -> NDArray[np.int32]:
    """Sum what all cells above a cell and itself add.

    Sums are taken within tiles; what crosses between tiles is settled; then sums are taken
    again with what comes in.

    Parameters
    ----------
    own : callable
        Of a tile: whole numbers that its cells add.
    """
    none = np.empty(0, np.int64)
    crossings, _ = crossings_of(tiles, d8, lambda tile: np.zeros(tile.shape, bool), progress)
    local = np.zeros(len(crossings.source), np.int64)
    out = scratch.new(np.int32)

    def total(tile: Tile, at: NDArray[np.int64], amounts: NDArray[np.int64]) -> NDArray[np.int64]:
        code = np.ascontiguousarray(d8[tile.window])
        return gather(code, own(tile).astype(np.int64), at, amounts)

    def count(tile: Tile) -> None:
        leaving, at = crossings.leaving(tile)
        local[leaving] = total(tile, none, none).ravel()[at]

    if len(local):
        tiles.work("akumulasi per petak", count, progress)
    amounts = crossings.amounts(local)

    def write(tile: Tile) -> None:
        entering, at = crossings.entering(tile)
        out[tile.window] = total(tile, at, amounts[entering])

    tiles.work("akumulasi", write, progress)
    return out


def carry_up(
    d8: NDArray[np.uint8],
    stops: OfTile,
    values: OfTile,
    tiles: Tiles,
    scratch: Scratch,
    progress: Progress | None = None,
    *,
    dtype: Any,
    blank: Any,
) -> NDArray[Any]:
    """Carry the value of the first stop that water meets up to every cell above it.

    Parameters
    ----------
    stops, values : callable
        Of a tile: where water stops, and the value there.
    blank
        Where water meets no stop.
    """
    out = scratch.new(dtype)
    crossings, met = crossings_of(tiles, d8, stops, progress)
    carried, known = np.zeros(len(met), dtype), met >= 0

    def look(tile: Tile) -> None:
        row, col = np.divmod(met, tiles.width)
        here = known & (tiles.number_at(row, col) == tile.number)
        if here.any():
            carried[here] = values(tile)[row[here] - tile.r0, col[here] - tile.c0]

    if known.any():
        tiles.work("nilai di batas petak", look, progress)
    ends = crossings.ends()

    def write(tile: Tile) -> None:
        leaving, at = crossings.leaving(tile)
        useful = known[ends[leaving]]
        got, seen = resolve(
            np.ascontiguousarray(d8[tile.window]),
            np.ascontiguousarray(stops(tile)),
            np.ascontiguousarray(values(tile), dtype),
            at[useful],
            carried[ends[leaving]][useful],
        )
        out[tile.window] = np.where(seen, got, blank)

    tiles.work("bawa ke hulu", write, progress)
    return out
