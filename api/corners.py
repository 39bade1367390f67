"""Corner points as surveyors list them become a parcel; a line in doubt is named."""

from __future__ import annotations

import re
from typing import Any, Final

from api.coordinates import read_coordinates
from spatial.crs import LONLAT, Bounds, check_extent
from spatial.errors import GeometryError, LimitError

__all__ = ["read_corners"]

MOST: Final = 2_000
LONGEST: Final = 200
_ZONE: Final = re.compile(r"(?:UTM\s*)?(\d{1,2}\s*[NSLM])", re.IGNORECASE)
#: Number or name of a corner before its coordinates: `1`, `P2.`, `BM-3:`.
_LABEL: Final = re.compile(r"^[A-Za-z]{0,4}-?\d{0,4}[.:)]?[\s;:]+")


def read_corners(text: str, within: Bounds) -> dict[str, Any]:
    r"""Return the parcel of a list of corners as a GeoJSON Feature.

    Each line holds one corner in degrees, in minutes and seconds or in UTM, perhaps after its
    number. A line that holds only a UTM zone (`49S`) speaks for those below it. The first corner
    may come again at the end.

    Parameters
    ----------
    text : str
    within : tuple of float
        West, south, east, north: corners elsewhere are refused.

    Raises
    ------
    GeometryError
        `corner_line` with the line, or `corners_few`.
    CrsError
        Where a corner is outside.
    LimitError
        `corners_many`.

    Examples
    --------
    >>> java = (108.0, -9.0, 112.0, -5.0)
    >>> found = read_corners("49S\n1 459000 9239500\n2 459020 9239500\n3 459020 9239480", java)
    >>> len(found["geometry"]["coordinates"][0])
    4
    >>> read_corners("110.64 -6.88\n110.65 -6,88\nsudut tiga", java)
    Traceback (most recent call last):
    spatial.errors.GeometryError: line 3 holds no coordinates: 'sudut tiga'...
    """
    lines = text.splitlines()
    if len(lines) > MOST:
        raise LimitError(
            "there are more than {most} lines",
            code="corners_many",
            hint="Send a parcel of so many corners as a file",
            most=MOST,
        )
    zone = ""
    ring: list[tuple[float, float]] = []
    for number, raw in enumerate(lines, 1):
        line = raw.strip().lstrip("\ufeff")[: LONGEST + 1]
        if named := _ZONE.fullmatch(line):
            zone = named[1]
        elif line:
            corner = _corner(line, zone)
            if corner is None:
                raise _unreadable(number, line)
            check_extent((*corner, *corner), LONLAT, within=within, what=f"line {number}")
            if not ring or corner != ring[-1]:
                ring.append(corner)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    if len(ring) < 3:
        raise GeometryError(
            "{count} corners make no parcel",
            code="corners_few",
            hint="Write at least three corners, one on a line",
            count=len(ring),
        )
    closed = [[round(lon, 9), round(lat, 9)] for lon, lat in (*ring, ring[0])]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [closed]},
        "properties": {},
    }


def _corner(line: str, zone: str) -> tuple[float, float] | None:
    """Read a corner as it stands, else without its number; under a zone also as UTM."""
    if len(line) > LONGEST:
        return None
    for text in (line, _LABEL.sub("", line, count=1)):
        plain = " ".join(text.replace(";", " ").split())
        found = read_coordinates(plain) or (read_coordinates(f"{zone} {plain}") if zone else None)
        if found is not None:
            return found
    return None


def _unreadable(number: int, line: str) -> GeometryError:
    return GeometryError(
        "line {line} holds no coordinates: {text!r}",
        code="corner_line",
        hint="One corner a line: 110.64, -6.88 or 6°52'48\"S 110°38'24\"E or 49S 459000 9239500; "
        "for several in UTM the zone may stand alone on the first line",
        line=number,
        text=line[:60],
    )
