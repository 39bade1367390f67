"""Holes in the data of a height model: water vanishes in them, so they are noted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spatial.notes import Note
from spatial.terrain.tiles import Tile, Tiles

__all__ = ["void_notes"]


def void_notes(heights: NDArray[np.float32], tiles: Tiles, name: str) -> tuple[Note, ...]:
    """Note the regions without data (NaN) that touch no edge of the model."""

    def label(tile: Tile) -> tuple[Any, Any, Any, int]:
        labels, count = ndimage.label(np.isnan(heights[tile.window]))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        sides = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
        open_sides = (tile.r0 == 0, tile.r1 == tiles.height, tile.c0 == 0, tile.c1 == tiles.width)
        touching = np.unique(
            np.concatenate([s for s, o in zip(sides, open_sides, strict=True) if o] or [[]])
        )
        return sizes[1:], touching[touching > 0].astype(np.int64), [s.copy() for s in sides], count

    parts = tiles.work("lubang data", label, None)
    offsets = np.concatenate(([0], np.cumsum([count for *_, count in parts])))
    total = int(offsets[-1])
    if not total:
        return ()
    group = _joined(tiles, parts, offsets, total)
    sizes = np.bincount(group, np.concatenate([sizes for sizes, *_ in parts]))
    edge = np.concatenate([t - 1 + offsets[i] for i, (_, t, *_) in enumerate(parts)])
    inner = np.setdiff1d(np.arange(len(sizes)), group[edge])
    if not len(inner):
        return ()
    cells = int(sizes[inner].sum())
    note = Note(
        "dem_voids",
        "{name} has {voids} voids of together {cells} cells inside its data; water ends there",
        "warning",
        {"name": name, "voids": len(inner), "cells": cells},
    )
    return (note,)


def _joined(tiles: Tiles, parts: list[Any], offsets: Any, total: int) -> NDArray[np.int64]:
    """Group the regions of all tiles that are one across an edge."""
    wide = len(tiles.cols)
    pairs = [np.empty((0, 2), np.int64)]
    for number in range(len(tiles)):
        for other, mine, theirs in ((number + 1, 3, 2), (number + wide, 1, 0)):
            if other >= len(tiles) or (mine == 3 and other % wide == 0):
                continue
            near, far = parts[number][2][mine], parts[other][2][theirs]
            both = (near > 0) & (far > 0)
            ends = (near[both] - 1 + offsets[number], far[both] - 1 + offsets[other])
            pairs.append(np.column_stack(ends))
    pair = np.vstack(pairs)
    graph = coo_array((np.ones(len(pair)), (pair[:, 0], pair[:, 1])), shape=(total, total))
    group: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return group
