"""Shapes of a layer on the grid of one zoom, as flat arrays that a file can hold as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.tiles.clip_kernel import BUFFER, EXTENT
from api.tiles.cut_kernel import (
    BLOCK,
    candidates,
    cut_lines,
    cut_points,
    cut_polygons,
    mend_touching,
)
from api.tiles.grid import Snapped, joined, mended, snap, spans
from api.tiles.mvt_kernel import LINE, POINT, POLYGON
from api.tiles.tidy_kernel import boxes_of, tidy

__all__ = ["HALF", "Cut", "Level", "cut", "level_of", "morton", "unit_of"]

#: Half the side of the square that Web Mercator draws the world in, metres.
HALF: Final = 20037508.342789244
_SPREAD: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


class Level(NamedTuple):
    """Parts of features on the grid of a zoom: a unit is the 4096th part of a tile.

    Parameters
    ----------
    zoom : int
    xy : int32 array, shape (n, 2)
        From the north-west corner of the world, y downwards.
    rings, polygons : int64 arrays
        Where each ring or line starts in `xy`, each polygon in `rings`, with the ends.
    boxes, blocks : int32 arrays
        West, north, east and south of the parts (polygons, lines or points), and of every
        `BLOCK` of them: the index.
    extents : int32 array
        The same of every ring of a polygon.
    rows : int64 array
        Which feature a part is of.
    """

    zoom: int
    xy: NDArray[np.int32]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    boxes: NDArray[np.int32]
    blocks: NDArray[np.int32]
    extents: NDArray[np.int32]
    rows: NDArray[np.int64]


class Cut(NamedTuple):
    """Features of a tile, in its units."""

    xy: NDArray[np.int64]
    rings: NDArray[np.int64]
    polygons: NDArray[np.int64]
    features: NDArray[np.int64]


def unit_of(zoom: int) -> float:
    """Return the side of a unit of a zoom, in metres of Web Mercator.

    Examples
    --------
    >>> round(unit_of(14), 3)
    0.597
    """
    return 2 * HALF / (EXTENT << zoom)


def level_of(
    parts: NDArray[np.object_],
    rows: NDArray[np.int64],
    kind: int,
    zoom: int,
    *,
    smallest: float = 0.0,
    mend: bool = True,
) -> Level:
    """Lay parts of features on the grid of a zoom; what has no area there is left out.

    Parameters
    ----------
    parts : array of geometry
        Polygons, lines or points in Web Mercator.
    rows : int64 array
        Which feature each is of.
    kind : int
        POINT, LINE or POLYGON.
    smallest : float
        Holes below this area, in units, are filled.
    mend : bool
        Mend polygons that rounding breaks, and join those of one row that it lays over each
        other. Not needed for a grid finer than any tile's: there
        they are looked at again when the tile is cut.

    Examples
    --------
    >>> import shapely
    >>> square = np.array([shapely.box(0, 0, 1e6, 1e6)])
    >>> made = level_of(square, np.array([0]), POLYGON, 4)
    >>> made.xy.shape, made.boxes.tolist()
    ((5, 2), [[32768, 31133, 34403, 32768]])
    """
    placed = snap(parts, kind, -HALF, HALF, unit_of(zoom), mend=mend)
    placed, rows = (
        joined(placed, rows) if kind == POLYGON and mend else (placed, rows[placed.owner])
    )
    xy, rings, polygons = placed.xy.astype(np.int32), placed.rings, placed.polygons
    if kind == POLYGON:
        xy, rings, polygons, kept = tidy(placed.xy, rings, polygons, smallest)
        rows = rows[kept]
    starts = np.arange(len(rows) + 1) if kind == POINT else rings
    if kind == POLYGON:
        starts = rings[polygons]
    boxes = boxes_of(xy, starts)
    # Along the curve of Morton, so that neighbours lie near each other.
    order = np.argsort(morton((boxes[:, :2] + boxes[:, 2:].astype(np.int64)) // 2), kind="stable")
    xy = xy[spans(starts[order], starts[order + 1])]
    if kind == LINE:
        rings = _ends(np.diff(rings)[order])
    elif kind == POLYGON:
        turned = spans(polygons[order], polygons[order + 1])
        rings, polygons = _ends(np.diff(rings)[turned]), _ends(np.diff(polygons)[order])
    boxes, rows = boxes[order], rows[order].astype(np.int64)
    extents = boxes_of(xy, rings) if kind == POLYGON else boxes[:0]
    return Level(zoom, xy, rings, polygons, boxes, _blocks(boxes), extents, rows)


def _ends(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.append(0, np.cumsum(sizes)).astype(np.int64)


def morton(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of cells along the curve of Morton.

    Parameters
    ----------
    cells : int64 array, shape (n, 2)
        Not below 0 and below 2**31.

    Examples
    --------
    >>> morton(np.array([[0, 0], [1, 0], [0, 1], [3, 3]])).tolist()
    [0, 1, 2, 15]
    """
    code = np.zeros(len(cells), np.int64)
    for axis in range(2):
        spread = np.clip(cells[:, axis], 0, (1 << 31) - 1)
        for shift, mask in _SPREAD:
            spread = (spread | (spread << shift)) & mask
        code |= spread << axis
    return code


