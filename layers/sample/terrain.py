"""Terrain: a coastal plain, a hill beside the town, a volcano's flank, and water that cuts it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from layers.sample.grid import CELL, SIDE, cell_of, centres
from layers.sample.noise import field, generator

__all__ = ["CAPITAL", "Terrain", "make_terrain"]

Array: TypeAlias = NDArray[np.float64]

#: Centre of the capital, EPSG:9489.
CAPITAL: Final = (460_800.0, 9_248_300.0)
VOLCANO: Final = (467_800.0, 9_226_600.0)
HILL: Final = (459_000.0, 9_246_900.0)
#: Where the big river enters from the neighbour in the south, and what drains to it there.
INFLOW: Final = (454_400.0, 9_229_050.0)
INFLOW_KM2: Final = 560.0
#: Steps of erosion: enough that valleys branch, few enough that the build stays quick.
EROSION_STEPS: Final = 6
SEA_DEPTH_M: Final = -4.0
RAIN_CUTS: Final = 0.3


@dataclass(frozen=True)
class Terrain:
    """Elevation on the 90 m grid and the way water takes over it.

    Attributes
    ----------
    z : array (rows, columns), m above sea
    land : bool array of the same shape
    receiver : int array (cells,)
        The cell each cell drains to; itself where water leaves.
    order : int array (cells,)
        Cells from the outlets upwards: a receiver always comes before its givers.
    area_km2 : array (rows, columns)
        What drains through each cell.
    """

    z: Array
    land: NDArray[np.bool_]
    receiver: NDArray[np.int64]
    order: NDArray[np.int64]
    area_km2: Array


def make_terrain(seed: int) -> Terrain:
    """Raise the land, then let water cut it."""
    z = _raise(seed)
    land = _mainland(z > 0.0)
    z = np.where(land, np.maximum(z, 0.3), SEA_DEPTH_M)
    for _ in range(EROSION_STEPS):
        receiver, order = _flood(z, land)
        area = _accumulate(receiver, order)
        z = _cut(z, land, receiver, order, area)
    receiver, order = _flood(z, land)
    z = _without_pits(z, receiver, order)
    return Terrain(z, land, receiver, order, _accumulate(receiver, order))


def coast_y(seed: int, x: Array) -> Array:
    """Return the northing of the mean coast at each easting."""
    bays = field(seed, "coast", 7000.0, octaves=3, gain=0.45)
    return 9_249_850.0 + 800.0 * bays(x, np.full_like(x, 9_249_000.0))


def _raise(seed: int) -> Array:
    """Elevation before erosion, m."""
    x, y = centres()
    inland = coast_y(seed, x) - y + 260.0 * field(seed, "shore", 1600.0, 4)(x, y)
    rough = field(seed, "rough", 5200.0, 6, 0.52)(x, y)
    ridges = 1.0 - np.abs(field(seed, "ridges", 6000.0, 5, 0.5)(x, y))
    plain = 12.0 * (np.clip(inland, -3000.0, 9000.0) / 9000.0)
    upland = np.clip((inland - 7500.0) / 12_500.0, 0.0, None) ** 1.35
    away = np.hypot(x - VOLCANO[0], y - VOLCANO[1])
    cone = 1250.0 * np.exp(-away / 3900.0)
    hill = _hill(x, y, HILL, (1500.0, 560.0), 0.35) * 400.0
    hill += _hill(x, y, (464_900.0, 9_242_300.0), (1300.0, 800.0), -0.5) * 95.0
    relief = upland * (130.0 + 300.0 * ridges**2 + 110.0 * rough)
    gentle = 2.2 * rough * np.clip(inland / 2500.0, 0.0, 1.0)
    lumpy = 1.0 + 0.35 * rough
    smooth = plain + gentle + relief + (cone + hill) * lumpy
    # Grain of single cells, or water would run in the eight straight directions of the grid.
    grain = generator(seed, "grain").uniform(-1.0, 1.0, x.shape)
    return smooth + np.where(inland > 200.0, grain * (0.6 + 0.05 * smooth), 0.0)


def _hill(
    x: Array, y: Array, at: tuple[float, float], size: tuple[float, float], turn: float
) -> Array:
    cos, sin = np.cos(turn), np.sin(turn)
    along = ((x - at[0]) * cos + (y - at[1]) * sin) / size[0]
    across = ((y - at[1]) * cos - (x - at[0]) * sin) / size[1]
    return np.asarray(np.exp(-(along**2 + across**2)))


def _mainland(dry: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the largest land, and no lakes: this coast has neither islands nor lagoons."""
    labels, _ = ndimage.label(dry)
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    return np.asarray(ndimage.binary_fill_holes(labels == largest), dtype=np.bool_)


