"""Shapes that are hard to measure, and the comparison of their measures with GEOS."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from spatial.index.areas import Areas, measure_areas
from spatial.index.grid import build_grid
from spatial.rings import flatten
from tests.spatial.geos_shares import expected

__all__ = ["FAR", "agrees", "array_of", "carried", "comb", "dense", "mosaic", "spiral", "star"]

#: Where Jawa Tengah lies on the equal-area plane: a double there is good to 2 nanometres.
FAR = np.array([12_240_000.0, -770_000.0])


def array_of(shapes: list[BaseGeometry]) -> NDArray[np.object_]:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array


def dense(found: Areas, parcels: int, codes: int) -> tuple[NDArray[np.float64], ...]:
    area, overlap = np.zeros((parcels, codes)), np.zeros((parcels, codes))
    area[found.parcel, found.code] = found.area
    overlap[found.parcel, found.code] = found.overlap
    return area, overlap


def agrees(
    parcels: list[BaseGeometry], zones: list[BaseGeometry], codes: list[int] | None = None
) -> Areas:
    """Measure, and hold every number against GEOS to 1e-9 of the parcel and GEOS's doubt."""
    shapes, plots = array_of(zones), array_of(parcels)
    numbers = np.array(codes if codes is not None else range(len(zones)), dtype=np.int32)
    count = int(numbers.max()) + 1
    found = measure_areas(build_grid(flatten(shapes), numbers, count), flatten(plots))
    wanted = expected(plots, shapes, numbers, count)
    whole = shapely.area(plots)
    room = 1e-9 * whole + wanted.doubt
    area, overlap = dense(found, len(plots), count)
    np.testing.assert_allclose(found.whole, whole, rtol=1e-9)
    assert (np.abs(area - wanted.area).max(axis=1) <= room).all()
    assert (np.abs(overlap - wanted.overlap).max(axis=1) <= room).all()
    covered = (area - overlap).sum(axis=1)
    assert (np.abs(covered - wanted.covered) <= room).all()
    assert (np.abs(covered + found.rest - whole) <= 1e-8 * whole).all()
    return found


def star(
    chance: np.random.Generator, x: float, y: float, radius: float, corners: int
) -> BaseGeometry:
    """A jagged polygon around a point; always valid."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    away = radius * chance.uniform(0.2, 1.0, corners)
    return shapely.Polygon(np.column_stack((x + away * np.cos(angle), y + away * np.sin(angle))))


def comb(teeth: int, width: float, height: float) -> BaseGeometry:
    """A valid polygon of four corners per tooth."""
    step = width / teeth
    up = [
        corner
        for i in range(teeth)
        for corner in (
            (i * step, 1.0),
            (i * step, height),
            ((i + 0.5) * step, height),
            ((i + 0.5) * step, 1.0),
        )
    ]
    return shapely.Polygon([(0, 0), *up, (width, 1.0), (width, 0)])


def mosaic(chance: np.random.Generator, cells: int, side: float) -> list[BaseGeometry]:
    """Seamless cells with jagged borders that neighbours share."""
    seeds = shapely.MultiPoint(chance.uniform(0, side, (cells, 2)))
    borders = shapely.voronoi_polygons(
        seeds, extend_to=shapely.box(0, 0, side, side), only_edges=True
    )
    lines = []
    for line in shapely.get_parts(borders):
        points = shapely.get_coordinates(shapely.segmentize(line, side / 40))
        points[1:-1] += chance.uniform(-side / 200, side / 200, (len(points) - 2, 2))
        lines.append(shapely.LineString(points))
    frame = shapely.box(-side / 10, -side / 10, side * 1.1, side * 1.1).exterior
    noded = shapely.union_all([*lines, frame])
    return list(shapely.get_parts(shapely.polygonize([noded])))


def spiral(turns: int, width: float) -> BaseGeometry:
    """A band that winds inwards, four corners a turn on either side; always valid."""
    line = [(0.0, 0.0)]
    step = 2.0 * width
    for turn in range(4 * turns):
        x, y = line[-1]
        length = step * (turn + 2)
        direction = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn % 4]
        line.append((x + direction[0] * length, y + direction[1] * length))
    return shapely.buffer(shapely.LineString(line), width / 2, cap_style="flat", join_style="mitre")


def carried(shapes: list[BaseGeometry]) -> list[BaseGeometry]:
    """Move shapes to where Jawa Tengah lies."""
    return [affinity.translate(shape, *FAR) for shape in shapes]
