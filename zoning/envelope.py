"""The room for a building on a parcel: what setbacks, prohibited strips and ratios leave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.crs import project
from zoning.coverage import polygons_of
from zoning.finding import lonlat_mapping, rounded
from zoning.limits import limits_for
from zoning.permit import Permit
from zoning.plot import AreaRange, Plot
from zoning.setbacks import sides_of

__all__ = ["Envelope", "Setbacks", "buildable", "setbacks_of"]

#: A side faces the road when its middle is no further from it than this beyond the nearest.
FACING_M: Final = 2.0
RATIOS: Final = ("kdb_maks", "klb_maks", "kdh_min")


@dataclass(frozen=True, slots=True)
class Setbacks:
    """Distances (m) to keep: from the road's side, other sides, the rear; 0 where none is set."""

    gsb_m: float
    jbs_m: float
    jbb_m: float

    @property
    def largest(self) -> float:
        """What holds on every side while the road's side is not known."""
        return max(self.gsb_m, self.jbs_m, self.jbb_m)


@dataclass(frozen=True, eq=False)
class Envelope:
    """Where a building may stand and how large it may be; None where the plan sets no limit.

    Parameters
    ----------
    region : geometry
        On the plane of areas; empty where nothing is left.
    footprint_m2 : float
        Largest ground floor: the smaller of the region and the KDB.
    floor_area_m2, green_m2, floors, height_m : float or None
    road_known : bool
        Without a road the largest setback is kept on every side.
    """

    region: BaseGeometry
    crs: str
    setbacks: Setbacks
    footprint_m2: float
    floor_area_m2: float | None
    green_m2: float | None
    floors: int | None
    height_m: float | None
    road_known: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the envelope as JSON-ready dictionary; geometry in degrees."""
        return {
            "geometry": lonlat_mapping(self.region, self.crs),
            "area_m2": rounded(float(self.region.area)),
            "footprint_max_m2": rounded(self.footprint_m2),
            "floor_area_max_m2": rounded(self.floor_area_m2),
            "green_min_m2": rounded(self.green_m2),
            "floors_max": self.floors,
            "height_max_m": self.height_m,
            "gsb_m": self.setbacks.gsb_m,
            "jbs_m": self.setbacks.jbs_m,
            "jbb_m": self.setbacks.jbb_m,
            "road_known": self.road_known,
        }


def setbacks_of(plot: Plot, permit: Permit) -> Setbacks:
    """Return the strictest setbacks of the plot's zones."""
    found = (_strictest(plot, permit, f"{name}_min_m") or 0.0 for name in ("gsb", "jbs", "jbb"))
    return Setbacks(*found)


def _strictest(plot: Plot, permit: Permit, parameter: str) -> float | None:
    limits = [
        one.strict
        for part in plot.parts
        if part.usable_max_m2 > 0
        and (one := limits_for(part, parameter, permit, plot.area)) is not None
        and math.isfinite(one.strict)
    ]
    pick = min if "_maks" in parameter else max
    return pick(limits, default=None)


def buildable(
    allowed: BaseGeometry,
    parcel: BaseGeometry,
    plot: Plot,
    permit: Permit,
    *,
    crs: str,
    metric_crs: str,
    road: BaseGeometry | None = None,
) -> Envelope:
    """Return the envelope of a parcel.

    Parameters
    ----------
    allowed : geometry
        The parcel without prohibited parts and strips, on the plane of areas.
    parcel : geometry
        On the same plane; setbacks are measured from its sides, which is never less than
        from the edge of the road before it.
    road : geometry, optional
        Lines or polygons of roads on the same plane.
    """
    setbacks = setbacks_of(plot, permit)
    strips = _strips(_moved(parcel, crs, metric_crs), _moved(road, crs, metric_crs), setbacks)
    taken = _moved(strips, metric_crs, crs)
    region = allowed if taken is None else polygons_of(allowed.difference(taken))
    usable = _usable(plot)
    kdb, klb, kdh = (_strictest(plot, permit, name) for name in RATIOS)
    footprint = float(region.area) if kdb is None else min(float(region.area), kdb * usable.lo)
    floors = _strictest(plot, permit, "lantai_maks")
    return Envelope(
        region=region,
        crs=crs,
        setbacks=setbacks,
        footprint_m2=footprint,
        floor_area_m2=_floor_area(klb, usable.lo, floors, footprint),
        green_m2=None if kdh is None else kdh * usable.hi,
        floors=None if floors is None else int(floors),
        height_m=_strictest(plot, permit, "tinggi_maks_m"),
        road_known=road is not None,
    )


def _floor_area(
    klb: float | None, usable_m2: float, floors: float | None, footprint_m2: float
) -> float | None:
    """Return the largest sum of floors: by the ratio, and by floors on the largest footprint."""
    bounds = [klb * usable_m2] if klb is not None else []
    bounds += [floors * footprint_m2] if floors is not None else []
    return min(bounds, default=None)


def _usable(plot: Plot) -> AreaRange:
    """Return the area that ratios are taken of, after prohibited and deducted parts."""
    scale = plot.scale
    least = sum(part.usable_min_m2 for part in plot.parts) * scale.lo
    most = sum(part.usable_max_m2 for part in plot.parts) * scale.hi
    return AreaRange(least, most)


def _strips(
    parcel: BaseGeometry, road: BaseGeometry | None, setbacks: Setbacks
) -> BaseGeometry | None:
    """Return what setbacks take, on the metric plane; None where the plan sets none."""
    if setbacks.largest <= 0:
        return None
    if road is None:
        return shapely.buffer(shapely.boundary(parcel), setbacks.largest)
    lot = sides_of(parcel, road)
    edges = np.concatenate([lot.front, lot.side, lot.rear])
    away = shapely.distance(shapely.line_interpolate_point(edges, 0.5, normalized=True), road)
    # A road that bends around a corner plot lies before every side that it runs along.
    front = np.concatenate([lot.front, edges[away <= away.min() + FACING_M]])
    kept = ((front, setbacks.gsb_m), (lot.side, setbacks.jbs_m), (lot.rear, setbacks.jbb_m))
    strips = [part for lines, width in kept if width > 0 for part in shapely.buffer(lines, width)]
    if setbacks.gsb_m > 0:
        # Where the road line runs through the parcel the distance is taken from it.
        strips.append(shapely.buffer(road, setbacks.gsb_m))
    return shapely.union_all(strips) if strips else None


def _moved(shape: BaseGeometry | None, source: str, target: str) -> Any:
    if shape is None or shape.is_empty:
        return shape
    array = np.empty(1, dtype=object)
    array[0] = shape
    return project(array, source, target)[0]
