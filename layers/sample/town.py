"""Streets and blocks of the capital: faces between roads and rivers, split until they fit.

A face is cut across its longer side, again and again, until it is as small as blocks are
at that distance from the centre. The cuts inside the town become streets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CELL, NORTH, WEST
from layers.sample.landuse import INDUSTRY, Ground
from layers.sample.mosaic import PRECISION_M, boundaries, faces, polygon_parts
from layers.sample.noise import generator
from layers.sample.terrain import HILL, Terrain

__all__ = ["Town", "build_town", "sample_at"]

Array: TypeAlias = NDArray[np.float64]

#: Town-likeness from which ground is built over, and below which it is fields.
URBAN: Final = 0.36
#: Largest block, m2, from each town-likeness on.
BLOCK_M2: Final = ((0.85, 13_000.0), (0.6, 19_000.0), (URBAN, 30_000.0))
FIELD_M2: Final = 500_000.0
#: Street widths, m, by the size of the face the street cut.
STREET_M: Final = ((150_000.0, 12.0), (50_000.0, 9.0), (0.0, 7.0))


@dataclass(frozen=True)
class Town:
    """Blocks and streets of the capital, EPSG:9489.

    Attributes
    ----------
    blocks : array of polygons
        Built blocks, street centre to street centre.
    urban : array (blocks,)
        Town-likeness of each.
    streets : array of lines, and `width_m` of each
        All roads, main roads first.
    main : int
        How many of `streets` are main roads.
    """

    blocks: NDArray[np.object_]
    urban: Array
    streets: NDArray[np.object_]
    width_m: Array
    main: int


def build_town(
    area: BaseGeometry,
    roads: gpd.GeoDataFrame,
    rivers: list[shapely.LineString],
    terrain: Terrain,
    ground: Ground,
    seed: int,
) -> Town:
    """Lay out the streets of the planned area."""
    likeness = _town_likeness(terrain, ground)
    lines = shapely.intersection(roads.geometry.to_numpy(), area, grid_size=PRECISION_M)
    there = ~shapely.is_empty(lines)
    main, width = lines[there], roads["LEBAR_M"].to_numpy(dtype=float)[there]
    start = faces([*boundaries(area), *main, *rivers])
    start = start[shapely.contains_properly(area, shapely.point_on_surface(start))]
    blocks, cuts, widths = _divide(list(start), likeness, generator(seed, "streets"))
    urban = sample_at(likeness, shapely.centroid(blocks))
    built = urban >= URBAN
    return Town(
        blocks[built],
        urban[built],
        np.array([*main, *cuts], dtype=object),
        np.array([*width, *widths]),
        len(main),
    )


def _town_likeness(terrain: Terrain, ground: Ground) -> Array:
    """Town-likeness of each 90 m cell: none on slopes, at the sea or in a river."""
    rows, columns = np.indices(terrain.z.shape)
    x, y = WEST + (columns + 0.5) * CELL, NORTH - (rows + 0.5) * CELL
    estate = np.hypot((x - INDUSTRY[0]) / 850.0, (y - INDUSTRY[1]) / 430.0) < 1.0
    likeness = np.where(estate, URBAN + 0.01, ground.urban)
    # People build up the foot of the hill, steep as it is.
    foot = (np.hypot(x - HILL[0], y - HILL[1]) < 2300.0) & (terrain.z < 120.0)
    usable = ((ground.slope < 0.13) | foot) & (ground.to_sea_m > 600.0) & terrain.land
    return np.asarray(ndimage.gaussian_filter(np.where(usable, likeness, 0.0), 0.7))


def sample_at(values: Array, points: NDArray[np.object_]) -> Array:
    """Read a 90 m field at points."""
    xy = shapely.get_coordinates(points)
    at = ((NORTH - xy[:, 1]) / CELL - 0.5, (xy[:, 0] - WEST) / CELL - 0.5)
    return np.asarray(ndimage.map_coordinates(values, at, order=1, mode="nearest"))


def _divide(
    todo: list[shapely.Polygon], likeness: Array, random: np.random.Generator
) -> tuple[NDArray[np.object_], list[BaseGeometry], list[float]]:
    done, cuts, widths = [], [], []
    while todo:
        face = todo.pop()
        urban = _urban_inside(face, likeness)
        if face.area <= _largest(urban, face.area):
            done.append(face)
            continue
        parts, cut = _cut(face, random)
        if not parts:
            done.append(face)
            continue
        todo += parts
        if urban >= URBAN:
            cuts.append(cut)
            widths.append(next(wide for size, wide in STREET_M if face.area >= size))
    return np.array(done, dtype=object), cuts, widths


def _urban_inside(face: shapely.Polygon, likeness: Array) -> float:
    """Town-likeness of a face: at its centre, or for a large one at its best place."""
    points = [face.centroid]
    if face.area > 60_000.0:
        ring = face.exterior
        points += [
            shapely.line_interpolate_point(ring, share, normalized=True)
            for share in np.linspace(0, 1, 12, endpoint=False)
        ]
        points = [
            shapely.Point(0.75 * p.x + 0.25 * face.centroid.x, 0.75 * p.y + 0.25 * face.centroid.y)
            for p in points
        ]
    return float(sample_at(likeness, np.array(points)).max())


def _largest(urban: float, area: float) -> float:
    """Largest face that is left whole, m2."""
    return next((size for least, size in BLOCK_M2 if urban >= least), FIELD_M2)


def _cut(
    face: shapely.Polygon, random: np.random.Generator
) -> tuple[list[shapely.Polygon], BaseGeometry]:
    """Cut a face across its longer side, about in the middle, or failing that along it."""
    box = shapely.get_coordinates(shapely.oriented_envelope(face))
    if len(box) < 4:
        return [], face
    sides = box[1:3] - box[:2]
    for long in sorted(sides, key=lambda side: -np.hypot(*side)):
        line, side = _knife(face, long, float(np.hypot(*sides).max()), random)
        parts = [
            *polygon_parts(shapely.intersection(face, side)),
            *polygon_parts(shapely.difference(face, side)),
        ]
        if len(parts) >= 2 and min(part.area for part in parts) >= 800.0:
            return parts, shapely.intersection(line, face)
    return [], face


def _knife(
    face: shapely.Polygon, long: Array, size: float, random: np.random.Generator
) -> tuple[shapely.LineString, shapely.Polygon]:
    """Line across `long`, bent a little where the face is large, and one side of it."""
    length = float(np.hypot(*long))
    turn = random.normal(0.0, 0.05)
    along = np.array([long[0] - turn * long[1], long[1] + turn * long[0]]) / length
    across = np.array([-along[1], along[0]])
    middle = shapely.get_coordinates(face.centroid)[0]
    middle = middle + along * length * random.uniform(-0.1, 0.1)
    reach = 1.5 * size
    bend = random.normal(0.0, 0.04) * min(length, 700.0) if face.area > 40_000.0 else 0.0
    steps = np.linspace(-1.0, 1.0, 31)[:, None]
    wave = bend * np.cos(steps * reach / max(size, 1.0) * np.pi)
    points = middle + across * reach * steps + along * wave
    back = points[[-1, 0]] + along * 2.0 * reach
    return shapely.LineString(points), shapely.Polygon([*points, *back])
