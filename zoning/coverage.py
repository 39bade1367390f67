"""Classes of one layer on one plane, ready to be asked many times and by many threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.crs import project
from spatial.index import ZoneIndex, index_of
from spatial.index.cells import PIECE
from spatial.index.places import distances
from spatial.rings import Rings
from zoning.pieces import Pieces, pieces_of

__all__ = ["Coverage", "Reach", "build_coverage", "erode", "polygons_of", "reach_of"]

Geometries = NDArray[np.object_]
#: Pieces of zones have at most about this many vertices, so that one question stays cheap.
PIECE_VERTICES: Final = 256
#: Boxes are widened by this (m), so that what touches by a rounding is still asked about.
SLACK_M: Final = 0.01


@dataclass(frozen=True, eq=False)
class Coverage:
    """Classes under an index for areas and distances, and cut into small pieces for shapes.

    Pieces of one class never overlap.

    Parameters
    ----------
    codes : tuple of str
        Sorted.
    cut : Pieces
    owner : array of int, shape (n,)
        Position in `codes` of the class of each piece.
    index : ZoneIndex
        Of the same classes by the same positions.
    """

    codes: tuple[str, ...]
    cut: Pieces
    owner: NDArray[np.intp]
    index: ZoneIndex

    @cached_property
    def pieces(self) -> Geometries:
        """Every piece as a shape: for questions about whole maps."""
        return self.cut.all()

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Tree over `pieces`."""
        return shapely.STRtree(self.pieces)

    def classes_of(self, geometry: BaseGeometry) -> list[str]:
        """Return the classes that a geometry touches."""
        return sorted({self.codes[owner] for owner in self.owner[self.cut.meeting(geometry)]})

    def near(self, outlines: Rings, within: float) -> Iterator[tuple[int, str, float]]:
        """Yield each outline with the classes whose border is near it, and how far that is."""
        rows, away = distances(
            self.index.grid, outlines.xy, outlines.start, outlines.first, 0, len(outlines), within
        )
        for (row, code), distance in zip(rows.tolist(), away.tolist(), strict=True):
            yield row, self.codes[code], distance

    def edges(self, code: str, x: float, y: float, radius: float) -> NDArray[np.float64]:
        """Return the pieces of the border of a class about a place, shape (n, 4): x0, y0, x1, y1.

        Those in the cells that lie within the radius, so some are further away.
        """
        grid, number = self.index.grid, self.codes.index(code)
        (west, south), size = grid.frame[:2], grid.frame[2]
        rows, columns = (int(count) for count in grid.shape[:2])
        first, last = (int((x + by - west) // size) for by in (-radius, radius))
        lowest, highest = (int((y + by - south) // size) for by in (-radius, radius))
        first, last = max(first, 0), min(last, columns - 1)
        found = [np.empty((0, 4))]
        for row in range(max(lowest, 0), min(highest, rows - 1) + 1 if first <= last else 0):
            span = slice(grid.start[row * columns + first], grid.start[row * columns + last + 1])
            mine = grid.sides[span] == number
            border = (mine[:, 0] != mine[:, 1]) & (grid.kinds[span] == PIECE)
            found.append(grid.pieces[span][border])
        pieces: NDArray[np.float64] = np.concatenate(found)
        pieces += np.array([west, south, west, south])
        return pieces

    def part(self, geometry: BaseGeometry, code: str | None = None) -> BaseGeometry:
        """Return the part of a geometry in one class, or in any, as polygons."""
        found = self.cut.boxes.query(geometry)
        if code is not None:
            found = found[self.owner[found] == self.codes.index(code)]
        cut = shapely.intersection(geometry, self.cut.take(found))
        return polygons_of(shapely.union_all(cut))


@dataclass(frozen=True, eq=False)
class Reach:
    """Which of several coverages a region may meet, from the boxes of their pieces alone.

    Most regions meet none of most overlays; this says so without measuring.
    """

    tree: shapely.STRtree
    owner: NDArray[np.intp]

    def met(self, regions: Geometries) -> Iterator[tuple[int, list[int]]]:
        """Yield the position of each coverage that may be met, with the rows of the regions."""
        row, box = self.tree.query(regions)
        pairs = sorted(set(zip(self.owner[box].tolist(), row.tolist(), strict=True)))
        for position, group in groupby(pairs, key=itemgetter(0)):
            yield position, [row for _, row in group]


def reach_of(coverages: Sequence[Sequence[Coverage]]) -> Reach:
    """Index the boxes of coverages; those of one position are one."""
    boxes: list[NDArray[np.float64]] = []
    owner: list[int] = []
    for position, parts in enumerate(coverages):
        for part in parts:
            boxes.append(part.cut.box)
            owner += [position] * len(part.cut)
    west, south, east, north = np.concatenate([np.empty((0, 4)), *boxes]).T
    wide: Any = shapely.box(west - SLACK_M, south - SLACK_M, east + SLACK_M, north + SLACK_M)
    return Reach(shapely.STRtree(wide), np.asarray(owner, dtype=np.intp))


def build_coverage(
    geometries: Geometries, codes: Iterable[str], *, index: ZoneIndex | None = None
) -> Coverage:
    """Dissolve polygons by class, cut them into pieces and index them.

    Parameters
    ----------
    geometries : array of polygons, shape (n,)
        Valid, on one plane.
    codes : n class codes
    index : ZoneIndex, optional
        Of the same polygons by the same codes, where it is there already.
    """
    labels = np.asarray(list(codes), dtype=object)
    names = tuple(sorted(set(labels.tolist())))
    pieces: list[BaseGeometry] = []
    owner: list[int] = []
    for position, name in enumerate(names):
        mine = geometries[labels == name]
        mine = mine[~shapely.is_empty(mine) & (shapely.area(mine) > 0)]
        for part in shapely.get_parts(polygons_of(shapely.union_all(mine))):
            cut = _split(part)
            pieces.extend(cut)
            owner.extend([position] * len(cut))
    made = index_of(geometries, labels) if index is None else index
    return Coverage(names, pieces_of(pieces), np.asarray(owner, dtype=np.intp), made)


def _split(polygon: BaseGeometry) -> list[BaseGeometry]:
    """Halve a polygon across its longer side until its pieces are small."""
    if shapely.get_num_coordinates(polygon) <= PIECE_VERTICES:
        return [polygon]
    west, south, east, north = polygon.bounds
    if east - west >= north - south:
        middle = (west + east) / 2
        halves = (
            shapely.box(west, south, middle, north),
            shapely.box(middle, south, east, north),
        )
    else:
        middle = (south + north) / 2
        halves = (
            shapely.box(west, south, east, middle),
            shapely.box(west, middle, east, north),
        )
    found: list[BaseGeometry] = []
    for half in halves:
        for part in shapely.get_parts(polygons_of(shapely.intersection(polygon, half))):
            found.extend(_split(part))
    return found


def polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """Return only what has an area: points and lines of a touching edge fall away."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = shapely.get_parts(geometry)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def erode(
    geometries: Geometries, codes: Iterable[str], depth_m: float, plane: Any, metric: Any
) -> Coverage:
    """Return the coverage of what lies deeper than `depth_m` inside its class.

    Widths are metric, areas are not: the classes are dissolved, taken to the metric plane,
    shrunk there and brought back.

    Parameters
    ----------
    plane, metric : CRS
        Of the geometries, and of the distance.
    """
    labels = np.asarray(list(codes), dtype=object)
    names = sorted(set(labels.tolist()))
    whole = np.empty(len(names), dtype=object)
    for index, name in enumerate(names):
        whole[index] = shapely.union_all(geometries[labels == name])
    if depth_m > 0:
        shrunk = shapely.buffer(project(whole, plane, metric), -depth_m, quad_segs=16)
        whole = project(shrunk, metric, plane)
    return build_coverage(whole, names)
