"""The elevation model at 30 m and what floods reach, by height above the nearest river."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import (
    FINE_CELL,
    FINE_SIDE,
    NORTH,
    SIDE,
    WEST,
    centres,
    transform,
)
from layers.sample.noise import Warp, field
from layers.sample.rivers import River
from layers.sample.terrain import Terrain

__all__ = ["NODATA", "RETURN_PERIODS", "Surface", "flood_depths", "make_surface"]

Array: TypeAlias = NDArray[np.float64]

NODATA: Final = -9999.0
#: Return period (years) and how far it lifts a river's stage.
RETURN_PERIODS: Final = {5: 0.42, 25: 0.66, 100: 0.9}
#: Rivers smaller than this are not modelled, km2.
MODELLED_KM2: Final = 9.0
#: Further from a river, or higher above it, nothing was modelled: no answer, not zero.
REACH_M: Final = 4500.0
HIGHEST_M: Final = 14.0
#: How far inland the tide is modelled, m.
TIDE_M: Final = 1500.0


@dataclass(frozen=True)
class Surface:
    """Elevation on the 30 m grid.

    Attributes
    ----------
    z : array (864, 864), m; sea as 0
    land : bool array
    """

    z: Array
    land: NDArray[np.bool_]

    @property
    def slope(self) -> Array:
        """Rise over run."""
        down, right = np.gradient(ndimage.gaussian_filter(self.z, 0.8), FINE_CELL)
        return np.asarray(np.hypot(down, right))


def make_surface(
    terrain: Terrain, origin: Array, rivers: list[River], land: BaseGeometry, seed: int
) -> Surface:
    """Draw the 90 m terrain finer and press the rivers into it."""
    x, y = centres(FINE_CELL)
    there = _burn([land])
    z = ndimage.map_coordinates(np.maximum(terrain.z, 0.2), origin, order=1, mode="nearest")
    z = ndimage.gaussian_filter(z, 1.0)
    z += (0.25 + 0.045 * z) * field(seed, "detail", 420.0, 3, 0.6)(x, y)
    z -= _incision(rivers)
    return Surface(np.where(there, np.maximum(z, 0.15), 0.0), there)


def _burn(shapes: list[BaseGeometry], *, touched: bool = False) -> NDArray[np.bool_]:
    burnt = features.rasterize(
        shapes,
        out_shape=(FINE_SIDE, FINE_SIDE),
        transform=transform(FINE_CELL),
        all_touched=touched,
    )
    return np.asarray(burnt, dtype=bool)


def _incision(rivers: list[River]) -> Array:
    """How deep the rivers lie below their plain, m, fading over 60 m."""
    depth = features.rasterize(
        [(river.line, 0.9 + 0.09 * float(river.width_m.mean())) for river in reversed(rivers)],
        out_shape=(FINE_SIDE, FINE_SIDE),
        transform=transform(FINE_CELL),
        all_touched=True,
        dtype="float64",
    )
    away, at = ndimage.distance_transform_edt(depth == 0.0, sampling=FINE_CELL, return_indices=True)
    return np.asarray(depth[at[0], at[1]] * np.exp(-((away / 55.0) ** 2)))


def flood_depths(surface: Surface, terrain: Terrain, move: Warp, origin: Array) -> dict[int, Array]:
    """Depth of water by return period, m; `NODATA` outside the model.

    A cell is as wet as the stage of the river it drains to rises above it, less with
    distance; along the coast the tide adds its own. A rarer flood is never shallower.
    """
    channel = _channel_below(terrain)
    bed_z, away90, stage90 = _channel_facts(channel, surface, terrain, move)
    rows, columns = np.clip(np.rint(origin), 0, SIDE - 1).astype(np.intp)
    above = surface.z - bed_z[rows, columns]
    away, stage = away90[rows, columns], stage90[rows, columns]
    to_sea = ndimage.distance_transform_edt(surface.land, sampling=FINE_CELL)
    modelled = surface.land & (((away < REACH_M) & (above < HIGHEST_M)) | (to_sea < TIDE_M))
    depths = {}
    for years, share in RETURN_PERIODS.items():
        river = share * stage * np.exp(-away / 3800.0) - above
        tide = (0.4 + share) * np.exp(-to_sea / TIDE_M) - surface.z
        depth = ndimage.gaussian_filter(np.clip(np.maximum(river, tide), 0.0, 5.0), 1.6)
        depths[years] = np.where(modelled, np.round(depth, 2), NODATA)
    return depths


def _channel_below(terrain: Terrain) -> NDArray[np.int64]:
    """Find the modelled channel cell each cell drains to; -1 where it meets the sea first."""
    channel = (terrain.area_km2.ravel() >= MODELLED_KM2) & terrain.land.ravel()
    below = np.where(channel, np.arange(SIDE * SIDE), -1).tolist()
    receiver = terrain.receiver.tolist()
    for cell in terrain.order.tolist():
        if below[cell] < 0:
            below[cell] = below[receiver[cell]]
    return np.array(below).reshape(SIDE, SIDE)


def _channel_facts(
    channel: NDArray[np.int64], surface: Surface, terrain: Terrain, move: Warp
) -> tuple[Array, Array, Array]:
    """Bed height, distance and stage of each cell's channel; nothing where it has none."""
    x, y = centres()
    at = move(np.column_stack((x.ravel(), y.ravel())))
    low = ndimage.minimum_filter(surface.z, 7)
    rows = np.clip(((NORTH - at[:, 1]) // FINE_CELL).astype(int), 0, FINE_SIDE - 1)
    columns = np.clip(((at[:, 0] - WEST) // FINE_CELL).astype(int), 0, FINE_SIDE - 1)
    bed = low[rows, columns][channel]
    away = np.hypot(*(at.reshape(SIDE, SIDE, 2) - at[channel]).transpose(2, 0, 1))
    stage = 2.2 * terrain.area_km2.ravel()[channel] ** 0.15
    none = channel < 0
    return np.where(none, -np.inf, bed), np.where(none, np.inf, away), np.where(none, 0.0, stage)
