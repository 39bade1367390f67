"""One finding: what a rule says of a permit, how far that is proven, and the law behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.crs import LONLAT, project
from spatial.densify import POLYGONS
from spatial.errors import EngineError
from spatial.notes import Note
from spatial.rings import flatten
from spatial.values import value
from zoning.lattice import Interval, Izin
from zoning.plan import Citation

__all__ = ["Finding", "Kind", "Part", "because", "lonlat_mapping", "rounded"]

Kind: TypeAlias = Literal[
    "matriks",
    "ketentuan_khusus",
    "bahaya",
    "intensitas",
    "luas",
    "cakupan",
    "konflik",
    "tapak",
    "masukan",
]

#: Decimals of degrees in answers: a tenth of a millimetre.
DEGREE_DECIMALS: Final = 9
#: Edges this short stay straight within a millimetre when they are drawn in degrees.
STRAIGHT_M: Final = 200.0
NO_FACTS: Final[Mapping[str, Any]] = {}


@value()
class Finding:
    """What one rule says.

    Parameters
    ----------
    rule : str
        Stable name, e.g. `itbx:R-2`, `kdb_maks:R-2`, `LP2B:larang`.
    kind : Kind
        Family of rules.
    interval : Interval
        What it may be.
    area_m2 : float or None
        Area it concerns; None where it concerns the permit as a whole.
    region : geometry or None
        Where, on the plane of areas; None for the whole parcel.
    measured, limit, unit
        The numbers compared, where numbers are.
    conditions : tuple of str
        What has to be kept where it applies.
    basis : Citation or None
        The law; `also` holds further ones, where plans contradict each other.
    reason : str
        Why the interval is wide, one of `lattice.REASONS`; empty where it is not.
    spatial : bool
        Whether a prohibition concerns just its region, so that the rest may be approved.
    facts : mapping
        What `explain` needs: zone, activity, document, suggestions ...
    """

    rule: str
    kind: Kind
    interval: Interval
    area_m2: float | None = None
    region: BaseGeometry | None = None
    measured: float | None = None
    limit: float | None = None
    unit: str | None = None
    conditions: tuple[str, ...] = ()
    basis: Citation | None = None
    also: tuple[Citation, ...] = ()
    reason: str = ""
    spatial: bool = False
    facts: Mapping[str, Any] = field(default_factory=lambda: NO_FACTS)

    @property
    def prohibits(self) -> bool:
        """Whether it is proven to prohibit."""
        return self.interval.lo is Izin.X

    @property
    def may_prohibit(self) -> bool:
        """Whether it may prohibit."""
        return self.interval.hi is Izin.X

    def to_dict(self, crs: str) -> dict[str, Any]:
        """Return the finding as JSON-ready dictionary; geometry as GeoJSON in degrees."""
        return {
            "rule": self.rule,
            "kind": self.kind,
            "interval": self.interval.to_list(),
            "measured": rounded(self.measured, 9),
            "limit": self.limit,
            "unit": self.unit,
            "area_m2": rounded(self.area_m2),
            "conditions": list(self.conditions),
            "dasar": self.basis.to_dict() if self.basis else None,
            "dasar_lain": [basis.to_dict() for basis in self.also],
            "reason": self.reason or None,
            "facts": {k: _shown(v) for k, v in self.facts.items()},
            "geometry": lonlat_mapping(self.region, crs),
        }


def because(fault: EngineError | Note) -> dict[str, Any]:
    """Return the facts of a finding that rests on a fault, so that it can be said in any language.

    Examples
    --------
    >>> because(Note("layer_missing", "no layer {name}", "error", {"name": "krb"}))["sebab"]
    'no layer krb'
    """
    details = {key: _ready(value) for key, value in fault.details.items()}
    return {"sebab": str(fault), "sebab_kode": fault.code, "sebab_fakta": details}


@value()
class Part:
    """The share of a parcel in one zone of one instrument."""

    instrument: str
    zone: str
    area_m2: float
    share: float
    interval: Interval
    proven: bool
    counted: bool = True
    registered_m2: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the part as JSON-ready dictionary; `izin` is None where it is not certain."""
        return {
            "instrument": self.instrument,
            "zone": self.zone,
            "area_m2": rounded(self.area_m2),
            "share": rounded(self.share, 9),
            "izin": self.interval.lo.name if self.interval.certain else None,
            "interval": self.interval.to_list(),
            "sliver": not self.proven,
            "counted": self.counted,
            "registered_m2": rounded(self.registered_m2),
        }


def _ready(value: Any) -> Any:
    """Return a fact of an error as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): _ready(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_ready(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _shown(value: Any) -> Any:
    """Round a number so that the last bits of a sum, which differ by machine, do not show."""
    return round(value, 9) if isinstance(value, float) else value


def rounded(value: float | None, decimals: int = 6) -> float | None:
    """Round for the answer only, so that the last bits of a sum do not show; NaN is no answer."""
    if value is None or math.isnan(value):
        return None
    return round(float(value), decimals) + 0.0


def lonlat_mapping(geometry: BaseGeometry | None, crs: str) -> dict[str, Any] | None:
    """Return a geometry as GeoJSON: longitude and latitude (CRS84), counter-clockwise rings."""
    if geometry is None or geometry.is_empty:
        return None
    west, south, east, north = geometry.bounds
    array = np.empty(1, dtype=object)
    array[0] = geometry
    straight = max(east - west, north - south) <= STRAIGHT_M
    moved = shapely.orient_polygons(project(array, crs, LONLAT, densify=not straight))
    if shapely.get_type_id(moved[0]) not in POLYGONS:
        rounded_off = shapely.transform(moved[0], lambda xy: np.round(xy, DEGREE_DECIMALS))
        mapping: dict[str, Any] = _lists(shapely.geometry.mapping(rounded_off))
        return mapping
    return {"type": moved[0].geom_type, "coordinates": _coordinates(moved)}


def _coordinates(polygons: NDArray[np.object_]) -> list[Any]:
    """Return the GeoJSON coordinates of one polygon or multipolygon."""
    rings = flatten(polygons)
    xy = np.round(rings.xy, DEGREE_DECIMALS).tolist()
    parts: list[list[Any]] = []
    for (begin, end), kind in zip(pairwise(rings.start.tolist()), rings.kind.tolist(), strict=True):
        if kind > 0:
            parts.append([])
        parts[-1].append(xy[begin:end])
    return parts[0] if shapely.get_type_id(polygons[0]) == POLYGONS[0] else parts


def _lists(value: Any) -> Any:
    """Turn the tuples of a mapping into the lists that JSON gives back."""
    if isinstance(value, dict):
        return {key: _lists(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_lists(inner) for inner in value]
    return value
