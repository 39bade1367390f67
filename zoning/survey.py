"""Measure permits on a ground: areas in zones and overlays, in one pass over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import EngineError, LimitError
from spatial.index.stack import UNMEASURED
from spatial.rings import Rings, flatten
from spatial.values import value
from zoning.coverage import polygons_of
from zoning.ground import Ground, Key, OverlayMap, ZoneMap

__all__ = ["OverlayHit", "Scene", "ZoneHit", "survey"]

#: A deep part smaller than this is the noise of a projection, not a point inside.
DEEP_M2 = 1e-4
#: Areas that differ by less add up: relative, as the kernel promises.
CLOSURE = 1e-9
#: The zones of a plan among the maps of a ground, and what of a map is not there.
WHOLE: Final = (None, "whole")
DEEP: Final = (None, "deep")
NOTHING: Final = (0.0, 0.0)

#: Area and overlap by class, None for what has none, of each map of a ground.
_Parts = dict[tuple[Key | None, str], dict[str | None, tuple[float, float]]]


@value()
class ZoneHit:
    """A class met by a parcel; proven when some point lies deeper in it than the map errs.

    `deep_m2` is the area that lies deeper.
    """

    zone: str
    area_m2: float
    proven: bool
    deep_m2: float = 0.0


@value()
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
    for scene, parts in zip(scenes, _parts(ground, outlines), strict=True):
        _fill(scene, parts)
    if isinstance(ground.zones, ZoneMap):
        _add_near(ground.zones, outlines, scenes, ground.meta.ce90_m)
    return scenes


def _parts(ground: Ground, outlines: Rings) -> list[_Parts]:
    """Return for each outline what it has of every map, all of them asked at once."""
    found, codes, maps = ground.stack.measure(outlines), ground.stack.codes, ground.measured
    parts: list[_Parts] = [{} for _ in range(len(outlines))]
    columns = (found.parcel, found.layer, found.code, found.area, found.overlap)
    for row, layer, code, area, overlap in zip(*(one.tolist() for one in columns), strict=True):
        if code >= 0:
            parts[row].setdefault(maps[layer], {})[codes[code]] = (area, overlap)
        elif code == UNMEASURED:
            raise LimitError(
                "region {row} crosses so many borders that measuring it has no bound",
                code="region_too_complex",
                hint="Simplify its outline, or cut it into several applications",
                row=row,
            )
        elif maps[layer] == WHOLE:
            parts[row].setdefault(WHOLE, {})[None] = (area, overlap)
    return parts


def _fill(scene: Scene, parts: _Parts) -> None:
    """Note what a region has of the zones and of each overlay that it meets."""
    whole, deep = parts.pop(WHOLE, {}), parts.pop(DEEP, {})
    scene.uncovered_m2, _ = whole.pop(None, (scene.area_m2 if scene.fault else 0.0, 0.0))
    for zone, (area, overlap) in whole.items():
        inner, _ = deep.get(zone, NOTHING)
        scene.zones.append(ZoneHit(str(zone), area, inner > DEEP_M2, inner))
        scene.overlap_m2 += overlap
    for key, what in parts:
        if what != "deep" and key is not None and key not in scene.overlays:
            certain, possible, inner = (
                parts.get((key, one), {}).get("*", NOTHING)[0]
                for one in ("certain", "possible", "deep")
            )
            scene.overlays[key] = OverlayHit(certain, max(possible, certain), inner > DEEP_M2)


def _add_near(zones: ZoneMap, outlines: Rings, scenes: list[Scene], ce90_m: float) -> None:
    for row, zone, distance in zones.whole.near(outlines, float(ce90_m)):
        if all(hit.zone != zone for hit in scenes[row].zones):
            scenes[row].near[zone] = distance
