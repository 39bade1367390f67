"""Where water runs: filled heights, D8 directions, accumulation, basins, height above rivers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyflwdir
from numpy.typing import NDArray

from spatial.errors import LimitError, RasterError
from spatial.notes import Note
from spatial.terrain.slope import refuse_degrees
from spatial.zonal import Grid

__all__ = ["Flow", "flow_of", "height_above_drainage", "upstream_value"]

#: Memory is about 34 bytes a cell; this many cells stay below 4 GB.
MAX_FLOW_CELLS: Final = 120_000_000
#: pyflwdir's value for a cell without ground.
NO_DIRECTION: Final = 247
MISSING: Final = -9999.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Flow over a height model.

    `filled` (float32, metres, NaN without data) and `d8` (1 east, 2 south-east, 4 south ...
    128 north-east; 0 an outlet, 247 no data) have the shape of the model, as has
    `cells_upstream`, the number of cells that drain through a cell, itself included.
    """

    filled: NDArray[np.float32]
    d8: NDArray[np.uint8]
    cells_upstream: NDArray[np.int32]
    cell_km2: float
    network: Any
    notes: tuple[Note, ...] = ()

    def area_km2(self) -> NDArray[np.float32]:
        """Return the area that drains through each cell, itself included; NaN without data."""
        area = self.cells_upstream.astype(np.float32) * np.float32(self.cell_km2)
        return np.where(self.d8 == NO_DIRECTION, np.float32(np.nan), area)

    def rivers(self, threshold_km2: float) -> NDArray[np.bool_]:
        """Say through which cells at least `threshold_km2` drain."""
        return self.cells_upstream >= max(1.0, threshold_km2 / self.cell_km2)

    def basins(self) -> NDArray[np.uint32]:
        """Return the number of the basin of each cell, from 1; 0 without data."""
        numbered: NDArray[np.uint32] = self.network.basins()
        return numbered

    def stream_order(self, rivers: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Return the Strahler order of river cells; 0 elsewhere."""
        order = np.asarray(self.network.stream_order(mask=rivers))
        return np.where(rivers, order, 0).astype(np.int8)


def flow_of(dem: Grid) -> Flow:
    """Fill depressions and let every cell drain to its lowest neighbour.

    Depressions are filled to their pour point, and cells in them drain towards it, so water
    always reaches the edge of the data. Voids inside the data are outlets too, and noted.

    Parameters
    ----------
    dem : Grid in a projected CRS, heights in metres

    Raises
    ------
    RasterError
        `dem_degrees`; `dem_empty`, if no cell has data.
    LimitError
        `dem_too_large`: work by DAS, each with its own cut of the model.

    References
    ----------
    Wang, L., Liu, H. (2006). An efficient method for identifying and filling surface
    depressions. IJGIS 20(2), 193-213, as pyflwdir implements it.

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
    if dem.height * dem.width > MAX_FLOW_CELLS:
        raise LimitError(
            "{name} has {cells} cells; flow is computed for at most {limit} at a time",
            code="dem_too_large",
            hint="Cut it by DAS: no water crosses the divide between two of them",
            name=dem.name,
            cells=dem.height * dem.width,
            limit=MAX_FLOW_CELLS,
        )
    heights = _heights(dem)
    if not (heights != MISSING).any():
        raise RasterError("{name} has no cell with data", code="dem_empty", name=dem.name)
    filled, d8 = pyflwdir.dem.fill_depressions(heights, outlets="edge", nodata=MISSING)
    notes = _voids(heights, dem)
    del heights
    network = pyflwdir.from_array(d8, ftype="d8", transform=dem.transform, latlon=False)
    filled[filled == MISSING] = np.nan
    return Flow(
        filled,
        d8,
        network.upstream_area(unit="cell").astype(np.int32),
        abs(dem.dx * dem.dy) / 1e6,
        network,
        notes,
    )


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
    base = upstream_value(flow, rivers, flow.filled)
    # Filling leaves rounding of a tenth of a micrometre; no ground lies below its river.
    height: NDArray[np.float32] = np.maximum(flow.filled - base, np.float32(0))
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
    seeds = np.where(rivers, values, MISSING).astype(np.float32)
    carried: NDArray[np.float32] = flow.network.fillnodata(seeds, MISSING, direction="up")
    ground = (carried != MISSING) & (flow.d8 != NO_DIRECTION)
    carried[~ground] = np.nan
    return carried


def _heights(dem: Grid) -> NDArray[np.float32]:
    """Read the model whole as float32, in place where it can be: memory is what limits flow."""
    raw = dem.read()[0]
    missing = ~dem.valid(raw)
    heights: NDArray[np.float32] = raw.astype(np.float32, copy=False)
    heights[missing] = MISSING
    return heights


def _voids(heights: NDArray[np.float32], dem: Grid) -> tuple[Note, ...]:
    """Note the holes in the data that touch no edge: water would vanish in them."""
    from scipy import ndimage

    blank = heights == MISSING
    if not blank.any():
        return ()
    labels, _ = ndimage.label(blank)
    edge = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    inner = np.setdiff1d(labels[blank], edge)
    if not len(inner):
        return ()
    cells = int(np.isin(labels, inner).sum())
    note = Note(
        "dem_voids",
        "{name} has {voids} voids of together {cells} cells inside its data; water ends there",
        "warning",
        {"name": dem.name, "voids": len(inner), "cells": cells},
    )
    return (note,)
