"""The elevation model at 30 m and what floods reach, by height above the nearest river."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage

from layers.sample.grid import FINE_CELL, FINE_SIDE, centres, transform
from layers.sample.noise import field
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
    terrain: Terrain, origin: Array, rivers: list[River], land: shapely.Geometry, seed: int
) -> Surface:
    """Draw the 90 m terrain finer and press the rivers into it."""
    x, y = centres(FINE_CELL)
    there = _burn([land])
    z = ndimage.map_coordinates(np.maximum(terrain.z, 0.2), origin, order=1, mode="nearest")
    z = ndimage.gaussian_filter(z, 1.0)
    z += (0.25 + 0.03 * z) * field(seed, "detail", 420.0, 3, 0.6)(x, y)
    z -= _incision(rivers)
    return Surface(np.where(there, np.maximum(z, 0.15), 0.0), there)


def _burn(shapes: list[shapely.Geometry], *, touched: bool = False) -> NDArray[np.bool_]:
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


def flood_depths(surface: Surface, rivers: list[River]) -> dict[int, Array]:
    """Depth of water by return period, m; `NODATA` outside the model.

    A cell is as wet as the stage of its nearest modelled river rises above it, less with
    distance; along the coast the tide adds its own. A rarer flood is never shallower.
    """
    modelled = [river for river in rivers if river.area_km2 >= MODELLED_KM2]
    size = features.rasterize(
        [(river.line, river.area_km2) for river in reversed(modelled)],
        out_shape=surface.z.shape,
        transform=transform(FINE_CELL),
        all_touched=True,
        dtype="float64",
    )
    away, at = ndimage.distance_transform_edt(size == 0.0, sampling=FINE_CELL, return_indices=True)
    above = surface.z - surface.z[at[0], at[1]]
    stage = 2.1 * size[at[0], at[1]] ** 0.16
    to_sea = ndimage.distance_transform_edt(surface.land, sampling=FINE_CELL)
    inside = surface.land & (away < REACH_M) & (above < HIGHEST_M)
    depths = {}
    for years, share in RETURN_PERIODS.items():
        river = share * stage * np.exp(-away / 2600.0) - above
        tide = (0.4 + share) * np.exp(-to_sea / 1500.0) - surface.z
        depth = np.clip(np.maximum(river, tide), 0.0, 6.0)
        depths[years] = np.where(inside, np.round(ndimage.gaussian_filter(depth, 1.0), 2), NODATA)
    return depths
