"""Measure permits on a ground: areas in zones and overlays, in one pass over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import EngineError
from spatial.index import Areas
from spatial.rings import Rings, flatten
from zoning.coverage import Coverage, polygons_of
from zoning.ground import Ground, OverlayMap, ZoneMap

__all__ = ["OverlayHit", "Scene", "ZoneHit", "survey"]

#: A deep part smaller than this is the noise of a projection, not a point inside.
DEEP_M2 = 1e-4
#: Areas that differ by less add up: relative, as the kernel promises.
CLOSURE = 1e-9


@dataclass(frozen=True, slots=True)
class ZoneHit:
    """A class met by a parcel; proven when some point lies deeper in it than the map errs.

    `deep_m2` is the area that lies deeper.
    """

    zone: str
    area_m2: float
    proven: bool
    deep_m2: float = 0.0


@dataclass(frozen=True, slots=True)
class OverlayHit:
    """An overlay met: its certain area, whether that is proven, and its largest area."""

    certain_m2: float
    possible_m2: float
    proven: bool


@dataclass(slots=True)
class Scene:
    """One region of one parcel on one ground, measured. Filled by `survey`, then only read.

    `overlays` holds only the overlays that are met; `near` the classes without area that
    lie no further away than the map is accurate. `partial` says that the region is not the
    whole parcel.
    """

    ground: Ground
    region: BaseGeometry
    area_m2: float
    zones: list[ZoneHit] = field(default_factory=list)
    near: dict[str, float] = field(default_factory=dict)
    overlays: dict[tuple[object, ...], OverlayHit] = field(default_factory=dict)
    uncovered_m2: float = 0.0
    overlap_m2: float = 0.0
    partial: bool = False
    #: Parts that were cut already: several findings ask for the same one.
    cut: dict[tuple[object, ...], BaseGeometry] = field(default_factory=dict)

    def where(self, part: BaseGeometry) -> BaseGeometry | None:
        """Return a part as the region of a finding: None where it is the whole parcel."""
        whole = not self.partial and shapely.area(part) >= self.area_m2 * (1 - CLOSURE)
        return None if whole else part

    @property
    def fault(self) -> EngineError | None:
        """Why the zones could not be read; None where they were."""
        return self.ground.zones if isinstance(self.ground.zones, EngineError) else None

    def zone_part(self, zone: str) -> BaseGeometry:
        """Return the part of the region in a zone."""
        if not isinstance(self.ground.zones, ZoneMap):
            return shapely.Polygon()
        key = ("zone", zone)
        if key not in self.cut:
            self.cut[key] = self.ground.zones.whole.part(self.region, zone)
        return self.cut[key]

    def uncovered_part(self) -> BaseGeometry:
        """Return the part of the region in no zone."""
        if isinstance(self.ground.zones, ZoneMap):
            covered = self.ground.zones.whole.part(self.region)
            return polygons_of(shapely.difference(self.region, covered))
        return self.region

    def overlay_part(self, key: tuple[object, ...], *, possible: bool = False) -> BaseGeometry:
        """Return the part of the region in an overlay."""
        found = self.ground.overlays[key]
        if not isinstance(found, OverlayMap):
            return self.region
        coverage = found.possible if possible else found.certain
        name = ("overlay", key, coverage is found.certain)
        if name not in self.cut:
            self.cut[name] = coverage.part(self.region)
        return self.cut[name]


def survey(
    ground: Ground, regions: Sequence[BaseGeometry], *, partial: bool = False
) -> list[Scene]:
    """Measure regions on a ground.

    Parameters
    ----------
    regions : geometries
        Valid polygons on the plane of the plan's areas.
    partial : bool
        Whether they are less than the whole parcels.

    Returns
    -------
    list of Scene
        One per region, in order.
    """
    array = np.empty(len(regions), dtype=object)
    array[:] = regions
    scenes = [
        Scene(ground, region, float(area), partial=partial)
        for region, area in zip(regions, shapely.area(array), strict=True)
    ]
    outlines = flatten(array)
    if isinstance(ground.zones, ZoneMap):
        _measure_zones(ground.zones, outlines, scenes, ground.meta.ce90_m)
    else:
        for scene in scenes:
            scene.uncovered_m2 = scene.area_m2
    for key, overlay, rows in ground.met(array):
        here = outlines if len(rows) == len(array) else flatten(array[rows])
        _measure_overlay(key, overlay, here, [scenes[row] for row in rows])
    return scenes


def _measure_zones(
    zones: ZoneMap,
    outlines: Rings,
    scenes: list[Scene],
    ce90_m: float,
) -> None:
    found = zones.whole.measure(outlines)
    deep = _by_row(zones.deep, outlines)
    for row, parts in enumerate(_rows(found, zones.whole.codes, len(scenes))):
        scenes[row].zones = [
            ZoneHit(zone, area, (inner := deep[row].get(zone, 0.0)) > DEEP_M2, inner)
            for zone, area in parts.items()
        ]
    for scene, rest in zip(scenes, found.rest.tolist(), strict=True):
        scene.uncovered_m2 = rest
    for row, overlap in zip(found.parcel.tolist(), found.overlap.tolist(), strict=True):
        scenes[row].overlap_m2 += overlap
    for row, zone, distance in zones.whole.near(outlines, float(ce90_m)):
        if all(hit.zone != zone for hit in scenes[row].zones):
            scenes[row].near[zone] = distance


def _by_row(coverage: Coverage, outlines: Rings) -> list[dict[str, float]]:
    return _rows(coverage.measure(outlines), coverage.codes, len(outlines))


def _rows(found: Areas, codes: tuple[str, ...], count: int) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = [{} for _ in range(count)]
    measured = (found.parcel.tolist(), found.code.tolist(), found.area.tolist())
    for row, code, area in zip(*measured, strict=True):
        rows[row][codes[code]] = area
    return rows


def _measure_overlay(
    key: tuple[object, ...],
    overlay: OverlayMap,
    outlines: Rings,
    scenes: list[Scene],
) -> None:
    certain = _by_row(overlay.certain, outlines)
    same = overlay.possible is overlay.certain
    possible = certain if same else _by_row(overlay.possible, outlines)
    if not any(certain) and not any(possible):
        return
    deep = _by_row(overlay.deep, outlines)
    for row, scene in enumerate(scenes):
        if possible[row] or certain[row]:
            sure = certain[row].get("*", 0.0)
            scene.overlays[key] = OverlayHit(
                certain_m2=sure,
                possible_m2=max(possible[row].get("*", 0.0), sure),
                proven=deep[row].get("*", 0.0) > DEEP_M2,
            )
