"""What plans say of a zone, whatever the place: its activities, its limits, its law."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from spatial.errors import PlanNotFoundError
from zoning import Plan
from zoning.plan import MatrixRow
from zoning.ruleset import RuleSet, rules_on

__all__ = ["activities", "kbli_of", "where", "zone_rules"]


def activities(plans: Iterable[Plan]) -> list[str]:
    """Return the activities of all matrices, sorted, each once.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> activities([load_plan(sample_plan_folder("rdtr"), None)])[:2]
    ['SPBU', 'gudang']
    """
    return sorted({row.kegiatan for plan in plans for row in plan.matrix})


def zone_rules(plans: Iterable[Plan], zone: str, on: date) -> list[dict[str, Any]]:
    """Return the rules of a zone in every plan in force that has it.

    Parameters
    ----------
    zone : str
        Code of the zone.
    on : date
        Legal date.

    Raises
    ------
    PlanNotFoundError
        `zone_unknown`, if no plan in force on the day knows the zone.
    """
    found = [
        _rules(plan, rules, zone)
        for plan in plans
        if plan.meta.in_force(on) and zone in (rules := rules_on(plan, on)).zones
    ]
    if not found:
        raise PlanNotFoundError(
            "no plan in force on {on} has rules for the zone {zone!r}",
            code="zone_unknown",
            hint="Codes are those of the plan's matrix, such as R-2",
            zone=zone[:80],
            on=on.isoformat(),
        )
    return found


def where(plans: Iterable[Plan], kegiatan: str, on: date, kbli: str = "") -> list[dict[str, Any]]:
    """Return how far every zone of every plan in force allows an activity.

    Parameters
    ----------
    kegiatan : str
        As the matrix has it; empty where `kbli` says what is meant.
    on : date
        Legal date.
    kbli : str
        Business classification. Where it means several activities, a zone allows as much as
        the one or the other.

    Raises
    ------
    PlanNotFoundError
        `where_activity_unknown`, if no matrix has the activity.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> [found] = where([load_plan(sample_plan_folder("rdtr"), None)], "gudang", date(2026, 1, 1))
    >>> [zone["zona"] for zone in found["zones"] if zone["izin"] == ["I", "I"]]
    ['KPI', 'PL-6']
    """
    found = []
    for plan in plans:
        if not plan.meta.in_force(on):
            continue
        rules = rules_on(plan, on)
        cells = _of_kbli(rules, kbli) if kbli else _of_activity(rules, kegiatan)
        if cells:
            meta = plan.meta
            about = {"plan": meta.id, "name": meta.name, "legal_ref": meta.legal_ref}
            found.append(about | {"layer": meta.layer, "zones": cells})
    if not found:
        raise PlanNotFoundError(
            "no matrix in force on {on} has the activity {kegiatan!r}",
            code="where_activity_unknown",
            hint="/v1/map lists the activities of this workspace",
            kegiatan=(kegiatan or f"KBLI {kbli}")[:80],
            on=on.isoformat(),
        )
    return found


def kbli_of(plans: Iterable[Plan], on: date) -> dict[str, list[str]]:
    """Return the business classifications that plans in force know, with their activities.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> kbli_of([load_plan(sample_plan_folder("rdtr"), None)], date(2026, 1, 1))["47111"]
    ['pasar', 'toko']
    """
    known: dict[str, set[str]] = {}
    for plan in plans:
        if plan.meta.in_force(on):
            for code, names in rules_on(plan, on).kbli.items():
                known.setdefault(code, set()).update(names)
    return {code: sorted(known[code]) for code in sorted(known)}


def _of_activity(rules: RuleSet, kegiatan: str) -> list[dict[str, Any]]:
    rows = [row for row in rules.matrix.values() if row.kegiatan.lower() == kegiatan.lower()]
    return [_zone(rules, zone) | _cell(rules, row, zone) for row in rows for zone in _zones(rules)]


def _of_kbli(rules: RuleSet, kbli: str) -> list[dict[str, Any]]:
    """Return one entry a zone: with a blank cell among several activities nothing is settled."""
    chosen = rules.select("", kbli)
    cells = []
    for zone in _zones(rules) if chosen.rows else ():
        entries = [_cell(rules, row, zone) for row in chosen.rows]
        if len(entries) == 1:
            cells.append(_zone(rules, zone) | entries[0])
            continue
        blank = any(entry["izin"] is None for entry in entries)
        cells.append(
            _zone(rules, zone)
            | {
                "kegiatan": chosen.name,
                "kelompok": chosen.kelompok,
                "izin": None if blank else rules.zone_interval(chosen, zone).to_list(),
                "subcodes": [],
                "dasar": entries[0]["dasar"],
            }
        )
    return cells


def _zones(rules: RuleSet) -> list[str]:
    return sorted(rules.zones)


def _zone(rules: RuleSet, zone: str) -> dict[str, str]:
    return {"zona": zone, "zona_nama": rules.meta.zone_names.get(zone, "")}


def _rules(plan: Plan, rules: RuleSet, zone: str) -> dict[str, Any]:
    meta = plan.meta
    return {
        "plan": meta.id,
        "name": meta.name,
        "legal_ref": meta.legal_ref,
        "status": meta.status,
        "zona": zone,
        "zona_nama": meta.zone_names.get(zone, ""),
        "matrix": [_cell(rules, row, zone) for row in rules.matrix.values()],
        "intensities": [
            {
                "parameter": rule.parameter,
                "limit": rule.limit,
                "area_from_m2": rule.area_from_m2 or None,
                "area_to_m2": rule.area_to_m2 if rule.area_to_m2 != float("inf") else None,
                "kegiatan": list(rule.kegiatan),
                "dasar": rule.basis.to_dict(),
            }
            for rule in rules.intensities.get(zone, ())
        ],
    }


def _cell(rules: RuleSet, row: MatrixRow, zone: str) -> dict[str, Any]:
    cell = rules.cell(row, zone)
    meanings = rules.meta.subcodes
    return {
        "kegiatan": row.kegiatan,
        "kelompok": row.kelompok,
        "izin": None if cell.blank else cell.interval.to_list(),
        "subcodes": [{"code": code, "meaning": meanings.get(code, "")} for code in cell.subcodes],
        "dasar": row.basis.to_dict(),
    }
