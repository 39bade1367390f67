"""Findings of intensities: ratios, floors, heights, setbacks and the smallest plot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from spatial.values import value
from zoning.building import Building
from zoning.finding import Finding
from zoning.judge_overlays import Tightening
from zoning.lattice import FREE, PROHIBITED, UNKNOWN, Interval
from zoning.limits import EQUAL, Limits, changed, limits_of, strictest_of, zones_named
from zoning.permit import Permit
from zoning.plot import AreaRange, Plot, PlotPart

__all__ = ["intensity_findings", "not_examined", "smallest_plot"]

#: Limits on a share of the plot: the area that is compared.
RATIOS: Final = {
    "kdb_maks": "luas_tapak_m2",
    "klb_maks": "luas_lantai_m2",
    "kdh_min": "luas_hijau_m2",
    "ktb_maks": "luas_basement_m2",
    "kwt_maks": "luas_terbangun_m2",
}
#: Limits on one number: the number and its unit.
SCALARS: Final = {
    "lantai_maks": ("lantai", "lantai"),
    "tinggi_maks_m": ("tinggi_m", "m"),
    "gsb_min_m": ("gsb_m", "m"),
    "jbs_min_m": ("jbs_m", "m"),
    "jbb_min_m": ("jbb_m", "m"),
}


@value()
class Held:
    """Whether a limit is kept for certain, broken for certain, or set by no class at all."""

    kept: bool
    broken: bool
    gap: bool

    @property
    def interval(self) -> Interval:
        """What that leaves possible."""
        if self.gap:
            return UNKNOWN
        if self.kept:
            return FREE
        return PROHIBITED if self.broken else UNKNOWN

    @property
    def reason(self) -> str:
        """Why it is open, where it is."""
        if self.gap:
            return "SEL_KOSONG"
        return "" if self.kept or self.broken else "INPUT_KURANG"


def intensity_findings(
    plot: Plot, permit: Permit, building: Building, tightened: Sequence[Tightening]
) -> Iterator[Finding]:
    """Yield one finding per parameter that the plan limits and the permit states or draws."""
    usable = plot.usable
    if not usable:
        return
    for parameter in (*RATIOS, *SCALARS):
        column = RATIOS.get(parameter) or SCALARS[parameter][0]
        value = building.numbers.get(column)
        limits = limits_of(usable, parameter, permit, plot.area)
        if not (limits or tightened):
            continue
        changes = [one for one in tightened if one.rule.parameter == parameter]
        if value is None and parameter == "kdb_maks" and limits and building.described:
            yield _unstated(parameter, column, usable, limits)
        if value is None or not (limits or changes):
            continue
        limits = changed(usable, limits, changes, building.footprint)
        if not limits:
            # The building stands outside the overlay that alone limits it.
            continue
        if parameter in RATIOS:
            yield _ratio(parameter, column, value, usable, limits, plot, building)
        else:
            yield _scalar(parameter, column, value, usable, limits, building)
    yield from _smallest(plot, permit, usable)


def not_examined(plot: Plot, permit: Permit, building: Building) -> list[str]:
    """Return the limits that nothing was compared with, and the column that would be."""
    found, usable = [], plot.usable
    for parameter in (*RATIOS, *SCALARS):
        column = RATIOS.get(parameter) or SCALARS[parameter][0]
        if column not in building.numbers and limits_of(usable, parameter, permit, plot.area):
            found.append(f"{parameter} ({column})")
    return found


def _unstated(
    parameter: str, column: str, parts: Sequence[PlotPart], limits: dict[int, Limits]
) -> Finding:
    strictest = strictest_of(limits.values(), maximum="_maks" in parameter)
    zones = zones_named(parts, limits)
    return Finding(
        rule=f"{parameter}:{zones}",
        kind="intensitas",
        interval=UNKNOWN,
        limit=_finite(strictest.strict),
        unit="share",
        basis=strictest.rule.basis,
        reason="INPUT_KURANG",
        facts={"parameter": parameter, "zona": zones, "kurang": column},
    )


def _ratio(
    parameter: str,
    column: str,
    value: AreaRange,
    parts: Sequence[PlotPart],
    limits: dict[int, Limits],
    plot: Plot,
    building: Building,
) -> Finding:
    """Compare an area with its share of the usable plot."""
    maximum = "_maks" in parameter
    strictest = strictest_of(limits.values(), maximum=maximum)
    least = sum(part.usable_min_m2 for part in parts) * plot.scale.lo
    most = sum(part.usable_max_m2 for part in parts) * plot.scale.hi
    allowed = strictest.strict * (least if maximum else most)
    bound = _bound(parameter, parts, limits, plot.scale)
    kept, broken = _compare(value, allowed, bound, maximum=maximum)
    if len(parts) > 1 and building.draws(column):
        each = {
            index: _in_part(part, limits[index], plot.scale, building.inside(column, part.region))
            for index, part in enumerate(parts)
            if index in limits and not part.near
        }
        # Where it is drawn, the shares of each zone are known, and each keeps its own.
        alone = value == building.measured[column] and all(part.proven for part in parts)
        kept = all(one.kept for one in each.values()) and (kept or alone)
        broken = broken or any(one.broken for i, one in each.items() if parts[i].proven)
    held = Held(kept, broken, any(one.gap for one in limits.values()))
    middle = (least + most) / 2
    # An area that only follows from others may be this large.
    shown = value.hi if column in building.derived else value.middle
    facts: dict[str, object] = {"nilai_m2": shown, "boleh_m2": _finite(allowed)}
    if broken:
        facts["selisih_m2"] = round(abs(shown - allowed), 9)
        facts["saran_m2"] = _finite(allowed)
    zones = zones_named(parts, limits)
    return Finding(
        rule=f"{parameter}:{zones}",
        kind="intensitas",
        interval=held.interval,
        measured=shown / middle if middle > 0 else None,
        limit=_shown_limit(parts, limits, strictest),
        unit="share" if parameter != "klb_maks" else "ratio",
        basis=strictest.basis or strictest.rule.basis,
        reason=held.reason,
        facts=facts | {"parameter": parameter, "zona": zones} | building.told(column),
    )


def _deciding(parts: Sequence[PlotPart]) -> list[PlotPart]:
    """Return the parts whose limits can be broken for certain: the proven, or any that may be."""
    return [part for part in parts if part.proven] or list(parts)


def _bound(
    parameter: str, parts: Sequence[PlotPart], limits: dict[int, Limits], scale: AreaRange
) -> float:
    """Return the area beyond which no distribution over the zones keeps every share.

    Declared areas do not say in which zone they lie: kept for certain when they keep the
    strictest share of the whole, broken for certain beyond this. Where no zone is proven,
    one of those that may be the true one takes the whole plot. What no zone is known to
    hold lies in the loosest of those that are proven.
    """
    maximum = "_maks" in parameter
    # No more than the ground itself can be covered, whether the plan says so or not.
    free = (math.inf if parameter == "klb_maks" else 1.0) if maximum else 0.0
    loose = [limits[i].loose if i in limits else free for i in range(len(parts))]
    areas = [
        part.usable_max_m2 * scale.hi if maximum else part.usable_min_m2 * scale.lo
        for part in parts
    ]
    pick = max if maximum else min
    proven = [share for share, part in zip(loose, parts, strict=True) if part.proven]
    if not proven:
        return pick(loose) * sum(areas)
    return sum(
        (share if part.proven else pick(proven)) * area
        for share, area, part in zip(loose, areas, parts, strict=True)
    )


def _compare(value: AreaRange, allowed: float, bound: float, *, maximum: bool) -> tuple[bool, bool]:
    """Return whether a value keeps what is allowed, and whether it breaks what bounds it."""
    if maximum:
        return value.hi <= allowed * (1 + EQUAL), value.lo > bound * (1 + EQUAL)
    return value.lo >= allowed * (1 - EQUAL), value.hi < bound * (1 - EQUAL)


def _in_part(part: PlotPart, limits: Limits, scale: AreaRange, inside: AreaRange) -> Held:
    maximum = limits.rule.is_maximum
    low, high = part.usable_min_m2 * scale.lo, part.usable_max_m2 * scale.hi
    if maximum:
        kept, broken = _compare(inside, limits.strict * low, limits.loose * high, maximum=True)
    else:
        kept, broken = _compare(inside, limits.strict * high, limits.loose * low, maximum=False)
    return Held(kept, broken, limits.gap)


def _scalar(
    parameter: str,
    column: str,
    value: AreaRange,
    parts: Sequence[PlotPart],
    limits: dict[int, Limits],
    building: Building,
) -> Finding:
    maximum = "_maks" in parameter
    strictest = strictest_of(limits.values(), maximum=maximum)
    kept, _ = _compare(value, strictest.strict, strictest.strict, maximum=maximum)
    deciding = _deciding(parts)
    over = [
        index in limits
        and _compare(value, limits[index].loose, limits[index].loose, maximum=maximum)[1]
        for index, part in enumerate(parts)
        if part in deciding
    ]
    held = Held(kept, all(over), any(one.gap for one in limits.values()))
    zones = zones_named(parts, limits)
    return Finding(
        rule=f"{parameter}:{zones}",
        kind="intensitas",
        interval=held.interval,
        measured=value.middle,
        limit=_finite(strictest.strict),
        unit=SCALARS[parameter][1],
        basis=strictest.basis or strictest.rule.basis,
        reason=held.reason,
        facts={"parameter": parameter, "zona": zones} | building.told(column),
    )


def smallest_plot(plot: Plot, permit: Permit) -> float:
    """Return the largest of the minimum plots of the zones that may be used; 0 where none."""
    usable = _deciding(plot.usable)
    found = limits_of(usable, "kavling_min_m2", permit, plot.area)
    return max((one.strict for one in found.values()), default=0.0)


def _smallest(plot: Plot, permit: Permit, parts: Sequence[PlotPart]) -> Iterator[Finding]:
    limits = limits_of(parts, "kavling_min_m2", permit, plot.area)
    if not limits:
        return
    strictest = strictest_of(limits.values(), maximum=False)
    if any(part.proven for part in parts):
        bar = max((one.loose for i, one in limits.items() if parts[i].proven), default=0.0)
    else:
        bar = min(limits[i].loose if i in limits else 0.0 for i in range(len(parts)))
    kept, broken = _compare(plot.area, strictest.strict, bar, maximum=False)
    held = Held(kept, broken, any(one.gap for one in limits.values()))
    zones = zones_named(parts, limits)
    yield Finding(
        rule=f"kavling_min_m2:{zones}",
        kind="intensitas",
        interval=held.interval,
        measured=plot.area.middle,
        limit=strictest.strict,
        unit="m2",
        basis=strictest.rule.basis,
        reason=held.reason,
        facts={"parameter": "kavling_min_m2", "zona": zones},
    )


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
