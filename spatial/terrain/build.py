"""Make the flow of a height model: fill, find directions, count what drains through.

One way for all sizes: the model is worked on in tiles, a small one being a single tile. What
is too large for memory lives in files while it is worked on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spatial.errors import RasterError
from spatial.terrain import directions, filling
from spatial.terrain.between import edges_between
from spatial.terrain.flow import Flow
from spatial.terrain.network import accumulate
from spatial.terrain.slope import refuse_degrees
from spatial.terrain.tiles import Progress, Scratch, Tile, Tiles, framed
from spatial.terrain.voids import void_notes
from spatial.zonal import Grid

__all__ = ["TILE", "flow_of"]

#: Rows and columns of a tile: about 40 bytes a cell, on two threads, are 350 MB.
TILE: Final = 2048


def flow_of(
    dem: Grid,
    *,
    tile: int = TILE,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Flow:
    """Fill depressions and let every cell drain to its steepest neighbour.

    Depressions are filled to their pour point, and water crosses flat ground by the shortest
    way out, so it always reaches the edge of the data. Voids inside the data are ways out too,
    and noted.

    Parameters
    ----------
    dem : Grid in a projected CRS, heights in metres
    tile : int
        Rows and columns worked on at a time. It changes memory and time, never a cell.
    folder : Path, optional
        Where arrays of the size of the model are kept while the result is in use (about
        15 bytes a cell); in memory without it.
    progress : callable, optional
        Told what is done: (step, tiles done, tiles in all).

    Raises
    ------
    RasterError
        `dem_degrees`; `dem_empty`, if no cell has data.

    References
    ----------
    Barnes, R. (2016), see `spatial.terrain.filling`; Barnes, R. (2017). Parallel
    non-divergent flow accumulation for trillion cell digital elevation models on desktops or
    clusters. Environmental Modelling & Software 92, 202-212. O'Callaghan, J.F., Mark, D.M.
    (1984). The extraction of drainage networks from digital elevation data. Computer
    Vision, Graphics, and Image Processing 28, 323-344.

    Examples
    --------
    >>> from spatial.zonal import grid_from_array
    >>> valley = grid_from_array([[3.0, 2, 3], [3, 1, 3], [3, 0, 3]], crs="EPSG:9489",
    ...                          origin=(430000, 9230000), cell=(1000, -1000))
    >>> flow = flow_of(valley)
    >>> int(flow.cells_upstream[2, 1]), int(flow.d8[1, 1])
    (9, 4)
    """
    refuse_degrees(dem)
    tiles, scratch = Tiles(dem.height, dem.width, tile), Scratch(dem.shape, folder)
    filled = _filled(dem, tiles, scratch, progress)
    d8 = _directions(filled, dem, tiles, scratch, progress)
    cells = accumulate(
        d8, lambda t: d8[t.window] != directions.NO_DIRECTION, tiles, scratch, progress
    )
    notes = void_notes(filled, tiles, dem.name)
    return Flow(filled, d8, cells, (abs(dem.dx), abs(dem.dy)), tiles, scratch, notes, progress)


def _filled(
    dem: Grid, tiles: Tiles, scratch: Scratch, progress: Progress | None
) -> NDArray[np.float32]:
    """Fill every tile from its edge, let catchments spill into each other, raise each tile."""
    levels, labels = scratch.new(np.float32), scratch.new(np.int32)

    def flood(tile: Tile) -> Any:
        heights = _framed_heights(dem, tile)
        ground = np.isfinite(heights)
        level, label, edges, passes, count = filling.flood_tile(heights, ground)
        level[~ground[1:-1, 1:-1]] = np.nan
        levels[tile.window], labels[tile.window] = level, label
        return edges, passes, count

    parts = tiles.work("isi cekungan", flood, progress)
    counts = np.array([count for *_, count in parts], np.int64)
    if not counts.sum():
        raise RasterError("{name} has no cell with data", code="dem_empty", name=dem.name)
    offsets = np.concatenate(([0], np.cumsum(counts)[:-1]))
    between, between_passes = edges_between(tiles, levels, labels, offsets)
    edges = [
        np.where(e > 0, e + offset, 0) for (e, _, _), offset in zip(parts, offsets, strict=True)
    ]
    spill = filling.spill_levels(
        np.vstack((*edges, between)).astype(np.int32),
        np.concatenate((*(passes for _, passes, _ in parts), between_passes)),
        int(counts.sum()) + 1,
    )

    def rise(tile: Tile) -> None:
        label = labels[tile.window]
        level = spill[np.where(label > 0, label + offsets[tile.number], 0)]
        levels[tile.window] = np.maximum(levels[tile.window], level)

    tiles.work("naikkan ke titik limpas", rise, progress)
    return levels


def _framed_heights(dem: Grid, tile: Tile) -> NDArray[np.float32]:
    """Read a tile and the cells around it; NaN without data and beyond the model."""
    r0, r1 = max(tile.r0 - 1, 0), min(tile.r1 + 1, dem.height)
    c0, c1 = max(tile.c0 - 1, 0), min(tile.c1 + 1, dem.width)
    raw = dem.read((r0, r1), (c0, c1))[0]
    heights = np.where(dem.valid(raw), raw, np.nan).astype(np.float32)
    before = (r0 - tile.r0 + 1, c0 - tile.c0 + 1)
    after = (tile.r1 + 1 - r1, tile.c1 + 1 - c1)
    return np.pad(
        heights, tuple(zip(before, after, strict=True)), constant_values=np.float32(np.nan)
    )


def _directions(
    filled: NDArray[np.float32],
    dem: Grid,
    tiles: Tiles,
    scratch: Scratch,
    progress: Progress | None,
) -> NDArray[np.uint8]:
    """Steepest descent; then, as long as any way over flats gets shorter, its tile again."""
    d8, steps = scratch.new(np.uint8), scratch.new(np.int32)

    def descend(tile: Tile) -> int:
        levels = framed(filled, tile, np.nan)
        code, step, flats = directions.descend(levels, ~np.isnan(levels), dem.dx, dem.dy)
        d8[tile.window], steps[tile.window] = code, step
        return flats

    def shorten(tile: Tile) -> bool:
        step = framed(steps, tile, directions.FAR + 1)
        changed = directions.shorten(framed(filled, tile, np.nan), step)
        steps[tile.window] = step[1:-1, 1:-1]
        return changed

    def turn(tile: Tile) -> None:
        code = np.ascontiguousarray(d8[tile.window])
        step = framed(steps, tile, directions.FAR + 1)
        directions.towards_out(framed(filled, tile, np.nan), step, code)
        d8[tile.window] = code

    flats = tiles.work("arah aliran", descend, progress)
    flat = [tile for tile, cells in zip(tiles, flats, strict=True) if cells]
    waiting = flat
    while waiting:
        changed = tiles.work("dataran", shorten, progress, waiting)
        moved = [tile for tile, was in zip(waiting, changed, strict=True) if was]
        waiting = [tile for tile in flat if any(_touch(tile, other) for other in moved)]
    tiles.work("arah dataran", turn, progress, flat)
    return d8


def _touch(one: Tile, other: Tile) -> bool:
    """Say whether two different tiles share an edge or a corner."""
    rows = one.r0 <= other.r1 and other.r0 <= one.r1
    return one != other and rows and one.c0 <= other.c1 and other.c0 <= one.c1
