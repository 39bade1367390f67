"""Findings of intensities: ratios, floors, heights, setbacks and the smallest plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zoning.finding import Finding
from zoning.judge_overlays import Tightening
from zoning.lattice import FREE, PROHIBITED, UNKNOWN, Interval
from zoning.permit import Permit
from zoning.plan import Citation, IntensityRule
from zoning.plot import AreaRange, Plot, PlotPart
from zoning.ruleset import RuleSet, Selection, applies_to

__all__ = ["Limits", "intensity_findings", "limits_for", "smallest_plot", "zone_limits"]

#: Limits on a share of the plot: the declared area that is compared.
RATIOS: Final = {
    "kdb_maks": "luas_tapak_m2",
    "klb_maks": "luas_lantai_m2",
    "kdh_min": "luas_hijau_m2",
    "ktb_maks": "luas_basement_m2",
    "kwt_maks": "luas_terbangun_m2",
}
#: Limits on one number: the declared number and its unit.
SCALARS: Final = {
    "lantai_maks": ("lantai", "lantai"),
    "tinggi_maks_m": ("tinggi_m", "m"),
    "gsb_min_m": ("gsb_m", "m"),
    "jbs_min_m": ("jbs_m", "m"),
    "jbb_min_m": ("jbb_m", "m"),
}
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
    lie in none. Rules for the activity go before rules for all.
    """
    known = [
        rule
        for rule in rules.intensities.get(zone, ())
        if rule.parameter == parameter and _may_concern(rule, selection, kelas_jalan)
    ]
    special = [rule for rule in known if rule.kegiatan]
    known = special or known
    if not known:
        return None
    fitting = [r for r in known if r.area_from_m2 <= area.hi and area.lo < r.area_to_m2]
    ends = (area.lo, area.hi)
    gap = not all(any(r.area_from_m2 <= end < r.area_to_m2 for r in known) for end in ends)
    chosen = fitting or known
    limits = [rule.limit for rule in chosen]
    low, high = min(limits), max(limits)
    strict, loose = (low, high) if chosen[0].is_maximum else (high, low)
    rule = next(rule for rule in chosen if rule.limit == strict)
    return Limits(strict, loose, rule, gap)


def _may_concern(rule: IntensityRule, selection: Selection, kelas_jalan: str) -> bool:
    if rule.kelas_jalan and kelas_jalan and rule.kelas_jalan != kelas_jalan:
        return False
    if not rule.kegiatan:
        return True
    rows = selection.rows
    return any(applies_to(rule.kegiatan, (), row.kegiatan, row.kelompok) for row in rows)


def intensity_findings(
    plot: Plot, permit: Permit, tightened: Sequence[Tightening]
) -> Iterator[Finding]:
    """Yield one finding per parameter that the plan limits and the permit states."""
    usable = [part for part in plot.parts if part.usable_max_m2 > 0]
    if not usable:
        return
    for parameter, column in RATIOS.items():
        value = permit.number(column)
        found = _limits(usable, parameter, permit, plot.area)
        changes = [one for one in tightened if one.rule.parameter == parameter]
        if value is None and parameter == "kdb_maks" and found and _describes_building(permit):
            yield _unstated(parameter, column, usable, found)
        if value is None or not (found or changes):
            continue
        yield _ratio(parameter, value, usable, _changed(usable, found, changes), plot)
    for parameter, (column, unit) in SCALARS.items():
        value = permit.number(column)
        found = _limits(usable, parameter, permit, plot.area)
        changes = [one for one in tightened if one.rule.parameter == parameter]
        if value is None or not (found or changes):
            continue
        yield _scalar(parameter, value, unit, usable, _changed(usable, found, changes))
    yield from _smallest(plot, permit, usable)


def _describes_building(permit: Permit) -> bool:
    """Say whether a building is applied for whose ground floor nobody stated."""
    return permit.footprint is None and bool(
        permit.number("lantai") or permit.number("luas_lantai_m2")
    )