def _blocks(boxes: NDArray[np.int32]) -> NDArray[np.int32]:
    if not len(boxes):
        return boxes
    begin = np.arange(0, len(boxes), BLOCK)
    low = np.minimum.reduceat(boxes[:, :2], begin)
    high = np.maximum.reduceat(boxes[:, 2:], begin)
    return np.column_stack([low, high])


def cut(
    level: Level,
    kind: int,
    tile: tuple[int, int, int],
    wanted: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
) -> tuple[Cut, NDArray[np.int64]]:
    """Cut what lies in a tile; return it with the rows of its features, in their order.

    Parameters
    ----------
    wanted : callable, optional
        Says of rows which are drawn.
    """
    z, x, y = tile
    shift, left, top = level.zoom - z, x * EXTENT, y * EXTENT
    window = west, north, east, south = tuple(
        _scaled(value, shift)
        for value in (
            left - BUFFER - 1, top - BUFFER - 1,
            left + EXTENT + BUFFER + 1, top + EXTENT + BUFFER + 1,
        )
    )  # fmt: skip
    chosen = candidates(level.boxes, level.blocks, west, north, east, south)
    if wanted is not None:
        chosen = chosen[wanted(level.rows[chosen])]
    rows = level.rows[chosen]
    order = np.argsort(rows, kind="stable")
    chosen, rows = chosen[order], rows[order]
    none = np.zeros(1, np.int64)
    if kind == POINT:
        xy, features = cut_points(level.xy, chosen, shift, left, top)
        return _by_feature(Cut(xy, none, none, features), rows)
    if kind == LINE:
        xy, rings, features = cut_lines(level.xy, level.rings, chosen, shift, left, top)
        return _by_feature(Cut(xy, rings, none, features), rows)
    xy, rings, polygons, features, states = cut_polygons(
        level.xy, level.rings, level.polygons, level.extents, chosen, window, shift, left, top
    )
    *whole, broken = mend_touching(xy, rings, polygons, features, states, shift > 0)
    made = Cut(*whole)
    return _by_feature(_mended(made, broken) if len(broken) else made, rows)


def _by_feature(found: Cut, rows: NDArray[np.int64]) -> tuple[Cut, NDArray[np.int64]]:
    """Put parts of one row together to one feature."""
    first = np.flatnonzero(np.append(True, rows[1:] != rows[:-1])) if len(rows) else rows
    ends = np.append(first, len(rows))
    return found._replace(features=found.features[ends]), rows[first]


def _scaled(value: int, shift: int) -> int:
    return value << shift if shift >= 0 else value >> -shift


def _mended(found: Cut, broken: NDArray[np.int64]) -> Cut:
    """Return the same with some polygons mended that rounding or cutting has broken."""
    counts = np.diff(found.features)
    owner = np.repeat(np.arange(len(counts)), counts)
    placed = mended(Snapped(found.xy, found.rings, found.polygons, owner), broken)
    features = np.searchsorted(placed.owner, np.arange(len(counts) + 1)).astype(np.int64)
    return Cut(placed.xy, placed.rings, placed.polygons, features)
