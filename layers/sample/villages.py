"""Villages (desa): grown over the terrain from their centres until they meet.

Rivers and slopes slow the growth, so borders come to lie along rivers and ridges.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CELL, CRS, HEIGHT_M, NORTH, SIDE, WEST, WIDTH_M, cell_of, centres
from layers.sample.mosaic import from_cells
from layers.sample.names import (
    DISTRICT,
    DISTRICT_CODE,
    KECAMATAN,
    MARK,
    PROVINCE,
    VILLAGE_NAMES,
)
from layers.sample.noise import Warp, field, generator
from layers.sample.terrain import CAPITAL, Terrain

__all__ = ["Land", "make_land"]

Array: TypeAlias = NDArray[np.float64]

#: Villages of the capital, offsets of their centres from its middle, m.
URBAN: Final = (
    (0, 100),
    (-1700, 1500),
    (100, 1900),
    (-1900, -300),
    (1900, 1100),
    (-500, -1700),
    (1600, -1200),
)
RURAL_SPACING_M: Final = 4100.0
#: Town villages are small: growing costs them this much more than the others.
URBAN_EFFORT: Final = 2.3
SEA: Final = 0
NEIGHBOUR: Final = -1


@dataclass(frozen=True)
class Land:
    """Land and villages as one coverage with the sea.

    Attributes
    ----------
    desa : GeoDataFrame
        One row per village with official columns, ordered by code; EPSG:9489.
    centre : array (n, 2)
        Where each village's settlement stands, in the order of `desa`.
    labels : int array (rows, columns)
        Row of `desa` + 1 per 90 m cell; 0 sea, -1 neighbouring kabupaten.
    land : geometry
        All land of the square, neighbours too.
    shore : geometry
        The line between land and sea.
    """

    desa: gpd.GeoDataFrame
    centre: Array
    labels: NDArray[np.int32]
    land: BaseGeometry
    shore: BaseGeometry

    @cached_property
    def kabupaten(self) -> Any:
        """The fictional kabupaten."""
        return shapely.coverage_union_all(self.desa.geometry.to_numpy())

    @cached_property
    def town(self) -> Any:
        """The capital's villages: the area of the detailed plan."""
        inside = (self.desa["WADMKC"] == KECAMATAN[0]).to_numpy()
        return shapely.coverage_union_all(self.desa.geometry.to_numpy()[inside])


def make_land(
    terrain: Terrain, channels: NDArray[np.bool_], move: Warp, origin: Array, seed: int
) -> Land:
    """Found the villages, grow them, and draw their borders."""
    inside = _kabupaten(terrain, seed)
    centre, kecamatan = _centres(terrain, inside, seed)
    order = np.lexsort((centre[:, 0], -centre[:, 1], kecamatan))
    centre, kecamatan = centre[order], kecamatan[order]
    grown = _grow(_effort(terrain, channels, seed), inside, centre)
    labels = np.where(terrain.land, np.where(inside, grown, NEIGHBOUR), SEA).astype(np.int32)
    polygons, values = from_cells(labels, origin, blur_m=55.0, tolerance_m=32.0)
    rows = [polygons[values == place + 1] for place in range(len(centre))]
    desa = gpd.GeoDataFrame(
        _codes(kecamatan), geometry=[shapely.coverage_union_all(parts) for parts in rows], crs=CRS
    )
    land = shapely.coverage_union_all(polygons[values != SEA])
    sea = shapely.coverage_union_all(polygons[values == SEA])
    shore = shapely.line_merge(shapely.intersection(shapely.boundary(land), shapely.boundary(sea)))
    return Land(desa, move(centre), labels, land, shore)


def _kabupaten(terrain: Terrain, seed: int) -> NDArray[np.bool_]:
    """Land of the kabupaten: the square without a wobbling margin."""
    x, y = centres()
    wobble = field(seed, "kabupaten", 5500.0, 3)(x, y)
    margin = np.maximum(1800.0 + 2100.0 * wobble, 600.0)
    west, east, south = x - WEST, WEST + WIDTH_M - x, y - (NORTH - HEIGHT_M)
    # Corners are cut, as no real border runs square.
    corner = np.minimum(west, east) + 0.55 * south
    return terrain.land & (np.minimum(np.minimum(west, east), south) > margin) & (corner > 4200.0)


