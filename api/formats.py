"""Numbers, areas, shares and dates as people read them, Indonesian or English."""

from __future__ import annotations

import math
from datetime import date
from typing import Final, Literal, TypeAlias

__all__ = ["Language", "area", "day", "number", "percent", "quantity"]

Language: TypeAlias = Literal["id", "en"]

HECTARE_M2: Final = 10_000.0
NO_VALUE: Final = "–"
MONTHS: Final[dict[str, tuple[str, ...]]] = {
    "id": (
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
#: Symbols of units as people write them, by the unit's name in data.
UNITS: Final = {"m2": "m²", "share": "%", "m": "m", "ha": "ha", "lantai": "lantai"}


def number(value: float | None, decimals: int = 2, language: Language = "id") -> str:
    """Write a number with separators of the language; a dash where there is none.

    Examples
    --------
    >>> number(1234.5), number(1234.5, language="en"), number(None)
    ('1.234,50', '1,234.50', '–')
    """
    if value is None or math.isnan(value):
        return NO_VALUE
    text = f"{value:,.{decimals}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def percent(share: float | None, decimals: int = 2, language: Language = "id") -> str:
    """Write a share (0..1) in percent.

    Examples
    --------
    >>> percent(0.58333)
    '58,33 %'
    """
    if share is None or math.isnan(share):
        return NO_VALUE
    return f"{number(share * 100, decimals, language)} %"


def area(area_m2: float | None, language: Language = "id") -> str:
    """Write an area: square metres below one hectare, hectares from there on.

    Examples
    --------
    >>> area(1234.56), area(41_260)
    ('1.234,56 m²', '4,13 ha')
    """
    if area_m2 is None or math.isnan(area_m2):
        return NO_VALUE
    if abs(area_m2) < HECTARE_M2:
        return f"{number(area_m2, 2, language)} m²"
    return f"{number(area_m2 / HECTARE_M2, 2, language)} ha"


def quantity(value: float | None, unit: str | None, language: Language = "id") -> str:
    """Write a measured value with its unit; shares become percent.

    Examples
    --------
    >>> quantity(0.6, "share"), quantity(2, "lantai"), quantity(12.5, "m")
    ('60,00 %', '2 lantai', '12,50 m')
    """
    if unit == "share":
        return percent(value, 2, language)
    if unit == "m2":
        return area(value, language)
    whole = unit == "lantai" and value is not None and float(value).is_integer()
    text = number(value, 0 if whole else 2, language)
    return f"{text} {UNITS.get(unit, unit)}" if unit else text


def day(value: date | str | None, language: Language = "id") -> str:
    """Write a date in words.

    Examples
    --------
    >>> day("2024-06-13"), day(date(2024, 6, 13), "en")
    ('13 Juni 2024', '13 June 2024')
    """
    if value is None or value == "":
        return NO_VALUE
    when = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{when.day} {MONTHS[language][when.month - 1]} {when.year}"
