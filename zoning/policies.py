"""Which zones of a split parcel count: a choice that every answer names."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import PlanError
from zoning.survey import Scene

__all__ = ["POLICIES", "Policy", "counted_zones", "require_policy"]

Policy: TypeAlias = Literal["strict_parts", "footprint_only", "majority", "nyc10"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
#: New York's zoning tax lots: a district counts with a tenth of the lot or half of itself in it.
NYC_SHARE_OF_LOT: Final = 0.10
NYC_SHARE_OF_DISTRICT: Final = 0.50


def require_policy(name: str) -> Policy:
    """Return a policy by its name.

    Raises
    ------
    PlanError
        If there is none of that name.

    Examples
    --------
    >>> require_policy("majority")
    'majority'
    """
    for policy in POLICIES:
        if policy == name:
            return policy
    raise PlanError(
        "there is no policy {policy!r} for split parcels",
        code="policy_unknown",
        hint="Use one of {known}",
        policy=name,
        known=", ".join(POLICIES),
    )


def counted_zones(policy: Policy, scene: Scene, footprint: BaseGeometry | None) -> tuple[str, ...]:
    """Return the zones of a scene that count.

    Parameters
    ----------
    policy : Policy
        `strict_parts`: all. `footprint_only`: those under the footprint (all without one).
        `majority`: the largest. `nyc10`: those with a tenth of the parcel or half of the
        zone in it, the largest where none has (NYC db-zoningtaxlots).
    """
    zones = {hit.zone: hit.area_m2 for hit in scene.zones}
    if not zones or policy == "strict_parts":
        return tuple(zones)
    largest = max(sorted(zones), key=lambda zone: zones[zone])
    if policy == "majority":
        return (largest,)
    if policy == "footprint_only":
        if footprint is None:
            return tuple(zones)
        under = {z for z in zones if scene.zone_part(z).intersection(footprint).area > 0}
        return tuple(zone for zone in zones if zone in under)
    chosen = tuple(zone for zone in zones if _nyc(scene, zone, zones[zone]))
    return chosen or (largest,)


def _nyc(scene: Scene, zone: str, area_m2: float) -> bool:
    if area_m2 >= NYC_SHARE_OF_LOT * scene.area_m2:
        return True
    whole = scene.ground.zones.whole  # type: ignore[union-attr]  # a hit has zones
    pieces = whole.pieces[whole.owner == whole.codes.index(zone)]
    return bool(area_m2 >= NYC_SHARE_OF_DISTRICT * shapely.area(pieces).sum())
