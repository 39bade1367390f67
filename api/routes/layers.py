"""The layers of the workspace and how they are drawn."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from api.http import PROBLEMS, StrictRoute, service_of

router = APIRouter(tags=["layers"], route_class=StrictRoute)


@router.get("/v1/layers", summary="Layers with their versions", responses={503: PROBLEMS[503]})
async def layers(request: Request) -> dict[str, Any]:
    """List the layers of the workspace."""
    service = service_of(request)
    return {"layers": await request.app.state.workers.run(service.layers)}
