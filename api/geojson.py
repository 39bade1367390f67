"""Geometry of a request: refused with the place of its fault, never repaired.

RFC 7946 polygons in longitude and latitude, or with a named `crs` member as desktop
programs write it. Heights are dropped with a note.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.crs import INDONESIA, Bounds, check_extent, parse_crs
from spatial.errors import CrsError, EngineError, GeometryError, LimitError
from spatial.notes import Note
from spatial.validity import MAX_VERTICES, require_polygon

__all__ = ["LONLAT", "declared_crs", "parse_geometry", "parse_line", "parse_point"]

LONLAT: Final = "OGC:CRS84"
_SHOWN: Final = 80


def declared_crs(document: Mapping[str, Any], pointer: str = "") -> str:
    """Return the CRS of a GeoJSON document: CRS84 unless its `crs` member names another.

    Raises
    ------
    CrsError
        If the member is there but names nothing that can be looked up.

    Examples
    --------
    >>> declared_crs({"type": "Feature"})
    'OGC:CRS84'
    """
    if "crs" not in document:
        return LONLAT
    member = document["crs"]
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not name:
        raise CrsError(
            "the member crs at {pointer} names no coordinate reference system",
            code="crs_member",
            hint='Leave it out for degrees, or send {{"type": "name", "properties": '
            '{{"name": "urn:ogc:def:crs:EPSG::32749"}}}}',
            pointer=f"{pointer}/crs",
        )
    crs = parse_crs(name, what="crs")
    # GeoJSON of any year writes longitude first, whatever the registry says of EPSG:4326.
    if crs.equals(parse_crs(LONLAT), ignore_axis_order=True):
        return LONLAT
    authority = crs.to_authority()
    return ":".join(authority) if authority else name


def parse_geometry(
    value: Any,
    *,
    crs: str = LONLAT,
    pointer: str = "/geometry",
    what: str = "geometry",
    within: Bounds = INDONESIA,
) -> tuple[BaseGeometry, tuple[Note, ...]]:
    """Turn a GeoJSON Polygon or MultiPolygon into a geometry that can be judged.

    Parameters
    ----------
    value : object
        The parsed `geometry` member.
    crs : str
        Of its coordinates.
    pointer : str
        JSON pointer to it, for messages.
    within : (west, south, east, north)
        Degrees; the extent of the workspace.

    Returns
    -------
    geometry, notes
        Two-dimensional, valid, inside the extent.

    Raises
    ------
    GeometryError, CrsError, LimitError
        With the pointer or the coordinates of the fault.

    Examples
    --------
    >>> ring = [[110.6, -6.9], [110.601, -6.9], [110.601, -6.899], [110.6, -6.9]]
    >>> parse_geometry({"type": "Polygon", "coordinates": [ring]})[0].geom_type
    'Polygon'
    """
    polygons = _polygons(value, pointer)
    rings = list(_rings(polygons, pointer))
    _check_size(rings, what)
    for place, ring in rings:
        _check_ring(place, ring)
    check_extent(_bounds(rings), crs, within=within, what=what)
    parts = [_polygon(polygon) for polygon in polygons]
    geometry = parts[0] if value["type"] == "Polygon" else shapely.MultiPolygon(parts)
    _check_valid(geometry, pointer, what)
    return geometry, _height_notes(rings, what)


def parse_line(
    value: Any,
    *,
    crs: str = LONLAT,
    pointer: str = "/geometry",
    what: str = "line",
    within: Bounds = INDONESIA,
) -> BaseGeometry:
    """Turn a GeoJSON LineString or MultiLineString into a geometry.

    Raises
    ------
    GeometryError, CrsError, LimitError
        With the pointer of the fault.

    Examples
    --------
    >>> parse_line({"type": "LineString", "coordinates": [[110.6, -6.9], [110.7, -6.9]]}).wkt
    'LINESTRING (110.6 -6.9, 110.7 -6.9)'
    """
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in ("LineString", "MultiLineString"):
        raise GeometryError(
            "the geometry at {pointer} is a {kind}, not a LineString or MultiLineString",
            code="line_kind",
            hint="Send the edge of the road as a line",
            pointer=pointer,
            kind=str(kind)[:_SHOWN],
        )
    coordinates = value.get("coordinates")
    lines = [coordinates] if kind == "LineString" else coordinates
    if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
        raise _shape_error(f"{pointer}/coordinates")
    places = [(f"{pointer}/coordinates/{number}", line) for number, line in enumerate(lines)]
    _check_size(places, what)
    for place, line in places:
        _check_positions(place, line)
        if len(line) < 2:
            raise _shape_error(place)
    if not places:
        raise _shape_error(f"{pointer}/coordinates")
    check_extent(_bounds(places), crs, within=within, what=what)
    parts = [shapely.LineString([position[:2] for position in line]) for _, line in places]
    return parts[0] if len(parts) == 1 else shapely.MultiLineString(parts)


def parse_point(value: Any, *, pointer: str, what: str, within: Bounds) -> shapely.Point:
    """Turn a GeoJSON Point in degrees into a geometry inside an extent.

    Raises
    ------
    GeometryError, CrsError
        With the pointer of the fault.
    """
    position = value.get("coordinates") if isinstance(value, dict) else None
    _check_positions(f"{pointer}/coordinates", [position])
    x, y = position[:2]  # type: ignore[index]  # a list, as was just checked
    check_extent((x, y, x, y), LONLAT, within=within, what=what)
    return shapely.Point(x, y)


def _polygons(value: Any, pointer: str) -> list[Any]:
    """Return the polygons of a geometry as nested lists, whatever is inside them."""
    if not isinstance(value, dict):
        raise GeometryError(
            "there is no geometry at {pointer}",
            code="feature_no_geometry",
            hint="Send a Polygon or MultiPolygon",
            pointer=pointer,
        )
    kind = value.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise GeometryError(
            "the geometry at {pointer} is a {kind}, not a Polygon or MultiPolygon",
            code="geometry_kind",
            hint="A parcel is an area; turn curves into lines and split collections first",
            pointer=pointer,
            kind=str(kind)[:_SHOWN],
        )
    coordinates = value.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons or not all(polygons):
        raise GeometryError(
            "the geometry at {pointer} is empty",
            code="coordinates_empty",
            hint="Send the corners of the parcel",
            pointer=f"{pointer}/coordinates",
        )
    return polygons


def _polygon(rings: list[Any]) -> shapely.Polygon:
    shells: list[Any] = [
        shapely.linearrings(np.array([position[:2] for position in ring], dtype=float))
        for ring in rings
    ]
    polygon: Any = shapely.polygons(shells[0], shells[1:] or None)
    return polygon  # type: ignore[no-any-return]  # of one shell it is one polygon


def _rings(polygons: list[Any], pointer: str) -> Iterator[tuple[str, list[Any]]]:
    single = len(polygons) == 1
    for number, polygon in enumerate(polygons):
        place = f"{pointer}/coordinates" if single else f"{pointer}/coordinates/{number}"
        if not isinstance(polygon, list):
            raise _shape_error(place)
        for index, ring in enumerate(polygon):
            if not isinstance(ring, list):
                raise _shape_error(f"{place}/{index}")
            yield f"{place}/{index}", ring


def _shape_error(pointer: str) -> GeometryError:
    return GeometryError(
        "{pointer} is no list of positions",
        code="coordinates_shape",
        hint="A Polygon is a list of rings, a ring a list of positions [longitude, latitude]",
        pointer=pointer,
    )


def _check_size(rings: list[tuple[str, list[Any]]], what: str) -> None:
    count = sum(len(ring) for _, ring in rings)
    if count > MAX_VERTICES:
        raise LimitError(
            "{what} has {count} vertices; {most} is the most accepted",
            code="corners_too_many",
            hint="Send the parcel without points that lie on straight lines",
            what=what,
            count=count,
            most=MAX_VERTICES,
        )


def _check_positions(pointer: str, ring: list[Any]) -> None:
    for number, position in enumerate(ring):
        if not _is_position(position):
            raise GeometryError(
                "the position at {pointer} is no pair of finite numbers",
                code="coordinate_not_number",
                hint="Write [longitude, latitude] as numbers, not as text",
                pointer=f"{pointer}/{number}",
            )


def _check_ring(pointer: str, ring: list[Any]) -> None:
    _check_positions(pointer, ring)
    if len(ring) < 4:
        raise GeometryError(
            "the ring at {pointer} has {count} positions; the smallest has four",
            code="ring_positions",
            hint="The last position repeats the first",
            pointer=pointer,
            count=len(ring),
        )
    if ring[0] != ring[-1]:
        raise GeometryError(
            "the ring at {pointer} is not closed: it starts at {first} and ends at {last}",
            code="ring_unclosed",
            hint="Repeat the first position at the end",
            pointer=pointer,
            first=ring[0],
            last=ring[-1],
        )


def _is_position(value: Any) -> bool:
    if not isinstance(value, list) or not 2 <= len(value) <= 4:
        return False
    # bool is an int in Python, but true is no coordinate.
    numbers = all(type(number) in (int, float) for number in value)
    return numbers and all(math.isfinite(number) for number in value)


def _bounds(rings: list[tuple[str, list[Any]]]) -> Bounds:
    xs = [position[0] for _, ring in rings for position in ring]
    ys = [position[1] for _, ring in rings for position in ring]
    return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))


def _check_valid(geometry: BaseGeometry, pointer: str, what: str) -> None:
    try:
        require_polygon(geometry, what=what, max_vertices=MAX_VERTICES)
    except EngineError as error:
        error.details["pointer"] = pointer
        raise


def _height_notes(rings: list[tuple[str, list[Any]]], what: str) -> tuple[Note, ...]:
    count = sum(len(position) > 2 for _, ring in rings for position in ring)
    if not count:
        return ()
    text = "{what}: the heights of {count} positions are not used"
    return (Note("heights_ignored", text, "warning", {"what": what, "count": count}),)
