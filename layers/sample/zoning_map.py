"""The detailed plan (RDTR): every place of the capital in exactly one zone."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.sample.blocks import assign_blocks
from layers.sample.landuse import CLASSES, Ground, classify, tidy
from layers.sample.mosaic import (
    PRECISION_M,
    areal,
    boundaries,
    faces,
    from_cells,
    merge_small,
)
from layers.sample.terrain import Terrain
from layers.sample.town import Town

__all__ = ["draw_zones"]

Array: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]

#: Width of the protected strip along a river in town, m, by depth (up to 3 m, deeper).
RIVER_STRIP_M: Final = (10.0, 15.0)
COAST_STRIP_M: Final = 100.0
#: Depth of a row of shops along a main road, m.
SHOPS_M: Final = 34.0
#: What the countryside classes of the general plan are called in the detailed plan.
RURAL: Final = {
    "-": "EM",
    "P-2": "P-3",
    "HPT": "HP",
    "HL": "HP",
    "PD": "R-4",
    "PK": "R-4",
    "KPI": "P-1",
    "TR": "R-4",
}


def draw_zones(
    area: BaseGeometry,
    shore: BaseGeometry,
    town: Town,
    beds: gpd.GeoDataFrame,
    desa: gpd.GeoDataFrame,
    terrain: Terrain,
    ground: Ground,
    origin: Array,
    seed: int,
) -> gpd.GeoDataFrame:
    """Return zones (`zona`) that cover the planned area exactly, EPSG:9489."""
    nature, names = _countryside(area, terrain, ground, origin, seed)
    water, strips = _rivers(area, beds)
    coast = _coast(area, shore, nature[names == "EM"])
    road = _roads(area, town, water)
    block_zones, shops = assign_blocks(town, seed)
    row = _shop_rows(town, shops)
    built = shapely.union_all(town.blocks, grid_size=PRECISION_M)
    hard = shapely.union_all([water, road], grid_size=PRECISION_M)
    lines = [
        *boundaries(area),
        *boundaries(water),
        *boundaries(road),
        *_outside([*boundaries(strips), *boundaries(coast)], hard),
        *_outside([*boundaries(town.blocks), *boundaries(row)], hard),
        *_outside(boundaries(nature), shapely.union_all([hard, built], grid_size=PRECISION_M)),
        *_inside(boundaries(desa.geometry.array), road),
    ]
    found = faces(shapely.intersection(np.array(lines, dtype=object), area))
    inside = shapely.point_on_surface(found)
    found = found[shapely.contains_properly(area, inside)]
    below = [(nature, names), (town.blocks, block_zones)]
    above = [(row, "K-3"), (coast, "PS"), (strips, "PS"), (road, "BJ"), (water, "BA")]
    zones = _name(found, below, above)
    found, zones = merge_small(found, zones, _is_scrap)
    return gpd.GeoDataFrame({"zona": zones}, geometry=found, crs=desa.crs)


def _countryside(
    area: BaseGeometry, terrain: Terrain, ground: Ground, origin: Array, seed: int
) -> tuple[Geometries, Geometries]:
    """Zones outside the blocks, with borders as a surveyor draws them."""
    labels = tidy(classify(terrain, ground, seed, draft="rdtr", strips=False), 5)
    called = [RURAL.get(name, name) for name in CLASSES]
    codes = np.array([called.index(name) for name in called], dtype=np.int32)
    polygons, values = from_cells(codes[labels], origin, blur_m=60.0, tolerance_m=32.0)
    near = shapely.intersects(polygons, area)
    return polygons[near], np.array([called[value] for value in values[near]], dtype=object)


def _rivers(area: BaseGeometry, beds: gpd.GeoDataFrame) -> tuple[BaseGeometry, BaseGeometry]:
    """Beds and their protected strips inside the area."""
    near = beds[beds.intersects(area)]
    deep = near["KEDALAMAN_M"].fillna(2.0).to_numpy(dtype=float) > 3.0
    strip = shapely.buffer(
        near.geometry.to_numpy(), np.where(deep, *RIVER_STRIP_M[::-1]), quad_segs=3
    )
    water = shapely.union_all(near.geometry.to_numpy())
    strips = shapely.simplify(shapely.union_all(strip), 0.5)
    return _within(water, area), _within(strips, area)


def _within(geometry: BaseGeometry, area: BaseGeometry) -> shapely.MultiPolygon:
    return areal(shapely.intersection(geometry, area, grid_size=PRECISION_M))


def _coast(area: BaseGeometry, shore: BaseGeometry, mangrove: Geometries) -> BaseGeometry:
    """Protected strip along the sea where no mangrove stands."""
    strip = _within(shapely.buffer(shore, COAST_STRIP_M, quad_segs=3), area)
    return areal(shapely.difference(strip, shapely.union_all(mangrove), grid_size=PRECISION_M))


def _roads(area: BaseGeometry, town: Town, water: BaseGeometry) -> BaseGeometry:
    """Road area (badan jalan), bridges left out: there the river is the zone."""
    surface = shapely.buffer(town.streets, town.width_m / 2.0, quad_segs=3)
    merged = shapely.union_all(surface, grid_size=PRECISION_M)
    return areal(shapely.difference(_within(merged, area), water, grid_size=PRECISION_M))


def _outside(lines: list[BaseGeometry] | Geometries, cover: BaseGeometry) -> list[BaseGeometry]:
    merged = shapely.union_all(np.asarray(lines, dtype=object), grid_size=PRECISION_M)
    return [shapely.difference(merged, cover)]


def _inside(lines: Geometries, cover: BaseGeometry) -> list[BaseGeometry]:
    return list(shapely.intersection(lines, cover))


def _shop_rows(town: Town, shops: NDArray[np.bool_]) -> shapely.MultiPolygon:
    """Return the part of these blocks that faces a main road."""
    near = shapely.buffer(town.streets[: town.main], town.width_m[: town.main] / 2 + SHOPS_M)
    rows = shapely.intersection(
        shapely.union_all(town.blocks[shops], grid_size=PRECISION_M),
        shapely.simplify(shapely.union_all(near), 0.5),
        grid_size=PRECISION_M,
    )
    return areal(rows)


def _name(
    found: Geometries,
    below: list[tuple[Geometries, Any]],
    above: list[tuple[BaseGeometry, str]],
) -> list[str]:
    """Zone of each face: of all that cover it, the last one named."""
    points = shapely.point_on_surface(found)
    names = ["P-1"] * len(found)
    for polygons, zones in below:
        names = _at(points, polygons, list(zones), names)
    for cover, zone in above:
        parts = shapely.get_parts(cover)
        names = _at(points, parts, [zone] * len(parts), names)
    return names


def _at(
    points: Geometries, polygons: Geometries, zones: list[str], otherwise: list[str]
) -> list[str]:
    names = list(otherwise)
    for point, polygon in shapely.STRtree(polygons).query(points, predicate="within").T:
        names[point] = zones[polygon]
    return names


def _is_scrap(polygons: Geometries) -> NDArray[np.bool_]:
    """Faces too small or too thin for a planner to have meant them."""
    area = shapely.area(polygons)
    return np.asarray((area < 120.0) | (2.0 * area / shapely.length(polygons) < 2.0))