def _unstated(
    parameter: str, column: str, parts: Sequence[PlotPart], limits: dict[int, Limits]
) -> Finding:
    strictest = _strictest(limits.values(), maximum="_maks" in parameter)
    return Finding(
        rule=f"{parameter}:{_zones(parts, limits)}",
        kind="intensitas",
        interval=UNKNOWN,
        limit=_finite(strictest.strict),
        unit="share",
        basis=strictest.rule.basis,
        reason="INPUT_KURANG",
        facts={"parameter": parameter, "zona": _zones(parts, limits), "kurang": column},
    )


def _limits(
    parts: Sequence[PlotPart], parameter: str, permit: Permit, area: AreaRange
) -> dict[int, Limits]:
    found = {index: limits_for(part, parameter, permit, area) for index, part in enumerate(parts)}
    return {index: limits for index, limits in found.items() if limits is not None}


def _changed(
    parts: Sequence[PlotPart], limits: dict[int, Limits], changes: Sequence[Tightening]
) -> dict[int, Limits]:
    """Apply what overlays change: all of a zone for certain, or perhaps a part of it."""
    result = dict(limits)
    for index, part in enumerate(parts):
        for change in changes:
            if part.scene.overlays.get(change.rule.ground) is change.hit:
                result[index] = _one_change(result.get(index), change, part)
    return result


def _one_change(limits: Limits | None, change: Tightening, part: PlotPart) -> Limits:
    rule = change.rule
    limit = math.nan if rule.limit is None else rule.limit
    maximum = "_maks" in rule.parameter
    free = math.inf if maximum else 0.0
    line = IntensityRule(
        basis=rule.basis, line=rule.line, zona=part.zone, parameter=rule.parameter, limit=limit
    )
    before = limits or Limits(free, free, line)
    floor = part.scene.ground.meta.area_floor_m2
    whole = change.hit.proven and change.hit.certain_m2 >= part.scene.area_m2 - floor
    stricter, looser = (min, max) if maximum else (max, min)
    if rule.effect == "longgarkan":
        loose = looser(before.loose, limit)
        strict = looser(before.strict, limit) if whole else before.strict
        return replace(before, strict=strict, loose=loose)
    strict = stricter(before.strict, limit)
    loose = stricter(before.loose, limit) if whole else before.loose
    decides = strict != before.strict or limits is None
    return replace(before, strict=strict, loose=loose, basis=rule.basis if decides else None)


def _ratio(
    parameter: str, value: float, parts: Sequence[PlotPart], limits: dict[int, Limits], plot: Plot
) -> Finding:
    """Compare an area with its share of the usable plot.

    Declared areas do not say in which zone they lie: kept for certain when they keep the
    strictest share of the whole, broken for certain when no distribution keeps every share.
    """
    maximum = "_maks" in parameter
    scale = plot.scale
    least = sum(part.usable_min_m2 for part in parts) * scale.lo
    most = sum(part.usable_max_m2 for part in parts) * scale.hi
    strictest = _strictest(limits.values(), maximum=maximum)
    if maximum:
        allowed = strictest.strict * least
        bound = sum(
            (limits[i].loose if i in limits else math.inf) * part.usable_max_m2 * scale.hi
            for i, part in enumerate(parts)
        )
        kept, broken = value <= allowed * (1 + EQUAL), value > bound * (1 + EQUAL)
    else:
        allowed = strictest.strict * most
        bound = sum(limits[i].loose * parts[i].usable_min_m2 * scale.lo for i in limits)
        kept, broken = value >= allowed * (1 - EQUAL), value < bound * (1 - EQUAL)
    gap = any(one.gap for one in limits.values())
    middle = (least + most) / 2
    facts: dict[str, object] = {"nilai_m2": value, "boleh_m2": _finite(allowed)}
    if broken:
        facts["selisih_m2"] = round(abs(value - bound), 9)
        facts["saran_m2"] = _finite(bound)
    return Finding(
        rule=f"{parameter}:{_zones(parts, limits)}",
        kind="intensitas",
        interval=_decide(kept, broken, gap),
        measured=value / middle if middle > 0 else None,
        limit=_shown_limit(parts, limits, strictest),
        unit="share" if parameter != "klb_maks" else "ratio",
        basis=strictest.basis or strictest.rule.basis,
        reason=_reason(kept, broken, gap),
        facts=facts | {"parameter": parameter, "zona": _zones(parts, limits)},
    )


