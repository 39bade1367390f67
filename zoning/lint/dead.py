"""Rules that can never apply, or never change anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spatial.notes import Note
from zoning.plan import Dated, OverlayRule, Plan

__all__ = ["dead_rules"]

TABLES: Final = {
    "itbx": ("matrix", "kegiatan"),
    "intensitas": ("intensities", "zona"),
    "ketentuan_khusus": ("overlays", "kode"),
    "kbli": ("kbli", "kbli"),
    "pengecualian": ("exemptions", "kode"),
    "sempadan": ("rivers", "jarak_m"),
    "bahaya": ("hazards", "kode"),
}


def dead_rules(plan: Plan) -> Iterator[Note]:
    """Yield rules outside the days of their plan, unused ones, and those that change nothing."""
    for table, (attribute, column) in TABLES.items():
        for rule in getattr(plan, attribute):
            if not _lives(plan, rule):
                text = "{file}, row {row}, column {column}: the rule holds on no day on which the "
                text += "plan does; correct its dates or remove it"
                yield Note("lint_rule_dead", text, "warning", _at(table, rule.line, column))
    yield from _pairs(plan)
    named = [rule.exemptions for rule in plan.overlays] + [rule.exemptions for rule in plan.hazards]
    used = {code for codes in named for code in codes}
    for exemption in plan.exemptions:
        if exemption.kode not in used:
            text = "{file}, row {row}, column {column}: no rule of ketentuan_khusus.csv or "
            text += "bahaya.csv lets {kode} change it; name it there, or remove it"
            place = _at("pengecualian", exemption.line, "kode")
            facts = {"kode": exemption.kode}
            yield Note("lint_exemption_unused", text, "warning", place | facts)
    for rule in plan.overlays:
        if rule.effect in ("perketat", "longgarkan") and not _changes(plan, rule):
            text = "{file}, row {row}, column {column}: {parameter} {limit} changes no limit of "
            text += "intensitas.csv; check the number"
            place = _at("ketentuan_khusus", rule.line, "batas")
            place |= {"parameter": rule.parameter, "limit": rule.limit}
            yield Note("lint_limit_idle", text, "warning", place)


def _at(table: str, row: int, column: str) -> dict[str, object]:
    return {"file": f"{table}.csv", "row": row, "column": column}


def _lives(plan: Plan, rule: Dated) -> bool:
    starts_late = (
        rule.valid_from is not None
        and plan.meta.valid_to is not None
        and rule.valid_from >= plan.meta.valid_to
    )
    ended = rule.valid_to is not None and rule.valid_to <= plan.meta.valid_from
    return not starts_late and not ended


def _pairs(plan: Plan) -> Iterator[Note]:
    seen: dict[tuple[object, ...], int] = {}
    for pair in plan.kbli:
        key = (pair.kbli, pair.kegiatan, pair.valid_from, pair.valid_to)
        if key in seen:
            text = "{file}, row {row}, column {column}: the same pair stands in row {other}; "
            text += "remove one"
            place = _at("kbli", pair.line, "kbli") | {"other": seen[key]}
            yield Note("lint_pair_twice", text, "warning", place)
        seen.setdefault(key, pair.line)


def _changes(plan: Plan, rule: OverlayRule) -> bool:
    """Say whether a changed limit differs from that of some zone in its direction."""
    zones = {zone for row in plan.matrix for zone in row.cells}
    limits: dict[str, list[float]] = {zone: [] for zone in zones}
    for base in plan.intensities:
        if base.parameter == rule.parameter:
            limits.setdefault(base.zona, []).append(base.limit)
    if rule.limit is None:
        return False
    limited = [limit for found in limits.values() for limit in found]
    maximum = "_maks" in rule.parameter
    if rule.effect == "longgarkan":
        return any(rule.limit > one if maximum else rule.limit < one for one in limited)
    # A zone without a limit of its own gets one.
    if not all(limits.values()):
        return True
    return any(rule.limit < one if maximum else rule.limit > one for one in limited)