def _centres(
    terrain: Terrain, inside: NDArray[np.bool_], seed: int
) -> tuple[Array, NDArray[np.int64]]:
    """Centres of the villages and the number of the kecamatan of each."""
    random = generator(seed, "villages")
    town = (
        np.array(CAPITAL)
        + np.array(URBAN, dtype=float)
        + random.uniform(-150, 150, (len(URBAN), 2))
    )
    steps = np.arange(RURAL_SPACING_M / 2, WIDTH_M, RURAL_SPACING_M)
    x, y = np.meshgrid(WEST + steps, NORTH - steps)
    rural = np.column_stack((x.ravel(), y.ravel())) + random.uniform(-1350, 1350, (x.size, 2))
    far = np.hypot(*(rural - CAPITAL).T) > 4000.0
    there = np.array([_well_inside(inside, *place) for place in rural])
    rural = rural[far & there]
    height = np.array([terrain.z[cell_of(*place)] for place in rural])
    # Kecamatan follow the land: the coast, the middle and the mountain.
    band = np.where(height > 110.0, 3, np.where(rural[:, 1] > 9_246_200.0, 1, 2))
    return np.vstack((town, rural)), np.concatenate((np.zeros(len(town), dtype=int), band))


def _well_inside(inside: NDArray[np.bool_], x: float, y: float) -> bool:
    row, column = cell_of(x, y)
    near = inside[max(row - 9, 0) : row + 10, max(column - 9, 0) : column + 10]
    return bool(near.size) and bool(near.mean() > 0.72) and bool(inside[row, column])


def _effort(terrain: Terrain, channels: NDArray[np.bool_], seed: int) -> Array:
    """Effort of crossing each cell."""
    x, y = centres()
    down, right = np.gradient(terrain.z, CELL)
    rough = np.exp(1.3 * field(seed, "borders", 2200.0, 5, 0.75)(x, y))
    wide = channels & (terrain.area_km2 > 9.0)
    return np.asarray(rough * (1.0 + 9.0 * np.hypot(down, right)) + 9.0 * wide)


def _grow(effort: Array, inside: NDArray[np.bool_], centre: Array) -> NDArray[np.int32]:
    """Give each cell to the village that reaches it with least effort (four ways only)."""
    cost = np.pad(effort, 1, constant_values=1.0)
    stride = SIDE + 2
    free = np.pad(inside, 1).ravel().tolist()
    cost_of = cost.ravel().tolist()
    owner = [0] * (stride * stride)
    queue = []
    for place, (x, y) in enumerate(centre):
        row, column = cell_of(x, y)
        queue.append((0.0, (row + 1) * stride + column + 1, place + 1))
    heapq.heapify(queue)
    while queue:
        spent, cell, village = heapq.heappop(queue)
        if owner[cell] or not free[cell]:
            continue
        owner[cell] = village
        for near in (cell - stride, cell - 1, cell + 1, cell + stride):
            if free[near] and not owner[near]:
                slow = URBAN_EFFORT if village <= len(URBAN) else 1.0
                heapq.heappush(queue, (spent + slow * cost_of[near], near, village))
    return np.array(owner, dtype=np.int32).reshape(stride, stride)[1:-1, 1:-1]


def _codes(kecamatan: NDArray[np.int64]) -> dict[str, list[str]]:
    """Official columns; the codes 33.99 are used by no real kabupaten."""
    count: dict[int, int] = {}
    codes = []
    for number in kecamatan.tolist():
        count[number] = count.get(number, 0) + 1
        codes.append(f"{DISTRICT_CODE}.{number + 1:02d}.{2000 + count[number]}")
    names = [VILLAGE_NAMES[place] for place in range(len(codes))]
    return {
        "NAMOBJ": names,
        "KDEPUM": codes,
        "KDCPUM": [code[:8] for code in codes],
        "KDPKAB": [DISTRICT_CODE] * len(codes),
        "KDPPUM": ["33"] * len(codes),
        "WADMKD": names,
        "WADMKC": [KECAMATAN[number] for number in kecamatan],
        "WADMKK": [DISTRICT] * len(codes),
        "WADMPR": [PROVINCE] * len(codes),
        "REMARK": [MARK] * len(codes),
    }
