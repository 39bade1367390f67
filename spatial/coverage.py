"""Where polygons that should tile a plane do not: overlaps, holes and open slits between them.

All topology is found in the CRS the polygons are drawn in: reprojection makes phantom slivers.
Holes come from the union and slits from its closing, never from one gap width alone: GEOS can
miss a narrow gap when it is asked for wide ones (JTS issue 1122).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Defects", "coverage_defects", "equivalent_width"]

#: Parts of a union joined by threads: GEOS lets go of Python's lock.
_THREADS: Final = 2
#: A slit is long; what a closing fills in a sharp corner is not.
_SLIT_RATIO: Final = 5.0
#: Most of the outline of a slit that may lie on no polygon.
_MOUTH: Final = 0.25
#: Of a coordinate, that a closing may change.
_LAST_BITS: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Defects:
    """Defects of a coverage, one polygon each.

    Parameters
    ----------
    kind : array of str, shape (n,)
        "overlap" (two polygons lie over each other), "gap" (a hole of their union) or "slit"
        (a narrow space between them that is open to the outside).
    geometry : array of Polygon, shape (n,)
    rows : list of n tuples of int
        Positions of the polygons that overlap, or that border the gap.
    """

    kind: NDArray[np.str_]
    geometry: NDArray[np.object_]
    rows: list[tuple[int, ...]]


def coverage_defects(geometries: NDArray[np.object_], *, slit_width: float) -> Defects:
    """Find overlaps, holes and slits of polygons that should tile a plane.

    Parameters
    ----------
    geometries : array of valid polygons or multipolygons, shape (n,)
        None and empty ones are passed over.
    slit_width : float
        Widest open slit looked for, in the units of the CRS. Overlaps and holes are found
        whatever their width.

    Returns
    -------
    Defects

    Examples
    --------
    >>> squares = np.array([shapely.box(0, 0, 10, 10), shapely.box(9.999, 0, 20, 10),
    ...                     shapely.box(20.001, 0, 30, 10)])
    >>> found = coverage_defects(squares, slit_width=0.1)
    >>> [(str(kind), rows) for kind, rows in zip(found.kind, found.rows)]
    [('overlap', (0, 1)), ('slit', (1, 2))]
    >>> equivalent_width(found.geometry).round(6)
    array([0.001, 0.001])
    """
    tree = shapely.STRtree(geometries)
    over, pairs = _overlaps(geometries, tree)
    union = _union(geometries)
    holes = _holes(union)
    slits = _slits(union, slit_width)
    bordering = _bordering(tree, np.concatenate((holes, slits)))
    slit_rows = bordering[len(holes) :]
    # A slit lies between two polygons; a notch in one of them is its shape.
    kept = np.array([len(rows) > 1 for rows in slit_rows], dtype=bool)
    rows = [
        *pairs,
        *bordering[: len(holes)],
        *(r for r, k in zip(slit_rows, kept, strict=True) if k),
    ]
    kinds = np.repeat(["overlap", "gap", "slit"], [len(over), len(holes), int(kept.sum())])
    return Defects(kinds, np.concatenate((over, holes, slits[kept])), rows)


def equivalent_width(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the shorter side of the rectangle that has the area and perimeter of each polygon.

    For slivers that is their mean width; for compact shapes about their diameter.

    Examples
    --------
    >>> equivalent_width(np.array([shapely.box(0, 0, 100, 0.002)])).round(6)
    array([0.002])
    """
    half = shapely.length(polygons) / 2
    area = shapely.area(polygons)
    width: NDArray[np.float64] = (half - np.sqrt(np.maximum(half**2 - 4 * area, 0))) / 2
    return width


def _overlaps(
    geometries: NDArray[np.object_], tree: shapely.STRtree
) -> tuple[NDArray[np.object_], list[tuple[int, ...]]]:
    one, other = tree.query(geometries, predicate="intersects")
    ordered = one < other
    one, other = one[ordered], other[ordered]
    halves = np.array_split(np.arange(len(one)), _THREADS)
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(
            lambda part: shapely.intersection(geometries[one[part]], geometries[other[part]]),
            halves,
        )
        common = np.concatenate(list(found)) if len(one) else np.array([], dtype=object)
    parts, pair = shapely.get_parts(common, return_index=True)
    polygonal = shapely.get_type_id(parts) == 3
    pairs = [(int(one[i]), int(other[i])) for i in pair[polygonal]]
    return parts[polygonal], list(pairs)


