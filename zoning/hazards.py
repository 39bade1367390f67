"""Hazard maps as a plan meets them: a frame of classes per parcel, measured elsewhere.

This package knows no hazard. Whoever loads a plan may give it a meter, which measures parcels
against the maps that the plan's rules name and hands back a plain table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from spatial.notes import Note
from zoning.ground import Ground
from zoning.permit import Permit
from zoning.plan import HazardMap
from zoning.ruleset import Selection, is_meant

__all__ = ["BLANK_CLASSES", "COLUMNS", "Exposed", "Exposures", "Meter", "exposures_on"]

#: Columns of the table that a meter gives: one row per parcel, map and class that is met.
COLUMNS: Final = (
    "parcel",  # position of the parcel
    "map",  # position of the map
    "hazard_class",
    "share",  # of the parcel
    "near_share",  # what lies in the strip that the map may be off by, as a share of the parcel
    "worst",
    "weighted",
    "no_data_share",
    "fault",  # the Note that says why the map could not be read; None where it was
)
#: Classes that are none: the map is blank there, or ends before.
BLANK_CLASSES: Final = ("tanpa_data", "luar_cakupan")


class Meter(Protocol):
    """Measures parcels against hazard maps."""

    def __call__(
        self, parcels: gpd.GeoSeries, maps: Sequence[HazardMap], layers: Mapping[str, Any]
    ) -> pd.DataFrame:
        """Return a table of `COLUMNS`.

        Parameters
        ----------
        parcels : GeoSeries of polygons
        maps : sequence of HazardMap
        layers : mapping
            Stored layers by name, or the error that stands for one.
        """


@dataclass(frozen=True, slots=True)
class Exposed:
    """What one map says of one parcel.

    `classes` gives the share of each class in the parcel and in the strip around it; `facts`
    the worst and the weighted class, and the share without data.
    """

    classes: dict[str, tuple[float, float]]
    facts: Mapping[str, Any]
    fault: Note | None = None


Exposures: TypeAlias = Mapping[HazardMap, Exposed]


def exposures_on(
    ground: Ground, permits: Sequence[Permit], parcels: Sequence[BaseGeometry]
) -> list[Exposures]:
    """Return, for each permit, what the hazard maps of a plan say of its parcel.

    Only parcels that some rule asks about are measured. A map that nobody measured is not in
    the answer, which no rule takes for safe.
    """
    maps = list(dict.fromkeys(rule.source for rule in ground.rules.hazards))
    found: list[dict[HazardMap, Exposed]] = [{} for _ in parcels]
    asked = [place for place, permit in enumerate(permits) if _asks(ground, permit)]
    if not asked or ground.plan.meter is None:
        return list(found)
    shapes = gpd.GeoSeries([parcels[place] for place in asked], crs=ground.meta.area_crs)
    table: pd.DataFrame = ground.plan.meter(shapes, maps, ground.hazards)
    columns = (table[name].tolist() for name in COLUMNS)
    for parcel, place, name, share, near, worst, weighted, blank, fault in zip(
        *columns, strict=True
    ):
        facts = {"worst": worst, "weighted": weighted, "no_data_share": blank}
        mine = found[asked[parcel]]
        mine.setdefault(maps[place], Exposed({}, facts, fault)).classes[name] = (share, near)
    return list(found)


def _asks(ground: Ground, permit: Permit) -> bool:
    """Say whether some rule on hazards speaks about what a permit asks for."""
    rules = ground.rules
    known = permit.kegiatan or permit.kbli
    selection = rules.select(permit.kegiatan, permit.kbli) if known else Selection("", ())
    return any(is_meant(rule, selection) for rule in rules.hazards)
