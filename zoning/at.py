"""What every plan in force says of one point: zone, limits, overlays, distance to the boundary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Point

from spatial.crs import INDONESIA, LONLAT, check_extent, project
from spatial.errors import EngineError
from zoning.finding import rounded
from zoning.ground import Ground, OverlayMap, ZoneMap, ground_on
from zoning.plan import Plan

__all__ = ["zones_at"]


def zones_at(
    plans: Plan | Iterable[Plan],
    lon: float,
    lat: float,
    *,
    on: date,
    known_at: str | None = None,
) -> list[dict[str, Any]]:
    """Return what each plan in force on a day says of a point.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    on : date
        Legal date.

    Returns
    -------
    list of dict
        Per plan in the order of the hierarchy: `plan`, `instrument`, `covered` (None where
        its layer cannot be read), `zona`, `zona_nama`, `distance_m` to the boundary of the
        class, `ce90_m`, `within_accuracy`, `intensities`, `overlays`.

    Raises
    ------
    CrsError
        If the point lies outside Indonesia.
    """
    check_extent((lon, lat, lon, lat), LONLAT, within=INDONESIA, what="point")
    found = (plans,) if isinstance(plans, Plan) else tuple(plans)
    in_force = sorted(
        (plan for plan in found if plan.meta.in_force(on)), key=lambda p: (p.meta.level, p.id)
    )
    return [_at(ground_on(plan, on, known_at), lon, lat) for plan in in_force]


def _at(ground: Ground, lon: float, lat: float) -> dict[str, Any]:
    meta = ground.meta
    array = np.empty(1, dtype=object)
    array[0] = Point(lon, lat)
    [point] = project(array, LONLAT, meta.area_crs)
    zones = _zones(ground, point)
    distance = _to_boundary(ground, zones[0], point) if zones else None
    return {
        "plan": meta.id,
        "instrument": {"name": meta.name, "legal_ref": meta.legal_ref, "status": meta.status},
        "kind": meta.kind,
        "level": meta.level,
        "scale": meta.scale_denominator,
        "covered": None if isinstance(ground.zones, EngineError) else bool(zones),
        "zona": zones[0] if zones else None,
        "zona_lain": zones[1:],
        "zona_nama": meta.zone_names.get(zones[0], "") if zones else "",
        "distance_m": rounded(distance, 2),
        "ce90_m": meta.ce90_m,
        "within_accuracy": None if distance is None else distance <= meta.ce90_m,
        "intensities": _intensities(ground, zones),
        "overlays": _overlays(ground, point),
        "layers": [use.to_dict() for use in ground.layers],
    }


def _zones(ground: Ground, point: Point) -> list[str]:
    if not isinstance(ground.zones, ZoneMap):
        return []
    whole = ground.zones.whole
    found = whole.tree.query(point, predicate="intersects")
    return sorted({whole.codes[owner] for owner in whole.owner[found]})


def _to_boundary(ground: Ground, zone: str, point: Point) -> float:
    """Return the distance to the edge of the class, in metres of the metric plane."""
    if not isinstance(ground.zones, ZoneMap):
        return float("nan")
    whole = ground.zones.whole
    # Pieces of the class within a search radius make up its edge near the point.
    radius = max(200.0, ground.meta.ce90_m * 3)
    window = shapely.box(point.x - radius, point.y - radius, point.x + radius, point.y + radius)
    shape = whole.part(window, zone)
    edge = shapely.difference(shape.boundary, window.boundary.buffer(1e-6))
    if edge.is_empty:
        return radius
    pair = np.empty(2, dtype=object)
    pair[:] = [point, edge]
    here, there = project(pair, ground.meta.area_crs, ground.meta.metric_crs)
    return float(shapely.distance(here, there))


def _intensities(ground: Ground, zones: list[str]) -> list[dict[str, Any]]:
    rules = (rule for zone in zones for rule in ground.rules.intensities.get(zone, ()))
    return [
        {
            "zona": rule.zona,
            "parameter": rule.parameter,
            "limit": rule.limit,
            "unit": _unit(rule.parameter),
            "area_from_m2": rule.area_from_m2 or None,
            "area_to_m2": rule.area_to_m2 if np.isfinite(rule.area_to_m2) else None,
            "kegiatan": list(rule.kegiatan),
            "dasar": rule.basis.to_dict(),
        }
        for rule in rules
    ]


def _unit(parameter: str) -> str:
    if parameter.endswith("_m2"):
        return "m2"
    if parameter.endswith("_m"):
        return "m"
    return {"lantai_maks": "lantai", "klb_maks": "ratio"}.get(parameter, "share")


def _overlays(ground: Ground, point: Point) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for rule in ground.rules.overlays:
        overlay = ground.overlays[rule.ground]
        if isinstance(overlay, OverlayMap):
            sure = len(overlay.certain.tree.query(point, predicate="intersects")) > 0
            maybe = len(overlay.possible.tree.query(point, predicate="intersects")) > 0
            state = "certain" if sure else "possible" if maybe else ""
        else:
            state = "unreadable"
        if state and rule.kode not in found:
            found[rule.kode] = {
                "kode": rule.kode,
                "nama": rule.nama,
                "state": state,
                "dasar": rule.basis.to_dict(),
            }
    return list(found.values())