def _union(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons of the union: two halves at a time, then both."""
    there = geometries[shapely.is_geometry(geometries) & ~shapely.is_empty(geometries)]
    if not len(there):
        return np.array([], dtype=object)
    # In the order of place, so that the halves touch along one line only.
    centre = shapely.get_x(shapely.centroid(shapely.envelope(there)))
    halves = np.array_split(there[np.argsort(centre, kind="stable")], _THREADS)
    with ThreadPoolExecutor(_THREADS) as pool:
        joined = list(pool.map(shapely.union_all, halves))
    parts = shapely.get_parts(shapely.union_all(joined))
    return np.asarray(parts[shapely.get_type_id(parts) == 3], dtype=object)


def _holes(union: NDArray[np.object_]) -> NDArray[np.object_]:
    rings, owner = shapely.get_rings(union, return_index=True)
    inner = np.ones(len(rings), dtype=bool)
    inner[np.unique(owner, return_index=True)[1]] = False  # the first ring is the outer one
    within = np.asarray(shapely.polygons(rings[inner]), dtype=object)
    holes = np.concatenate((_enclosed(rings[~inner]), within))
    if not len(holes):
        return np.array([], dtype=object)
    # A part of the union may stand in the hole of another: an island in a lake.
    tree = shapely.STRtree(union)
    hole, island = tree.query(holes, predicate="covers")
    for place in np.unique(hole):
        holes[place] = shapely.difference(
            holes[place], shapely.union_all(union[island[hole == place]])
        )
    parts = shapely.get_parts(holes)
    return np.asarray(parts[shapely.get_type_id(parts) == 3], dtype=object)


def _enclosed(outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return what polygons enclose that meet in single points: no ring of theirs shows it."""
    faces = shapely.get_parts(shapely.polygonize(outlines))
    filled = shapely.STRtree(np.asarray(shapely.polygons(outlines), dtype=object))
    inside = np.unique(filled.query(shapely.point_on_surface(faces), predicate="within")[0])
    return np.asarray(np.delete(faces, inside), dtype=object)


def _slits(union: NDArray[np.object_], width: float) -> NDArray[np.object_]:
    """Close the outline of the union and return what is filled thereby."""
    if not len(union) or width <= 0:
        return np.array([], dtype=object)
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(union)))
    closed = shapely.buffer(filled, width / 2, join_style="mitre", mitre_limit=2.0)
    closed = shapely.buffer(closed, -width / 2, join_style="mitre", mitre_limit=2.0)
    parts = shapely.get_parts(shapely.difference(closed, filled))
    parts = np.asarray(parts[shapely.get_type_id(parts) == 3], dtype=object)
    parts = parts[~shapely.is_empty(parts)]
    if not len(parts):
        return parts
    half, wide = shapely.length(parts) / 2, equivalent_width(parts)
    noise = float(np.abs(shapely.total_bounds(parts)).max()) * _LAST_BITS
    long = (half > _SLIT_RATIO * wide) & (half > width) & (wide > noise)
    return parts[long & (_open_share(parts, filled) < _MOUTH)]


def _open_share(parts: NDArray[np.object_], filled: Any) -> NDArray[np.float64]:
    """Return how much of each outline lies on no polygon: a slit has walls, a dent has one."""
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    inside = owner[1:] == owner[:-1]
    length = np.where(inside, np.hypot(*(xy[1:] - xy[:-1]).T), 0.0)
    middle = shapely.points((xy[1:] + xy[:-1]) / 2)
    shapely.prepare(filled)
    # The closing moves corners by the last bits of a coordinate.
    walled = shapely.dwithin(filled, middle, float(np.abs(xy).max()) * _LAST_BITS)
    free = np.bincount(owner[1:], np.where(walled, 0.0, length), minlength=len(parts))
    share: NDArray[np.float64] = free / shapely.length(parts)
    return share


def _bordering(tree: shapely.STRtree, polygons: NDArray[np.object_]) -> list[tuple[int, ...]]:
    """Return the positions of the polygons of the tree that touch each polygon."""
    found: list[list[int]] = [[] for _ in polygons]
    if len(polygons):
        scale = float(np.abs(shapely.total_bounds(polygons)).max())
        which, rows = tree.query(polygons, predicate="dwithin", distance=scale * _LAST_BITS)
        for one, row in zip(which, rows, strict=True):
            found[one].append(int(row))
    return [tuple(sorted(rows)) for rows in found]
