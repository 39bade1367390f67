"""The building of a permit: what is drawn of it is measured, and compared with what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.values import value
from zoning.finding import Finding
from zoning.lattice import FREE, UNKNOWN
from zoning.permit import Permit, area_uncertainty
from zoning.plot import AreaRange
from zoning.setbacks import setbacks

__all__ = ["AREAS", "Building", "Drawing", "building_of", "drawing_findings"]

#: What is drawn as areas, and the number it measures.
AREAS: Final = {
    "footprint": "luas_tapak_m2",
    "geom_lantai": "luas_lantai_m2",
    "geom_hijau": "luas_hijau_m2",
    "geom_basement": "luas_basement_m2",
}
#: Numbers of which less is worse; of all others more is.
LESS_IS_WORSE: Final = frozenset({"luas_hijau_m2", "gsb_m", "jbs_m", "jbb_m"})
#: Numbers that a drawing can measure, with their unit.
UNITS: Final = dict.fromkeys(AREAS.values(), "m2") | {
    "lantai": "lantai",
    "gsb_m": "m",
    "jbs_m": "m",
    "jbb_m": "m",
}


@value()
class Drawing:
    """What a permit draws, by column: on the plane of areas, and on the metric plane."""

    on_area: Mapping[str, BaseGeometry] = field(default_factory=dict)
    on_metric: Mapping[str, BaseGeometry] = field(default_factory=dict)

    @property
    def footprint(self) -> BaseGeometry | None:
        """Ground floor on the plane of areas."""
        return self.on_area.get("footprint")


@value()
class Building:
    """Numbers of a building as they are judged.

    Parameters
    ----------
    numbers : mapping of str to AreaRange
        By column of the permit: measured where it is drawn, declared where it is not, the
        worse of both where they differ.
    measured : mapping of str to AreaRange
        What the drawing alone says.
    derived : mapping of str to str
        Numbers that follow from others, and how.
    described : bool
        Whether the permit describes a building without its ground floor.
    """

    drawing: Drawing
    precision_m: float
    numbers: Mapping[str, AreaRange]
    measured: Mapping[str, AreaRange]
    derived: Mapping[str, str]
    described: bool

    @property
    def footprint(self) -> BaseGeometry | None:
        """Ground floor on the plane of areas."""
        return self.drawing.footprint

    def draws(self, column: str) -> bool:
        """Say whether a number is drawn as an area."""
        return any(AREAS[name] == column for name in self.drawing.on_area if name in AREAS)

    def inside(self, column: str, region: BaseGeometry) -> AreaRange:
        """Return how much of a drawn area lies in a region."""
        [shape] = [s for n, s in self.drawing.on_area.items() if AREAS.get(n) == column]
        parts = shapely.get_parts(shape)
        area = float(shapely.area(shapely.intersection(parts, region)).sum())
        return _around(area, shape, self.precision_m)

    def told(self, column: str) -> dict[str, Any]:
        """Return where a number comes from, as a fact of its finding."""
        if column in self.derived:
            return {"dari": self.derived[column]}
        return {"diukur": True} if self.numbers.get(column) == self.measured.get(column) else {}


def building_of(
    permit: Permit, drawing: Drawing, parcel: BaseGeometry | None, precision_m: float
) -> Building:
    """Return the building of a permit, measured where it is drawn.

    Parameters
    ----------
    parcel : geometry or None
        On the metric plane; needed where setbacks are to be measured.
    precision_m : float
        How exact the coordinates are written.
    """
    measured = _measured(drawing, parcel, precision_m)
    numbers: dict[str, AreaRange] = {}
    for column in {**(permit.numbers or {}), **measured}:
        numbers[column] = _worse(column, permit.number(column), measured.get(column))
    derived = _floors_of(numbers)
    described = "luas_tapak_m2" not in numbers and bool(
        permit.number("lantai") or permit.number("luas_lantai_m2")
    )
    return Building(
        drawing=drawing,
        precision_m=precision_m,
        numbers=numbers | derived,
        measured=measured,
        derived=dict.fromkeys(derived, "lantai x luas_tapak_m2"),
        described=described,
    )


def _measured(
    drawing: Drawing, parcel: BaseGeometry | None, precision_m: float
) -> dict[str, AreaRange]:
    found: dict[str, AreaRange] = {}
    for name, column in AREAS.items():
        shape = drawing.on_area.get(name)
        if shape is not None:
            # Floors lie over each other: each counts, also where they are one shape of many.
            area = float(shapely.area(shapely.get_parts(shape)).sum())
            found[column] = _around(area, shape, precision_m)
    floors = drawing.on_area.get("geom_lantai")
    if floors is not None:
        count = float(shapely.get_num_geometries(floors))
        found["lantai"] = AreaRange(count, count)
    footprint, road = drawing.on_metric.get("footprint"), drawing.on_metric.get("garis_jalan")
    if footprint is not None and road is not None and parcel is not None:
        found |= setbacks(parcel, footprint, road, precision_m)
    return found


def _around(area: float, shape: BaseGeometry, precision_m: float) -> AreaRange:
    doubt = float(area_uncertainty([shape], precision_m)[0])
    return AreaRange(max(area - doubt, 0.0), area + doubt)


def _worse(column: str, declared: float | None, measured: AreaRange | None) -> AreaRange:
    """Return the number that is judged.

    A declared number within the error of the drawing is the same number, and exact; where
    they differ the worse of the two is judged, so that neither can hide the other.
    """
    if measured is None or declared is None:
        return measured or AreaRange(declared or 0.0, declared or 0.0)
    if measured.lo <= declared <= measured.hi:
        return AreaRange(declared, declared)
    less = column in LESS_IS_WORSE
    worse = declared < measured.lo if less else declared > measured.hi
    return AreaRange(declared, declared) if worse else measured


def _floors_of(numbers: Mapping[str, AreaRange]) -> dict[str, AreaRange]:
    """Return what floors and footprint say of the area of all floors, where nobody states it."""
    ground, floors = numbers.get("luas_tapak_m2"), numbers.get("lantai")
    if "luas_lantai_m2" in numbers or ground is None or floors is None or floors.hi < 1:
        return {}
    return {"luas_lantai_m2": AreaRange(ground.lo, ground.hi * floors.hi)}


def drawing_findings(
    permit: Permit, building: Building, parcel: BaseGeometry, doubt_m2: float
) -> Iterator[Finding]:
    """Yield where drawing and declaration differ, and a building beyond its parcel.

    Parameters
    ----------
    parcel : geometry
        On the plane of areas; its area is known within `doubt_m2`.
    """
    for column, measured in building.measured.items():
        declared = permit.number(column)
        if declared is None or measured.lo <= declared <= measured.hi:
            continue
        difference = declared - measured.middle
        yield Finding(
            rule=f"SELISIH_GAMBAR:{column}",
            kind="tapak",
            interval=FREE,
            measured=measured.middle,
            limit=declared,
            unit=UNITS[column],
            facts={"kolom": column, "selisih": round(difference, 6)},
        )
    footprint = building.footprint
    if footprint is None:
        return
    outside = float(shapely.area(shapely.difference(footprint, parcel)))
    [doubt] = area_uncertainty([footprint], building.precision_m)
    if outside > doubt + doubt_m2:
        yield Finding(
            rule="TAPAK_KELUAR",
            kind="tapak",
            interval=UNKNOWN,
            area_m2=outside,
            reason="INPUT_KURANG",
            facts={"luar_m2": round(outside, 6)},
        )
