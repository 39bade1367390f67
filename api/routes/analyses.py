"""Uploads, hazard exposure and inverse questions: work that runs where it can be stopped."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.http import BODY_PROBLEMS, PROBLEMS, StrictRoute, media_type_of, read_body, service_of

router = APIRouter(tags=["analyses"], route_class=StrictRoute)

JSON: Final = ("application/json",)
BYTES: Final = ("application/octet-stream",)
TEXT: Final = ("text/plain",)
CORNERS_EXAMPLE: Final = "49S\n1 459000 9239500\n2 459020 9239500\n3 459020 9239480"
AREA_EXAMPLE: Final = {
    "hazard": "banjir_100",
    "of": "bangunan",
    "area": {
        "type": "Polygon",
        "coordinates": [
            [[110.62, -6.81], [110.66, -6.81], [110.66, -6.78], [110.62, -6.78], [110.62, -6.81]]
        ],
    },
}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["hazard", "of"],
    "additionalProperties": False,
    "properties": {
        "hazard": {"type": "string", "description": "Name of a hazard map, of /v1/hazards"},
        "of": {"type": "string", "enum": ["lahan", "bangunan", "jalan"]},
        "area": {"type": "object", "description": "GeoJSON Polygon; everything without it"},
    },
}


@router.post(
    "/v1/parcels",
    summary="Read parcels: GeoJSON, zipped shapefile, KML, GeoPackage, or a list of corners",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                BYTES[0]: {"schema": {"type": "string", "format": "binary"}},
                TEXT[0]: {
                    "schema": {
                        "type": "string",
                        "description": "One corner of a parcel on each line: degrees, minutes and "
                        "seconds, or UTM; a zone alone on a line speaks for those below it",
                    },
                    "example": CORNERS_EXAMPLE,
                },
            },
        }
    },
    responses=BODY_PROBLEMS,
)
async def parcels(request: Request) -> Response:
    """Return the parcels of a file as GeoJSON, as they are: nothing is repaired or kept.

    The file is looked at by its bytes, never by its name; it is read in a process that is
    stopped when it takes too long.
    """
    state = request.app.state
    settings = state.settings
    raw = await read_body(
        request, BYTES + TEXT, settings.max_upload_bytes, settings.body_seconds * 3
    )
    analyst = service_of(request).analyst
    read = analyst.corners if media_type_of(request) in TEXT else analyst.parcels
    return _json(await state.batch_workers.run(read, raw))


@router.get("/v1/hazards", summary="Hazard maps that can be measured", responses=PROBLEMS)
async def hazards(request: Request) -> Response:
    """List hazard maps with their classes and colours."""
    state = request.app.state
    service = service_of(request)
    return _json({"hazards": await state.workers.run(service.analyst.hazards)})


@router.get("/v1/hazard/at", summary="The class of every hazard map at a place", responses=PROBLEMS)
async def hazard_at(
    request: Request,
    lon: Annotated[
        float,
        Query(allow_inf_nan=False, ge=-180, le=180, description="Longitude", examples=[110.64]),
    ],
    lat: Annotated[
        float, Query(allow_inf_nan=False, ge=-90, le=90, description="Latitude", examples=[-6.88])
    ],
) -> Response:
    """Tell the class at a place; `tanpa_data` and `luar_cakupan` are not "no hazard"."""
    state = request.app.state
    service = service_of(request)
    return _json(
        {"lon": lon, "lat": lat, "hazards": await state.workers.run(_at, service, lon, lat)}
    )


def _at(service: Any, lon: float, lat: float) -> list[dict[str, Any]]:
    from api.hazard_at import hazards_at  # its libraries are loaded with the service
    from spatial.crs import LONLAT, check_extent

    check_extent((lon, lat, lon, lat), LONLAT, within=service.extent, what="lon, lat")
    return hazards_at(service.engine, lon, lat)


@router.post(
    "/v1/hazard/exposure",
    summary="What stands in each class of a hazard",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {JSON[0]: {"schema": _SCHEMA, "example": AREA_EXAMPLE}},
        }
    },
    responses=BODY_PROBLEMS,
)
async def exposure(request: Request) -> Response:
    """Measure land, buildings or roads in each class, village by village; the sums close.

    Ground that the hazard map does not know is a class of its own and never counts as safe.
    """
    state = request.app.state
    settings = state.settings
    raw = await read_body(request, JSON, settings.max_body_bytes, settings.body_seconds)
    service = service_of(request)
    return _json(await state.batch_workers.run(service.analyst.exposure, raw))


@router.get("/v1/where", summary="In which zones an activity may go", responses=PROBLEMS)
async def where(
    request: Request,
    kegiatan: Annotated[
        str,
        Query(max_length=200, description="Activity, as the matrix has it", examples=["toko"]),
    ] = "",
    kbli: Annotated[
        str, Query(pattern=r"^\d{0,5}$", description="Or its KBLI", examples=["47112"])
    ] = "",
    on: Annotated[date | None, Query(description="By the law of this day")] = None,
) -> Response:
    """Tell for every plan in force how far each zone allows an activity.

    `izin` is the interval of classes; null where the cell is blank, which neither permits
    nor prohibits. A zone that is not listed has no cell for the activity.
    """
    state = request.app.state
    service = service_of(request)
    found = await state.workers.run(service.analyst.where, kegiatan, on, kbli)
    return _json({"kegiatan": kegiatan, "kbli": kbli, "plans": found})


def _json(content: Any) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(orjson.dumps(content), media_type="application/json", headers=headers)
