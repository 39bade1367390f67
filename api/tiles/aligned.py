"""A class map laid on the grid of tiles once: a tile is then read, not computed.

The classes stand in one byte a pixel, a block is a tile, and overviews hold the class most
pixels have, since classes have no mean.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from api.options import atomic_path
from api.tiles.layer import HALF, WEB_MERCATOR
from hazard import ClassRule
from spatial.errors import LimitError

__all__ = ["PIXELS", "Aligned", "aligned_path", "build_aligned"]

PIXELS: Final = 256
DEEPEST: Final = 16
#: Pixels laid out at most; a finer map keeps its resolution and is drawn through a warp.
MOST_PIXELS: Final = 1_000_000_000


def aligned_path(folder: Path, name: str, version: str) -> Path:
    """Return where the aligned map of a version lies.

    Examples
    --------
    >>> aligned_path(Path("ubin"), "banjir_100", "0123456789ab").name
    'banjir_100-0123456789ab.tif'
    """
    return folder / f"{name}-{version}.tif"


def build_aligned(source: Path, rule: ClassRule, target: Path) -> int:
    """Lay the classes of a raster on the grid of tiles; return the zoom of its pixels.

    Parameters
    ----------
    source : Path
        A GeoTIFF of the store.
    rule : ClassRule
    target : Path
        Appears whole or not at all.

    Raises
    ------
    LimitError
        `raster_too_fine`, if it would take more than a billion pixels.
    """
    with rasterio.open(source, driver="GTiff") as raw, WarpedVRT(raw, crs=WEB_MERCATOR) as seen:
        zoom = min(DEEPEST, math.ceil(math.log2(2 * HALF / PIXELS / seen.res[0])))
        west, north, east, south = _tiles(seen.bounds, zoom)
        width, height = (east - west + 1) * PIXELS, (south - north + 1) * PIXELS
        if width * height > MOST_PIXELS:
            raise LimitError(
                "{pixels} pixels are more than tiles are laid out for",
                code="raster_too_fine",
                hint="It is drawn through a warp instead",
                pixels=width * height,
            )
        size = 2 * HALF / (1 << zoom)
        grid = Affine(size / PIXELS, 0, west * size - HALF, 0, -size / PIXELS, HALF - north * size)
        kind = {"driver": "GTiff", "dtype": "uint8", "count": 1, "compress": "deflate"}
        blocks = {"tiled": True, "blockxsize": PIXELS, "blockysize": PIXELS}
        place = {"crs": WEB_MERCATOR, "transform": grid, "width": width, "height": height}
        with atomic_path(target) as partial:
            with (
                WarpedVRT(raw, **place, resampling=Resampling.nearest) as laid,
                rasterio.open(partial, "w", **kind, **blocks, **place) as out,
            ):
                for _, window in out.block_windows(1):
                    out.write(_classes(laid, rule, window), 1, window=window)
            _overviews(partial, zoom)
    return zoom


def _classes(laid: WarpedVRT, rule: ClassRule, window: Window) -> NDArray[np.uint8]:
    values = laid.read(1, window=window, masked=True)
    valid = ~np.ma.getmaskarray(values)
    return rule.codes(np.ma.getdata(values), valid).astype(np.uint8)


def _overviews(path: Path, zoom: int) -> None:
    with rasterio.open(path, "r+", driver="GTiff") as made:
        deep = max(made.width, made.height) // PIXELS
        levels = [2**step for step in range(1, min(zoom, max(1, math.ceil(math.log2(deep)))) + 1)]
        made.build_overviews(levels, Resampling.mode)


def _tiles(bounds: Any, zoom: int) -> tuple[int, int, int, int]:
    """Return columns and rows that a box in metres reaches; the grid begins at an even one.

    Overviews halve the grid: it must begin where a tile of every overview begins.
    """
    size = 2 * HALF / (1 << zoom)
    west, east = (int((value + HALF) // size) for value in (bounds.left, bounds.right))
    north, south = (int((HALF - value) // size) for value in (bounds.top, bounds.bottom))
    span = max(east - west, south - north) + 1
    step = 1 << min(zoom, math.ceil(math.log2(span)) if span > 1 else 0)
    return west - west % step, north - north % step, east, south


class Aligned:
    """A map on the grid of tiles that one thread reads.

    Parameters
    ----------
    path : Path
    blank : int
        The class of ground that the map does not know.
    """

    def __init__(self, path: Path, blank: int) -> None:
        self._file = rasterio.open(path, driver="GTiff")
        self._blank = blank
        grid = self._file.transform
        self.zoom = round(math.log2(2 * HALF / PIXELS / grid.a))
        self._west = round((grid.c + HALF) / (grid.a * PIXELS))
        self._north = round((HALF - grid.f) / (grid.a * PIXELS))

    def read(self, z: int, x: int, y: int) -> NDArray[np.uint8] | None:
        """Return the classes of a tile; None where the map is not, or the tile is too deep."""
        scale = 2.0 ** (self.zoom - z)
        if PIXELS * scale < 1:
            return None
        columns = self._span(x * scale - self._west, scale, self._file.width)
        rows = self._span(y * scale - self._north, scale, self._file.height)
        if columns is None or rows is None:
            return None
        (left, right, begin, end), (top, bottom, first, last) = columns, rows
        window = Window(left, top, right - left, bottom - top)
        part = self._file.read(1, window=window, out_shape=(last - first, end - begin))
        if part.shape == (PIXELS, PIXELS):
            found: NDArray[np.uint8] = part
            return found
        tile = np.full((PIXELS, PIXELS), self._blank, np.uint8)
        tile[first:last, begin:end] = part
        return tile

    @staticmethod
    def _span(tiles: float, scale: float, size: int) -> tuple[float, float, int, int] | None:
        """Return from where to where a tile reads along one side, and writes."""
        start = tiles * PIXELS
        low, high = max(0.0, start), min(float(size), start + PIXELS * scale)
        begin, end = round((low - start) / scale), round((high - start) / scale)
        return None if end <= begin else (low, high, begin, end)
