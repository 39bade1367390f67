"""Plans that contradict each other on one parcel: reported with both laws, never resolved."""

from __future__ import annotations

from collections.abc import Sequence

from zoning.crossplan_sheets import family_of, pitti_class
from zoning.finding import Finding
from zoning.judge_zones import zone_findings
from zoning.lattice import FREE, UNKNOWN, Interval, Izin, join_all
from zoning.permit import Permit
from zoning.ruleset import Selection
from zoning.survey import Scene

__all__ = ["conflict_findings", "foreign_findings"]


def conflict_findings(
    compared: Sequence[Scene], permit: Permit, findings: Sequence[Finding], deciding: str
) -> list[Finding]:
    """Return one finding per other plan in force that says something else for certain.

    It widens the answer where the other plan prohibits what the deciding one allows; where
    both allow it, or the deciding one prohibits it, it is only said.

    Parameters
    ----------
    deciding : str
        Kind of the instrument that decides.
    """
    base = [f for f in findings if f.kind == "matriks"]
    if not base:
        return []
    decided = join_all(f.interval for f in base)
    found = (_compare(scene, permit, decided, base[0], deciding) for scene in compared)
    return [finding for finding in found if finding is not None]


def _compare(
    scene: Scene, permit: Permit, decided: Interval, base: Finding, deciding: str
) -> Finding | None:
    selection = scene.ground.rules.select(permit.kegiatan, permit.kbli)
    other = zone_findings(scene, selection, [hit.zone for hit in scene.zones])
    if not other:
        return None
    said = join_all(f.interval for f in other)
    if not _differ(decided, said):
        return None
    prohibiting = [f for f in other if f.prohibits]
    widens = bool(prohibiting) and decided.hi is not Izin.X
    first = prohibiting[0] if prohibiting else other[0]
    return Finding(
        rule=f"konflik:{scene.ground.plan.id}",
        kind="konflik",
        interval=UNKNOWN if widens else FREE,
        area_m2=sum(f.area_m2 or 0.0 for f in (prohibiting or other)),
        region=first.region if len(prohibiting) == 1 else None,
        basis=first.basis,
        also=(base.basis,) if base.basis else (),
        reason="KONFLIK_RENCANA",
        spatial=True,
        facts={
            "rencana": scene.ground.meta.name,
            "kelas": pitti_class(deciding, scene.ground.meta.kind),
            "zona": [f.facts["zona"] for f in other],
            "izin": said.to_list(),
            "izin_pemutus": decided.to_list(),
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
    zones = zone_findings(scene, selection, [hit.zone for hit in scene.zones])
    base = join_all(f.interval for f in zones)
    found = {}
    for overlay in overlays:
        rule = foreign.get(overlay.rule.split(":")[0])
        if rule is None or not zones or overlay.reason == "DATA_KEDALUWARSA":
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
