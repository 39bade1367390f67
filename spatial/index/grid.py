"""How the arrays of an index are made from rings."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.arrays import GridArrays
from spatial.index.cells import corner_states, spread
from spatial.index.finish import finish
from spatial.index.pieces import STRIDE
from spatial.index.segments import boundaries
from spatial.rings import Rings

__all__ = ["GridArrays", "build_grid", "in_parts", "workers"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: Cells per boundary segment, and their number at most: more make no answer faster.
CELLS_PER_SEGMENT: Final = 0.5
MAX_CELLS: Final = 1_500_000
#: A cell's side in units in the last place of the largest coordinate, at least.
MIN_SIDE_ULPS: Final = 2.0**20
_PART: Final = 32_768


def workers() -> int:
    """Return how many threads this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def in_parts(count: int, size: int, work: Callable[[int, int], Any], threads: int) -> list[Any]:
    """Run `work(begin, end)` over 0..count in parts of one size, and return the results in order.

    The parts are the same for any number of threads, so the results are too.
    """
    parts = [(begin, min(begin + size, count)) for begin in range(0, count, size)]
    if len(parts) <= 1 or threads <= 1:
        return [work(begin, end) for begin, end in parts]
    with ThreadPoolExecutor(min(threads, len(parts))) as pool:
        return list(pool.map(lambda part: work(*part), parts))


def build_grid(rings: Rings, code: I4, n_codes: int, *, threads: int | None = None) -> GridArrays:
    """Index valid polygons by code.

    Parameters
    ----------
    rings : Rings
    code : array of int32, shape (len(rings),)
        0 <= code < n_codes, or -1 to leave a polygon out.
    """
    frame, ny, nx = _layout(rings)
    size = float(frame[2])
    segments, codes = boundaries(*_fields(rings), code, frame[:2].copy())
    start, pieces, sides, kinds, corner_start, changes = _spread(segments, codes, size, ny, nx)
    state, mix_start, mix = corner_states(corner_start, changes, ny, nx, n_codes)
    fill = np.empty(ny * nx, np.int32)

    def part(begin: int, end: int) -> None:
        finish(
            begin, end, nx, size, start, pieces, sides, kinds, state, mix_start, mix, n_codes,
            fill,
        )  # fmt: skip

    in_parts(ny * nx, _PART, part, workers() if threads is None else threads)
    shape = np.array([ny, nx, n_codes], dtype=np.int64)
    reach = (
        np.maximum.reduceat(pieces[:, 2], np.arange(0, len(pieces), STRIDE))
        if len(pieces)
        else pieces[:, 2].copy()
    )
    return GridArrays(frame, shape, start, pieces, sides, kinds, state, mix_start, mix, fill, reach)


def _fields(rings: Rings) -> tuple[F8, I8, I8, I8]:
    return rings.xy, rings.start, rings.kind, rings.first


def _layout(rings: Rings) -> tuple[F8, int, int]:
    """Return origin and side of the cells, rows and columns.

    Lines lie at whole multiples of a side of few bits, and nothing lies on the rim.
    """
    if not len(rings.xy):
        return np.array([0.0, 0.0, 1.0]), 1, 1
    low, high = rings.xy.min(axis=0), rings.xy.max(axis=0)
    width, height = np.maximum(high - low, np.spacing(np.abs(high).max() + 1.0) * MIN_SIDE_ULPS)
    cells = min(MAX_CELLS, max(1.0, CELLS_PER_SEGMENT * len(rings.xy)))
    side = _few_bits(max(np.sqrt(width * height / cells), max(width, height) / MAX_CELLS))
    origin = np.floor(low / side) * side
    origin = np.where(origin >= low, origin - side, origin)
    columns, rows = np.floor((high - origin) / side).astype(np.int64) + 1
    return np.array([origin[0], origin[1], side]), int(rows), int(columns)


def _few_bits(side: float) -> float:
    """Round up to 1, 1.5, 2, 3, 4, 6 ...: sums of such sides are exact."""
    power = 2.0 ** np.floor(np.log2(side))
    return float(power * (1.0 if side <= power else 1.5 if side <= 1.5 * power else 2.0))


def _starts(counts: I8) -> I8:
    start = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=start[1:])
    return start


def _spread(segments: F8, codes: I4, size: float, ny: int, nx: int) -> tuple[Any, ...]:
    """Cut the boundaries at the grid: counted first, then written."""
    counts, corner_counts = np.zeros(ny * nx, np.int64), np.zeros(ny * nx, np.int64)
    none = (np.empty((0, 4)), np.empty((0, 2), np.int32), np.empty(0, np.int8))
    spread(segments, codes, size, nx, (counts, *none, False), (corner_counts, none[1], False))
    start, corner_start = _starts(counts), _starts(corner_counts)
    pieces = np.empty((start[-1], 4))
    sides, kinds = np.empty((start[-1], 2), np.int32), np.empty(start[-1], np.int8)
    changes = np.empty((corner_start[-1], 2), np.int32)
    spread(
        segments, codes, size, nx,
        (start[:-1].copy(), pieces, sides, kinds, True),
        (corner_start[:-1].copy(), changes, True),
    )  # fmt: skip
    return start, pieces, sides, kinds, corner_start, changes
