"""What grows and stands where, on the 90 m grid: the ground that all plans are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage

from layers.sample.grid import CELL, SIDE, centres, transform
from layers.sample.noise import field
from layers.sample.terrain import CAPITAL, HILL, Terrain
from layers.sample.villages import Land

__all__ = ["CLASSES", "COMPOUND", "Ground", "classify", "make_ground", "tidy"]

Array: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int32]

#: A class two ministries do not agree on, as real plans print it.
COMPOUND: Final = "Kawasan Hutan Lindung / Kawasan Permukiman Perdesaan"
CLASSES: Final = (
    "-",
    "P-1",
    "P-2",
    "P-3",
    "HP",
    "HPT",
    "HL",
    "PS",
    "EM",
    "IK-2",
    "KEG",
    "PD",
    "PK",
    "KPI",
    "W",
    "TR",
    COMPOUND,
)
INDUSTRY: Final = (457_300.0, 9_249_350.0)
#: How town-like ground must be for each planner to call it town.
TOWN_FROM: Final = {"rdtr": 0.42, "rtrw_kab": 0.36, "rtrw_prov": 0.32}
BEACH: Final = (461_600.0, 9_251_560.0)
STATION: Final = (459_000.0, 9_248_000.0)
HOLDING: Final = (465_300.0, 9_233_300.0)


@dataclass(frozen=True)
class Ground:
    """Properties of each 90 m cell that decide its use.

    Attributes
    ----------
    slope : array, rise over run
    to_sea_m, to_river_m, to_road_m, to_big_river_m : arrays, m
    urban : array, 0..1
        How town-like a place is.
    rural : array, 0..1
        How village-like.
    """

    slope: Array
    to_sea_m: Array
    to_river_m: Array
    to_big_river_m: Array
    to_road_m: Array
    urban: Array
    rural: Array


def make_ground(
    terrain: Terrain, land: Land, channels: NDArray[np.bool_], roads: gpd.GeoDataFrame, seed: int
) -> Ground:
    """Measure each cell."""
    x, y = centres()
    down, right = np.gradient(ndimage.gaussian_filter(terrain.z, 0.8), CELL)
    to_road = _distance(_burn(roads))
    noise = field(seed, "settle", 1800.0, 4, 0.6)(x, y)
    away = np.hypot((x - CAPITAL[0]) * 0.85, y - CAPITAL[1])
    urban = np.exp(-((away / 2250.0) ** 2)) * (1.0 + 0.35 * noise)
    urban += 0.22 * np.exp(-to_road / 350.0) * np.exp(-((away / 4200.0) ** 4))
    rural = np.zeros_like(x)
    for place in land.centre:
        near = np.hypot(x - place[0], y - place[1])
        rural = np.maximum(rural, np.exp(-((near / 800.0) ** 2)))
    rural = rural * (1.0 + 0.5 * noise) + 0.45 * np.exp(-to_road / 160.0) * (0.75 + noise)
    return Ground(
        np.hypot(down, right),
        _distance(~terrain.land),
        _distance(channels),
        _distance(channels & (terrain.area_km2 > 25.0)),
        to_road,
        urban,
        rural,
    )


def _burn(lines: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    burnt = features.rasterize(
        list(lines.geometry), out_shape=(SIDE, SIDE), transform=transform(), all_touched=True
    )
    return np.asarray(burnt, dtype=bool)


def _distance(there: NDArray[np.bool_]) -> Array:
    """Distance of each cell to the nearest true one, m."""
    return np.asarray(ndimage.distance_transform_edt(~there) * CELL)


def classify(
    terrain: Terrain, ground: Ground, seed: int, *, draft: str = "rtrw_kab", strips: bool = True
) -> Labels:
    """Give each land cell a class of the general plan, as index into `CLASSES`.

    `strips` draws protected strips (PS) as cells; a detailed plan draws them as polygons.

    Another `draft` is another planner: the same rules with other judgement at the edges.
    """
    x, y = centres()
    doubt = field(seed, f"judgement/{draft}", 1500.0, 4, 0.6)(x, y)
    soil = field(seed, "soil", 3300.0, 4, 0.55)(x, y)
    z = terrain.z * (1.0 + 0.16 * doubt)
    steep = ground.slope * (1.0 + 0.3 * doubt)
    sea = ground.to_sea_m * (1.0 + 0.35 * doubt)
    result = np.full(x.shape, "P-1", dtype=object)
    result[(z > 55.0) | (steep > 0.11)] = "P-2"
    result[(z > 55.0) & (soil > 0.02) | (steep > 0.16)] = "P-3"
    result[(z > 190.0) & (soil + doubt > -0.35)] = "HP"
    result[(z > 330.0) & (soil + 0.8 * doubt > -0.3)] = "HPT"
    result[(z > 455.0) | (steep > 0.5)] = "HL"
    result[_hill(x, y) & (z > 62.0)] = "HP"
    result[(sea < 1150.0) & (soil > -0.3) & (z < 6.0)] = "IK-2"
    result[(sea < 820.0) & (soil < -0.05) & (z < 6.0)] = "KEG"
    lived = (ground.rural > 0.62 + 0.25 * doubt) & (z < 430.0) & (steep < 0.3) & (sea > 500.0)
    result[lived] = "PD"
    result[(ground.urban > TOWN_FROM[draft] + 0.12 * doubt) & (steep < 0.25) & (sea > 450.0)] = "PK"
    result[_patch(x, y, INDUSTRY, (900.0, 480.0), doubt)] = "KPI"
    result[_patch(x, y, HOLDING, (1000.0, 650.0), doubt)] = COMPOUND
    result[sea < 330.0] = "EM"
    result[(sea < 330.0) & (soil + 0.6 * doubt < -0.15)] = "PS" if strips else "KEG"
    result[_patch(x, y, BEACH, (950.0, 500.0), doubt)] = "W"
    result[_patch(x, y, STATION, (330.0, 200.0), doubt)] = "TR"
    if strips:
        result[ground.to_big_river_m < 60.0] = "PS"
    result[~terrain.land] = "-"
    codes = {name: place for place, name in enumerate(CLASSES)}
    return np.asarray(np.vectorize(codes.__getitem__)(result), dtype=np.int32)


def _hill(x: Array, y: Array) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(x - HILL[0], y - HILL[1]) < 3000.0)


def _patch(
    x: Array, y: Array, at: tuple[float, float], size: tuple[float, float], doubt: Array
) -> NDArray[np.bool_]:
    """Mark a blob with an uneven edge."""
    away = np.hypot((x - at[0]) / size[0], (y - at[1]) / size[1])
    return np.asarray(away < 1.0 + 0.4 * doubt)


def tidy(labels: Labels, cells: int, *, window: int = 3) -> Labels:
    """Generalise: the commonest class of a window, and no patch under `cells` cells."""
    count = np.stack(
        [
            ndimage.uniform_filter((labels == code).astype(float), window, mode="nearest")
            for code in range(int(labels.max()) + 1)
        ]
    )
    common = count.argmax(axis=0).astype(np.uint8)
    return np.asarray(features.sieve(common, cells, connectivity=4), dtype=np.int32)
