"""Where water runs: filled heights, D8 directions, accumulation, basins, height above rivers.

One way for all sizes: the model is worked on in tiles, a small one being a single tile. What
is too large for memory lives in files while it is worked on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spatial.errors import RasterError
from spatial.notes import Note
from spatial.terrain import directions, filling
from spatial.terrain.between import crossings_of, edges_between
from spatial.terrain.directions import NO_DIRECTION, OUTLET
from spatial.terrain.routing import gather, resolve
from spatial.terrain.slope import refuse_degrees
from spatial.terrain.streams import strahler
from spatial.terrain.tiles import Progress, Scratch, Tile, Tiles, framed
from spatial.terrain.voids import void_notes
from spatial.zonal import Grid

__all__ = ["TILE", "Flow", "carry_up", "flow_of", "height_above_drainage", "upstream_value"]

#: Rows and columns of a tile: about 40 bytes a cell, on two threads, are 350 MB.
TILE: Final = 2048


@dataclass(frozen=True, slots=True)
class Flow:
    """Flow over a height model.

    `filled` (float32, metres, NaN without data) and `d8` (1 east, 2 south-east, 4 south ...
    128 north-east; 0 an outlet, 247 no data) have the shape of the model, as has
    `cells_upstream`, the number of cells that drain through a cell, itself included (0
    without data). The arrays lie in memory, or in files that last as long as this object.
    """

    filled: NDArray[np.float32]
    d8: NDArray[np.uint8]
    cells_upstream: NDArray[np.int32]
    cell_km2: float
    tiles: Tiles
    scratch: Scratch
    notes: tuple[Note, ...] = ()
    progress: Progress | None = None

    def area_km2(self) -> NDArray[np.float32]:
        """Return the area that drains through each cell, itself included; NaN without data."""
        return self._each("luas tangkapan", np.float32, self.area_of)

    def area_of(self, tile: Tile) -> NDArray[np.float32]:
        """Return `area_km2` of one tile."""
        area = self.cells_upstream[tile.window].astype(np.float32) * np.float32(self.cell_km2)
        return np.where(self.d8[tile.window] == NO_DIRECTION, np.float32(np.nan), area)

    def rivers(self, threshold_km2: float) -> NDArray[np.bool_]:
        """Say through which cells at least `threshold_km2` drain."""
        least = max(1.0, threshold_km2 / self.cell_km2)
        return self._each("sungai", np.bool_, lambda t: self.cells_upstream[t.window] >= least)

    def basins(self) -> NDArray[np.uint32]:
        """Return the number of the basin of each cell, from 1; 0 without data.

        Basins are numbered by their outlets, row by row.
        """
        outlets = self.tiles.work(
            "muara", lambda t: self._cells(self.d8[t.window] == OUTLET, t), None
        )
        order = np.sort(np.concatenate(outlets))

        def number(tile: Tile) -> NDArray[np.uint32]:
            ranks = np.zeros(tile.shape, np.uint32)
            mouth = self.d8[tile.window] == OUTLET
            ranks[mouth] = 1 + np.searchsorted(order, self._cells(mouth, tile))
            return ranks

        return carry_up(self, lambda t: self.d8[t.window] == OUTLET, number, np.uint32, 0)

    def stream_order(self, rivers: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return the Strahler order of river cells; 0 elsewhere."""
        out: NDArray[np.int8] = self.scratch.new(np.int8)
        strahler(self.tiles, self.d8, self.cells_upstream, rivers, out)
        return out

    def _cells(self, mask: NDArray[np.bool_], tile: Tile) -> NDArray[np.int64]:
        row, col = np.nonzero(mask)
        return (row + tile.r0).astype(np.int64) * self.tiles.width + col + tile.c0

    def _each(self, what: str, dtype: Any, make: Callable[[Tile], Any]) -> NDArray[Any]:
        out = self.scratch.new(dtype)

        def write(tile: Tile) -> None:
            out[tile.window] = make(tile)

        self.tiles.work(what, write, self.progress)
        return out


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
    cells = _accumulated(d8, tiles, scratch, progress)
    notes = void_notes(filled, tiles, dem.name)
    return Flow(filled, d8, cells, abs(dem.dx * dem.dy) / 1e6, tiles, scratch, notes, progress)


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


