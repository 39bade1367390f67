"""Edges that would not stay straight under a projection, split by their own need alone.

What two neighbours share is split alike, whichever way each runs along it, so zones that
were seamless stay seamless.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["LINES", "POLYGONS", "TOLERANCE_M", "bends", "split_edges"]

#: Edges are split where the straight line would leave its projected course by more than this.
TOLERANCE_M: Final = 0.001
#: shapely's type numbers, single and multiple.
POLYGONS: Final = (3, 6)
LINES: Final = (1, 5)

XY = NDArray[np.float64]
Move = Callable[[XY], XY]


def bends(xy: XY, moved: XY, move: Move) -> XY:
    """Return how far the middle of each step between positions leaves its straight course.

    Parameters
    ----------
    xy, moved : arrays, shape (n, 2)
        Positions before and after the transformation.
    move : callable
        The transformation; what it gives is in metres.
    """
    with np.errstate(invalid="ignore"):
        away: XY = np.hypot(*(move((xy[1:] + xy[:-1]) / 2) - (moved[1:] + moved[:-1]) / 2).T)
    return away


def split_edges(geometries: NDArray[np.object_], move: Move) -> NDArray[np.object_]:
    """Split the edges of lines or of polygons that bend under a transformation.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        All polygons and multipolygons, or all lines and multilines.

    Examples
    --------
    >>> bow = lambda xy: np.column_stack((xy[:, 0], xy[:, 1] ** 2))
    >>> ring = shapely.Polygon([(0, 0), (0, 1), (5, 1), (5, 0)])
    >>> out = split_edges(np.array([ring]), bow)
    >>> int(shapely.get_num_coordinates(out)[0])  # of four sides, two bend
    35
    """
    single = np.isin(shapely.get_type_id(geometries), (POLYGONS[0], LINES[0]))
    # The form of many parts, also where each has one.
    several = np.append(geometries, _several(geometries[0]))
    offsets: Any
    kind, xy, offsets = shapely.to_ragged_array(several, include_z=False)
    xy, kept = _split(np.asarray(xy, dtype=np.float64), offsets[0], move)
    made = shapely.from_ragged_array(kind, xy, (kept[offsets[0]], *offsets[1:]))[:-1]
    result: NDArray[np.object_] = np.where(single, shapely.get_geometry(made, 0), made)
    return result


def _several(geometry: Any) -> Any:
    """Return a geometry as one of several parts."""
    parts = shapely.get_parts(geometry)
    polygonal = shapely.get_type_id(geometry) in POLYGONS
    return shapely.multipolygons(parts) if polygonal else shapely.multilinestrings(parts)


def _split(xy: XY, start: NDArray[Any], move: Move) -> tuple[XY, NDArray[np.int64]]:
    """Return the positions with new ones between, and where each old one has gone."""
    pieces = np.ones(len(xy), np.int64)
    need = np.sqrt(bends(xy, move(xy), move) / TOLERANCE_M)
    inside = np.ones(len(xy) - 1, dtype=bool)
    inside[np.asarray(start[1:-1], dtype=np.int64) - 1] = False
    bent = inside & (need > 1.0)
    pieces[:-1][bent] = np.ceil(need[bent]).astype(np.int64)
    kept = np.concatenate(([0], np.cumsum(pieces)))
    edge = np.repeat(np.arange(len(xy)), pieces)
    step = np.arange(kept[-1]) - kept[edge]
    after = np.minimum(edge + 1, len(xy) - 1)
    # Counted from the same end by both who share the edge.
    backward = (xy[after, 0] < xy[edge, 0]) | (
        (xy[after, 0] == xy[edge, 0]) & (xy[after, 1] < xy[edge, 1])
    )
    low = np.where(backward[:, None], xy[after], xy[edge])
    high = np.where(backward[:, None], xy[edge], xy[after])
    part = np.where(backward, pieces[edge] - step, step) / pieces[edge]
    out = low + (high - low) * part[:, None]
    out[step == 0] = xy
    return out, kept