def _flood(z: Array, land: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where each cell drains (priority flood, Barnes et al. 2014, with epsilon).

    Water leaves through the sea and the west and east edges; the south is higher ground.
    """
    # A rim of one cell around the grid, already seen, spares the bounds checks.
    wide = SIDE + 2
    steps = (-wide, -1, 1, wide, -wide - 1, -wide + 1, wide - 1, wide + 1)
    height = np.pad(z, 1).ravel().tolist()
    receiver = list(range(wide * wide))
    edge = np.zeros((SIDE, SIDE), dtype=bool)
    edge[:, [0, -1]] = True
    edge[0] = True
    exits = np.flatnonzero(np.pad(edge | ~land, 1))
    seen = np.pad(edge | ~land, 1, constant_values=True).ravel().tolist()
    queue = [(height[cell], cell) for cell in exits.tolist()]
    heapq.heapify(queue)
    order = []
    while queue:
        level, cell = heapq.heappop(queue)
        order.append(cell)
        for step in steps:
            near = cell + step
            if not seen[near]:
                seen[near] = True
                receiver[near] = cell
                heapq.heappush(queue, (max(height[near], level + 1e-4), near))
    inner = np.array(receiver).reshape(wide, wide)[1:-1, 1:-1].ravel()
    return _without_rim(inner), _without_rim(np.array(order))


def _without_rim(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cell numbers of the padded grid as those of the grid itself."""
    row, column = np.divmod(cells, SIDE + 2)
    return np.asarray((row - 1) * SIDE + column - 1)


def _without_pits(z: Array, receiver: NDArray[np.int64], order: NDArray[np.int64]) -> Array:
    """Raise hollows until they spill: this land has no lakes."""
    height, target = z.ravel().tolist(), receiver.tolist()
    for cell in order.tolist():
        if target[cell] != cell:
            height[cell] = max(height[cell], height[target[cell]] + 1e-3)
    return np.array(height).reshape(SIDE, SIDE)


def _accumulate(receiver: NDArray[np.int64], order: NDArray[np.int64]) -> Array:
    """Area that drains through each cell, km2, with what enters from the south."""
    area = np.full(SIDE * SIDE, CELL * CELL / 1e6)
    row, column = cell_of(*INFLOW)
    area[row * SIDE + column] += INFLOW_KM2
    total, target = area.tolist(), receiver.tolist()
    for cell in reversed(order.tolist()):
        if target[cell] != cell:
            total[target[cell]] += total[cell]
    return np.array(total).reshape(SIDE, SIDE)


def _cut(
    z: Array,
    land: NDArray[np.bool_],
    receiver: NDArray[np.int64],
    order: NDArray[np.int64],
    area: Array,
) -> Array:
    """One implicit step of the stream power law (Braun and Willett 2013) and some creep."""
    flow = RAIN_CUTS * np.sqrt(area.ravel())
    height, target = z.ravel().tolist(), receiver.tolist()
    for cell, cut in zip(order.tolist(), flow[order].tolist(), strict=True):
        below = target[cell]
        if below != cell and height[cell] > height[below]:
            height[cell] = (height[cell] + cut * height[below]) / (1.0 + cut)
    cut_z = np.array(height).reshape(SIDE, SIDE)
    creep = ndimage.gaussian_filter(cut_z, 0.7, mode="nearest")
    return np.where(land, np.maximum(creep, 0.2), z)
