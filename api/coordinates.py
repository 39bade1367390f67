"""Coordinates as people write them: degrees, minutes and seconds, or UTM; read, never guessed."""

from __future__ import annotations

import re
from typing import Final

from spatial.crs import LONLAT, operation

__all__ = ["read_coordinates"]

_NUMBER: Final = r"[+-]?\d+(?:[.,]\d+)?"
_UTM: Final = re.compile(
    rf"(?:UTM\s*)?(?P<zone>\d{{1,2}})\s*(?P<band>[NSLM])\s+(?P<x>{_NUMBER})\s*m?[EeTt]?[\s,;]+"
    rf"(?P<y>{_NUMBER})\s*m?[NnSsUu]?",
    re.IGNORECASE,
)
_DEGREES: Final = re.compile(rf"^\s*({_NUMBER})\s*°?\s*[,;\s]\s*({_NUMBER})\s*°?\s*$")
_ANGLE: Final = re.compile(
    r"(?P<before>LS|LU|BT|BB|[NSEWUTB])?\s*"
    r"(?P<d>\d+(?:[.,]\d+)?)\s*[°d]\s*(?:(?P<m>\d+(?:[.,]\d+)?)\s*['′’]\s*)?"
    r"(?:(?P<s>\d+(?:[.,]\d+)?)\s*(?:\"|″|”|'')\s*)?"
    r"(?P<after>LS|LU|BT|BB|[NSEWUTB])?",
    re.IGNORECASE,
)
#: Letters of the hemisphere, English and Indonesian: is it a latitude, and its sign.
_SIDES: Final = {
    "N": (True, 1), "U": (True, 1), "LU": (True, 1), "S": (True, -1), "LS": (True, -1),
    "E": (False, 1), "T": (False, 1), "BT": (False, 1),
    "W": (False, -1), "B": (False, -1), "BB": (False, -1),
}  # fmt: skip


def read_coordinates(text: str) -> tuple[float, float] | None:
    r"""Return longitude and latitude that a text gives; None if it gives none.

    Two plain numbers are taken as longitude and latitude in the order in which they can be
    meant in Indonesia: the one beyond 90 is the longitude.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> read_coordinates("-6.88, 110.64")
    (110.64, -6.88)
    >>> [round(v, 4) for v in read_coordinates("7°44'12\"S 110°22'1\"E")]
    [110.3669, -7.7367]
    >>> [round(v, 3) for v in read_coordinates("49S 459000 9239500")]
    [110.629, -6.88]
    >>> read_coordinates("Bonang") is None
    True
    """
    return _utm(text) or _sexagesimal(text) or _plain(text)


def _value(text: str) -> float:
    return float(text.replace(",", "."))


def _utm(text: str) -> tuple[float, float] | None:
    match = _UTM.fullmatch(text.strip())
    if match is None or not 46 <= int(match["zone"]) <= 54:
        return None
    # Planners write the hemisphere; L and M are the bands of the southern one in Indonesia.
    south = match["band"].upper() in "SLM"
    code = (32700 if south else 32600) + int(match["zone"])
    x, y = _value(match["x"]), _value(match["y"])
    if not (100_000 <= x <= 900_000 and 0 <= y <= 10_000_000):
        return None
    lon, lat = operation(f"EPSG:{code}", LONLAT).transformer.transform(x, y)
    return float(lon), float(lat)


def _sexagesimal(text: str) -> tuple[float, float] | None:
    angles = [match for match in _ANGLE.finditer(text) if match["before"] or match["after"]]
    if len(angles) != 2:
        return None
    found: dict[bool, float] = {}
    for match in angles:
        side = (match["before"] or match["after"]).upper()
        is_latitude, sign = _SIDES[side]
        minutes, seconds = _value(match["m"] or "0"), _value(match["s"] or "0")
        if minutes >= 60 or seconds >= 60:
            return None
        found[is_latitude] = sign * (_value(match["d"]) + minutes / 60 + seconds / 3600)
    return (found[False], found[True]) if len(found) == 2 else None


def _plain(text: str) -> tuple[float, float] | None:
    match = _DEGREES.match(text)
    if match is None:
        return None
    first, second = _value(match[1]), _value(match[2])
    if abs(first) <= 90 < abs(second) <= 180:
        return second, first
    return (first, second) if abs(second) <= 90 < abs(first) <= 180 else None
