"""The plot that intensities are measured on: its controlled area and what of it is usable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.values import value
from zoning.finding import Finding
from zoning.lattice import FREE
from zoning.permit import Permit
from zoning.plan import PlanMeta
from zoning.ruleset import Selection
from zoning.survey import Scene

__all__ = ["AreaRange", "Plot", "PlotPart", "Regions", "area_finding", "plot_of", "regions_of"]


@value()
class AreaRange:
    """An area between two bounds; equal where the number is declared and exact."""

    lo: float
    hi: float

    @property
    def middle(self) -> float:
        """Centre of the range, for showing."""
        return (self.lo + self.hi) / 2


@value()
class Regions:
    """Where building is proven to be prohibited or deducted, and where it may be at most."""

    proven: BaseGeometry | None
    possible: BaseGeometry | None


@value()
class PlotPart:
    """One zone of the plot with the area that may be used in it.

    `zones` are the zones whose area is judged as this one: itself, and under a policy for
    split parcels those that do not count. A part that is not `proven` may be there: its
    limits must be kept, but only proven ones can be broken for certain. One that is `near`
    has no area and may be the true one where none is proven.
    """

    scene: Scene
    selection: Selection
    zone: str
    usable_min_m2: float
    usable_max_m2: float
    zones: tuple[str, ...] = ()
    proven: bool = True
    near: bool = False

    @property
    def region(self) -> BaseGeometry:
        """Where it lies."""
        parts = [self.scene.zone_part(zone) for zone in self.zones or (self.zone,)]
        return parts[0] if len(parts) == 1 else shapely.union_all(parts)


@value()
class Plot:
    """The plot: its parts, its controlled area, and the mapped area that scales them."""

    parts: tuple[PlotPart, ...]
    area: AreaRange
    mapped_m2: float
    #: Parts that may be built on, or may be the true ones.
    usable: tuple[PlotPart, ...] = field(init=False)
    #: Controlled area per mapped area.
    scale: AreaRange = field(init=False)

    def __post_init__(self) -> None:
        usable = tuple(part for part in self.parts if part.usable_max_m2 > 0 or part.near)
        scale = AreaRange(self.area.lo / self.mapped_m2, self.area.hi / self.mapped_m2)
        object.__setattr__(self, "usable", usable)
        object.__setattr__(self, "scale", scale)


def controlled_area(
    mapped_m2: float, uncertainty_m2: float, declared_m2: float | None
) -> AreaRange:
    """Return the area that limits are taken of: the smaller of the registered and the mapped.

    A registered area within the error of the mapped one is the same area, and exact.

    Examples
    --------
    >>> controlled_area(120.01, 0.02, 120.0)
    AreaRange(lo=120.0, hi=120.0)
    >>> controlled_area(187.0, 0.1, 200.0)
    AreaRange(lo=186.9, hi=187.1)
    """
    measured = AreaRange(mapped_m2 - uncertainty_m2, mapped_m2 + uncertainty_m2)
    if declared_m2 is not None and declared_m2 <= measured.hi:
        return AreaRange(declared_m2, declared_m2)
    return measured


def area_finding(meta: PlanMeta, permit: Permit, mapped_m2: float) -> Finding | None:
    """Return the difference of registered and mapped area where the plan wants it reported."""
    declared = permit.number("luas_sertipikat_m2")
    if declared is None or declared <= 0:
        return None
    difference = mapped_m2 / declared - 1
    if abs(difference) <= meta.area_tolerance:
        return None
    return Finding(
        rule="SELISIH_LUAS",
        kind="luas",
        interval=FREE,
        measured=mapped_m2,
        limit=declared,
        unit="m2",
        facts={"selisih": round(difference, 9), "batas_selisih": meta.area_tolerance},
    )


def regions_of(findings: Sequence[Finding]) -> Regions:
    """Return the union of what is proven to be prohibited, and of what may be."""
    proven = [f.region for f in findings if f.spatial and f.prohibits and f.region is not None]
    possible = [f.region for f in findings if f.spatial and f.may_prohibit and f.region is not None]
    return Regions(_union(proven), _union(possible))


def deductions(scenes: Sequence[Scene]) -> Regions:
    """Return the overlays that the law takes off the area before limits are applied."""
    proven, possible = [], []
    for scene in scenes:
        for rule in scene.ground.rules.overlays if scene.overlays else ():
            hit = scene.overlays.get(rule.ground) if rule.deducts else None
            if hit is None:
                continue
            possible.append(scene.overlay_part(rule.ground, possible=True))
            if hit.proven:
                proven.append(scene.overlay_part(rule.ground))
    return Regions(_union(proven), _union(possible))


def _union(regions: Sequence[BaseGeometry]) -> BaseGeometry | None:
    if not regions:
        return None
    return regions[0] if len(regions) == 1 else shapely.union_all(list(regions))


def plot_of(
    scenes: Sequence[Scene],
    selections: Sequence[Selection],
    counted: Sequence[Sequence[str]],
    regions: Regions,
    area: AreaRange,
    mapped_m2: float,
) -> Plot:
    """Return the plot with the usable area of each zone, after prohibited and deducted parts.

    Parameters
    ----------
    counted : per scene, the zones that the policy for split parcels lets count
        The area of the others is judged as the largest of these.
    """
    taken = deductions(scenes)
    sure = _union([one for one in (regions.proven, taken.proven) if one is not None])
    most = _union([one for one in (regions.possible, taken.possible) if one is not None])
    parts = []
    for scene, selection, names in zip(scenes, selections, counted, strict=True):
        areas = {hit.zone: hit.area_m2 for hit in scene.zones}
        proven = {hit.zone for hit in scene.zones if hit.proven}
        for zone, members in _judged_as(scene, names).items():
            least = sum(_left(scene, name, areas[name], most) for name in members)
            largest = sum(_left(scene, name, areas[name], sure) for name in members)
            parts.append(PlotPart(scene, selection, zone, least, largest, members, zone in proven))
        if areas and not proven:
            parts += [
                PlotPart(scene, selection, zone, 0.0, 0.0, proven=False, near=True)
                for zone in scene.near
            ]
    return Plot(tuple(parts), area, mapped_m2)


def _judged_as(scene: Scene, counted: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the zones that count, each with those whose area is judged as it."""
    floor = scene.ground.meta.area_floor_m2
    hits = [hit for hit in scene.zones if hit.area_m2 >= floor]
    found: dict[str, tuple[str, ...]] = {
        hit.zone: (hit.zone,) for hit in hits if hit.zone in counted
    }
    if found:
        size = {hit.zone: (hit.proven, hit.area_m2) for hit in hits}
        largest = max(sorted(found), key=lambda zone: size[zone])
        found[largest] += tuple(hit.zone for hit in hits if hit.zone not in counted)
    return found


def _left(scene: Scene, zone: str, area_m2: float, taken: BaseGeometry | None) -> float:
    if taken is None:
        return area_m2
    return float(shapely.area(shapely.difference(scene.zone_part(zone), taken)))
