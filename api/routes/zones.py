"""Which zones are at a place."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from api.http import PROBLEMS, StrictRoute, service_of

router = APIRouter(tags=["zones"], route_class=StrictRoute)


@router.get(
    "/v1/zones/at",
    summary="Zones of every instrument at a place",
    responses=PROBLEMS,
)
async def zones_at(
    request: Request,
    lon: Annotated[
        float,
        Query(
            allow_inf_nan=False,
            ge=-180,
            le=180,
            description="Longitude, degrees",
            examples=[110.64],
        ),
    ],
    lat: Annotated[
        float,
        Query(
            allow_inf_nan=False, ge=-90, le=180, description="Latitude, degrees", examples=[-6.88]
        ),
    ],
    on: Annotated[date | None, Query(description="By the law of this day")] = None,
) -> dict[str, Any]:
    """Tell what lies at a place; an empty list of zones says that no plan covers it.

    `layers` tells for every other polygon layer which of its features lie there; one that
    cannot be read is listed with its fault.
    """
    state = request.app.state
    service = service_of(request)
    found = await state.workers.run(service.place, lon, lat, on)
    return {"lon": lon, "lat": lat, "on": on, **found}


@router.get("/v1/rules/{zone}", summary="What may be done in a zone", responses=PROBLEMS)
async def rules(
    request: Request,
    zone: Annotated[str, Path(min_length=1, max_length=100, description="Code of the zone")],
    on: Annotated[date | None, Query(description="By the law of this day")] = None,
) -> dict[str, Any]:
    """Tell activities and limits of a zone in every plan in force, with their law.

    `izin` is the interval of classes the cell allows; null where the cell is blank, which
    means neither permitted nor prohibited.
    """
    state = request.app.state
    service = service_of(request)
    return {"zone": zone, "plans": await state.workers.run(service.rules, zone, on)}
