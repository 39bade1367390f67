"""What would conform: room for a building, the smallest move, the nearest place that allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.crs import LONLAT, project
from spatial.errors import PlanError
from zoning.check import cases_of, ordered
from zoning.coverage import polygons_of
from zoning.envelope import Envelope, buildable
from zoning.finding import rounded
from zoning.ground import ZoneMap
from zoning.judge import Case, Weighed, weigh
from zoning.outcome import outcome_of
from zoning.permits import Permits
from zoning.plan import Plan
from zoning.shift import Shift, smallest_shift
from zoning.siting import siting

__all__ = ["Advice", "NearPlace", "advise"]

#: How far a place that allows the activity is looked for, step by step (m).
REACH_M: Final = (100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)
MOST_PLACES: Final = 3
#: Zone of road bodies (badan jalan), and how near one lies to the parcel that it serves (m).
ROAD_BODY: Final = "BJ"
BESIDE_M: Final = 5.0
CONFORMING: Final = ("SESUAI", "SESUAI_TERBATAS", "SESUAI_BERSYARAT")
Roads = Callable[[BaseGeometry, str], BaseGeometry | None]


@dataclass(frozen=True, slots=True)
class NearPlace:
    """A zone that allows the activity, its distance from the parcel and its nearest point."""

    plan: str
    zone: str
    name: str
    izin: str
    conditions: str
    distance_m: float
    lon: float
    lat: float

    def to_dict(self) -> dict[str, Any]:
        """Return the place as JSON-ready dictionary."""
        return {
            "plan": self.plan,
            "zone": self.zone,
            "name": self.name,
            "izin": self.izin,
            "conditions": self.conditions,
            "distance_m": rounded(self.distance_m, 1),
            "lon": round(self.lon, 7),
            "lat": round(self.lat, 7),
        }


@dataclass(frozen=True, slots=True)
class Advice:
    """What an applicant may do.

    Parameters
    ----------
    envelope : Envelope or None
        None where no part of the parcel is certain to be usable.
    fits : bool or None
        Whether the drawn footprint lies in the envelope; None without a drawing, or where it
        would only with a road that is not known.
    shift : Shift or None
        Smallest move of the footprint out of prohibited strips; None where it lies in none,
        or fits nowhere on the parcel.
    near : tuple of NearPlace
        Looked for only where the parcel itself cannot be approved whole.
    """

    permit_id: str
    verdict: str
    envelope: Envelope | None
    fits: bool | None
    shift: Shift | None
    near: tuple[NearPlace, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the advice as JSON-ready dictionary."""
        return {
            "permit_id": self.permit_id,
            "verdict": self.verdict,
            "envelope": self.envelope.to_dict() if self.envelope else None,
            "fits": self.fits,
            "shift": self.shift.to_dict() if self.shift else None,
            "near": [place.to_dict() for place in self.near],
        }


def advise(
    permits: gpd.GeoDataFrame | Permits,
    plan: Plan | Iterable[Plan],
    *,
    on: date | None = None,
    roads: Roads | None = None,
) -> list[Advice | None]:
    """Return what would conform, for every permit; None for one that cannot be judged.

    Parameters
    ----------
    permits, plan, on
        As for `check_permits`.
    roads : callable, optional
        Takes a parcel and the CRS it is in; returns the road before it in that CRS.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from zoning import load_plan, sample_plan_folder
    >>> house = gpd.GeoDataFrame({"permit_id": ["P-1"], "kegiatan": ["rumah tunggal"]},
    ...     geometry=[shapely.box(110.6, -6.9, 110.6001, -6.8999)], crs="EPSG:4326")
    >>> [advice] = advise(house, load_plan(sample_plan_folder("rdtr")))
    >>> advice.envelope is None, advice.near  # no layers were given: nothing is known
    (True, ())
    """
    plans = ordered(plan)
    rows, cases = cases_of(Permits.of(permits), plans, on=on)
    found: list[Advice | None] = [None] * len(rows)
    for index, case in cases:
        found[index] = _advice(case, plans, roads)
    return found


def _advice(case: Case, plans: Sequence[Plan], roads: Roads | None) -> Advice:
    weighed = weigh(case)
    outcome = outcome_of(weighed.findings, weighed.regions, weighed.remainder)
    allowed = _allowed(case, weighed)
    envelope = _envelope(case, weighed, allowed, roads)
    footprint = case.drawing.footprint
    return Advice(
        permit_id=case.permit.permit_id,
        verdict=outcome.verdict,
        envelope=envelope,
        fits=_fits(envelope, footprint),
        shift=_shift(case, allowed, footprint),
        near=_near(case, plans) if _displaced(weighed, outcome.verdict) else (),
    )


def _fits(envelope: Envelope | None, footprint: BaseGeometry | None) -> bool | None:
    """Say whether a drawing lies in the envelope; not known where only the road is lacking."""
    if envelope is None or footprint is None:
        return None
    if envelope.region.covers(footprint):
        return True
    return False if envelope.road_known else None


