"""Rivers: the lines water takes over the terrain, and the beds (palung) around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CRS, SIDE, centres
from layers.sample.mosaic import PRECISION_M, areal, polygon_parts
from layers.sample.names import RIVER_NAMES
from layers.sample.noise import Warp, generator
from layers.sample.terrain import Terrain

__all__ = ["River", "make_beds", "trace_rivers"]

Array: TypeAlias = NDArray[np.float64]

#: A channel begins where this much land drains, km2.
HEAD_KM2: Final = 3.0
#: Rivers shorter than this many cells are ditches, and no map shows them.
SHORTEST: Final = 9


@dataclass(frozen=True)
class River:
    """One river from its source to its mouth or to the river it joins.

    Attributes
    ----------
    name : str
    xy : array (n, 2)
        Course in EPSG:9489, downstream.
    width_m : array (n,)
    area_km2 : float
        What drains through its mouth.
    cells : int array
        Cells of the 90 m grid it runs through.
    """

    name: str
    xy: Array
    width_m: Array
    area_km2: float
    cells: NDArray[np.int64]

    @property
    def line(self) -> shapely.LineString:
        """The course as a line."""
        return shapely.LineString(self.xy)


def trace_rivers(terrain: Terrain, move: Warp, seed: int) -> list[River]:
    """Follow the channels, largest first; a tributary ends on the river it joins."""
    x, y = centres()
    place = np.column_stack((x.ravel(), y.ravel()))
    random = generator(seed, "rivers")
    rivers: list[River] = []
    for cells in _courses(terrain):
        place[cells[:-1]] = _smooth(place[cells])[:-1]
        area = terrain.area_km2.ravel()[cells]
        xy, width = _meander(place[cells], _width(area), random)
        name = RIVER_NAMES[len(rivers)] if len(rivers) < len(RIVER_NAMES) else "Kali tanpa nama"
        rivers.append(River(name, move(xy), width, float(area[-2]), cells))
    return rivers


def _courses(terrain: Terrain) -> list[NDArray[np.int64]]:
    """Cells of each river downstream, its last one in the sea or on a larger river."""
    area = terrain.area_km2.ravel()
    land = terrain.land.ravel()
    wet = (area >= HEAD_KM2) & land
    givers: dict[int, list[int]] = {}
    for cell in np.flatnonzero(wet).tolist():
        givers.setdefault(int(terrain.receiver[cell]), []).append(int(cell))
    mouths = [
        cell for cell, ups in givers.items() if not wet[cell] or terrain.receiver[cell] == cell
    ]
    starts = [(int(up), mouth) for mouth in mouths for up in givers[mouth] if up != mouth]
    courses = []
    while starts:
        starts.sort(key=lambda pair: (-area[pair[0]], pair[0]))
        cell, below = starts.pop(0)
        course = [below, cell]
        while ups := sorted(givers.get(cell, []), key=lambda up: (-area[up], up)):
            starts += [(up, cell) for up in ups[1:]]
            cell = ups[0]
            course.append(cell)
        if len(course) >= SHORTEST:
            courses.append(np.array(course[::-1]))
    return courses


def _smooth(xy: Array) -> Array:
    """Take the stairs of the grid out of a course; its ends stay."""
    for _ in range(4):
        inner = (xy[:-2] + 2.0 * xy[1:-1] + xy[2:]) / 4.0
        xy = np.vstack((xy[:1], inner, xy[-1:]))
    return xy


def _width(area_km2: Array) -> Array:
    """Width of the bed, m: it grows about with the square root of what drains to it."""
    return np.asarray(np.clip(1.7 * area_km2**0.54, 4.0, 62.0))


def _meander(xy: Array, width: Array, random: np.random.Generator) -> tuple[Array, Array]:
    """Give a course bends of the size its width asks for, and a width that breathes."""
    step = 22.0
    line = shapely.LineString(xy)
    along = np.linspace(0.0, line.length, max(int(line.length / step), 8))
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    known = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))))
    wide = np.interp(along, known, width)
    bends = sum(
        ndimage.gaussian_filter1d(random.normal(size=len(along)), size, mode="nearest")
        * np.sqrt(size)
        * weight
        for size, weight in ((3.0, 0.35), (7.0, 0.8), (14.0, 1.0))
    )
    ends = np.clip(np.minimum(along, line.length - along) / 300.0, 0.0, 1.0)
    normal = np.gradient(points, axis=0)[:, ::-1] * (-1.0, 1.0)
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    shift = (bends * np.clip(0.7 * wide, 7.0, 32.0) * ends)[:, None]
    breath = ndimage.gaussian_filter1d(random.normal(size=len(along)), 2.0, mode="nearest")
    return points + shift * normal, wide * np.clip(1.0 + 0.5 * breath, 0.7, 1.4)


def make_beds(rivers: list[River], land: BaseGeometry, town: BaseGeometry) -> gpd.GeoDataFrame:
    """Return the beds as polygons with what a survey knows of them.

    A bed shared with a larger river belongs to the larger one. `KEDALAMAN_M` (bank to
    bottom, m) is null where nobody measured it.
    """
    taken: BaseGeometry = shapely.Polygon()
    known, beds = [], []
    for river in rivers:
        bed = areal(shapely.intersection(_bed(river), land, grid_size=PRECISION_M))
        bed = areal(shapely.difference(bed, taken, grid_size=PRECISION_M))
        taken = shapely.union(taken, bed, grid_size=PRECISION_M)
        if parts := polygon_parts(bed, at_least_m2=30.0):
            known.append(river)
            beds.append(shapely.MultiPolygon(parts))
    return gpd.GeoDataFrame(_facts(known, beds, town), geometry=beds, crs=CRS)


def _bed(river: River) -> BaseGeometry:
    """Union of a disc at each vertex and the trapezium between each two."""
    half = river.width_m / 2.0
    discs = shapely.buffer(shapely.points(river.xy), half, quad_segs=3)
    pairs = np.stack((discs[:-1], discs[1:]), axis=1)
    hulls = shapely.convex_hull(shapely.geometrycollections(pairs))
    return shapely.simplify(shapely.union_all(hulls, grid_size=PRECISION_M), 0.35)


def _facts(
    rivers: list[River], beds: Sequence[BaseGeometry], town: BaseGeometry
) -> dict[str, list[object]]:
    urban = [bool(shapely.intersects(bed, town)) for bed in beds]
    depth = [
        None if place % 4 == 3 else round(0.8 + 0.55 * river.area_km2**0.4, 1)
        for place, river in enumerate(rivers)
    ]
    return {
        "NAMOBJ": [river.name for river in rivers],
        "KELAS": ["besar" if river.area_km2 > 500.0 else "kecil" for river in rivers],
        "KEDALAMAN_M": depth,
        "BERTANGGUL": ["Ya" if river.area_km2 > 500.0 else "Tidak" for river in rivers],
        "PERKOTAAN": ["Ya" if inside else "Tidak" for inside in urban],
        "LUAS_DAS_KM2": [round(river.area_km2, 1) for river in rivers],
    }


def channel_mask(rivers: list[River]) -> NDArray[np.bool_]:
    """Cells of the 90 m grid that a river runs through."""
    mask = np.zeros(SIDE * SIDE, dtype=bool)
    for river in rivers:
        mask[river.cells] = True
    return mask.reshape(SIDE, SIDE)
