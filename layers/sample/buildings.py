"""Building footprints: rows of houses along the streets of the blocks, clusters in villages."""

from __future__ import annotations

from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CRS
from layers.sample.mosaic import snap
from layers.sample.names import MARK
from layers.sample.noise import generator

__all__ = ["buildings"]

Array: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]

#: Zone: share of plots that are built, plot front and depth, m.
HABITS: Final = {
    "R-2": (0.30, 11.0, 15.0),
    "R-3": (0.26, 13.0, 18.0),
    "R-4": (0.30, 18.0, 22.0),
    "K-2": (0.5, 16.0, 24.0),
    "K-3": (0.45, 14.0, 20.0),
    "KT": (0.7, 30.0, 34.0),
    "SPU-2": (0.6, 32.0, 36.0),
    "SPU-3": (0.6, 26.0, 30.0),
    "KPI": (0.6, 62.0, 74.0),
    "PL-6": (0.6, 44.0, 58.0),
    "TR": (0.3, 30.0, 40.0),
}
#: Distance from the street within which houses stand, m.
FRONT_M: Final = 17.0
VILLAGE_HOUSES: Final = 70


def buildings(
    zones: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, centre: Array, seed: int
) -> gpd.GeoDataFrame:
    """Return a few thousand footprints with their use."""
    random = generator(seed, "buildings")
    parts, uses = [], []
    for zone, block in zip(zones["zona"], zones.geometry, strict=True):
        if zone in HABITS:
            found = _in_block(block, *HABITS[zone], random)
            parts.append(found)
            uses += [zone] * len(found)
    town = shapely.union_all(zones.geometry.to_numpy())
    rural = _along_roads(roads, town, centre, random)
    parts.append(rural)
    uses += ["desa"] * len(rural)
    shapes = snap(np.concatenate(parts))
    kinds = {
        "K": "Perdagangan",
        "SPU": "Fasilitas umum",
        "KT": "Kantor",
        "KPI": "Industri",
        "PL": "Gudang",
    }
    return gpd.GeoDataFrame(
        {
            "ID_BGN": [f"B{place + 1:05d}" for place in range(len(shapes))],
            "FUNGSI": [kinds.get(use.split("-")[0], "Rumah tinggal") for use in uses],
            "LANTAI": random.choice([1, 1, 1, 2, 2, 3], len(shapes)),
            "REMARK": MARK,
        },
        geometry=shapes,
        crs=CRS,
    )


def _in_block(
    block: BaseGeometry, share: float, front: float, depth: float, random: np.random.Generator
) -> Geometries:
    """Houses on a grid turned like the block, near its edge, some plots left empty."""
    corner = shapely.get_coordinates(shapely.oriented_envelope(block))
    if len(corner) < 4:
        return np.array([], dtype=object)
    along, up = corner[1] - corner[0], corner[2] - corner[1]
    length, height = np.hypot(*along), np.hypot(*up)
    i, j = np.meshgrid(np.arange(front / 2, length, front), np.arange(depth / 2, height, depth))
    at = corner[0] + np.outer(i.ravel() / length, along) + np.outer(j.ravel() / height, up)
    at = at[random.random(len(at)) < share]
    if not len(at):
        return np.array([], dtype=object)
    size = np.array([front, depth]) * random.uniform(0.55, 0.82, (len(at), 2))
    houses = _rectangles(at, along / length, size)
    shapely.prepare(block)
    near = shapely.distance(shapely.boundary(block), houses)
    kept = shapely.contains_properly(block, houses) & (near > 1.2)
    if block.area < 60_000.0:
        return np.asarray(houses[kept])
    return np.asarray(houses[kept & (near < FRONT_M)])


def _rectangles(at: Array, along: Array, size: Array) -> Geometries:
    """Rectangles (some with a wing) around centres, turned along a direction."""
    along = np.broadcast_to(along, at.shape)
    across = np.column_stack((-along[:, 1], along[:, 0]))
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    corners = [at + along * size[:, :1] * a / 2 + across * size[:, 1:] * b / 2 for a, b in signs]
    return np.asarray(shapely.polygons(np.stack(corners, axis=1)))


def _along_roads(
    roads: gpd.GeoDataFrame, town: BaseGeometry, centre: Array, random: np.random.Generator
) -> Geometries:
    """Village houses beside the road nearest to each village's centre."""
    network = shapely.line_merge(shapely.union_all(roads.geometry.to_numpy()))
    found = []
    for place in centre:
        if shapely.distance(shapely.Point(place), town) <= 300.0:
            continue
        street = shapely.get_parts(
            shapely.intersection(network, shapely.buffer(shapely.Point(place), 650.0))
        )
        street = street[shapely.length(street) > 60.0]
        for _ in range(VILLAGE_HOUSES if len(street) else 0):
            line = street[int(random.integers(len(street)))]
            found.append(_beside(line, random))
    houses = np.array(found, dtype=object)
    blocked = shapely.intersects(houses, shapely.buffer(network, 7.0)) | shapely.intersects(
        houses, town
    )
    return _apart(houses[~blocked])


def _beside(line: shapely.LineString, random: np.random.Generator) -> shapely.Polygon:
    at = random.uniform(5.0, max(line.length - 5.0, 6.0))
    one, other = (shapely.get_coordinates(line.interpolate(at + step))[0] for step in (0.0, 4.0))
    along = (other - one) / max(np.hypot(*(other - one)), 1e-9)
    across = np.array([-along[1], along[0]]) * random.choice((-1.0, 1.0))
    middle = one + across * (14.0 + random.exponential(26.0))
    turn = random.normal(0.0, 0.12)
    along = np.array([along[0] - turn * along[1], along[1] + turn * along[0]])
    size = random.uniform((7.0, 9.0), (11.0, 15.0))
    house: shapely.Polygon = _rectangles(middle[None], along, size[None])[0]
    return house


def _apart(houses: Geometries) -> Geometries:
    """Keep the first of each two that overlap."""
    one, other = shapely.STRtree(houses).query(houses, predicate="intersects")
    later = np.unique(np.maximum(one, other)[one != other])
    return np.delete(houses, later)