def _displaced(weighed: Weighed, verdict: str) -> bool:
    """Say whether the place, not the size of the building, stands against the activity."""
    return verdict not in CONFORMING and any(
        f.may_prohibit and f.kind != "intensitas" for f in weighed.findings
    )


def _allowed(case: Case, weighed: Weighed) -> BaseGeometry:
    """Return what of the parcel is certain not to be prohibited."""
    everywhere = any(f.spatial and f.may_prohibit and f.region is None for f in weighed.findings)
    refused = any(
        f.may_prohibit and not f.spatial and f.kind != "intensitas" for f in weighed.findings
    )
    if everywhere or refused or not any(scene.zones for scene in case.scenes):
        return shapely.Polygon()
    taken = weighed.regions.possible
    return case.parcel if taken is None else polygons_of(case.parcel.difference(taken))


def _envelope(
    case: Case, weighed: Weighed, allowed: BaseGeometry, roads: Roads | None
) -> Envelope | None:
    if allowed.is_empty or not weighed.plot.parts:
        return None
    meta = case.grounds[0].meta
    road = case.drawing.on_area.get("garis_jalan")
    if road is None:
        road = _road_body(case)
    if road is None and roads is not None:
        road = roads(case.parcel, meta.area_crs)
    return buildable(
        allowed,
        case.parcel,
        weighed.plot,
        case.permit,
        crs=meta.area_crs,
        metric_crs=meta.metric_crs,
        road=road,
    )


def _road_body(case: Case) -> BaseGeometry | None:
    """Return the road bodies that a detailed plan draws beside the parcel, if it draws any."""
    around = shapely.buffer(case.parcel, BESIDE_M, quad_segs=4)
    for ground in case.grounds:
        if isinstance(ground.zones, ZoneMap) and ROAD_BODY in ground.zones.whole.codes:
            body = ground.zones.whole.part(around, ROAD_BODY)
            if body.area > 0:
                return body
    return None


def _shift(case: Case, allowed: BaseGeometry, footprint: BaseGeometry | None) -> Shift | None:
    """Return the smallest move out of what is prohibited, on the metric plane."""
    if footprint is None or allowed.is_empty or allowed.covers(footprint):
        return None
    meta = case.grounds[0].meta
    pair = np.empty(2, dtype=object)
    pair[:] = [footprint, allowed]
    building, room = project(pair, meta.area_crs, meta.metric_crs)
    if not shapely.is_valid(room):
        # Corners that touched may cross by a hair after the projection.
        room = polygons_of(shapely.make_valid(room, method="structure", keep_collapsed=False))
    return smallest_shift(building, room)


def _near(case: Case, plans: Sequence[Plan]) -> tuple[NearPlace, ...]:
    """Return the nearest zones that allow the activity, one place for each zone."""
    permit, meta = case.permit, case.grounds[0].meta
    plot_m2 = case.area_m2 if case.drawing.footprint is None else float(case.drawing.footprint.area)
    for reach in REACH_M:
        area = shapely.buffer(case.parcel, reach, quad_segs=4)
        try:
            found = siting(plans, area, on=case.on, kegiatan=permit.kegiatan, kbli=permit.kbli)
        except PlanError:
            return ()
        rows = found.parts[found.parts["status"].isin(("boleh", "bersyarat"))]
        places = [
            place
            for row in rows.itertuples()
            if (place := _place(case, row, plot_m2, meta.area_crs))
        ]
        if places:
            return _nearest(places)
    return ()


def _nearest(places: Sequence[NearPlace]) -> tuple[NearPlace, ...]:
    chosen: dict[str, NearPlace] = {}
    for place in sorted(places, key=lambda one: one.distance_m):
        chosen.setdefault(place.zone, place)
    return tuple(chosen.values())[:MOST_PLACES]


def _place(case: Case, row: Any, plot_m2: float, crs: str) -> NearPlace | None:
    """Return the nearest piece of a zone that is large enough for the plot."""
    smallest = plot_m2 if row.kavling_min_m2 != row.kavling_min_m2 else row.kavling_min_m2
    pieces = shapely.get_parts(row.geometry)
    pieces = pieces[shapely.area(pieces) >= max(smallest, plot_m2)]
    if not len(pieces):
        return None
    away = shapely.distance(pieces, case.parcel)
    piece = pieces[int(np.argmin(away))]
    point = np.empty(1, dtype=object)
    point[0] = shapely.Point(shapely.get_coordinates(shapely.shortest_line(piece, case.parcel))[0])
    [there] = project(point, crs, LONLAT)
    return NearPlace(
        row.rencana, row.zona, row.zona_nama, row.izin, row.syarat, float(away.min()),
        there.x, there.y,
    )  # fmt: skip
