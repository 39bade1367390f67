"""Tiles of a raster, arrays on disk larger than memory, work on two tiles at a time."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Progress", "Scratch", "Tile", "Tiles", "framed"]

#: What is being done, tiles done, tiles in all.
Progress: TypeAlias = Callable[[str, int, int], None]
THREADS: Final = 2


class Tile(NamedTuple):
    """A rectangle of cells: rows r0 <= row < r1, columns c0 <= col < c1."""

    number: int
    r0: int
    r1: int
    c0: int
    c1: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Index of an array of the whole raster."""
        return slice(self.r0, self.r1), slice(self.c0, self.c1)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.r1 - self.r0, self.c1 - self.c0


@dataclass(frozen=True, slots=True)
class Tiles:
    """A raster of `height` x `width` cells in tiles of at most `size` x `size`.

    Examples
    --------
    >>> tiles = Tiles(5, 4, 3)
    >>> [tile.window for tile in tiles][1], tiles.number_at(4, 0)
    ((slice(0, 3, None), slice(3, 4, None)), 2)
    """

    height: int
    width: int
    size: int

    @property
    def rows(self) -> list[int]:
        """Rows at which tiles begin."""
        return list(range(0, self.height, self.size))

    @property
    def cols(self) -> list[int]:
        """Columns at which tiles begin."""
        return list(range(0, self.width, self.size))

    def __len__(self) -> int:
        return len(self.rows) * len(self.cols)

    def __iter__(self) -> Iterator[Tile]:
        for number in range(len(self)):
            down, right = divmod(number, len(self.cols))
            r0, c0 = down * self.size, right * self.size
            r1, c1 = min(r0 + self.size, self.height), min(c0 + self.size, self.width)
            yield Tile(number, r0, r1, c0, c1)

    def number_at(self, row: Any, col: Any) -> Any:
        """Return the number of the tile that holds a cell."""
        return row // self.size * len(self.cols) + col // self.size

    def work(
        self,
        what: str,
        task: Callable[[Tile], Any],
        progress: Progress | None,
        chosen: Iterable[Tile] | None = None,
    ) -> list[Any]:
        """Do a task for every tile, two at a time; results in the order of the tiles."""
        tiles = list(self if chosen is None else chosen)
        results = []
        with ThreadPoolExecutor(THREADS) as pool:
            for done, result in enumerate(pool.map(task, tiles), start=1):
                results.append(result)
                if progress is not None:
                    progress(what, done, len(tiles))
        return results


@dataclass(slots=True, weakref_slot=True)
class Scratch:
    """Makes arrays of one shape, in memory or, given a folder, in files below it.

    The files live as long as this object.
    """

    shape: tuple[int, int]
    folder: Path | None = None
    room: Path | None = field(default=None, init=False)
    made: int = field(default=0, init=False)

    def new(self, dtype: Any) -> NDArray[Any]:
        """Make an array; its cells hold nothing meaningful."""
        if self.folder is None:
            return np.empty(self.shape, dtype)
        if self.room is None:
            self.room = Path(tempfile.mkdtemp(prefix=".medan-", dir=self.folder))
            weakref.finalize(self, shutil.rmtree, self.room, ignore_errors=True)
        self.made += 1
        path = self.room / f"{self.made}.bin"
        return np.memmap(path, dtype=dtype, mode="w+", shape=self.shape)


def framed(array: NDArray[Any], tile: Tile, blank: Any) -> NDArray[Any]:
    """Copy a tile with one more cell on every side, `blank` beyond the raster."""
    rows, cols = array.shape
    out = np.full((tile.shape[0] + 2, tile.shape[1] + 2), blank, array.dtype)
    r0, r1 = max(tile.r0 - 1, 0), min(tile.r1 + 1, rows)
    c0, c1 = max(tile.c0 - 1, 0), min(tile.c1 + 1, cols)
    down, right = r0 - tile.r0 + 1, c0 - tile.c0 + 1
    out[down : down + r1 - r0, right : right + c1 - c0] = array[r0:r1, c0:c1]
    return out
