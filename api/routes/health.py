"""Is the process alive, and can it answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from api.http import PROBLEMS, StrictRoute

router = APIRouter(tags=["operation"], route_class=StrictRoute)


@router.get("/healthz", summary="The process is alive; touches nothing")
async def healthz() -> dict[str, str]:
    """Answer at once, whatever else is going on."""
    return {"status": "ok"}


@router.get("/readyz", summary="The workspace is open", responses={503: PROBLEMS[503]})
async def readyz(request: Request) -> dict[str, Any]:
    """Answer 503 until the workspace is open."""
    request.app.state.opening.current()
    return {"status": "ready", "waiting": request.app.state.workers.busy}
