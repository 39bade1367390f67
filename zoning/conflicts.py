"""Plans that contradict each other on one parcel: reported with both laws, never resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.values import value
from zoning.coverage import polygons_of
from zoning.crossplan_sheets import family_of, pitti_class
from zoning.finding import Finding
from zoning.ground import ZoneMap
from zoning.judge_zones import coverage_finding, zone_findings
from zoning.lattice import FREE, UNKNOWN, Interval, Izin, join_all
from zoning.permit import Permit
from zoning.plan import Citation
from zoning.ruleset import Selection
from zoning.survey import CLOSURE, DEEP_M2, Scene

__all__ = ["conflict_findings", "foreign_findings"]


@value()
class Said:
    """What one plan says of one place: the class, where it lies, and where that is proven.

    Where no zone is proven it speaks of the whole region. Shapes are cut when they are
    asked for: most plans agree.
    """

    scene: Scene
    zone: str
    interval: Interval
    basis: Citation | None
    proven: bool = True
    #: Area of `deep`.
    deep_m2: float = 0.0

    @property
    def region(self) -> BaseGeometry:
        """Where it lies."""
        return self.scene.zone_part(self.zone) if self.proven else self.scene.region

    @property
    def deep(self) -> BaseGeometry:
        """What of it is proven."""
        zones = self.scene.ground.zones
        if not self.proven or not isinstance(zones, ZoneMap):
            return self.scene.region
        return zones.deep.part(self.scene.region, self.zone)


@dataclass(frozen=True, slots=True)
class Clash:
    """A place of which two plans say different things for certain."""

    decided: Said
    other: Said
    region: BaseGeometry


def conflict_findings(
    compared: Sequence[Scene],
    scenes: Sequence[Scene],
    selections: Sequence[Selection],
    counted: Sequence[Sequence[str]],
    permit: Permit,
) -> list[Finding]:
    """Return one finding per other plan that says something else of the same place.

    Places are compared, not parcels: a parcel that both plans split alike has no conflict,
    and one that they split differently has it where they differ. Only what is proven on both
    maps counts, so that boundaries drawn at different scales do not contradict each other.
    It widens the answer where the other plan prohibits what the deciding one allows.

    Parameters
    ----------
    compared : scenes of the plans that are compared
    scenes, selections, counted : of the plans that decide
    """
    base = [
        one
        for scene, selection, names in zip(scenes, selections, counted, strict=True)
        for one in _said(scene, selection, names)
    ]
    found = []
    deciding = {scene.ground.plan.id for scene in scenes}
    for scene in compared:
        unread = coverage_finding(scene)
        if unread is not None and scene.ground.plan.id not in deciding:
            # What a plan in force says cannot be told: it may prohibit.
            found.append(unread)
            continue
        selection = scene.ground.rules.select(permit.kegiatan, permit.kbli)
        others = _said(scene, selection, [hit.zone for hit in scene.zones])
        clashes = [clash for one in base for other in others if (clash := _clash(one, other))]
        if clashes:
            found.append(_finding(scene, clashes))
    return found


def _said(scene: Scene, selection: Selection, counted: Sequence[str]) -> list[Said]:
    """Return what a plan says of each proven zone, or of the whole where none is proven."""
    zones = scene.ground.zones
    if not selection.rows or not isinstance(zones, ZoneMap):
        return []
    basis, rules = selection.rows[0].basis, scene.ground.rules
    proven = [hit for hit in scene.zones if hit.proven and hit.zone in counted]
    if proven:
        return [
            Said(
                scene,
                hit.zone,
                rules.zone_interval(selection, hit.zone),
                basis,
                deep_m2=hit.deep_m2,
            )
            for hit in proven
        ]
    undecided = zone_findings(scene, selection, counted)
    return [
        Said(
            scene, str(one.facts["zona"]), one.interval, basis, proven=False, deep_m2=scene.area_m2
        )
        for one in undecided
    ]


def _clash(one: Said, other: Said) -> Clash | None:
    if not _differ(one.interval, other.interval):
        return None
    if not _meet(one, other):
        return None
    return Clash(one, other, polygons_of(shapely.intersection(one.region, other.region)))


def _meet(one: Said, other: Said) -> bool:
    """Say whether both are proven at some place in common."""
    if one.scene.region is other.scene.region:
        # Two parts of one region that are together larger than it share the difference.
        shared = one.deep_m2 + other.deep_m2 - one.scene.area_m2
        if shared > DEEP_M2 + CLOSURE * one.scene.area_m2:
            return True
    return bool(shapely.area(shapely.intersection(one.deep, other.deep)) > DEEP_M2)


def _finding(scene: Scene, clashes: Sequence[Clash]) -> Finding:
    prohibited = [
        clash
        for clash in clashes
        if clash.other.interval.lo is Izin.X and clash.decided.interval.hi is not Izin.X
    ]
    shown = prohibited or clashes
    region = shapely.union_all([clash.region for clash in shown])
    meta = scene.ground.meta
    return Finding(
        rule=f"konflik:{scene.ground.plan.id}",
        kind="konflik",
        interval=UNKNOWN if prohibited else FREE,
        area_m2=float(shapely.area(region)),
        region=scene.where(region),
        basis=shown[0].other.basis,
        also=tuple(dict.fromkeys(c.decided.basis for c in shown if c.decided.basis)),
        reason="KONFLIK_RENCANA",
        spatial=True,
        facts={
            "rencana": meta.name,
            "kelas": pitti_class(shown[0].decided.scene.ground.meta.kind, meta.kind),
            "zona": list(dict.fromkeys(clash.other.zone for clash in shown)),
            "zona_pemutus": list(dict.fromkeys(clash.decided.zone for clash in shown)),
            "izin": join_all(clash.other.interval for clash in shown).to_list(),
            "izin_pemutus": join_all(clash.decided.interval for clash in shown).to_list(),
        },
    )


def _differ(one: Interval, other: Interval) -> bool:
    """Say whether one answer certainly allows what the other certainly prohibits."""
    return (one.lo is Izin.X and other.hi is not Izin.X) or (
        other.lo is Izin.X and one.hi is not Izin.X
    )


def foreign_findings(
    scene: Scene, selection: Selection, overlays: Sequence[Finding]
) -> list[Finding]:
    """Return one finding per national layer that is stricter than the zones below it.

    A layer of another instrument (forest estate, protected paddy) binds like any overlay;
    that it contradicts the plan is said with both laws.
    """
    rules = scene.ground.rules
    foreign = {rule.kode: rule for rule in rules.overlays if rule.foreign}
    strange = [
        (overlay, rule)
        for overlay in overlays
        if (rule := foreign.get(overlay.rule.split(":")[0])) is not None
        and overlay.reason != "DATA_KEDALUWARSA"
    ]
    if not strange:
        return []
    everywhere = zone_findings(scene, selection, [hit.zone for hit in scene.zones])
    found = {}
    for overlay, rule in strange:
        zones = [f for f in everywhere if _meets(f, overlay, scene.ground.meta.area_floor_m2)]
        base = join_all(f.interval for f in zones)
        if not zones:
            continue
        if overlay.interval.hi.below(base.lo):
            continue
        found[rule.kode] = Finding(
            rule=f"konflik:{rule.kode}",
            kind="konflik",
            interval=FREE,
            area_m2=overlay.area_m2,
            region=overlay.region,
            basis=rule.basis,
            also=tuple(f.basis for f in zones[:1] if f.basis),
            reason="KONFLIK_RENCANA",
            facts={
                "rencana": rule.nama,
                "kelas": pitti_class(scene.ground.meta.kind, family_of(rule)),
                "zona": [f.facts["zona"] for f in zones],
                "izin": overlay.interval.to_list(),
                "izin_pemutus": base.to_list(),
            },
        )
    return list(found.values())


def _meets(zone: Finding, overlay: Finding, floor_m2: float) -> bool:
    """Say whether an overlay lies over a zone; None is the whole parcel."""
    if zone.region is None or overlay.region is None:
        return True
    return bool(shapely.area(shapely.intersection(zone.region, overlay.region)) >= floor_m2)