def _accumulated(
    d8: NDArray[np.uint8], tiles: Tiles, scratch: Scratch, progress: Progress | None
) -> NDArray[np.int32]:
    """Count within tiles, settle what crosses between them, count again with what comes in."""
    none = np.empty(0, np.int64)
    crossings, _ = crossings_of(tiles, d8, lambda tile: np.zeros(tile.shape, bool), progress)
    local = np.zeros(len(crossings.source), np.int64)
    cells = scratch.new(np.int32)

    def count(tile: Tile) -> None:
        leaving, at = crossings.leaving(tile)
        local[leaving] = gather(np.ascontiguousarray(d8[tile.window]), none, none).ravel()[at]

    if len(local):
        tiles.work("akumulasi per petak", count, progress)
    amounts = crossings.amounts(local)

    def write(tile: Tile) -> None:
        entering, at = crossings.entering(tile)
        cells[tile.window] = gather(np.ascontiguousarray(d8[tile.window]), at, amounts[entering])

    tiles.work("akumulasi", write, progress)
    return cells


def carry_up(
    flow: Flow,
    stops: Callable[[Tile], NDArray[np.bool_]],
    values: Callable[[Tile], NDArray[Any]],
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
    out = flow.scratch.new(dtype)
    crossings, met = crossings_of(flow.tiles, flow.d8, stops, flow.progress)
    carried, known = np.zeros(len(met), dtype), met >= 0

    def look(tile: Tile) -> None:
        row, col = np.divmod(met, flow.tiles.width)
        here = known & (flow.tiles.number_at(row, col) == tile.number)
        if here.any():
            carried[here] = values(tile)[row[here] - tile.r0, col[here] - tile.c0]

    def write(tile: Tile) -> None:
        leaving, at = crossings.leaving(tile)
        useful = known[ends[leaving]]
        got, seen = resolve(
            np.ascontiguousarray(flow.d8[tile.window]),
            stops(tile),
            np.ascontiguousarray(values(tile), dtype),
            at[useful],
            carried[ends[leaving]][useful],
        )
        out[tile.window] = np.where(seen, got, blank)

    flow.tiles.work("nilai di batas petak", look, None)
    ends = crossings.ends()
    flow.tiles.work("bawa ke hulu", write, flow.progress)
    return out


def height_above_drainage(flow: Flow, rivers: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the height of each cell above the river cell that it drains to (HAND), in metres.

    Parameters
    ----------
    rivers : array of bool, shape of the model
        Which cells are river: `Flow.rivers` by drained area, or a burnt-in river map.

    Returns
    -------
    array
        NaN where water leaves the model without meeting a river: not the same as 0.

    References
    ----------
    Nobre, A.D. et al. (2011). Height Above the Nearest Drainage. Journal of Hydrology 404.
    """
    height = upstream_value(flow, rivers, flow.filled)

    def subtract(tile: Tile) -> None:
        height[tile.window] = flow.filled[tile.window] - height[tile.window]

    flow.tiles.work("HAND", subtract, flow.progress)
    return height


def upstream_value(
    flow: Flow, rivers: NDArray[np.bool_], values: NDArray[Any]
) -> NDArray[np.float32]:
    """Carry the value of each river cell up to all cells that drain to it.

    Returns
    -------
    array of float32
        NaN where water leaves the model without meeting a river.
    """
    return carry_up(
        flow,
        lambda tile: (
            np.ascontiguousarray(rivers[tile.window]) & (flow.d8[tile.window] != NO_DIRECTION)
        ),
        lambda tile: values[tile.window],
        np.float32,
        np.nan,
    )
