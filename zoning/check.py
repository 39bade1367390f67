"""Check permits against plans: the one way from a table of permits to verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.crs import parse_crs
from spatial.errors import PlanError, PlanNotFoundError
from spatial.notes import Note
from zoning.building import Drawing
from zoning.coverage import polygons_of
from zoning.drawings import drawings_of, on_plane, refuse_faulty
from zoning.finding import Finding, because
from zoning.ground import Ground, ground_on
from zoning.hazards import exposures_on
from zoning.judge import Case, judge, plan_use
from zoning.lattice import UNKNOWN
from zoning.permit import Permit, area_uncertainty
from zoning.permits import Permits
from zoning.plan import Plan
from zoning.policies import Policy, require_policy
from zoning.release import ENGINE
from zoning.survey import Scene, survey
from zoning.verdict import Evidence, Verdict, Verdicts

__all__ = ["cases_of", "check_permits", "office_day", "ordered"]

#: Half a unit of the last decimal that permit coordinates are usually written with.
DEGREE_PRECISION_M: Final = 0.0055
METRE_PRECISION_M: Final = 0.0005
SMALLEST_PARCEL_M2: Final = 1.0
#: Waktu Indonesia Barat, where the engine is made for; a legal date can always be given.
OFFICE_TIME: Final = ZoneInfo("Asia/Jakarta")


def check_permits(
    permits: gpd.GeoDataFrame | Permits,
    plan: Plan | Iterable[Plan],
    *,
    on: date | None = None,
    known_at: str | None = None,
    policy: str = "strict_parts",
) -> Verdicts:
    """Judge permits against one plan or several.

    Parameters
    ----------
    permits : GeoDataFrame or Permits, shape (n,)
        Geometry = parcel, in a known CRS; columns as `zoning.permit.COLUMNS` (m2, m), as
        `zoning.read_permits` gives them. `footprint` holds geometries of the same CRS.
        A table is read into `Permits` first: one path judges both.
    plan : Plan or several of them
        In any order; the hierarchy decides which is asked first, the others are compared.
        All must measure areas on the same plane.
    on : date, optional
        Legal date for all permits. Without it each permit's `tanggal`, else today.
    known_at : str, optional
        What the layers' store knew at that time; without it, what it knows now.
    policy : {"strict_parts", "footprint_only", "majority", "nyc10"}
        Which zones of a split parcel count.

    Returns
    -------
    Verdicts
        One per permit, in order: a row that cannot be judged has a verdict that says why.

    Raises
    ------
    PlanNotFoundError
        If `on` is given and no plan is in force then.
    PlanError
        If plans measure areas on different planes.
    CrsError
        If the permits state no CRS.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from zoning import check_permits, load_plan, sample_plan_folder
    >>> house = gpd.GeoDataFrame({"permit_id": ["P-1"], "kegiatan": ["rumah tunggal"]},
    ...     geometry=[shapely.box(110.6, -6.9, 110.6001, -6.8999)], crs="EPSG:4326")
    >>> [verdict] = check_permits(house, load_plan(sample_plan_folder("rdtr")))
    >>> verdict.verdict, verdict.reasons  # no layers were given: nothing is known
    ('PERLU_KAJIAN', ('TANPA_CAKUPAN', 'DATA_KEDALUWARSA'))
    """
    plans = ordered(plan)
    if on is not None:
        _require_force(plans, on)
    asked = Permits.of(permits)
    rows, cases = cases_of(asked, plans, on=on, known_at=known_at, policy=policy)
    verdicts: list[Verdict | None] = [None] * len(rows)
    for index, case in cases:
        verdicts[index] = judge(case)
    for index, row in enumerate(rows):
        if verdicts[index] is None:
            day = on or row.tanggal or office_day()
            verdicts[index] = _unjudged(row, plans, day, known_at, policy)
    found = [verdict for verdict in verdicts if verdict is not None]
    if isinstance(permits, Permits):
        return Verdicts(found, [row.parcel for row in permits], permits.crs)
    return Verdicts(found, list(permits.geometry), permits.crs, permits.index)


def cases_of(
    permits: Permits,
    plans: Sequence[Plan],
    *,
    on: date | None = None,
    known_at: str | None = None,
    policy: str = "strict_parts",
) -> tuple[list[Permit], Iterator[tuple[int, Case]]]:
    """Return the permits, and the measured case of every one that can be judged.

    Parameters
    ----------
    plans : sequence of Plan
        In the order of their hierarchy.
    """
    source = parse_crs(permits.crs, what="permits")
    plane = plans[0].meta.area_crs
    rows = list(permits.rows) if permits.sound else refuse_faulty(permits.rows)
    # Transformations between names are kept; other forms are compared each time.
    named = permits.crs if isinstance(permits.crs, str) else source
    parcels = on_plane([row.parcel for row in rows], named, plane)
    drawings = drawings_of(rows, named, plane, plans[0].meta.metric_crs)
    precision = DEGREE_PRECISION_M if source.is_geographic else METRE_PRECISION_M
    chosen = require_policy(policy)
    batches = _batches(rows, plans, on, known_at)
    cases = (
        case
        for grounds, members in batches
        for case in _cases(grounds, members, rows, parcels, drawings, precision, known_at, chosen)
    )
    return rows, cases


def office_day() -> date:
    """Return the day it is where the plans hold: legal dates are days of the office."""
    return datetime.now(OFFICE_TIME).date()


def ordered(plan: Plan | Iterable[Plan]) -> tuple[Plan, ...]:
    """Return plans in the order in which they are asked; all on one plane of areas."""
    found = (plan,) if isinstance(plan, Plan) else tuple(plan)
    if not found:
        raise PlanNotFoundError("no plan was given", code="plan_not_given")
    planes = {one.meta.area_crs for one in found}
    if len(planes) > 1:
        raise PlanError(
            "plans measure areas on different planes: {planes}",
            code="plan_planes_differ",
            hint="Give them the same area_crs in plan.toml, or check against them one by one",
            planes=", ".join(sorted(planes)),
        )
    return tuple(sorted(found, key=lambda one: (one.meta.level, one.id)))


def _require_force(plans: Sequence[Plan], on: date) -> None:
    if not any(plan.meta.in_force(on) for plan in plans):
        raise PlanNotFoundError(
            "no plan is in force on {on}",
            code="plan_none_in_force",
            hint="Plans and the days they hold: {known}",
            on=on.isoformat(),
            known=_known(plans),
        )


def _known(plans: Sequence[Plan]) -> str:
    spans = (
        f"{plan.id} {plan.meta.valid_from}..{plan.meta.valid_to or ''} ({plan.meta.legal_status})"
        for plan in plans
    )
    return "; ".join(spans)


def _batches(
    rows: Sequence[Permit], plans: Sequence[Plan], on: date | None, known_at: str | None
) -> list[tuple[tuple[Ground, ...], list[tuple[int, date]]]]:
    """Group permits by the grounds that their legal dates lead to."""
    groups: dict[tuple[int, ...], list[tuple[int, date]]] = defaultdict(list)
    grounds: dict[tuple[int, ...], tuple[Ground, ...]] = {}
    by_day: dict[date, tuple[Ground, ...]] = {}
    for index, row in enumerate(rows):
        if row.fault is not None:
            continue
        day = on or row.tanggal or office_day()
        if day not in by_day:
            in_force = [plan for plan in plans if plan.meta.in_force(day)]
            by_day[day] = tuple(ground_on(plan, day, known_at) for plan in in_force)
        if by_day[day]:
            key = tuple(id(ground) for ground in by_day[day])
            grounds[key] = by_day[day]
            groups[key].append((index, day))
    return [(grounds[key], members) for key, members in groups.items()]


def _cases(
    grounds: tuple[Ground, ...],
    members: Sequence[tuple[int, date]],
    rows: Sequence[Permit],
    parcels: NDArray[np.object_],
    drawings: Sequence[Drawing],
    precision_m: float,
    known_at: str | None,
    policy: Policy,
) -> Iterator[tuple[int, Case]]:
    regions = [parcels[index] for index, _ in members]
    surveyed = [survey(ground, regions) for ground in grounds]
    permits = [rows[index] for index, _ in members]
    exposed = {ground.plan.id: exposures_on(ground, permits, regions) for ground in grounds}
    doubts = area_uncertainty(regions, precision_m).tolist()
    for place, (index, day) in enumerate(members):
        whole = [scenes[place] for scenes in surveyed]
        if whole[0].area_m2 < SMALLEST_PARCEL_M2:
            continue
        scenes, compared, rest = _fill(whole)
        yield (
            index,
            Case(
                permit=rows[index],
                parcel=parcels[index],
                drawing=drawings[index],
                area_m2=whole[0].area_m2,
                uncertainty_m2=doubts[place],
                precision_m=precision_m,
                grounds=grounds,
                scenes=tuple(scenes),
                compared=tuple(compared),
                rest=rest,
                on=day,
                known_at=known_at,
                policy=policy,
                hazards={plan: rows[place] for plan, rows in exposed.items()},
            ),
        )


def _fill(whole: Sequence[Scene]) -> tuple[list[Scene], list[Scene], BaseGeometry | None]:
    """Give each plan what the plans above it leave; where it does not decide it is compared.

    Returns
    -------
    deciding, compared : lists of Scene
    rest : geometry or None
        What no plan covers.
    """
    deciding: list[Scene] = []
    compared: list[Scene] = []
    rest: BaseGeometry | None = None
    for index, scene in enumerate(whole):
        here = scene if rest is None else survey(scene.ground, [rest], partial=True)[0]
        if rest is not None and deciding:
            decided = polygons_of(scene.region.difference(rest))
            compared += survey(scene.ground, [decided], partial=True)
        if here.uncovered_m2 < scene.ground.meta.area_floor_m2:
            return [*deciding, here], [*compared, *whole[index + 1 :]], None
        if not here.zones:
            deciding += [here] if scene.fault else []
            rest = here.region
            continue
        rest = here.uncovered_part()
        covered = polygons_of(here.region.difference(rest))
        deciding += survey(scene.ground, [covered], partial=True)
    return deciding, compared, rest


def _unjudged(
    row: Permit, plans: Sequence[Plan], on: date, known_at: str | None, policy: str
) -> Verdict:
    """Return the verdict of a row that could not be judged: it needs review, and says why."""
    if row.fault is not None:
        note, reason = row.fault, "INPUT_KURANG"
    elif not any(plan.meta.in_force(on) for plan in plans):
        text = "no plan is in force on {on}; plans and the days they hold: {known}"
        details = {"on": on.isoformat(), "known": _known(plans)}
        note, reason = Note("permit_no_plan", text, "error", details), "TANPA_CAKUPAN"
    else:
        text = "the parcel is smaller than {smallest} m2"
        details = {"smallest": str(SMALLEST_PARCEL_M2)}
        note, reason = Note("parcel_too_small", text, "error", details), "INPUT_KURANG"
    finding = Finding(
        rule=note.code,
        kind="masukan",
        interval=UNKNOWN,
        reason=reason,
        facts=because(note),
    )
    uses = tuple(plan_use(plan, "tidak dinilai") for plan in plans)
    return Verdict(
        permit_id=row.permit_id,
        verdict="PERLU_KAJIAN",
        interval=UNKNOWN,
        possible=("SESUAI", "TIDAK_SESUAI"),
        reasons=(reason,),
        crs=plans[0].meta.area_crs,
        area_m2=None,
        uncertainty_m2=None,
        registered_m2=row.number("luas_sertipikat_m2"),
        parts=(),
        uncovered_m2=None,
        overlap_m2=0.0,
        findings=(finding,),
        conditions=(),
        approvable=None,
        route=None,
        notes=(note,),
        evidence=Evidence(ENGINE, uses, (), on, known_at, policy),
    )