def _scalar(
    parameter: str, value: float, unit: str, parts: Sequence[PlotPart], limits: dict[int, Limits]
) -> Finding:
    maximum = "_maks" in parameter
    strictest = _strictest(limits.values(), maximum=maximum)
    if maximum:
        kept = value <= strictest.strict * (1 + EQUAL)
        over = all(value > limits[i].loose * (1 + EQUAL) for i in limits)
    else:
        kept = value >= strictest.strict * (1 - EQUAL)
        over = all(value < limits[i].loose * (1 - EQUAL) for i in limits)
    broken = over and len(limits) == len(parts)
    gap = any(one.gap for one in limits.values())
    return Finding(
        rule=f"{parameter}:{_zones(parts, limits)}",
        kind="intensitas",
        interval=_decide(kept, broken, gap),
        measured=value,
        limit=_finite(strictest.strict),
        unit=unit,
        basis=strictest.basis or strictest.rule.basis,
        reason=_reason(kept, broken, gap),
        facts={"parameter": parameter, "zona": _zones(parts, limits)},
    )


def smallest_plot(plot: Plot, permit: Permit) -> float:
    """Return the largest of the minimum plots of the zones that may be used; 0 where none."""
    usable = [part for part in plot.parts if part.usable_max_m2 > 0]
    found = _limits(usable, "kavling_min_m2", permit, plot.area)
    return max((one.strict for one in found.values()), default=0.0)


def _smallest(plot: Plot, permit: Permit, parts: Sequence[PlotPart]) -> Iterator[Finding]:
    limits = _limits(parts, "kavling_min_m2", permit, plot.area)
    if not limits:
        return
    strictest = _strictest(limits.values(), maximum=False)
    kept = plot.area.lo >= strictest.strict * (1 - EQUAL)
    broken = plot.area.hi < strictest.strict * (1 - EQUAL)
    gap = any(one.gap for one in limits.values())
    yield Finding(
        rule=f"kavling_min_m2:{_zones(parts, limits)}",
        kind="intensitas",
        interval=_decide(kept, broken, gap),
        measured=plot.area.middle,
        limit=strictest.strict,
        unit="m2",
        basis=strictest.rule.basis,
        reason=_reason(kept, broken, gap),
        facts={"parameter": "kavling_min_m2", "zona": _zones(parts, limits)},
    )


def _strictest(limits: Iterable[Limits], *, maximum: bool) -> Limits:
    return (min if maximum else max)(limits, key=lambda one: one.strict)


def _decide(kept: bool, broken: bool, gap: bool) -> Interval:
    if gap:
        return UNKNOWN
    if kept:
        return FREE
    return PROHIBITED if broken else UNKNOWN


def _reason(kept: bool, broken: bool, gap: bool) -> str:
    if gap:
        return "SEL_KOSONG"
    return "" if kept or broken else "INPUT_KURANG"


def _zones(parts: Sequence[PlotPart], limits: dict[int, Limits]) -> str:
    return "+".join(dict.fromkeys(parts[index].zone for index in limits))


def _shown_limit(
    parts: Sequence[PlotPart], limits: dict[int, Limits], strictest: Limits
) -> float | None:
    """Return the area-weighted limit of several zones, or the limit of the one."""
    if len(limits) < len(parts) or len(parts) == 1:
        return _finite(strictest.strict)
    total = sum(part.usable_max_m2 for part in parts)
    weighted = sum(limits[i].strict * parts[i].usable_max_m2 for i in limits)
    return _finite(weighted / total)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
