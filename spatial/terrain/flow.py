"""Where water runs over a height model, and what that says of each cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.notes import Note
from spatial.terrain.directions import CODES, NO_DIRECTION, OUTLET
from spatial.terrain.network import accumulate, carry_up
from spatial.terrain.streams import strahler
from spatial.terrain.tiles import Progress, Scratch, Tile, Tiles, framed

__all__ = ["Flow", "height_above_drainage", "slope_area_rivers", "upstream_value"]


@dataclass(frozen=True, slots=True)
class Flow:
    """Flow over a height model.

    `filled` (float32, metres, NaN without data) and `d8` (1 east, 2 south-east, 4 south ...
    128 north-east; 0 an outlet, 247 no data) have the shape of the model, as has
    `cells_upstream`, the number of cells that drain through a cell, itself included (0
    without data). `cell_m` is the size of a cell in x and y. The arrays lie in memory, or in
    files that last as long as this object.
    """

    filled: NDArray[np.float32]
    d8: NDArray[np.uint8]
    cells_upstream: NDArray[np.int32]
    cell_m: tuple[float, float]
    tiles: Tiles
    scratch: Scratch
    notes: tuple[Note, ...] = ()
    progress: Progress | None = None

    @property
    def cell_km2(self) -> float:
        """Area of a cell."""
        return self.cell_m[0] * self.cell_m[1] / 1e6

    def area_km2(self) -> NDArray[np.float32]:
        """Return the area that drains through each cell, itself included; NaN without data."""
        return self.each("luas tangkapan", np.float32, self.area_of)

    def area_of(self, tile: Tile) -> NDArray[np.float32]:
        """Return `area_km2` of one tile."""
        area = self.cells_upstream[tile.window].astype(np.float32) * np.float32(self.cell_km2)
        return np.where(self.d8[tile.window] == NO_DIRECTION, np.float32(np.nan), area)

    def rivers(self, threshold_km2: float) -> NDArray[np.bool_]:
        """Say through which cells at least `threshold_km2` drain."""
        least = max(1.0, threshold_km2 / self.cell_km2)
        return self.each("sungai", np.bool_, lambda t: self.cells_upstream[t.window] >= least)

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

        return carry_up(
            self.d8,
            lambda t: self.d8[t.window] == OUTLET,
            number,
            self.tiles,
            self.scratch,
            self.progress,
            dtype=np.uint32,
            blank=0,
        )

    def stream_order(self, rivers: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return the Strahler order of river cells; 0 elsewhere."""
        out: NDArray[np.int8] = self.scratch.new(np.int8)
        strahler(self.tiles, self.d8, self.cells_upstream, rivers, out)
        return out

    def _cells(self, mask: NDArray[np.bool_], tile: Tile) -> NDArray[np.int64]:
        row, col = np.nonzero(mask)
        return (row + tile.r0).astype(np.int64) * self.tiles.width + col + tile.c0

    def each(self, what: str, dtype: Any, make: Callable[[Tile], Any]) -> NDArray[Any]:
        """Make an array of the model's shape, tile by tile."""
        out = self.scratch.new(dtype)

        def write(tile: Tile) -> None:
            out[tile.window] = make(tile)

        self.tiles.work(what, write, self.progress)
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
        flow.d8,
        lambda tile: (
            np.ascontiguousarray(rivers[tile.window]) & (flow.d8[tile.window] != NO_DIRECTION)
        ),
        lambda tile: values[tile.window],
        flow.tiles,
        flow.scratch,
        flow.progress,
        dtype=np.float32,
        blank=np.nan,
    )


def slope_area_rivers(
    flow: Flow, *, exponent: float, offset: float, threshold_m2: float
) -> NDArray[np.bool_]:
    """Find river cells by area and slope: steep ground needs less area to have a channel.

    A cell begins a river if the area above it (m², itself excluded) times
    (fall / distance + offset) ** exponent exceeds the threshold; all below it is river too.

    References
    ----------
    Giannoni, F., Roth, G., Rudari, R. (2005). A procedure for drainage network
    identification from geomorphology and its application to the prediction of the hydrologic
    response. Advances in Water Resources 28, 567-581.
    """

    def begins(tile: Tile) -> NDArray[np.bool_]:
        code = flow.d8[tile.window]
        area = (flow.cells_upstream[tile.window].astype(float) - 1) * flow.cell_km2 * 1e6
        steep = (_fall(flow, tile) + offset) ** exponent
        river: NDArray[np.bool_] = (area * steep > threshold_m2) & (code != NO_DIRECTION)
        return river

    below = accumulate(flow.d8, begins, flow.tiles, flow.scratch, flow.progress)
    return flow.each("sungai", np.bool_, lambda tile: below[tile.window] > 0)


def _fall(flow: Flow, tile: Tile) -> NDArray[np.float64]:
    """Fall over distance to the cell that each cell drains to; 0 at outlets and over flats."""
    levels = framed(flow.filled, tile, np.nan).astype(float)
    code = flow.d8[tile.window]
    rows, cols = tile.shape
    out = np.zeros(tile.shape)
    for number, down, right in CODES.tolist():
        here = code == number
        below = levels[1 + down : 1 + down + rows, 1 + right : 1 + right + cols]
        fall = levels[1:-1, 1:-1] - below
        out[here] = fall[here] / np.hypot(down * flow.cell_m[1], right * flow.cell_m[0])
    return out
