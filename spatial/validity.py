"""What is wrong with a geometry, and where; and the repair that only an ingest may ask for.

A geometry from a request is never repaired: two repairs of one ring disagree on its area,
and one of them can take minutes on twelve kilobytes. It is refused with the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.errors import EngineError, GeometryError, LimitError

__all__ = ["MAX_VERTICES", "faults", "require_polygon"]

#: Of one geometry that a stranger sends; a detailed kabupaten border has a tenth of it.
MAX_VERTICES: Final = 50_000

_POLYGONAL: Final = (3, 6)  # shapely's type ids of Polygon and MultiPolygon
#: How GEOS names a fault -> our code, sentence, hint.
_REASONS: Final[dict[str, tuple[str, str, str]]] = {
    "Self-intersection": (
        "self_intersection",
        "{what} crosses itself at {at}",
        "Draw the ring anew so that no two of its edges cross and no two parts overlap",
    ),
    "Ring Self-intersection": (
        "ring_touches_itself",
        "a ring of {what} touches itself at {at}",
        "Split it into two rings, or move the vertex",
    ),
    "Hole lies outside shell": (
        "hole_outside_shell",
        "a hole of {what} lies outside its ring at {at}",
        "Put the hole into the polygon that contains it",
    ),
    "Holes are nested": (
        "holes_nested",
        "a hole of {what} lies within another at {at}",
        "Remove the inner hole or make it a polygon of its own",
    ),
    "Nested shells": (
        "parts_overlap",
        "parts of {what} lie over each other at {at}",
        "Merge the parts",
    ),
    "Duplicate Rings": (
        "rings_repeated",
        "{what} has the same ring twice at {at}",
        "Remove the second ring",
    ),
    "Interior is disconnected": (
        "interior_disconnected",
        "holes cut {what} into pieces at {at}",
        "Send the pieces as parts of a MultiPolygon",
    ),
    "Too few points in geometry component": (
        "ring_too_short",
        "a ring of {what} has fewer than four positions at {at}",
        "A ring needs at least three corners and its first position repeated at the end",
    ),
}


def faults(
    geometries: Iterable[BaseGeometry | None] | NDArray[np.object_],
    *,
    what: Iterable[str] | None = None,
    max_vertices: int = MAX_VERTICES,
) -> NDArray[np.object_]:
    """Say for each geometry what keeps it from being measured as a polygon.

    Parameters
    ----------
    geometries : n shapely geometries or None
    what : n names, optional
        For the messages; "geometry 0", "geometry 1" ... without.
    max_vertices : int

    Returns
    -------
    array of GeometryError, LimitError or None, shape (n,)
        None where the geometry is a valid polygon or multipolygon with an area. The errors
        are not raised: a batch turns them into reasons of rows.

    Examples
    --------
    >>> bowtie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    >>> [error] = faults([bowtie], what=["parcel 7"])
    >>> error.message, error.code
    ('parcel 7 crosses itself at (5, 5)', 'self_intersection')
    """
    array = np.asarray(list(geometries), dtype=object)
    names = list(what) if what is not None else [f"geometry {i}" for i in range(len(array))]
    found = np.full(len(array), None, dtype=object)
    if len(array) == 1 and _one_sound(array[0], max_vertices):
        return found
    kind = shapely.get_type_id(array)
    polygonal = (kind == _POLYGONAL[0]) | (kind == _POLYGONAL[1])
    few = shapely.get_num_coordinates(array) <= max_vertices
    sound = np.zeros(len(array), dtype=bool)
    # Vertices are counted before anything whose cost grows with them.
    sound[polygonal & few] = _sound(array[polygonal & few])
    for index in np.flatnonzero(~sound):
        found[index] = _fault(array[index], names[index], max_vertices)
    return found


def _one_sound(geometry: BaseGeometry | None, max_vertices: int) -> bool:
    """Say of one geometry what arrays say of many, as most requests bring one."""
    if shapely.get_type_id(geometry) not in _POLYGONAL:
        return False
    if shapely.get_num_coordinates(geometry) > max_vertices:
        return False
    with np.errstate(invalid="ignore"):
        return bool(shapely.is_valid(geometry) and shapely.area(geometry) > 0)


def _sound(geometries: NDArray[np.object_]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore", over="ignore"):
        result: NDArray[np.bool_] = shapely.is_valid(geometries) & (shapely.area(geometries) > 0)
    return result


def require_polygon(
    geometry: BaseGeometry | None, *, what: str, max_vertices: int = MAX_VERTICES
) -> None:
    """Refuse a geometry that cannot be measured as a polygon.

    Raises
    ------
    GeometryError
        With code and place of the fault.
    LimitError
        `too_many_vertices`.
    """
    error = faults([geometry], what=[what], max_vertices=max_vertices)[0]
    if error is not None:
        raise error


def _fault(geometry: BaseGeometry | None, what: str, max_vertices: int) -> EngineError:
    """Name the first fault, cheap tests before dear ones."""
    if geometry is None:
        return GeometryError(
            "{what} has no geometry",
            code="geometry_missing",
            hint="Send a Polygon or MultiPolygon",
            what=what,
        )
    if shapely.get_type_id(geometry) not in _POLYGONAL:
        return GeometryError(
            "{what} is a {kind}, not a polygon",
            code="not_polygon",
            hint="Send a Polygon or MultiPolygon; collections and lines have no area to judge",
            what=what,
            kind=geometry.geom_type,
        )
    if geometry.is_empty:
        return GeometryError(
            "{what} is empty", code="geometry_empty", hint="Send its corners", what=what
        )
    vertices = int(shapely.get_num_coordinates(geometry))
    if vertices > max_vertices:
        return LimitError(
            "{what} has {vertices} vertices; at most {limit} are taken",
            code="too_many_vertices",
            hint="Simplify it or cut it into several applications",
            what=what,
            vertices=vertices,
            limit=max_vertices,
        )
    return _shape_fault(geometry, what)


def _shape_fault(geometry: BaseGeometry, what: str) -> GeometryError:
    xy = shapely.get_coordinates(geometry)
    if not np.isfinite(xy).all():
        return GeometryError(
            "{what} has a coordinate that is no finite number, position {position}",
            code="coordinates_not_finite",
            hint="Every position needs two finite numbers",
            what=what,
            position=int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0]),
        )
    reason = str(shapely.is_valid_reason(geometry))
    name, _, place = reason.partition("[")
    if name in _REASONS and not (name == "Self-intersection" and geometry.area == 0 and _flat(xy)):
        code, text, hint = _REASONS[name]
        return GeometryError(text, code=code, hint=hint, what=what, at=_place(place))
    if geometry.area == 0 or _flat(xy):
        return GeometryError(
            "{what} has no area: its positions lie on a line near {at}",
            code="zero_area",
            hint="Check the order and the number of corners",
            what=what,
            at=_place(f"{xy[0][0]} {xy[0][1]}]"),
        )
    return GeometryError(
        "{what} is not valid: {reason}",
        code="geometry_invalid",
        hint="Repair it in a GIS and look at the place",
        what=what,
        reason=reason,
    )


def _flat(xy: NDArray[Any]) -> bool:
    """Whether all positions lie on one line."""
    return bool(np.linalg.matrix_rank(xy - xy[0]) < 2)


def _place(text: str) -> str:
    """Write the place that GEOS gives as "x y]" for people: (x, y)."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)
    return f"({', '.join(f'{float(number):.9g}' for number in numbers[:2])})"
