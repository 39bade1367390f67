"""Findings of overlays: prohibit, tighten, condition, relax, in that order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spatial.errors import EngineError
from zoning.finding import Finding, because
from zoning.lattice import FREE, PROHIBITED, UNKNOWN, Interval, Izin
from zoning.permit import Permit
from zoning.plan import Exemption, HazardRule, OverlayRule
from zoning.ruleset import Selection, applies_to
from zoning.survey import OverlayHit, Scene

__all__ = ["Tightening", "always", "asserted_of", "overlay_findings", "tightenings"]

#: What an effect may do at worst, where its layer cannot be read.
WORST: Final = {
    "larang": UNKNOWN,
    "perketat": UNKNOWN,
    "syarat": Interval.up_to(Izin.B),
    "longgarkan": FREE,
}


@dataclass(frozen=True, slots=True)
class Tightening:
    """A limit that an overlay changes in a scene; `hit` is None where nobody can tell where."""

    rule: OverlayRule
    scene: Scene
    hit: OverlayHit | None
    granted: str = ""


def always(rule: OverlayRule | HazardRule, selection: Selection) -> bool:
    """Say whether a rule speaks about every activity that may be meant."""
    return bool(selection.rows) and all(
        applies_to(rule.kegiatan, rule.except_kegiatan, row.kegiatan, row.kelompok)
        for row in selection.rows
    )


def overlay_findings(scene: Scene, permit: Permit, selection: Selection) -> list[Finding]:
    """Return the findings of overlays that meet the region, and of those that cannot be read."""
    found: list[Finding] = []
    for rule, here in _met(scene, selection):
        if isinstance(here, EngineError):
            found.append(_unreadable(scene, permit, rule, here))
        else:
            found.extend(_effect(scene, permit, rule, here, sure=always(rule, selection)))
    return found


def _met(
    scene: Scene, selection: Selection
) -> Iterator[tuple[OverlayRule, OverlayHit | EngineError]]:
    """Yield the rules about an activity whose overlay is met here, or cannot be read."""
    here = scene.ground.faults | scene.overlays if scene.ground.faults else scene.overlays
    if not here:
        return
    for rule in scene.ground.rules.meant(selection):
        if (met := here.get(rule.ground)) is not None:
            yield rule, met


def tightenings(scene: Scene, permit: Permit, selection: Selection) -> list[Tightening]:
    """Return the limits that overlays tighten, or relax by a grant, in the region."""
    found = []
    for rule, here in _met(scene, selection):
        if rule.effect not in ("perketat", "longgarkan"):
            continue
        hit = None if isinstance(here, EngineError) else here
        grant = asserted_of(scene, permit, rule)
        if rule.effect == "perketat" or grant is not None:
            found.append(Tightening(rule, scene, hit, grant[1] if grant else ""))
    return found


def _unreadable(scene: Scene, permit: Permit, rule: OverlayRule, fault: EngineError) -> Finding:
    granted = rule.effect == "longgarkan" and asserted_of(scene, permit, rule) is not None
    return Finding(
        rule=f"{rule.kode}:{rule.effect}",
        kind="ketentuan_khusus",
        interval=Interval.up_to(Izin.B) if granted else WORST[rule.effect],
        area_m2=scene.area_m2,
        basis=rule.basis,
        conditions=rule.conditions,
        reason="DATA_KEDALUWARSA",
        facts={"ketentuan": rule.nama, "layer": rule.layer, **because(fault)},
    )


def asserted_of(
    scene: Scene, permit: Permit, rule: OverlayRule | HazardRule
) -> tuple[Exemption, str] | None:
    """Return the exemption or grant that a document asserts, with the number of the document."""
    for code in rule.exemptions:
        exemption = scene.ground.rules.exemptions.get(code)
        number = permit.document(code)
        if exemption is not None and number is not None and _in_time(exemption, permit):
            return exemption, number
    return None


def _in_time(exemption: Exemption, permit: Permit) -> bool:
    """Say whether the document is of a day on which it proves the exemption."""
    day = permit.document_day(exemption.kode)
    return exemption.before is None or (day is not None and day < exemption.before)


def _undated(scene: Scene, permit: Permit, rule: OverlayRule) -> tuple[Exemption, str] | None:
    """Return the exemption that a document would prove if it stated an early enough day."""
    for code in rule.exemptions:
        exemption = scene.ground.rules.exemptions.get(code)
        number = permit.document(code)
        if exemption is not None and number is not None and permit.document_day(code) is None:
            return exemption, number
    return None


def _effect(
    scene: Scene, permit: Permit, rule: OverlayRule, hit: OverlayHit, *, sure: bool
) -> Iterator[Finding]:
    floor = scene.ground.meta.area_floor_m2
    if hit.possible_m2 < floor:
        return
    asserted = asserted_of(scene, permit, rule)
    if rule.effect in ("perketat", "longgarkan"):
        yield _limit_note(scene, rule, hit, asserted)
        return
    interval = PROHIBITED if rule.effect == "larang" else Interval.of(Izin.B)
    conditions = rule.conditions
    if rule.effect == "larang" and asserted is not None:
        # An exemption turns a prohibition into conditions, never into freedom.
        interval = Interval.of(Izin.B)
        conditions += asserted[0].conditions or (asserted[0].uraian,)
    elif rule.effect == "larang" and (undated := _undated(scene, permit, rule)) is not None:
        between, needed = Interval(Izin.B, Izin.X), (*conditions, *undated[0].conditions)
        yield _finding(
            scene, rule, between if sure else between.possible(), hit.possible_m2, needed, undated,
            possible=True, reason="INPUT_KURANG",
        )  # fmt: skip
        return
    proven = hit.proven and sure and hit.certain_m2 >= floor
    if proven:
        yield _finding(scene, rule, interval, hit.certain_m2, conditions, asserted, possible=False)
    wider = hit.possible_m2 - hit.certain_m2
    if not proven or wider >= floor:
        yield _finding(
            scene,
            rule,
            interval.possible(),
            hit.possible_m2,
            conditions,
            asserted,
            possible=True,
            reason="INPUT_KURANG" if wider >= floor or not sure else "BATAS_TIDAK_PASTI",
        )


def _finding(
    scene: Scene,
    rule: OverlayRule,
    interval: Interval,
    area_m2: float,
    conditions: Sequence[str],
    asserted: tuple[Exemption, str] | None,
    *,
    possible: bool,
    reason: str = "",
) -> Finding:
    whole = not scene.partial and area_m2 >= scene.area_m2 * (1 - 1e-9)
    facts: dict[str, object] = {"ketentuan": rule.nama, "layer": rule.layer}
    if asserted is not None:
        facts |= {"pengecualian": asserted[0].uraian, "dokumen": asserted[1]}
    if rule.distance_m is not None:
        facts["jarak_m"] = rule.distance_m
    return Finding(
        rule=f"{rule.kode}:{rule.effect}" + (":mungkin" if possible else ""),
        kind="ketentuan_khusus",
        interval=interval,
        area_m2=area_m2,
        region=None if whole else scene.overlay_part(rule.ground, possible=possible),
        conditions=tuple(conditions) if interval.hi is not Izin.X else (),
        basis=rule.basis,
        also=(asserted[0].basis,) if asserted else (),
        reason=reason,
        spatial=True,
        facts=facts,
    )


def _limit_note(
    scene: Scene, rule: OverlayRule, hit: OverlayHit, asserted: tuple[Exemption, str] | None
) -> Finding:
    """Say that a limit is changed here; whether it is kept is a finding of the intensities.

    A relaxation that was granted holds under its conditions; without a grant it is not applied.
    """
    granted = rule.effect == "longgarkan" and asserted is not None
    facts: dict[str, object] = {"ketentuan": rule.nama, "parameter": rule.parameter}
    if rule.effect == "longgarkan":
        facts["diterapkan"] = granted
    if asserted is not None:
        facts["dokumen"] = asserted[1]
    return Finding(
        rule=f"{rule.kode}:{rule.effect}",
        kind="ketentuan_khusus",
        interval=Interval.of(Izin.B) if granted else FREE,
        area_m2=hit.certain_m2,
        limit=rule.limit,
        conditions=rule.conditions + (asserted[0].conditions if asserted else ())
        if granted
        else (),
        basis=rule.basis,
        facts=facts,
    )
