"""Blocks on the plane of an index: rings are moved as they are, others as geometries."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.crs import operation, project, same_crs
from spatial.densify import TOLERANCE_M, bends
from spatial.parcels.block import Block
from spatial.rings import Rings, flatten

__all__ = ["on_plane"]

Placed = tuple[Rings, NDArray[np.intp]]


def on_plane(block: Block, source: Any, plane: Any) -> list[Placed]:
    """Return the outlines of a block on a plane, with the rows they are of.

    A ring none of whose edges bends under the projection is moved position by position; that
    is what `spatial.crs.project` does too, so the answers are the same to the last bit.
    """
    if same_crs(source, plane):
        return _placed(block.rings, block.plain, block.shapes, block.other)
    move = operation(source, plane)
    rings = block.rings
    straight = Rings(move(rings.xy), rings.start, rings.kind, rings.first)
    bent = _bent(rings, straight.xy, move)
    if not bent.any():
        return _placed(straight, block.plain, project(block.shapes, source, plane), block.other)
    rows = np.concatenate((block.plain[bent], block.other))
    shapes = np.concatenate((_polygons(rings, bent), block.shapes))
    kept = _some(straight, ~bent)
    return _placed(kept, block.plain[~bent], project(shapes, source, plane), rows)


def _placed(
    rings: Rings, plain: NDArray[np.intp], shapes: NDArray[np.object_], other: NDArray[np.intp]
) -> list[Placed]:
    found: list[Placed] = []
    if len(plain):
        found.append((rings, plain))
    if len(other):
        found.append((flatten(shapes), other))
    return found


def _bent(rings: Rings, moved: NDArray[np.float64], move: Any) -> NDArray[np.bool_]:
    """Say for each ring whether an edge of it must be split."""
    bent = np.zeros(len(rings), dtype=bool)
    if len(rings.xy) > 1:
        owner = np.repeat(np.arange(len(rings)), np.diff(rings.start))
        edges = (bends(rings.xy, moved, move) > TOLERANCE_M) & (owner[1:] == owner[:-1])
        bent[owner[1:][edges]] = True
    return bent


def _polygons(rings: Rings, chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
    few = _some(rings, chosen)
    owner = np.repeat(np.arange(len(few)), np.diff(few.start))
    return np.asarray(shapely.polygons(shapely.linearrings(few.xy, indices=owner)), dtype=object)


def _some(rings: Rings, chosen: NDArray[np.bool_]) -> Rings:
    """Return chosen rings of polygons that have one each."""
    count = np.diff(rings.start)
    start = np.concatenate(([0], np.cumsum(count[chosen]))).astype(np.int64)
    xy = np.ascontiguousarray(rings.xy[np.repeat(chosen, count)])
    ones = np.ones(int(chosen.sum()), np.int64)
    return Rings(xy, start, ones, np.arange(len(start)))
