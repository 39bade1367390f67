"""Exact coverages: from labelled cells, or from lines, with vertices that neighbours share.

Every vertex lies on one grid of a centimetre, and no edge is so long that it would bend
measurably under another projection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import FINE_CELL, transform

__all__ = [
    "LONGEST_EDGE_M",
    "PRECISION_M",
    "areal",
    "boundaries",
    "cover",
    "faces",
    "from_cells",
    "from_fine_cells",
    "merge_small",
    "polygon_parts",
    "snap",
]

Array: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]

PRECISION_M: Final = 0.01
LONGEST_EDGE_M: Final = 350.0


def snap(geometry: Any) -> Any:
    """Put the vertices of geometries on the centimetre grid, without other repair."""
    return shapely.transform(geometry, lambda xy: np.round(xy, 2))


def from_cells(
    labels: NDArray[np.int32], origin: Array, *, blur_m: float = 75.0, tolerance_m: float = 38.0
) -> tuple[Geometries, NDArray[np.int32]]:
    """Turn labelled 90 m cells into a coverage with grown-looking borders.

    The labels are carried to 30 m cells along `origin` (see `noise.origin`), their corners
    are rounded, and the outlines of all patches are simplified together.

    Returns
    -------
    polygons, labels
        One row per connected patch, in the order of the raster.
    """
    return from_fine_cells(_round_off(_carry(labels, origin), blur_m / FINE_CELL), tolerance_m)


def from_fine_cells(
    fine: NDArray[np.int32], tolerance_m: float = 38.0
) -> tuple[Geometries, NDArray[np.int32]]:
    """Turn labelled 30 m cells into a coverage, simplified but not smoothed."""
    pairs = list(features.shapes(fine, connectivity=4, transform=transform(FINE_CELL)))
    polygons = np.array([shapely.geometry.shape(shape) for shape, _ in pairs], dtype=object)
    values = np.array([int(value) for _, value in pairs], dtype=np.int32)
    # A vertex at each cell corner: where three patches meet, all three must know the place.
    simple = shapely.coverage_simplify(shapely.segmentize(polygons, FINE_CELL), tolerance_m)
    return np.asarray(snap(shapely.segmentize(simple, LONGEST_EDGE_M)), dtype=object), values


def _carry(labels: NDArray[np.int32], origin: Array) -> NDArray[np.int32]:
    rows, columns = np.clip(np.rint(origin), 0, labels.shape[0] - 1).astype(np.intp)
    return np.asarray(labels[rows, columns])


def _round_off(labels: NDArray[np.int32], sigma: float) -> NDArray[np.int32]:
    """Give each cell the label that weighs most around it; patches under 6 cells vanish."""
    best = np.zeros(labels.shape, dtype=np.float32)
    result = labels.copy()
    offset = int(labels.min())
    margin = int(4 * sigma) + 1
    boxes = ndimage.find_objects(labels - offset + 1)
    for code in np.unique(labels).tolist():
        box = boxes[code - offset]
        window = tuple(slice(max(part.start - margin, 0), part.stop + margin) for part in box)
        weight = ndimage.gaussian_filter((labels[window] == code).astype(np.float32), sigma)
        stronger = weight > best[window]
        best[window][stronger] = weight[stronger]
        result[window][stronger] = code
    return np.asarray(features.sieve(result, 6, connectivity=4), dtype=np.int32)


def polygon_parts(geometry: Any, *, at_least_m2: float = 0.0) -> list[shapely.Polygon]:
    """Return the polygons of a geometry that are large enough, in a fixed order."""
    parts = shapely.get_parts(shapely.get_parts(np.atleast_1d(geometry)))
    parts = parts[shapely.get_type_id(parts) == 3]
    parts = parts[shapely.area(parts) > at_least_m2]
    corner = shapely.bounds(parts)
    return list(parts[np.lexsort((corner[:, 1], corner[:, 0]))])


def areal(geometry: Any) -> shapely.MultiPolygon:
    """Return what has area in a geometry; overlays also return lines and points."""
    return shapely.MultiPolygon(polygon_parts(geometry))


def boundaries(geometries: Any) -> Geometries:
    """Return the rings of polygons as lines."""
    rings = shapely.get_rings(shapely.get_parts(np.atleast_1d(geometries)))
    xy, index = shapely.get_coordinates(rings, return_index=True)
    return np.asarray(shapely.linestrings(xy, indices=index), dtype=object)


def faces(lines: Sequence[Any] | Geometries) -> Geometries:
    """Return the faces between lines, noded on the centimetre grid, in a fixed order."""
    flat = shapely.get_parts(np.asarray(lines, dtype=object))
    noded = shapely.union_all(flat, grid_size=PRECISION_M)
    noded = shapely.segmentize(noded, LONGEST_EDGE_M)
    found = shapely.get_parts(shapely.polygonize(shapely.get_parts(snap(noded))))
    corner = shapely.get_coordinates(shapely.point_on_surface(found))
    return np.asarray(found[np.lexsort((corner[:, 1], corner[:, 0]))], dtype=object)


def cover(
    area: BaseGeometry,
    polygons: Geometries,
    labels: Sequence[Any],
    *,
    least_m2: float = 4000.0,
    more: Sequence[tuple[Geometries, Any]] = (),
) -> tuple[Geometries, list[Any]]:
    """Cut labelled polygons to an area as an exact coverage of it.

    `more` are (polygons, label) that take precedence over those below. A face that is
    tiny or thin goes to its neighbour; ground without a polygon goes to the nearest.
    """
    above = [boundaries(shapes) for shapes, _ in more]
    inner = shapely.union_all(np.concatenate([boundaries(polygons), *above]), grid_size=PRECISION_M)
    found = faces([*boundaries(area), shapely.intersection(inner, area)])
    points = shapely.point_on_surface(found)
    inside = shapely.contains_properly(area, points)
    found, points = found[inside], points[inside]
    names = [labels[place] for place in shapely.STRtree(polygons).nearest(points).tolist()]
    for shapes, label in more:
        for point in shapely.STRtree(shapes).query(points, predicate="within")[0].tolist():
            names[point] = label

    def scrap(made: Geometries) -> NDArray[np.bool_]:
        size = shapely.area(made)
        return np.asarray((size < least_m2) | (2.0 * size / shapely.length(made) < 6.0))

    return merge_small(found, names, scrap)


def merge_small(
    polygons: Geometries, labels: Sequence[Any], is_small: Callable[[Geometries], NDArray[np.bool_]]
) -> tuple[Geometries, list[Any]]:
    """Give each small face to the neighbour it shares the longest border with."""
    polygons, labels = polygons.copy(), list(labels)
    for _ in range(6):
        small = np.flatnonzero(is_small(polygons))
        if not len(small):
            break
        polygons, labels = _merge_once(polygons, labels, small)
    return polygons, labels


def _merge_once(
    polygons: Geometries, labels: list[Any], small: NDArray[np.int64]
) -> tuple[Geometries, list[Any]]:
    tree = shapely.STRtree(polygons)
    row, near = tree.query(polygons[small], predicate="intersects")
    row = small[row]
    other = row != near
    row, near = row[other], near[other]
    shared = shapely.length(
        shapely.intersection(shapely.boundary(polygons[row]), shapely.boundary(polygons[near]))
    )
    gone: set[int] = set()
    touched: set[int] = set()
    for place in np.lexsort((near, -shared)):
        one, target = int(row[place]), int(near[place])
        if shared[place] <= 0.0 or {one, target} & (gone | touched):
            continue
        merged = shapely.coverage_union(polygons[one], polygons[target])
        merged_parts = polygon_parts(merged)
        if len(merged_parts) != 1:
            continue
        polygons[target] = merged_parts[0]
        gone.add(one)
        touched.add(target)
    keep = [place for place in range(len(polygons)) if place not in gone]
    return polygons[keep], [labels[place] for place in keep]
