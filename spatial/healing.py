"""Slivers of a coverage given to one polygon each, so that edges match; real defects are left.

All outlines are noded into faces. A face that several polygons claim, or none, goes to one of
them where it belongs to a sliver; each polygon is then built of its faces. Neighbours are made
of the same faces, so their edges agree vertex by vertex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Healed", "heal_coverage"]

#: Gaps that touch only other gaps wait for these.
_ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Healed:
    """What healing made.

    Parameters
    ----------
    geometry : array of polygons, shape (n,)
        In the order given; what was no polygon is as it was.
    slivers : array of Polygon, shape (m,)
        The pieces that were given to one polygon.
    claims : list of m tuples of int
        Who claimed each piece before; nobody for a gap.
    owner : array of int, shape (m,)
        Who has it now.
    """

    geometry: NDArray[np.object_]
    slivers: NDArray[np.object_]
    claims: list[tuple[int, ...]]
    owner: NDArray[np.int64]


def heal_coverage(
    geometries: NDArray[np.object_],
    *,
    real: NDArray[np.object_],
    gaps: NDArray[np.object_],
    slits: NDArray[np.object_],
    width: float,
) -> Healed:
    """Give every piece that several polygons claim, or none, to one of them.

    A piece that several claim goes to the largest of them; a gap to the neighbour with which
    it shares the longest border.

    Parameters
    ----------
    geometries : array of valid polygons or multipolygons, shape (n,)
        None is passed over.
    real : array of polygons
        Overlaps and gaps that are left as they are.
    gaps, slits : arrays of polygons
        Narrow holes between polygons, and narrow spaces open to the outside, that are filled.
    width : float
        Of the widest of them, in the units of the CRS.

    Returns
    -------
    Healed

    Examples
    --------
    >>> pair = np.array([shapely.box(0, 0, 10, 10), shapely.box(9.999, 0, 25, 10)])
    >>> none = np.array([], dtype=object)
    >>> healed = heal_coverage(pair, real=none, gaps=none, slits=none, width=0.1)
    >>> bool(shapely.coverage_is_valid(healed.geometry)), healed.claims, healed.owner.tolist()
    (True, [(0, 1)], [1])
    """
    there = np.flatnonzero(shapely.is_geometry(geometries) & ~shapely.is_empty(geometries))
    cuts = _cuts(np.concatenate((gaps, slits)), geometries, width)
    outlines = np.concatenate((shapely.boundary(geometries[there]), shapely.boundary(slits), cuts))
    faces = np.asarray(
        shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(outlines)))),
        dtype=object,
    )
    points = shapely.point_on_surface(faces)
    claims = _claims(points, geometries)
    keeps = _inside(points, real)
    owner = np.array([c[0] if len(c) == 1 else -1 for c in claims])
    contested = np.array([len(c) > 1 for c in claims], dtype=bool) & ~keeps
    area = np.nan_to_num(shapely.area(geometries))
    for face in np.flatnonzero(contested):
        owner[face] = max(claims[face], key=lambda row: (area[row], -row))
    empty = np.array([not c for c in claims], dtype=bool) & ~keeps
    _give_gaps(faces, owner, empty)
    given = (contested | empty) & (owner >= 0)
    result = geometries.copy()
    result[there] = _rebuilt(faces, owner, claims, keeps, there, geometries)
    pieces = np.flatnonzero(given)
    return Healed(result, faces[pieces], [claims[i] for i in pieces], owner[pieces])


def _cuts(
    spaces: NDArray[np.object_], geometries: NDArray[np.object_], width: float
) -> NDArray[np.object_]:
    """Return lines across narrow spaces where three polygons meet, so that each gets its side."""
    corners = np.unique(shapely.get_coordinates(spaces), axis=0)
    if not len(corners):
        return np.array([], dtype=object)
    points = np.asarray(shapely.points(corners), dtype=object)
    point, row = shapely.STRtree(geometries).query(points, predicate="dwithin", distance=width)
    meeting = np.bincount(point, minlength=len(points))[point] > 2
    lines = shapely.shortest_line(
        points[point[meeting]], shapely.boundary(geometries[row[meeting]])
    )
    length = shapely.length(lines)
    return np.asarray(lines[(length > 0) & (length <= width)], dtype=object)


def _claims(points: NDArray[np.object_], geometries: NDArray[np.object_]) -> list[tuple[int, ...]]:
    found: list[list[int]] = [[] for _ in points]
    for point, row in zip(
        *shapely.STRtree(geometries).query(points, predicate="intersects"), strict=True
    ):
        found[point].append(int(row))
    return [tuple(sorted(rows)) for rows in found]


def _inside(points: NDArray[np.object_], polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
    result = np.zeros(len(points), dtype=bool)
    if len(polygons):
        result[shapely.STRtree(polygons).query(points, predicate="intersects")[0]] = True
    return result


def _give_gaps(
    faces: NDArray[np.object_], owner: NDArray[np.int64], empty: NDArray[np.bool_]
) -> None:
    """Give each gap to the neighbour with the longest border, in rounds from the outside in."""
    tree = shapely.STRtree(faces)
    for _ in range(_ROUNDS):
        gaps = np.flatnonzero(empty & (owner < 0))
        if not len(gaps):
            return
        one, other = tree.query(faces[gaps], predicate="intersects")
        known = owner[other] >= 0
        one, other = one[known], other[known]
        common = shapely.intersection(
            shapely.boundary(faces[gaps[one]]), shapely.boundary(faces[other])
        )
        borders: dict[tuple[int, int], float] = {}
        for gap, face, length in zip(one, other, shapely.length(common), strict=True):
            pair = (int(gap), int(owner[face]))
            borders[pair] = borders.get(pair, 0.0) + float(length)
        best: dict[int, tuple[float, int]] = {}
        for (gap, row), length in borders.items():
            if length > 0:
                best[gap] = max(best.get(gap, (0.0, 0)), (length, -row))
        for gap, (_length, row) in best.items():
            owner[gaps[gap]] = -row


def _rebuilt(
    faces: NDArray[np.object_],
    owner: NDArray[np.int64],
    claims: list[tuple[int, ...]],
    keeps: NDArray[np.bool_],
    rows: NDArray[np.int64],
    geometries: NDArray[np.object_],
) -> list[object]:
    """Build each polygon of the faces it owns, and of the real overlaps that it keeps."""
    mine: dict[int, list[int]] = {int(row): [] for row in rows}
    for face, row in enumerate(owner):
        if row >= 0:
            mine[int(row)].append(face)
        elif keeps[face]:
            for claimant in claims[face]:
                mine[claimant].append(face)
    return [
        shapely.coverage_union_all(faces[parts]) if parts else geometries[row]
        for row, parts in mine.items()
    ]
