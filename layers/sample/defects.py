"""Defects of real data, put in at known places and listed: nobody should have to guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CRS
from spatial.crs import project

__all__ = ["Defect", "indonesian", "lift", "seed_defects"]

OVERLAP_M: Final = 8.0
SLIVER_M: Final = 0.3
#: A defect takes a whole edge of a border, of about this length, m.
EDGE_M: Final = (30.0, 90.0)


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
    for name, kind, pair, width, report in _RECIPES:
        found = _strip_between(zones["zona"].tolist(), shapes, *pair, width, used)
        # Another seed may draw no such border; the manifest lists what there is.
        if found is None:
            continue
        one, other, strip = found
        used |= {one, other}
        if kind.endswith("overlap"):
            shapes[one] = shapely.union(shapes[one], strip)
        else:
            shapes[other] = shapely.difference(shapes[other], strip)
        size = round(float(strip.area), 2)
        defects.append(Defect(name, kind, "rdtr", *_lonlat(strip), size, "m2", report))
    return zones.set_geometry(gpd.GeoSeries(shapes, index=zones.index, crs=zones.crs)), defects


def _strip_between(
    zones: list[str], shapes: Any, first: str, second: str, width: float, used: set[int]
) -> tuple[int, int, Any] | None:
    """Find two neighbours of these zones and a strip of the second along their border."""
    here = [place for place, zone in enumerate(zones) if zone == first and place not in used]
    there = [place for place, zone in enumerate(zones) if zone == second and place not in used]
    pairs = shapely.STRtree(shapes[there]).query(shapes[here], predicate="touches").T
    for a, b in pairs.tolist():
        one, other = here[a], there[b]
        shared = shapely.line_merge(shapely.intersection(shapes[one], shapes[other]))
        for start, end in _edges(shared):
            for turn in (1.0, -1.0):
                strip = _strip(start, end, turn * width)
                if shapely.covers(shapes[other], strip):
                    return one, other, strip
    return None


def _edges(lines: Any) -> Iterator[tuple[Any, Any]]:
    """Edges of a border that are long enough to see and short enough to be local."""
    for line in shapely.get_parts(lines):
        xy = shapely.get_coordinates(line)
        for start, end in pairwise(xy):
            if EDGE_M[0] <= np.hypot(*(end - start)) <= EDGE_M[1]:
                yield start, end


def _strip(start: Any, end: Any, width: float) -> shapely.Polygon:
    """Return the strip beside an edge; it uses the edge's own vertices, so no other gap opens."""
    along = (end - start) / np.hypot(*(end - start))
    aside = np.array([-along[1], along[0]]) * width
    corners = (start, end, end + aside - along * 0.5, start + aside + along * 0.5)
    return shapely.Polygon([start, end, *np.round(corners[2:], 2)])


_RECIPES: Final = (
    (
        "rdtr-tumpang-tindih", "overlap", ("R-4", "P-1"), OVERLAP_M,
        "Two zones claim the same ground: name both, the place and the area; keep both",
    ),
    (
        "rdtr-celah", "gap", ("R-4", "P-1"), OVERLAP_M,
        "No zone covers this ground: name the place and the area; leave it uncovered",
    ),
    (
        "rdtr-sliver-1", "sliver_gap", ("R-4", "P-1"), SLIVER_M,
        "A gap narrower than the accuracy of the map: list it as sliver with its width",
    ),
    (
        "rdtr-sliver-2", "sliver_overlap", ("P-1", "PS"), SLIVER_M,
        "An overlap narrower than the accuracy of the map: list it as sliver with its width",
    ),
    (
        "rdtr-sliver-3", "sliver_gap", ("P-1", "KEG"), SLIVER_M,
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
