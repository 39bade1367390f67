"""Defects of real data, put in at known places and listed: nobody should have to guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CRS
from layers.sample.mosaic import PRECISION_M
from spatial.crs import project

__all__ = ["Defect", "indonesian", "lift", "seed_defects"]

OVERLAP_M: Final = 8.0
SLIVER_M: Final = 0.3
LONGEST_M: Final = 60.0


@dataclass(frozen=True)
class Defect:
    """One defect: what it is, where, how large, and what a reader should say.

    `size` is in `unit`; `lon` and `lat` are degrees (CRS84), null for a whole file.
    """

    id: str
    kind: str
    layer: str
    lon: float | None
    lat: float | None
    size: float
    unit: str
    report: str

    def to_dict(self) -> dict[str, Any]:
        """Return the defect as JSON-ready dictionary."""
        return asdict(self)


def seed_defects(zones: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Defect]]:
    """Put one real overlap, one gap and three slivers into an exact coverage of zones."""
    shapes = zones.geometry.to_numpy().copy()
    used: set[int] = set()
    defects = []
    for name, kind, pair, change, report in _RECIPES:
        one, other, edge = _border(zones["zona"].tolist(), shapes, *pair, used)
        used |= {one, other}
        before = shapes[[one, other]].copy()
        shapes[one], shapes[other] = change(before[0], before[1], edge)
        place = _where(before, shapes[[one, other]])
        size = round(float(place.area), 2)
        defects.append(Defect(name, kind, "rdtr", *_lonlat(place), size, "m2", report))
    return zones.set_geometry(gpd.GeoSeries(shapes, index=zones.index, crs=zones.crs)), defects


def _where(before: Any, after: Any) -> Any:
    """Return what both polygons now claim, or neither does."""
    doubled = shapely.intersection(after[0], after[1], grid_size=PRECISION_M)
    if doubled.area > 0.0:
        return doubled
    lost = shapely.difference(shapely.union_all(before), shapely.union_all(after))
    return shapely.set_precision(lost, PRECISION_M)


def _border(
    zones: list[str], shapes: Any, first: str, second: str, used: set[int]
) -> tuple[int, int, shapely.LineString]:
    """Find two neighbours of these zones and the longest straight piece of their border."""
    here = [place for place, zone in enumerate(zones) if zone == first and place not in used]
    there = [place for place, zone in enumerate(zones) if zone == second and place not in used]
    tree = shapely.STRtree(shapes[there])
    best: tuple[float, int, int, Any] = (0.0, -1, -1, None)
    for one, near in zip(*tree.query(shapes[here], predicate="touches"), strict=True):
        a, b = here[one], there[near]
        shared = shapely.line_merge(shapely.intersection(shapes[a], shapes[b]))
        for line in shapely.get_parts(shared):
            for start, end in _segments(line):
                length = float(np.hypot(*(end - start)))
                if length > best[0]:
                    best = (length, a, b, shapely.LineString([start, end]))
    _, a, b, edge = best
    return a, b, _middle(edge)


def _segments(line: BaseGeometry) -> list[tuple[Any, Any]]:
    xy = shapely.get_coordinates(line)
    return list(pairwise(xy)) if shapely.get_type_id(line) == 1 else []


def _middle(edge: shapely.LineString) -> shapely.LineString:
    """Return the middle of an edge, at most so long that its ends stay clear of corners."""
    length = min(0.7 * edge.length, LONGEST_M)
    ends = [edge.interpolate(edge.length / 2 + side * length / 2) for side in (-1, 1)]
    return shapely.LineString(ends)


def _claim(width: float) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """Let the first zone also claim a strip of the second."""

    def change(one: Any, other: Any, edge: Any) -> tuple[Any, Any]:
        strip = shapely.intersection(_strip(edge, width), other, grid_size=PRECISION_M)
        return shapely.union(one, strip, grid_size=PRECISION_M), other

    return change


def _lose(width: float) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """Let the second zone lack a strip along the first."""

    def change(one: Any, other: Any, edge: Any) -> tuple[Any, Any]:
        return one, shapely.difference(other, _strip(edge, width), grid_size=PRECISION_M)

    return change


def _strip(edge: shapely.LineString, width: float) -> BaseGeometry:
    return shapely.buffer(edge, width, cap_style="flat")


_RECIPES: Final = (
    (
        "rdtr-tumpang-tindih", "overlap", ("R-4", "P-1"), _claim(OVERLAP_M),
        "Two zones claim the same ground: name both, the place and the area; keep both",
    ),
    (
        "rdtr-celah", "gap", ("R-4", "P-1"), _lose(OVERLAP_M),
        "No zone covers this ground: name the place and the area; leave it uncovered",
    ),
    (
        "rdtr-sliver-1", "sliver_gap", ("R-4", "P-1"), _lose(SLIVER_M),
        "A gap narrower than the accuracy of the map: list it as sliver with its width",
    ),
    (
        "rdtr-sliver-2", "sliver_overlap", ("P-1", "PS"), _claim(SLIVER_M),
        "An overlap narrower than the accuracy of the map: list it as sliver with its width",
    ),
    (
        "rdtr-sliver-3", "sliver_gap", ("P-1", "KEG"), _lose(SLIVER_M),
        "A gap narrower than the accuracy of the map: list it as sliver with its width",
    ),
)  # fmt: skip


def _lonlat(place: BaseGeometry) -> tuple[float, float]:
    point = project(np.array([shapely.point_on_surface(place)]), CRS, "OGC:CRS84")[0]
    return round(float(point.x), 7), round(float(point.y), 7)


def lift(frame: gpd.GeoDataFrame, heights: Callable[[Any], Any]) -> gpd.GeoDataFrame:
    """Return the frame with a height (m) on every vertex, as surveys deliver rivers."""

    def raise_up(xyz: Any) -> Any:
        return np.column_stack((xyz[:, :2], heights(xyz[:, :2])))

    flat = shapely.force_3d(frame.geometry.to_numpy(), 0.0)
    raised = shapely.transform(flat, raise_up, include_z=True)
    return frame.set_geometry(gpd.GeoSeries(raised, index=frame.index, crs=frame.crs))


def indonesian(value: float, decimals: int = 2) -> str:
    """Write a number as Indonesian offices do.

    Examples
    --------
    >>> indonesian(79310.66)
    '79.310,66'
    """
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))
