"""Setbacks of a drawn building: to the road, to the sides of its parcel, to its rear."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from zoning.plot import AreaRange

__all__ = ["Sides", "setbacks", "sides_of"]

#: A side faces the road when it looks towards it within this angle.
FACING: Final = math.cos(math.radians(45.0))
FRONT, SIDE, REAR = 0, 1, 2


def setbacks(
    parcel: BaseGeometry, footprint: BaseGeometry, road: BaseGeometry, precision_m: float
) -> dict[str, AreaRange]:
    """Measure GSB, JBS and JBB of a building.

    Parameters
    ----------
    parcel, footprint : polygons
        On the metric plane.
    road : line
        The road line that the law measures from (the outer edge of the road's drain), on
        the metric plane; several lines for a corner plot.
    precision_m : float
        How exact the coordinates are written.

    Returns
    -------
    dict of str to AreaRange
        `gsb_m`: footprint to the road line. `jbs_m`, `jbb_m`: to the sides of the parcel that
        look sideways and away from the road; absent where the parcel has no such side. On a
        corner plot a side that looks away from one road and along another counts as both.

    Examples
    --------
    >>> plot, house = shapely.box(0, 0, 10, 20), shapely.box(2, 5, 9, 16)
    >>> found = setbacks(plot, house, shapely.LineString([(-5, -1), (15, -1)]), 0.0)
    >>> {name: span.middle for name, span in found.items()}
    {'gsb_m': 6.0, 'jbs_m': 1.0, 'jbb_m': 4.0}
    """
    found = {"gsb_m": float(shapely.distance(footprint, road))}
    lot = sides_of(parcel, road)
    for name, mine in (("jbs_m", lot.side), ("jbb_m", lot.rear)):
        if len(mine):
            found[name] = float(shapely.distance(footprint, mine).min())
    # Either end of a distance may be off by the precision in both coordinates.
    doubt = 2 * math.sqrt(2) * precision_m
    return {name: AreaRange(max(d - doubt, 0.0), d + doubt) for name, d in found.items()}


@dataclass(frozen=True, slots=True)
class Sides:
    """The outer sides of a parcel by what they look at; one may look sideways and away."""

    front: NDArray[np.object_]
    side: NDArray[np.object_]
    rear: NDArray[np.object_]


def sides_of(parcel: BaseGeometry, road: BaseGeometry) -> Sides:
    """Sort the sides of a parcel by the roads before it, on the metric plane.

    Examples
    --------
    >>> lot = sides_of(shapely.box(0, 0, 10, 20), shapely.LineString([(-5, -1), (15, -1)]))
    >>> len(lot.front), len(lot.side), len(lot.rear)
    (1, 2, 1)
    """
    edges, normals = _edges(parcel)
    roles = [_roles(edges, normals, line) for line in shapely.get_parts(road)]
    front = np.any([role == FRONT for role in roles], axis=0)
    side, rear = (
        edges[np.any([role == wanted for role in roles], axis=0) & ~front]
        for wanted in (SIDE, REAR)
    )
    return Sides(edges[front], side, rear)


def _edges(parcel: BaseGeometry) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return the outer sides of a parcel and which way each looks."""
    rings = shapely.get_exterior_ring(shapely.get_parts(shapely.orient_polygons(parcel)))
    starts, ends = [], []
    for ring in rings:
        corners = shapely.get_coordinates(ring)
        starts.append(corners[:-1])
        ends.append(corners[1:])
    start, end = np.concatenate(starts), np.concatenate(ends)
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    real = length > 0
    start, end, along = start[real], end[real], along[real] / length[real][:, None]
    edges = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)
    # Outer rings run counter-clockwise, so outside lies to the right.
    return edges, np.column_stack([along[:, 1], -along[:, 0]])


def _roles(
    edges: NDArray[np.object_], normals: NDArray[np.float64], road: BaseGeometry
) -> NDArray[np.int_]:
    """Return for each side whether it looks to the road, along it, or away from it."""
    middles = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    nearest = int(np.argmin(shapely.distance(middles, road)))
    looks = normals @ _direction(middles[nearest], road, normals[nearest])
    return np.where(looks >= FACING, FRONT, np.where(looks <= -FACING, REAR, SIDE))


def _direction(
    middle: BaseGeometry, road: BaseGeometry, normal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the way from the nearest side to the road; where they touch, the way it looks."""
    link = shapely.get_coordinates(shapely.shortest_line(middle, road))
    way = link[1] - link[0]
    length = float(np.hypot(*way))
    return way / length if length > 1e-6 else normal
