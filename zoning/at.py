"""What every plan in force says of one point: zone, limits, overlays, distance to the boundary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
from shapely.geometry import Point

from spatial.crs import INDONESIA, LONLAT, check_extent, operation, project, same_crs
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
        class, `distance_at_least` (true where no boundary was found within that distance),
        `ce90_m`, `within_accuracy`, `intensities`, `overlays`.

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
    radius = _radius(ground)
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
        "distance_at_least": distance is not None and distance >= radius,
        "ce90_m": meta.ce90_m,
        "within_accuracy": None if distance is None else distance <= meta.ce90_m,
        "intensities": _intensities(ground, zones),
        "overlays": _overlays(ground, point),
        "layers": [use.to_dict() for use in ground.layers],
    }


def _zones(ground: Ground, point: Point) -> list[str]:
    if not isinstance(ground.zones, ZoneMap):
        return []
    return ground.zones.whole.classes_of(point)


def _radius(ground: Ground) -> float:
    """How far edges are looked for, m: beyond what the map can tell, a number says nothing."""
    return max(200.0, ground.meta.ce90_m * 3)


def _to_boundary(ground: Ground, zone: str, point: Point) -> float:
    """Return the distance to the edge of the class, in metres of the metric plane.

    No further than is looked for: where no edge is near, the radius.
    """
    if not isinstance(ground.zones, ZoneMap):
        return float("nan")
    radius = _radius(ground)
    edges = ground.zones.whole.edges(zone, point.x, point.y, radius)
    if not len(edges):
        return radius
    xy = np.concatenate(([[point.x, point.y]], edges.reshape(-1, 2)))
    if not same_crs(ground.meta.area_crs, ground.meta.metric_crs):
        xy = operation(ground.meta.area_crs, ground.meta.metric_crs)(xy)
    begin, end = xy[1::2], xy[2::2]
    away, along = xy[0] - begin, end - begin
    length = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    part = np.clip((away * along).sum(axis=1) / length, 0.0, 1.0)
    nearest = float(np.hypot(*(away - part[:, None] * along).T).min())
    return min(nearest, radius)


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
    place = np.empty(1, dtype=object)
    place[0] = point
    near = {key for key, _, _ in ground.met(place)}
    for rule in ground.rules.overlays:
        overlay = ground.overlays[rule.ground]
        if isinstance(overlay, OverlayMap):
            if rule.ground not in near:
                continue
            sure = bool(overlay.certain.classes_of(point))
            maybe = bool(overlay.possible.classes_of(point))
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
