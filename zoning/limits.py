"""Limits of a plot: what the plan sets in each zone, and how overlays change it there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from zoning.judge_overlays import Tightening
from zoning.permit import Permit
from zoning.plan import Citation, IntensityRule, normal
from zoning.plot import AreaRange, PlotPart
from zoning.ruleset import RuleSet, Selection, applies_to

__all__ = [
    "EQUAL",
    "Limits",
    "changed",
    "limits_for",
    "limits_of",
    "strictest_of",
    "zone_limits",
    "zones_named",
]

#: Limits are inclusive; products of decimals are not exact in binary.
EQUAL: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Limits:
    """The limit of a parameter in a zone: strictest and loosest that may hold, and a gap."""

    strict: float
    loose: float
    rule: IntensityRule
    gap: bool = False
    basis: Citation | None = None


def limits_for(part: PlotPart, parameter: str, permit: Permit, area: AreaRange) -> Limits | None:
    """Return the limit of a parameter in a part of a plot; None where the plan sets none."""
    rules = part.scene.ground.rules
    return zone_limits(rules, part.zone, part.selection, parameter, permit.kelas_jalan, area)


def zone_limits(
    rules: RuleSet,
    zone: str,
    selection: Selection,
    parameter: str,
    kelas_jalan: str,
    area: AreaRange,
) -> Limits | None:
    """Return the limit of a parameter in a zone; None where the plan sets none.

    Size classes are half-open; a plot that no class takes is a gap, and so is one that may
    lie in none. Rules for the activity go before rules for all, unless another activity may
    be meant as well: then each of them may hold.
    """
    named = rules.limits.get((zone, parameter))
    if named is None:
        return None
    if any(rule.kelas_jalan or rule.area_from_m2 or rule.area_to_m2 < math.inf for rule in named):
        return _limits(named, selection, kelas_jalan, area)
    key = ("limits", zone, parameter, selection.key)
    found: tuple[Limits | None] | None = rules.kept(key)
    if found is None:
        found = rules.keep(key, (_limits(named, selection, kelas_jalan, area),))
    return found[0]


def _limits(
    named: Sequence[IntensityRule], selection: Selection, kelas_jalan: str, area: AreaRange
) -> Limits | None:
    known = [rule for rule in _of_road(named, kelas_jalan) if _may_concern(rule, selection)]
    special = [rule for rule in known if rule.kegiatan]
    covered = not special or _all_meant(special, selection)
    known = special if special and covered else known
    if not known:
        return None
    fitting = [r for r in known if r.area_from_m2 <= area.hi and area.lo < r.area_to_m2]
    ends = (area.lo, area.hi)
    gap = not all(any(r.area_from_m2 <= end < r.area_to_m2 for r in known) for end in ends)
    chosen = fitting or known
    limits = [rule.limit for rule in chosen]
    low, high = min(limits), max(limits)
    strict, loose = (low, high) if chosen[0].is_maximum else (high, low)
    if not covered and len(special) == len(known):
        # Another activity that may be meant has no limit at all.
        loose = math.inf if chosen[0].is_maximum else 0.0
    rule = next(rule for rule in chosen if rule.limit == strict)
    return Limits(strict, loose, rule, gap)


def _of_road(rules: Sequence[IntensityRule], kelas_jalan: str) -> Sequence[IntensityRule]:
    """Return the rules for a class of road; all of them where the class is not one of theirs."""
    if not any(rule.kelas_jalan for rule in rules):
        return rules
    wanted = normal(kelas_jalan)
    fitting = [rule for rule in rules if normal(rule.kelas_jalan) in ("", wanted)]
    return fitting if wanted and fitting else rules


def _may_concern(rule: IntensityRule, selection: Selection) -> bool:
    if not rule.kegiatan:
        return True
    rows = selection.rows
    return any(applies_to(rule.kegiatan, (), row.kegiatan, row.kelompok) for row in rows)


def _all_meant(rules: Sequence[IntensityRule], selection: Selection) -> bool:
    """Say whether every activity that may be meant has a rule of its own."""
    return all(
        any(applies_to(rule.kegiatan, (), row.kegiatan, row.kelompok) for rule in rules)
        for row in selection.rows
    )


def limits_of(
    parts: Sequence[PlotPart], parameter: str, permit: Permit, area: AreaRange
) -> dict[int, Limits]:
    """Return the limit of a parameter in each part that has one, by its position."""
    found = {}
    for index, part in enumerate(parts):
        if (part.zone, parameter) in part.scene.ground.rules.limits:
            limits = limits_for(part, parameter, permit, area)
            if limits is not None:
                found[index] = limits
    return found


def changed(
    parts: Sequence[PlotPart],
    limits: dict[int, Limits],
    changes: Sequence[Tightening],
    footprint: BaseGeometry | None,
) -> dict[int, Limits]:
    """Apply what overlays change: the limit of a zone for certain, or perhaps.

    A building that is drawn says itself whether it stands in the overlay.
    """
    result = dict(limits)
    for index, part in enumerate(parts):
        for change in changes:
            if part.scene is not change.scene:
                continue
            if footprint is not None and not _may_stand(change, part, footprint):
                continue
            whole = _holds(change, part, footprint)
            result[index] = _one_change(result.get(index), change, part, whole)
    return result


def _may_stand(change: Tightening, part: PlotPart, footprint: BaseGeometry) -> bool:
    """Say whether the building may stand in the overlay, the accuracy of the map counted in."""
    if change.hit is None:
        return True
    where = part.scene.overlay_part(change.rule.ground, possible=True)
    ce90 = change.rule.ce90_m
    reach = part.scene.ground.meta.ce90_m if ce90 is None else ce90
    return bool(shapely.dwithin(where, footprint, reach))


def _holds(change: Tightening, part: PlotPart, footprint: BaseGeometry | None) -> bool:
    """Say whether a changed limit holds for certain: all of the region lies in the overlay.

    What tightens also holds where a part of the drawn building is deep enough in it.
    """
    floor = part.scene.ground.meta.area_floor_m2
    if change.hit is None:
        return False
    if change.hit.proven and change.hit.certain_m2 >= part.scene.area_m2 - floor:
        return True
    if footprint is None or not change.hit.proven:
        return False
    where = part.scene.overlay_part(change.rule.ground)
    ce90 = change.rule.ce90_m
    depth = part.scene.ground.meta.ce90_m if ce90 is None else ce90
    if change.rule.effect == "longgarkan":
        return bool(shapely.covers(shapely.buffer(where, -depth), footprint))
    return bool(shapely.intersects(shapely.buffer(where, -depth), footprint))


def _one_change(limits: Limits | None, change: Tightening, part: PlotPart, whole: bool) -> Limits:
    rule = change.rule
    limit = math.nan if rule.limit is None else rule.limit
    maximum = "_maks" in rule.parameter
    free = math.inf if maximum else 0.0
    line = IntensityRule(
        basis=rule.basis, line=rule.line, zona=part.zone, parameter=rule.parameter, limit=limit
    )
    before = limits or Limits(free, free, line)
    stricter, looser = (min, max) if maximum else (max, min)
    if rule.effect == "longgarkan":
        loose = looser(before.loose, limit)
        strict = looser(before.strict, limit) if whole else before.strict
        return replace(before, strict=strict, loose=loose)
    strict = stricter(before.strict, limit)
    loose = stricter(before.loose, limit) if whole else before.loose
    decides = strict != before.strict or limits is None
    return replace(before, strict=strict, loose=loose, basis=rule.basis if decides else None)


def strictest_of(limits: Iterable[Limits], *, maximum: bool) -> Limits:
    """Return the strictest of several limits."""
    return (min if maximum else max)(limits, key=lambda one: one.strict)


def zones_named(parts: Sequence[PlotPart], limits: dict[int, Limits]) -> str:
    """Return the zones that set a limit, as findings name them."""
    return "+".join(dict.fromkeys(parts[index].zone for index in limits))
