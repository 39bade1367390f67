"""What findings add up to: one verdict, or the verdicts between which the data do not decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.values import value
from zoning.coverage import polygons_of
from zoning.finding import Finding
from zoning.lattice import REASONS, Interval, Izin, VerdictName, join_all, name_of
from zoning.permit import area_uncertainty
from zoning.plot import Regions

__all__ = ["KKPR", "Outcome", "outcome_of"]

#: What a KKPR says for a verdict (Juknis PKKPR); nothing where the data do not decide.
KKPR: Final[dict[VerdictName, str | None]] = {
    "SESUAI": "disetujui seluruhnya",
    "SESUAI_TERBATAS": "disetujui seluruhnya",
    "SESUAI_BERSYARAT": "disetujui seluruhnya",
    "DISETUJUI_SEBAGIAN": "disetujui sebagian",
    "TIDAK_SESUAI": "ditolak",
    "PERLU_KAJIAN": None,
}
NOTHING: Final = shapely.Polygon()


@value()
class Outcome:
    """The verdict, the total of the findings, what else it may be, and the part to approve."""

    verdict: VerdictName
    interval: Interval
    possible: tuple[VerdictName, ...]
    reasons: tuple[str, ...]
    approvable: BaseGeometry | None


@value()
class Remainder:
    """What is left of a parcel, and what it must satisfy to be approved on its own."""

    parcel: BaseGeometry
    footprint: BaseGeometry | None
    smallest_m2: float
    floor_m2: float
    precision_m: float

    def without(self, taken: BaseGeometry | None, *, all_taken: bool) -> BaseGeometry:
        """Return the parcel without a region."""
        if all_taken:
            return NOTHING
        return self.parcel if taken is None else polygons_of(self.parcel.difference(taken))

    def suffices(self, left: BaseGeometry) -> bool | None:
        """Say whether a remainder may be approved: a plot of its own that holds the footprint.

        None where its area is measured too near to the smallest plot to tell.
        """
        parts = shapely.get_parts(left)
        largest = max(parts, key=lambda part: part.area, default=None)
        if largest is None or largest.area < self.floor_m2:
            return False
        if self.footprint is not None:
            [slack] = area_uncertainty([self.footprint], self.precision_m)
            if self.footprint.difference(left).area > slack:
                return False
        [doubt] = area_uncertainty([largest], self.precision_m)
        if abs(largest.area - self.smallest_m2) <= doubt:
            return None
        return bool(largest.area > self.smallest_m2)


def outcome_of(findings: Sequence[Finding], regions: Regions, remainder: Remainder) -> Outcome:
    """Add up findings.

    A prohibition of the whole decides against. One of a part leaves a remainder: it is
    approved when it suffices however the doubts end, refused when it cannot suffice, and
    needs review in between.
    """
    total = join_all(finding.interval for finding in findings)
    whole = [f for f in findings if not f.spatial]
    refused = any(f.prohibits for f in whole)
    doubted = any(f.may_prohibit for f in whole)
    all_proven = any(f.spatial and f.prohibits and f.region is None for f in findings)
    all_possible = any(f.spatial and f.may_prohibit and f.region is None for f in findings)
    best = remainder.without(regions.proven, all_taken=all_proven)
    if regions.proven is None and not all_proven:
        verdict, possible = _untouched(total, findings, remainder, regions, refused, all_possible)
        return Outcome(verdict, total, possible, _reasons(findings, verdict, total), None)
    worst = remainder.without(regions.possible, all_taken=all_possible)
    approvable = best if best.area >= remainder.floor_m2 else None
    if refused or remainder.suffices(best) is False:
        verdict, possible = "TIDAK_SESUAI", ("TIDAK_SESUAI",)
    elif remainder.suffices(worst) and not doubted:
        verdict, possible, approvable = "DISETUJUI_SEBAGIAN", ("DISETUJUI_SEBAGIAN",), worst
    else:
        verdict, possible = "PERLU_KAJIAN", ("DISETUJUI_SEBAGIAN", "TIDAK_SESUAI")
    return Outcome(verdict, total, possible, _reasons(findings, verdict, total), approvable)


def _untouched(
    total: Interval,
    findings: Sequence[Finding],
    remainder: Remainder,
    regions: Regions,
    refused: bool,
    all_possible: bool,
) -> tuple[VerdictName, tuple[VerdictName, ...]]:
    """Name the verdict where no part is proven to be prohibited, and what else it may be."""
    verdict = name_of(total)
    if verdict != "PERLU_KAJIAN":
        return verdict, (verdict,)
    found = [name_of(Interval.of(total.lo))]
    if total.hi is not Izin.X:
        return verdict, tuple(dict.fromkeys([*found, name_of(Interval.of(total.hi))]))
    worst = remainder.without(regions.possible, all_taken=all_possible)
    whole = refused or any(f.may_prohibit and not f.spatial for f in findings)
    in_part = regions.possible is not None and not all_possible
    enough = remainder.suffices(worst) if in_part else False
    if enough is not False:
        found.append("DISETUJUI_SEBAGIAN")
    if whole or not enough:
        found.append("TIDAK_SESUAI")
    return verdict, tuple(dict.fromkeys(found))


def _reasons(findings: Sequence[Finding], verdict: VerdictName, total: Interval) -> tuple[str, ...]:
    """Return why the data do not decide; a contradiction of plans is said at any verdict."""
    found = {f.reason for f in findings if f.reason == "KONFLIK_RENCANA"}
    if verdict == "PERLU_KAJIAN":
        found |= {f.reason for f in findings if f.reason and _matters(f, total)}
    return tuple(reason for reason in REASONS if reason in found)


def _matters(finding: Finding, total: Interval) -> bool:
    """Say whether a doubt is one that the total still has."""
    if finding.interval.certain:
        return False
    return finding.may_prohibit or not finding.interval.hi.below(total.lo)
