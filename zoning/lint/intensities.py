"""Limits that contradict each other, and size classes with gaps or overlaps."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from spatial.notes import Note
from zoning.plan import Dated, IntensityRule, Plan

__all__ = ["days_of_change", "intensity_notes"]

FILE: Final = "intensitas.csv"
#: Sums of decimals are not exact in binary.
EQUAL: Final = 1e-9
Gap = tuple[float, float]


def intensity_notes(plan: Plan) -> Iterator[Note]:
    """Yield contradictions of limits, and gaps and overlaps of size classes, on any day."""
    seen: set[tuple[Any, ...]] = set()
    for day in days_of_change(plan, plan.intensities):
        rules = [rule for rule in plan.intensities if rule.holds(day)]
        for note in [*_contradictions(rules), *_classes(rules)]:
            key = (note.code, *(str(value) for value in note.details.values()))
            if key not in seen:
                seen.add(key)
                yield note


def days_of_change(plan: Plan, rows: Iterable[Dated]) -> list[date]:
    """Return the days within the plan's life on which the rules may be others than before."""
    first = plan.meta.valid_from
    last = (plan.meta.valid_to or date.max) - timedelta(days=1)
    edges = {day for row in rows for day in (row.valid_from, row.valid_to) if day is not None}
    return sorted({first} | {day for day in edges if first < day <= last})


def _contradictions(rules: Sequence[IntensityRule]) -> Iterator[Note]:
    by_zone: dict[tuple[str, str], list[IntensityRule]] = defaultdict(list)
    for rule in rules:
        by_zone[rule.zona, rule.parameter].append(rule)
    for zone in dict.fromkeys(rule.zona for rule in rules):
        footprints = by_zone[zone, "kdb_maks"]
        for kdb, kdh in product(footprints, by_zone[zone, "kdh_min"]):
            if _meet(kdb, kdh) and kdb.limit + kdh.limit > 1 + EQUAL:
                text = "{file}, row {row}, column {column}: in {zona} KDB {kdb} (row {other}) and "
                text += "KDH {kdh} add up to more than the whole plot; check both in the annex"
                facts = {"zona": zone, "kdb": kdb.limit, "kdh": kdh.limit, "other": kdb.line}
                yield Note("lint_kdb_kdh", text, "error", _at(kdh) | facts)
        for kdb, klb in product(footprints, by_zone[zone, "klb_maks"]):
            if _meet(kdb, klb) and klb.limit < kdb.limit - EQUAL:
                text = "{file}, row {row}, column {column}: in {zona} KLB {klb} is less than KDB "
                text += "{kdb} (row {other}): one floor would exceed it; check both in the annex"
                facts = {"zona": zone, "klb": klb.limit, "kdb": kdb.limit, "other": kdb.line}
                yield Note("lint_klb_kdb", text, "error", _at(klb) | facts)


def _at(rule: IntensityRule, column: str = "nilai") -> dict[str, Any]:
    return {"file": FILE, "row": rule.line, "column": column}


def _meet(one: IntensityRule, other: IntensityRule) -> bool:
    """Say whether one plot may be under both rules."""
    roads = not one.kelas_jalan or not other.kelas_jalan or one.kelas_jalan == other.kelas_jalan
    uses = not one.kegiatan or not other.kegiatan or bool({*one.kegiatan} & {*other.kegiatan})
    areas = max(one.area_from_m2, other.area_from_m2) < min(one.area_to_m2, other.area_to_m2)
    return roads and uses and areas


def _classes(rules: Sequence[IntensityRule]) -> Iterator[Note]:
    groups: dict[tuple[object, ...], list[IntensityRule]] = defaultdict(list)
    for rule in rules:
        groups[rule.zona, rule.parameter, rule.kelas_jalan, rule.kegiatan].append(rule)
    gaps: dict[Gap, list[IntensityRule]] = defaultdict(list)
    for group in groups.values():
        ordered = sorted(group, key=lambda rule: (rule.area_from_m2, rule.area_to_m2))
        yield from _overlaps(ordered)
        for gap, rule in _gaps(ordered):
            gaps[gap].append(rule)
    for gap, beside in sorted(gaps.items()):
        yield _gap_note(gap, beside)


def _overlaps(ordered: Sequence[IntensityRule]) -> Iterator[Note]:
    for index, rule in enumerate(ordered):
        for later in ordered[index + 1 :]:
            if later.area_from_m2 >= rule.area_to_m2:
                break
            text = "{file}, row {row}, column {column}: for {zona} {parameter} the class overlaps "
            text += "that of row {other} from {low} to {high} m2, with limits {limit} and "
            text += "{other_limit}; let one class end where the next begins"
            facts = {
                "zona": rule.zona,
                "parameter": rule.parameter,
                "other": rule.line,
                "low": _plain(later.area_from_m2),
                "high": _plain(min(rule.area_to_m2, later.area_to_m2)),
                "limit": later.limit,
                "other_limit": rule.limit,
            }
            column = "luas_dari_m2" if later.area_from_m2 > 0 else "nilai"
            yield Note("lint_class_overlap", text, "error", _at(later, column) | facts)


def _gaps(ordered: Sequence[IntensityRule]) -> Iterator[tuple[Gap, IntensityRule]]:
    """Yield the areas that no class takes, each with the rule that stands beside it."""
    reached = 0.0
    before = ordered[0]
    for rule in ordered:
        if rule.area_from_m2 > reached:
            yield (reached, rule.area_from_m2), rule if reached == 0.0 else before
        if rule.area_to_m2 > reached:
            reached, before = rule.area_to_m2, rule
    if math.isfinite(reached):
        yield (reached, math.inf), before


def _gap_note(gap: Gap, beside: Sequence[IntensityRule]) -> Note:
    low, high = gap
    facts = {
        "low": _plain(low),
        "high": _plain(high) if math.isfinite(high) else "",
        "count": len(beside),
        "zona": ", ".join(dict.fromkeys(rule.zona for rule in beside)),
        "parameter": ", ".join(dict.fromkeys(rule.parameter for rule in beside)),
        "rows": [rule.line for rule in beside],
    }
    if low == 0.0:
        text = "{file}, row {row}, column {column}: the lowest class begins at {high} m2, so "
        text += "permits of smaller plots need review ({count} limits: {parameter}; zones {zona}). "
        text += "Leave luas_dari_m2 empty where the class has no lower end"
        place = _at(beside[0], "luas_dari_m2")
        return Note("lint_class_below", text, "warning", place | facts)
    place = _at(beside[0], "luas_sampai_m2")
    if not math.isfinite(high):
        text = "{file}, row {row}, column {column}: the highest class ends at {low} m2, so "
        text += "permits of larger plots need review ({count} limits: {parameter}; zones {zona}). "
        text += "Leave luas_sampai_m2 empty where the class has no upper end"
        return Note("lint_class_above", text, "warning", place | facts)
    text = "{file}, row {row}, column {column}: size-class gap: no class takes plots between {low} "
    text += "and {high} m2 ({count} limits: {parameter}; zones {zona}); their permits need "
    text += "review. Let the class end where the next begins"
    return Note("lint_class_gap", text, "error", place | facts)


def _plain(value: float) -> str:
    """Write an area without the last bit by which an end counts as part of its class."""
    return f"{value:.10g}"
