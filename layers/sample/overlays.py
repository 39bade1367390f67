"""What lies over the plans: forest, watersheds, paddy, hazards, heritage, springs."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CELL, CRS, SIDE, cell_of, centres
from layers.sample.landuse import INDUSTRY, Ground
from layers.sample.mosaic import PRECISION_M, areal, cover, from_cells, from_fine_cells
from layers.sample.names import MARK
from layers.sample.noise import field, generator
from layers.sample.rivers import River
from layers.sample.surface import NODATA, Surface
from layers.sample.terrain import CAPITAL, HILL, Terrain
from layers.sample.villages import Land

__all__ = ["forest", "hazards", "heritage", "paddy", "springs", "watersheds"]

Array: TypeAlias = NDArray[np.float64]

#: Forest function codes of the national layer, with the name and number of an invented decree.
FUNCTIONS: Final = (
    (1007, "Areal Penggunaan Lain"),
    (1003, "Hutan Produksi Tetap"),
    (1004, "Hutan Produksi Terbatas"),
    (1001, "Hutan Lindung"),
)
LEVELS: Final = ("rendah", "sedang", "tinggi")
#: Depth, m, and slope, rise over run, from which each level begins (6, 9 and 17 degrees).
DEEP: Final = (0.1, 0.75, 1.5)
STEEP: Final = (0.105, 0.158, 0.306)
COAST_M: Final = 100.0
#: Watersheds smaller than this belong to their neighbour, km2.
SMALLEST_DAS_KM2: Final = 9.0


def forest(
    terrain: Terrain, ground: Ground, land: Land, origin: Array, seed: int
) -> gpd.GeoDataFrame:
    """State forest by function, with decree; it follows no plan exactly."""
    x, y = centres()
    doubt = field(seed, "forest", 1900.0, 4, 0.55)(x, y)
    soil = field(seed, "soil", 3300.0, 4, 0.55)(x, y)
    z = terrain.z * (1.0 + 0.14 * doubt)
    code = np.zeros((SIDE, SIDE), dtype=np.int32)
    code[(z > 185.0) & (soil + doubt > -0.4)] = 1
    code[(z > 320.0) & (soil + 0.8 * doubt > -0.25)] = 2
    code[z > 450.0] = 3
    # The forest boundary of the town's hill runs lower than the plan thinks.
    code[(np.hypot(x - HILL[0], y - HILL[1]) < 3000.0) & (terrain.z > 36.0)] = 1
    code = np.asarray(features.sieve(code, 40, connectivity=4), dtype=np.int32)
    polygons, values = from_cells(code, origin)
    found, kept = cover(land.land, polygons, values.tolist())
    rows = list(zip(found, kept, strict=True))
    numbers = [FUNCTIONS[value][0] for _, value in rows]
    return gpd.GeoDataFrame(
        {
            "NAMOBJ": [FUNCTIONS[value][1] for _, value in rows],
            "FUNGSIKWS": numbers,
            "NOSKPNJK": [
                f"SK.{number}/CONTOH/2014" if number != 1007 else None for number in numbers
            ],
            "TGLSKPNJK": ["2014-05-06" if number != 1007 else None for number in numbers],
            "LSKPNJK": [round(part.area / 1e4, 2) for part, _ in rows],
            "REMARK": MARK,
        },
        geometry=[part for part, _ in rows],
        crs=CRS,
    )


def watersheds(
    terrain: Terrain, rivers: list[River], land: Land, origin: Array
) -> gpd.GeoDataFrame:
    """Watersheds (DAS) from the flow directions; small ones joined to their neighbour."""
    root = np.arange(SIDE * SIDE)
    for cell in terrain.order.tolist():
        root[cell] = root[terrain.receiver[cell]]
    dry = terrain.land.ravel()
    size = np.bincount(root[dry], minlength=SIDE * SIDE) * CELL * CELL / 1e6
    large = np.flatnonzero(size >= SMALLEST_DAS_KM2)
    number = np.zeros(SIDE * SIDE, dtype=np.int32)
    number[large] = np.arange(1, len(large) + 1)
    labels = np.where(dry, number[root], 0).reshape(SIDE, SIDE)
    _, at = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    polygons, values = from_cells(labels[at[0], at[1]].astype(np.int32), origin)
    names = {int(number[root[river.cells[-1]]]): river.name for river in reversed(rivers)}
    found, kept = cover(land.land, polygons, values.tolist())
    rows = []
    for value in sorted(set(kept)):
        whole = shapely.coverage_union_all(found[np.array(kept) == value])
        rows.append((names.get(value, f"Contoh {value}").removeprefix("Kali "), areal(whole)))
    return gpd.GeoDataFrame(
        {
            "NAMA_DAS": [f"DAS {name}" for name, _ in rows],
            "KODE_DAS": [f"DASCTH{place + 1:03d}" for place in range(len(rows))],
            "LUAS_HA": [part.area / 1e4 for _, part in rows],
            "REMARK": MARK,
        },
        geometry=[part for _, part in rows],
        crs=CRS,
    )


def paddy(
    terrain: Terrain, ground: Ground, land: Land, origin: Array, seed: int
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """LP2B of the kabupaten and the national LSD map, which contradicts it."""
    x, y = centres()
    good = field(seed, "paddy", 2100.0, 4, 0.55)(x, y)
    wet = terrain.land & (ground.slope < 0.05) & (ground.to_sea_m > 900.0) & (ground.rural < 0.6)
    estate = np.hypot((x - INDUSTRY[0]) / 1150.0, (y - INDUSTRY[1]) / 650.0) < 1.0
    wet &= ~estate
    lp2b = wet & (terrain.z < 45.0) & (ground.urban < 0.42) & (good > -0.08)
    lsd = (
        wet
        & (terrain.z < 60.0)
        & (ground.urban < 0.5)
        & (field(seed, "lsd", 2400.0, 4)(x, y) > 0.05)
    )
    return (
        _patches(lp2b, land.kabupaten, origin, {"NAMOBJ": "LP2B", "LP2B_2": "LP2B"}),
        _patches(
            lsd,
            land.kabupaten,
            origin,
            {"NAMOBJ": "Lahan Sawah Dilindungi", "NOSK": "SK.1/CONTOH/2021"},
        ),
    )


def _patches(
    mask: NDArray[np.bool_], area: BaseGeometry, origin: Array, facts: dict[str, str]
) -> gpd.GeoDataFrame:
    labels = np.asarray(features.sieve(mask.astype(np.int32), 6, connectivity=4), dtype=np.int32)
    polygons, values = from_cells(labels, origin)
    inside = shapely.intersection(polygons[values == 1], area, grid_size=PRECISION_M)
    parts = [part for part in map(areal, inside) if part.area > 5000.0]
    columns = {**facts, "LUASHA": np.round(shapely.area(parts) / 1e4, 2), "REMARK": MARK}
    return gpd.GeoDataFrame(columns, geometry=parts, crs=CRS)


def hazards(surface: Surface, depth_m: Array, land: Land, seed: int) -> gpd.GeoDataFrame:
    """Flood by depth, landslide by slope, abrasion along the coast; three levels each."""
    shapely.prepare(land.kabupaten)
    depth = np.where(depth_m == NODATA, 0.0, depth_m)
    slope = ndimage.gaussian_filter(surface.slope, 1.0)
    rows = [("banjir", *row) for row in _levels(depth, DEEP)]
    rows += [("longsor", *row) for row in _levels(np.where(surface.land, slope, 0.0), STEEP)]
    rows += [("abrasi", *row) for row in _abrasion(land, seed)]
    rows = [(kind, level, _clip(part, land.kabupaten)) for kind, level, part in rows]
    clipped = [row for row in rows if row[2].area > 900.0]
    return gpd.GeoDataFrame(
        {
            "NAMOBJ": [
                f"Kawasan Rawan {kind.capitalize()} {level.capitalize()}"
                for kind, level, _ in clipped
            ],
            "JENIS": [kind for kind, _, _ in clipped],
            "KELAS": [level for _, level, _ in clipped],
            "KRB_03": [f"{kind.capitalize()} {level.capitalize()}" for kind, level, _ in clipped],
            "REMARK": MARK,
        },
        geometry=[part for _, _, part in clipped],
        crs=CRS,
    )


def _clip(part: BaseGeometry, area: BaseGeometry) -> BaseGeometry:
    """Cut to an area; most parts lie wholly inside and need no cut."""
    if area.contains(part):
        return part
    return areal(shapely.intersection(part, area, grid_size=PRECISION_M))


def _levels(values: Array, limits: tuple[float, float, float]) -> list[tuple[str, BaseGeometry]]:
    labels = np.digitize(values, limits).astype(np.int32)
    labels = np.asarray(features.sieve(labels, 14, connectivity=4), dtype=np.int32)
    polygons, found = from_fine_cells(labels, 33.0)
    return [
        (LEVELS[code - 1], polygon)
        for polygon, code in zip(polygons, found.tolist(), strict=True)
        if code
    ]


def _abrasion(land: Land, seed: int) -> list[tuple[str, BaseGeometry]]:
    """Cut the coast strip into stretches; every third one is nearly stable."""
    strip = shapely.buffer(land.shore, COAST_M, quad_segs=3)
    west, south, east, north = strip.bounds
    cuts = np.sort(generator(seed, "abrasion").uniform(west, east, 11))
    edges = [west, *cuts.tolist(), east]
    stretches = pairwise(edges)
    return [
        (LEVELS[2 - place % 3], shapely.intersection(strip, shapely.box(a, south, b, north)))
        for place, (a, b) in enumerate(stretches)
    ]


def heritage(seed: int) -> gpd.GeoDataFrame:
    """Heritage areas: the old town, a temple on the slope, a lighthouse."""
    random = generator(seed, "heritage")
    sites = (
        ("Kawasan Kota Lama Contoh", (CAPITAL[0] - 330.0, CAPITAL[1] + 30.0), 210.0),
        ("Candi Contoh", (462_350.0, 9_236_400.0), 95.0),
        ("Mercusuar Contoh", (462_450.0, 9_251_700.0), 60.0),
    )
    turns = np.linspace(0.0, 2.0 * np.pi, 17)[:-1]
    shapes = []
    for _, (x, y), radius in sites:
        reach = radius * random.uniform(0.75, 1.2, len(turns))
        ring = np.column_stack((x + reach * np.cos(turns), y + reach * np.sin(turns)))
        shapes.append(shapely.Polygon(np.round(ring, 2)))
    names = [name for name, _, _ in sites]
    return gpd.GeoDataFrame(
        {"NAMOBJ": names, "CAGBUD": "Cagar Budaya", "REMARK": MARK}, geometry=shapes, crs=CRS
    )


def springs(terrain: Terrain, land: Land, seed: int) -> gpd.GeoDataFrame:
    """Springs where slopes end, and one beside the industrial estate."""
    random = generator(seed, "springs")
    area = land.kabupaten
    points = [shapely.Point(INDUSTRY[0] + 60.0, INDUSTRY[1] - 270.0)]
    while len(points) < 14:
        place = shapely.Point(random.uniform(448e3, 472e3), random.uniform(9_230_000, 9_244_000))
        row, column = cell_of(place.x, place.y)
        draining = terrain.area_km2[row, column]
        if terrain.z[row, column] > 70.0 and 0.05 < draining < 2.0 and area.contains(place):
            points.append(shapely.Point(round(place.x, 2), round(place.y, 2)))
    return gpd.GeoDataFrame(
        {"NAMOBJ": [f"Sendang Contoh {place + 1}" for place in range(len(points))], "REMARK": MARK},
        geometry=points,
        crs=CRS,
    )
