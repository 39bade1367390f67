"""Measure permits on a ground: areas in zones and overlays, in one pass over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.errors import EngineError
from zoning.coverage import Coverage, polygons_of
from zoning.ground import Ground, OverlayMap, ZoneMap

__all__ = ["OverlayHit", "Scene", "ZoneHit", "survey"]

#: A deep part smaller than this is the noise of a projection, not a point inside.
DEEP_M2 = 1e-4
#: Areas that differ by less add up: relative, as the kernel promises.
CLOSURE = 1e-9


@dataclass(frozen=True, slots=True)
class ZoneHit:
    """A class met by a parcel; proven when some point lies deeper in it than the map errs."""

    zone: str
    area_m2: float
    proven: bool


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
        if isinstance(self.ground.zones, ZoneMap):
            return self.ground.zones.whole.part(self.region, zone)
        return shapely.Polygon()

    def uncovered_part(self) -> BaseGeometry:
        """Return the part of the region in no zone."""
        if isinstance(self.ground.zones, ZoneMap):
            covered = self.ground.zones.whole.part(self.region)
            return polygons_of(shapely.difference(self.region, covered))
        return self.region

    def overlay_part(self, key: tuple[object, ...], *, possible: bool = False) -> BaseGeometry:
        """Return the part of the region in an overlay."""
        found = self.ground.overlays[key]
        if isinstance(found, OverlayMap):
            return (found.possible if possible else found.certain).part(self.region)
        return self.region


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
    if isinstance(ground.zones, ZoneMap):
        _measure_zones(ground.zones, array, scenes, ground.meta.ce90_m)
    else:
        for scene in scenes:
            scene.uncovered_m2 = scene.area_m2
    for key, overlay in ground.overlays.items():
        if isinstance(overlay, OverlayMap):
            _measure_overlay(key, overlay, array, scenes)
    return scenes


def _measure_zones(
    zones: ZoneMap, regions: NDArray[np.object_], scenes: list[Scene], ce90_m: float
) -> None:
    deep = _by_row(zones.deep, regions)
    for row, parts in enumerate(_by_row(zones.whole, regions)):
        scene = scenes[row]
        scene.zones = [
            ZoneHit(zone, area, deep[row].get(zone, 0.0) > DEEP_M2) for zone, area in parts.items()
        ]
        _close(scene)
    _measure_near(zones, regions, scenes, ce90_m)


def _by_row(coverage: Coverage, regions: NDArray[np.object_]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = [{} for _ in regions]
    for row, code, area in zip(*coverage.areas(regions), strict=True):
        found[row][coverage.codes[code]] = float(area)
    return found


def _close(scene: Scene) -> None:
    """Make parts, overlap and rest add up to the region.

    Only where the sum differs from the region is the exact union asked for.
    """
    total = sum(hit.area_m2 for hit in scene.zones)
    if abs(total - scene.area_m2) <= CLOSURE * scene.area_m2:
        return
    rest = float(shapely.area(scene.uncovered_part()))
    overlap = total + rest - scene.area_m2
    noise = CLOSURE * scene.area_m2
    scene.uncovered_m2 = rest if rest > noise else 0.0
    scene.overlap_m2 = overlap if overlap > noise else 0.0


def _measure_near(
    zones: ZoneMap, regions: NDArray[np.object_], scenes: list[Scene], ce90_m: float
) -> None:
    whole = zones.whole
    row, piece = whole.tree.query(regions, predicate="dwithin", distance=ce90_m)
    away = shapely.distance(regions[row], whole.pieces[piece])
    for index, owner, distance in zip(row, whole.owner[piece], away, strict=True):
        code = whole.codes[owner]
        near = scenes[index].near
        near[code] = min(float(distance), near.get(code, np.inf))
    for scene in scenes:
        inside = {hit.zone for hit in scene.zones}
        scene.near = {code: scene.near[code] for code in sorted(scene.near) if code not in inside}


def _measure_overlay(
    key: tuple[object, ...],
    overlay: OverlayMap,
    regions: NDArray[np.object_],
    scenes: list[Scene],
) -> None:
    certain = _by_row(overlay.certain, regions)
    same = overlay.possible is overlay.certain
    possible = certain if same else _by_row(overlay.possible, regions)
    deep = _by_row(overlay.deep, regions)
    for row, scene in enumerate(scenes):
        if possible[row] or certain[row]:
            sure = certain[row].get("*", 0.0)
            scene.overlays[key] = OverlayHit(
                certain_m2=sure,
                possible_m2=max(possible[row].get("*", 0.0), sure),
                proven=deep[row].get("*", 0.0) > DEEP_M2,
            )
