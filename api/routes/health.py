"""Is the process alive, and can it answer."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.errors import RequestError
from api.http import PROBLEMS, StrictRoute
from api.observe import METRICS_TYPE, metrics_page

router = APIRouter(tags=["operation"], route_class=StrictRoute)

LOCAL: Final = ("127.0.0.1", "::1", "testclient")


@router.get("/healthz", summary="The process is alive; touches nothing")
async def healthz() -> dict[str, str]:
    """Answer at once, whatever else is going on."""
    return {"status": "ok"}


@router.get("/readyz", summary="The workspace is open", responses={503: PROBLEMS[503]})
async def readyz(request: Request) -> dict[str, Any]:
    """Answer 503 until the workspace is open; then say what is at work."""
    state = request.app.state
    service = state.opening.current()
    if not state.opening.warm:
        raise RequestError("the service is starting", code="starting")
    return {
        "status": "ready",
        "engine": version("tataruang"),
        "since": service.opened,
        "waiting": state.workers.busy,
        "disk_free_mb": await run_in_threadpool(free_megabytes, service.folder),
    }


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Return the counts for Prometheus, to this machine unless settings open them."""
    state = request.app.state
    host = request.client.host if request.client else ""
    caller = request.state.caller
    allowed = caller.may("metrics") if caller.known else host in LOCAL
    if not state.settings.metrics_open and not allowed:
        raise RequestError("there is nothing at this address", code="no_such_path")
    busy = {
        "conformity": state.workers.busy,
        "tiles": state.tile_workers.busy,
        "batch": state.batch_workers.busy,
    }
    webhooks = await run_in_threadpool(state.outbox.counts)
    body = await run_in_threadpool(metrics_page, busy, webhooks)
    return Response(body, media_type=METRICS_TYPE, headers={"cache-control": "no-store"})


def free_megabytes(folder: Path | None) -> int | None:
    """Return how much the disk of the workspace still takes."""
    return None if folder is None else shutil.disk_usage(folder).free // 2**20
