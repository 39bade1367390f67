"""Which zones of a split parcel count: a choice that every answer names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, get_args

import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import PlanError
from zoning.ground import ZoneMap
from zoning.survey import Scene, ZoneHit

__all__ = ["POLICIES", "Policy", "counted_zones", "require_policy"]

Policy: TypeAlias = Literal["strict_parts", "footprint_only", "majority", "nyc10"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
#: New York's zoning tax lots: a district counts with a tenth of the lot or half of itself in it.
NYC_SHARE_OF_LOT: Final = 0.10
NYC_SHARE_OF_DISTRICT: Final = 0.50
EQUAL: Final = 1e-9


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


def counted_zones(
    policy: Policy, scenes: Sequence[Scene], footprint: BaseGeometry | None, lot_m2: float
) -> list[tuple[str, ...]]:
    """Return the zones that count, for each scene of a parcel.

    Parameters
    ----------
    policy : Policy
        `strict_parts`: all. `footprint_only`: those under the footprint (all without one).
        `majority`: the largest of all. `nyc10`: those with a tenth of the parcel or half of
        the zone in it, the largest of all where none has (NYC db-zoningtaxlots).
    lot_m2 : float
        Area of the whole parcel.
    """
    everything = [tuple(hit.zone for hit in scene.zones) for scene in scenes]
    if policy == "strict_parts" or not any(everything):
        return everything
    if policy == "footprint_only":
        under = [_under(scene, footprint) for scene in scenes]
        # A building that stands in none of them says nothing about which ones count.
        return under if any(under) else everything
    if policy == "nyc10":
        chosen = [
            tuple(hit.zone for hit in scene.zones if _nyc(scene, hit, lot_m2)) for scene in scenes
        ]
        if any(chosen):
            return chosen
    return _largest(scenes)


def _under(scene: Scene, footprint: BaseGeometry | None) -> tuple[str, ...]:
    if footprint is None:
        return ()
    names = (hit.zone for hit in scene.zones)
    return tuple(z for z in names if scene.zone_part(z).intersection(footprint).area > 0)


def _largest(scenes: Sequence[Scene]) -> list[tuple[str, ...]]:
    """Return the largest zone of all; of equal ones the first plan's, then the first code."""
    hits = [(-hit.area_m2, index, hit.zone) for index, s in enumerate(scenes) for hit in s.zones]
    _, where, zone = min(hits)
    return [(zone,) if index == where else () for index in range(len(scenes))]


def _nyc(scene: Scene, hit: ZoneHit, lot_m2: float) -> bool:
    # Areas of a tenth exactly count, whatever the last bits of a projection say.
    if hit.area_m2 >= NYC_SHARE_OF_LOT * lot_m2 * (1 - EQUAL):
        return True
    if not isinstance(scene.ground.zones, ZoneMap):
        return False
    whole = scene.ground.zones.whole
    pieces = whole.pieces[whole.owner == whole.codes.index(hit.zone)]
    district = float(shapely.area(pieces).sum())
    return hit.area_m2 >= NYC_SHARE_OF_DISTRICT * district * (1 - EQUAL)
