"""An oracle without rounding: areas of small overlays in rational numbers, slab by slab.

GEOS snaps where it cannot tell lines apart, and is then off by more than the kernel is.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

#: x0, y0, x1, y1 with x0 < x1, and the number of the polygon.
Line = tuple[Fraction, Fraction, Fraction, Fraction, int]
#: The parcel among the polygons.
PARCEL = -1


def exact_areas(
    parcel: BaseGeometry, zones: list[BaseGeometry], codes: list[int]
) -> tuple[dict[int, float], dict[int, float]]:
    """Return area per code in the parcel, and what of it smaller codes have counted."""
    lines = [line for number, zone in enumerate(zones) for line in _lines(zone, number)]
    own = _lines(parcel, PARCEL)
    low, high = min(line[0] for line in own), max(line[2] for line in own)
    lines = own + [line for line in lines if line[0] < high and line[2] > low]
    area: dict[int, Fraction] = {}
    overlap: dict[int, Fraction] = {}
    for west, east in pairwise(_breaks(lines, low, high)):
        for inside, size in _bands(lines, west, east):
            found = sorted({codes[number] for number in inside if number != PARCEL})
            if PARCEL in inside:
                for place, code in enumerate(found):
                    area[code] = area.get(code, Fraction(0)) + size
                    if place:
                        overlap[code] = overlap.get(code, Fraction(0)) + size
    return _floats(area), _floats(overlap)


def _floats(values: dict[int, Fraction]) -> dict[int, float]:
    return {code: float(value) for code, value in values.items()}


def _lines(shape: BaseGeometry, number: int) -> list[Line]:
    found = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            for (x0, y0), (x1, y1) in pairwise(np.asarray(ring.coords)[:, :2].tolist()):
                if x0 != x1:
                    ends = sorted([(Fraction(x0), Fraction(y0)), (Fraction(x1), Fraction(y1))])
                    found.append((*ends[0], *ends[1], number))
    return found


def _height(line: Line, x: Fraction) -> Fraction:
    return line[1] + (x - line[0]) * (line[3] - line[1]) / (line[2] - line[0])


def _breaks(lines: list[Line], low: Fraction, high: Fraction) -> list[Fraction]:
    """All abscissas where a line begins, ends or crosses another."""
    found = {low, high} | {x for line in lines for x in (line[0], line[2]) if low < x < high}
    for a, b in combinations(lines, 2):
        west, east = max(a[0], b[0], low), min(a[2], b[2], high)
        if west < east:
            d0 = _height(a, west) - _height(b, west)
            d1 = _height(a, east) - _height(b, east)
            if d0 * d1 < 0:
                found.add(west + (east - west) * d0 / (d0 - d1))
    return sorted(found)


def _bands(lines: list[Line], west: Fraction, east: Fraction) -> list[tuple[set[int], Fraction]]:
    """Split a slab at its lines: which polygons each band lies in, and its area."""
    middle = (west + east) / 2
    active = sorted(
        (_height(line, middle), line[4]) for line in lines if line[0] < middle < line[2]
    )
    inside: set[int] = set()
    bands = []
    for (y, number), (y_next, _) in pairwise(active):
        inside = inside ^ {number}
        bands.append((inside, (y_next - y) * (east - west)))
    return bands
