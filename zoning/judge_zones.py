"""Findings of the activity matrix: every zone of a parcel, proven, possible or near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spatial.errors import EngineError
from zoning.finding import Finding, Part, because
from zoning.lattice import UNKNOWN, Interval, alternatives
from zoning.plan import Citation, MatrixRow
from zoning.ruleset import RuleSet, Selection, is_compound
from zoning.survey import Scene, ZoneHit

__all__ = ["activity_finding", "coverage_finding", "parts_of", "zone_findings"]


def parts_of(
    scene: Scene,
    selection: Selection,
    whole_m2: float,
    registered_m2: float | None,
    counted: Sequence[str],
) -> list[Part]:
    """Return the parts of a scene; shares are of the whole parcel, mapped and registered."""
    parts = []
    for hit in scene.zones:
        share = hit.area_m2 / whole_m2
        parts.append(
            Part(
                instrument=scene.ground.plan.id,
                zone=hit.zone,
                area_m2=hit.area_m2,
                share=share,
                interval=scene.ground.rules.zone_interval(selection, hit.zone),
                proven=hit.proven,
                counted=hit.zone in counted,
                registered_m2=None if registered_m2 is None else share * registered_m2,
            )
        )
    return parts


def activity_finding(scene: Scene, selection: Selection) -> Finding | None:
    """Return why the matrix has no row for the activity; None where it has one."""
    if selection.rows:
        return None
    meta = scene.ground.meta
    return Finding(
        rule="itbx:kegiatan",
        kind="matriks",
        interval=UNKNOWN,
        area_m2=scene.area_m2,
        basis=Citation(meta.legal_ref, "Lampiran ITBX", "", meta.source, meta.status),
        reason="KEGIATAN_TIDAK_TERCANTUM" if selection.name else "INPUT_KURANG",
        facts={"kegiatan": selection.name, "saran": list(selection.suggestions)},
    )


def coverage_finding(scene: Scene) -> Finding | None:
    """Return what no zone covers, or that the zones could not be read; None where all is well."""
    meta = scene.ground.meta
    fault = scene.ground.zones
    if isinstance(fault, EngineError):
        return Finding(
            rule=f"layer:{meta.layer}",
            kind="masukan",
            interval=UNKNOWN,
            area_m2=scene.area_m2,
            reason="DATA_KEDALUWARSA",
            facts={"layer": meta.layer, "rencana": meta.name, **because(fault)},
        )
    return None


def zone_findings(scene: Scene, selection: Selection, counted: Sequence[str]) -> list[Finding]:
    """Return one finding per zone that counts, or one for the zones it may lie in.

    Parameters
    ----------
    counted : names of the zones that the policy for split lots lets count
    """
    if not selection.rows:
        return []
    hits = [
        hit
        for hit in scene.zones
        if hit.area_m2 >= scene.ground.meta.area_floor_m2 and hit.zone in counted
    ]
    if not hits:
        return []
    proven = [hit for hit in hits if hit.proven]
    if not proven:
        return [_undecided(scene, selection, hits)]
    rules = scene.ground.rules
    certain = [rules.zone_interval(selection, hit.zone) for hit in proven]
    return [_zone_finding(scene, selection, hit, certain) for hit in hits]


def _zone_finding(
    scene: Scene, selection: Selection, hit: ZoneHit, certain: list[Interval]
) -> Finding:
    """Return the finding of one zone; a sliver belongs to its zone or to a proven one."""
    rules = scene.ground.rules
    interval = rules.zone_interval(selection, hit.zone)
    reason = _doubt(rules, selection, hit.zone)
    if not hit.proven:
        interval = Interval(alternatives([interval, *certain]).lo, interval.hi)
        reason = "BATAS_TIDAK_PASTI"
    row = selection.rows[0]
    whole = len(scene.zones) == 1 and not scene.partial
    return Finding(
        rule=f"itbx:{hit.zone}",
        kind="matriks",
        interval=interval,
        area_m2=hit.area_m2,
        region=None if whole else scene.zone_part(hit.zone),
        conditions=_conditions(rules, selection.rows, hit.zone),
        basis=row.basis,
        reason="" if interval.certain else reason,
        spatial=True,
        facts=_facts(scene, selection, hit),
    )


def _facts(scene: Scene, selection: Selection, hit: ZoneHit) -> dict[str, Any]:
    meta = scene.ground.meta
    rows = selection.rows
    cells = [scene.ground.rules.cell(row, hit.zone) for row in rows]
    return {
        "zona": hit.zone,
        "zona_nama": meta.zone_names.get(hit.zone, ""),
        "kegiatan": selection.name,
        "rencana": meta.name,
        "subkode": sorted({code for cell in cells for code in cell.subcodes}),
        "proven": hit.proven,
        "ce90_m": meta.ce90_m,
    }


def _doubt(rules: RuleSet, selection: Selection, zone: str) -> str:
    """Return why a cell leaves a doubt."""
    if is_compound(zone):
        return "STATUS_HUTAN_BELUM_SELESAI"
    if any(rules.cell(row, zone).blank for row in selection.rows):
        return "SEL_KOSONG"
    return "INPUT_KURANG"


def _conditions(rules: RuleSet, rows: Sequence[MatrixRow], zone: str) -> tuple[str, ...]:
    """Return the conditions of a cell: each sub-code with its meaning in this plan."""
    codes = dict.fromkeys(code for row in rows for code in rules.cell(row, zone).subcodes)
    meanings = rules.meta.subcodes
    return tuple(f"{code}: {meanings[code]}" if code in meanings else code for code in codes)


def _undecided(scene: Scene, selection: Selection, hits: list[ZoneHit]) -> Finding:
    """Return one finding where no zone is proven: one of those within the accuracy holds."""
    rules, meta = scene.ground.rules, scene.ground.meta
    zones = sorted({hit.zone for hit in hits} | set(scene.near))
    interval = alternatives(rules.zone_interval(selection, zone) for zone in zones)
    compound = any(is_compound(zone) for zone in zones)
    doubt = "STATUS_HUTAN_BELUM_SELESAI" if compound and len(zones) == 1 else "BATAS_TIDAK_PASTI"
    return Finding(
        rule="itbx:" + "|".join(zones),
        kind="matriks",
        interval=interval,
        area_m2=sum(hit.area_m2 for hit in hits),
        region=scene.region if scene.partial else None,
        spatial=scene.partial,
        conditions=tuple(
            dict.fromkeys(
                text for zone in zones for text in _conditions(rules, selection.rows, zone)
            )
        ),
        basis=selection.rows[0].basis,
        reason="" if interval.certain else doubt,
        facts={
            "zona": ", ".join(zones),
            "zona_nama": "",
            "kegiatan": selection.name,
            "rencana": meta.name,
            "subkode": [],
            "proven": False,
            "ce90_m": meta.ce90_m,
            "pilihan": zones,
        },
    )
