"""What pages beside the map show: versions of a layer, themes, the figures of the control room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.access.roles import require
from api.clock import now, today
from api.http import PROBLEMS, StrictRoute, service_of
from api.routes.tiles import LayerName
from spatial.errors import EngineError

router = APIRouter(tags=["overviews"], route_class=StrictRoute)

VersionName = Annotated[
    str,
    Query(pattern=r"^[0-9a-f]{8,64}$", description="Version, or its first letters"),
]
#: Answers of measurements kept with a service; a change of the workspace begins anew.
MOST_KEPT: Final = 32


@router.get(
    "/v1/layers/{layer}/versions",
    summary="Versions of a layer, the newest first",
    responses=PROBLEMS,
)
async def versions(request: Request, layer: LayerName) -> dict[str, Any]:
    """List every version that was published, from when to when it is law, and its legal basis."""
    state = request.app.state
    service = service_of(request)
    await state.workers.run(service.require, layer)
    return {"layer": layer, "versions": await state.workers.run(_versions, service, layer)}


@router.get(
    "/v1/layers/{layer}/changes",
    summary="What changed between two versions of a layer",
    responses=PROBLEMS,
)
async def changes(
    request: Request, layer: LayerName, before: VersionName, after: VersionName
) -> Response:
    """Tell which ground went from which class to which, largest first; parts that are drawn."""
    state = request.app.state
    service = service_of(request)
    await state.workers.run(service.require, layer)
    return await _measured(request, "api.version_changes:changes", layer, before, after)


@router.get(
    "/v1/themes/{theme}",
    summary="Where the lines of business of a theme may go",
    responses=PROBLEMS,
)
async def theme(
    request: Request,
    theme: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", description="Name of a theme")],
    on: Annotated[date | None, Query(description="By the law of this day")] = None,
) -> Response:
    """Tell for every KBLI of a theme how many hectares of each plan permit or prohibit it."""
    return await _measured(request, "api.potential:potential", theme, on or today())


@router.get(
    "/v1/control-room",
    summary="Permits by verdict and area, plans against each other, greens, warnings",
    responses=PROBLEMS | {401: PROBLEMS[400], 403: PROBLEMS[400]},
)
async def control_room(request: Request) -> dict[str, Any]:
    """Return the figures of the operation room; a part that cannot be told says why."""
    require(request.state.caller, "decisions")
    service = service_of(request)
    return {
        "at": now(),
        "name": getattr(getattr(service.engine, "workspace", None), "name", "tataruang"),
        "official": bool(getattr(getattr(service.engine, "workspace", None), "resmi", False)),
        "words": _words(),
        "permits": await _or_fault(request, service.tally.figures),
        "warnings": await _or_fault(request, lambda: _warnings(request, service.folder)),
        "layers": await _or_fault(request, lambda: _newest(service)),
    }


@router.get(
    "/v1/control-room/plans",
    summary="Where plans contradict each other, and how much green they hold",
    responses=PROBLEMS | {401: PROBLEMS[400], 403: PROBLEMS[400]},
)
async def control_room_plans(request: Request) -> Response:
    """Measure the plans in force today; measured once for a state of the workspace and a day."""
    require(request.state.caller, "decisions")
    return await _measured(request, "api.control_room:state_of_plans", today())


async def _measured(request: Request, function: str, *args: Any) -> Response:
    """Answer with a measurement that runs where it can be stopped, and is kept."""
    state = request.app.state
    service = service_of(request)
    key = (function, *args)
    if key not in service.measured:
        found = await state.batch_workers.run(service.analyst.run, function, *args)
        body = orjson.dumps(found)
        if found.get("unread"):  # what lacked something is measured again once it is there
            return _uncached(body)
        while len(service.measured) >= MOST_KEPT:
            service.measured.pop(next(iter(service.measured)), None)
        service.measured[key] = body
    return _uncached(service.measured[key])


def _uncached(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


async def _or_fault(request: Request, make: Callable[[], Any]) -> Any:
    """Return a part of an overview, or what kept it from being told."""
    try:
        return await request.app.state.workers.run(make)
    except EngineError as error:
        return {"fault": error.code}


def _words() -> dict[str, Any]:
    from api.wording import VERDICTS  # imports the rules

    return {
        code: {"id": one.id, "en": one.en, "colour": one.colour, "path": one.path}
        for code, one in VERDICTS.items()
    }


def _versions(service: Any, layer: str) -> list[dict[str, Any]]:
    from api.layer_history import versions as history  # needs the encoder of tiles

    return history(service.engine, layer)


def _newest(service: Any) -> list[dict[str, Any]]:
    from api.layer_history import newest_layers

    return newest_layers(service.layers())


def _warnings(request: Request, folder: Any) -> dict[str, Any]:
    from api.routes.warnings import states_of  # its libraries load with the first call

    return states_of(request.app.state, folder)
