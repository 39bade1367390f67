"""Judge one permit on the measured scenes of the plans that decide and those that are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from itertools import chain
from typing import Final

from shapely.geometry.base import BaseGeometry

from spatial.notes import Note
from spatial.values import value
from zoning.building import Building, Drawing, building_of, drawing_findings
from zoning.conflicts import conflict_findings, foreign_findings
from zoning.drawings import on_plane
from zoning.finding import Finding, Part
from zoning.ground import Ground
from zoning.hazards import Exposures
from zoning.judge_hazards import hazard_findings
from zoning.judge_intensity import intensity_findings, not_examined, smallest_plot
from zoning.judge_notes import case_notes
from zoning.judge_overlays import overlay_findings, tightenings
from zoning.judge_zones import activity_finding, coverage_finding, parts_of, zone_findings
from zoning.kkpr import clock_of
from zoning.lattice import FREE, UNKNOWN, Izin
from zoning.outcome import Remainder, outcome_of
from zoning.permit import Permit
from zoning.plan import Plan
from zoning.plot import Plot, Regions, area_finding, controlled_area, plot_of, regions_of
from zoning.policies import Policy, counted_zones
from zoning.release import ENGINE
from zoning.ruleset import Selection
from zoning.survey import Scene
from zoning.transition import transition_of
from zoning.verdict import Evidence, PlanUse, Verdict

__all__ = ["Case", "Weighed", "judge", "weigh"]

ROLES: Final = ("memutus", "pembanding")


@value()
class Case:
    """A permit with its parcel on the plane, measured.

    `grounds` are the plans in force, `scenes` the regions that each decides in the order of
    the hierarchy, `compared` the whole parcel on the others, `rest` what none covers.
    """

    permit: Permit
    parcel: BaseGeometry
    drawing: Drawing
    area_m2: float
    uncertainty_m2: float
    precision_m: float
    grounds: tuple[Ground, ...]
    scenes: tuple[Scene, ...]
    compared: tuple[Scene, ...]
    rest: BaseGeometry | None
    on: date
    known_at: str | None
    policy: Policy
    #: By plan, what its hazard maps say of the parcel.
    hazards: Mapping[str, Exposures] = field(default_factory=dict)


@value(eq=False)
class Weighed:
    """A case with its findings, what they prohibit, and the plot that limits are taken of."""

    selections: list[Selection]
    counted: list[tuple[str, ...]]
    findings: list[Finding]
    regions: Regions
    plot: Plot
    remainder: Remainder
    not_examined: list[str]


def weigh(case: Case) -> Weighed:
    """Return the findings of a case: zones, overlays, intensities, other plans."""
    selections = [_select(scene, case.permit) for scene in case.scenes]
    counted = counted_zones(case.policy, case.scenes, case.drawing.footprint, case.area_m2)
    findings = _spatial_findings(case, selections, counted)
    findings += conflict_findings(case.compared, case.scenes, selections, counted, case.permit)
    regions = regions_of(findings)
    declared = case.permit.number("luas_sertipikat_m2")
    area = controlled_area(case.area_m2, case.uncertainty_m2, declared or None)
    plot = plot_of(case.scenes, selections, counted, regions, area, case.area_m2)
    building = building_of(case.permit, case.drawing, _metric_parcel(case), case.precision_m)
    findings += _measured_findings(case, selections, plot, building)
    remainder = Remainder(
        parcel=case.parcel,
        footprint=case.drawing.footprint,
        smallest_m2=smallest_plot(plot, case.permit),
        floor_m2=_deciding(case).meta.area_floor_m2,
        precision_m=case.precision_m,
    )
    unseen = not_examined(plot, case.permit, building)
    return Weighed(selections, counted, findings, regions, plot, remainder, unseen)


def judge(case: Case) -> Verdict:
    """Judge one permit: what its findings add up to."""
    weighed = weigh(case)
    selections, findings = weighed.selections, weighed.findings
    outcome = outcome_of(findings, weighed.regions, weighed.remainder)
    declared = case.permit.number("luas_sertipikat_m2")
    meta = _deciding(case).meta
    route = _route(case)
    return Verdict(
        permit_id=case.permit.permit_id,
        verdict=outcome.verdict,
        interval=outcome.interval,
        possible=outcome.possible,
        reasons=outcome.reasons,
        crs=meta.area_crs,
        area_m2=case.area_m2,
        uncertainty_m2=case.uncertainty_m2,
        registered_m2=declared,
        parts=tuple(_parts(case, selections, weighed.counted)),
        uncovered_m2=_uncovered_m2(case),
        overlap_m2=sum(scene.overlap_m2 for scene in case.scenes),
        findings=tuple(findings),
        conditions=_conditions(findings),
        approvable=outcome.approvable,
        route=route,
        notes=tuple(
            case_notes(case.scenes, selections, weighed.counted, case.policy, weighed.not_examined)
        ),
        evidence=evidence_of(case),
        transition=transition_of(case.permit, meta, outcome.verdict, case.on),
        clock=clock_of(route, case.permit.tanggal),
    )


def _deciding(case: Case) -> Ground:
    """Return the ground of the plan that decides first; where none does, the highest asked."""
    return next((scene.ground for scene in case.scenes if scene.zones), case.grounds[0])


def _notes(case: Case, weighed: Weighed) -> Iterator[Note]:
    return case_notes(
        case.scenes, weighed.selections, weighed.counted, case.policy, weighed.not_examined
    )


def _uncovered_m2(case: Case) -> float:
    """Return the area that no plan covers, down to the noise that no plan is asked about."""
    if case.rest is not None:
        return float(case.rest.area)
    return sum(scene.uncovered_m2 for scene in case.scenes if scene.zones)


def _select(scene: Scene, permit: Permit) -> Selection:
    if not permit.kegiatan and not permit.kbli:
        return Selection("", ())
    return scene.ground.rules.select(permit.kegiatan, permit.kbli)


def _spatial_findings(
    case: Case, selections: Sequence[Selection], counted: Sequence[tuple[str, ...]]
) -> list[Finding]:
    found: list[Finding | None] = [_uncovered(case)]
    for scene, selection, names in zip(case.scenes, selections, counted, strict=True):
        found.append(coverage_finding(scene))
        if not scene.zones:
            continue
        found.append(activity_finding(scene, selection))
        overlays = overlay_findings(scene, case.permit, selection)
        found += [*zone_findings(scene, selection, names), *overlays, _overlap(scene)]
        exposures = case.hazards.get(scene.ground.plan.id, {})
        found += hazard_findings(scene, case.permit, selection, exposures, case.area_m2)
        found += foreign_findings(scene, selection, overlays)
    return [finding for finding in found if finding is not None]


def _uncovered(case: Case) -> Finding | None:
    """Return what no plan covers."""
    if case.rest is None:
        return None
    whole = case.rest.area >= case.area_m2 * (1 - 1e-9)
    return Finding(
        rule="cakupan",
        kind="cakupan",
        interval=UNKNOWN,
        area_m2=float(case.rest.area),
        region=None if whole else case.rest,
        reason="TANPA_CAKUPAN",
        spatial=True,
        facts={"rencana": [ground.meta.name for ground in case.grounds]},
    )


def _overlap(scene: Scene) -> Finding | None:
    """Return that zones lie over each other: a fault of the plan; all of them count."""
    if scene.overlap_m2 < scene.ground.meta.area_floor_m2:
        return None
    return Finding(
        rule="zona:tumpang_tindih",
        kind="luas",
        interval=FREE,
        area_m2=scene.overlap_m2,
        facts={"zona": [hit.zone for hit in scene.zones], "rencana": scene.ground.meta.name},
    )


def _measured_findings(
    case: Case, selections: Sequence[Selection], plot: Plot, building: Building
) -> list[Finding]:
    changes = [
        change
        for scene, selection in zip(case.scenes, selections, strict=True)
        for change in tightenings(scene, case.permit, selection)
    ]
    found = [area_finding(_deciding(case).meta, case.permit, case.area_m2)]
    found += drawing_findings(case.permit, building, case.parcel, case.uncertainty_m2)
    found += intensity_findings(plot, case.permit, building, changes)
    return [finding for finding in found if finding is not None]


def _metric_parcel(case: Case) -> BaseGeometry | None:
    """Return the parcel where distances are measured, when setbacks are drawn."""
    if "garis_jalan" not in case.drawing.on_metric:
        return None
    meta = case.grounds[0].meta
    [parcel] = on_plane([case.parcel], meta.area_crs, meta.metric_crs)
    return parcel  # type: ignore[no-any-return]  # an array of geometries


def _parts(
    case: Case, selections: Sequence[Selection], counted: Sequence[tuple[str, ...]]
) -> list[Part]:
    declared = case.permit.number("luas_sertipikat_m2")
    found: list[Part] = []
    for scene, selection, names in zip(case.scenes, selections, counted, strict=True):
        found += parts_of(scene, selection, case.area_m2, declared, names)
    return found


def _conditions(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the conditions of all findings that do not prohibit, each once."""
    kept = (f.conditions for f in findings if f.interval.hi is not Izin.X)
    return tuple(dict.fromkeys(chain.from_iterable(kept)))


def _route(case: Case) -> str:
    """Return the KKPR route: konfirmasi where an RDTR covers all, else persetujuan."""
    routes = {scene.ground.meta.route for scene in case.scenes if scene.zones}
    if not routes and case.permit.document("PSN"):
        return "REKOMENDASI"
    return "KONFIRMASI" if routes == {"KONFIRMASI"} and case.rest is None else "PERSETUJUAN"


def evidence_of(case: Case) -> Evidence:
    """Return what the answer rests on: every plan in force, and whether it decided."""
    deciding = {scene.ground.plan.id for scene in case.scenes}
    roles = ((g.plan, ROLES[0] if g.plan.id in deciding else ROLES[1]) for g in case.grounds)
    layers = {use.name: use for ground in case.grounds for use in ground.layers}
    return Evidence(
        engine=ENGINE,
        plans=tuple(plan_use(plan, role) for plan, role in roles),
        layers=tuple(layers[name] for name in sorted(layers)),
        on=case.on,
        known_at=case.known_at,
        policy=case.policy,
    )


def plan_use(plan: Plan, role: str) -> PlanUse:
    """Return how an answer names a plan."""
    meta = plan.meta
    return PlanUse(meta.id, meta.name, meta.legal_ref, plan.version, meta.status, role)
