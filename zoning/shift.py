"""The smallest move that brings a footprint wholly into where building is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.errors import LimitError
from zoning.coverage import polygons_of
from zoning.finding import rounded

__all__ = ["Shift", "smallest_shift"]

#: Moves closer to the edge of what is allowed than this would touch it by rounding.
CLEAR_M: Final = 1e-3
MOST_EDGES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Shift:
    """A move in metres to the east and to the north."""

    east_m: float
    north_m: float

    @property
    def distance_m(self) -> float:
        """Length of the move."""
        return float(np.hypot(self.east_m, self.north_m))

    def to_dict(self) -> dict[str, Any]:
        """Return the move as JSON-ready dictionary."""
        return {
            "east_m": rounded(self.east_m, 3),
            "north_m": rounded(self.north_m, 3),
            "distance_m": rounded(self.distance_m, 3),
        }


def smallest_shift(footprint: BaseGeometry, allowed: BaseGeometry) -> Shift | None:
    """Return the smallest move of a footprint into an area; None where it fits nowhere.

    A footprint with a hollow counts as its convex hull, so a move may then be longer than
    needed, never too short. The moves at which the hull crosses an edge of the area are the
    sum of that edge and the mirrored hull (Minkowski); the nearest move outside all of them
    that brings the hull inside is the answer.

    Parameters
    ----------
    footprint, allowed : geometries
        On one metric plane.

    Raises
    ------
    LimitError
        `shift_too_many_edges`.

    Examples
    --------
    >>> smallest_shift(shapely.box(0, 0, 4, 4), shapely.box(1, 0, 20, 20))
    Shift(east_m=1.001, north_m=0.001)
    >>> smallest_shift(shapely.box(0, 0, 4, 4), shapely.box(0, 0, 3, 20)) is None
    True
    """
    if allowed.is_empty or footprint.is_empty:
        return None
    if allowed.covers(footprint):
        return Shift(0.0, 0.0)
    hull = shapely.get_coordinates(shapely.convex_hull(footprint))[:-1]
    room = _room(hull, allowed)
    if room.is_empty:
        return None
    line = shapely.shortest_line(shapely.Point(0.0, 0.0), room)
    east, north = shapely.get_coordinates(line)[1]
    return Shift(float(east), float(north))


def _room(hull: NDArray[np.float64], allowed: BaseGeometry) -> BaseGeometry:
    """Return all moves that keep the hull inside, a millimetre clear of the edge."""
    edges = _edges(allowed)
    if len(edges) > MOST_EDGES:
        raise LimitError(
            "the allowed area has {count} edges; {most} is the most accepted",
            code="shift_too_many_edges",
            count=len(edges),
            most=MOST_EDGES,
        )
    corners = (edges[:, :, None, :] - hull[None, None, :, :]).reshape(len(edges), -1, 2)
    points: Any = shapely.points(corners.reshape(-1, 2))
    owner = np.repeat(np.arange(len(edges)), corners.shape[1])
    crossed = shapely.convex_hull(shapely.multipoints(points, indices=owner))
    west, south, east, north = allowed.bounds
    # One corner of the hull inside the bounds is needed; the moves of it that do so:
    reach = shapely.box(*(np.array([west, south, east, north]) - np.tile(hull[0], 2)))
    free = polygons_of(
        reach.difference(shapely.buffer(shapely.union_all(crossed), CLEAR_M, join_style="mitre"))
    )
    moves: Any = [] if free.is_empty else shapely.get_parts(free)
    inside = [
        move
        for move in moves
        if allowed.covers(
            shapely.Polygon(hull + shapely.get_coordinates(move.representative_point()))
        )
    ]
    return shapely.union_all(inside) if inside else shapely.Polygon()


def _edges(allowed: BaseGeometry) -> NDArray[np.float64]:
    """Return every edge of every ring, shape (n, 2, 2)."""
    xy, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(allowed)), return_index=True
    )
    same = ring[1:] == ring[:-1]
    return np.stack([xy[:-1][same], xy[1:][same]], axis=1)
