"""Sensor readings in, states of stations out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request

from api.access.roles import require
from api.http import BODY_PROBLEMS, PROBLEMS, StrictRoute, read_body, service_of

router = APIRouter(tags=["warnings"], route_class=StrictRoute)

ACCEPTED: Final = ("application/x-ndjson", "application/jsonl", "text/csv")
EXAMPLE: Final = '{"station": "G1", "time": "2026-11-24T07:00:00+07:00", "value": 1.6}\n'


@router.post(
    "/v1/warnings/readings",
    summary="Readings of sensors, one a line",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {
                    "schema": {"type": "string"},
                    "example": "station,time,value\nG1,2026-11-24T07:00:00+07:00,1.6\n"
                    if kind == "text/csv"
                    else EXAMPLE,
                }
                for kind in ACCEPTED
            },
        }
    },
    responses=BODY_PROBLEMS,
)
async def readings(request: Request) -> dict[str, Any]:
    """Take readings and say what changed: states, desa, people, facilities, where to go.

    Every reading is counted as good, bad, late or repeated, and the first hundred that were not
    used come back with the reason. The messages lie in the workspace as CAP 1.2.
    """
    state = request.app.state
    require(request.state.caller, "record")
    raw = await read_body(
        request, ACCEPTED, state.settings.max_body_bytes, state.settings.body_seconds
    )
    folder = service_of(request).folder
    found: dict[str, Any] = await state.workers.run(_take, state, folder, raw)
    return found


@router.get(
    "/v1/warnings",
    summary="State of every station",
    responses={404: PROBLEMS[404], 503: PROBLEMS[503]},
)
async def states(request: Request) -> dict[str, Any]:
    """Return the states now. A station that was not heard in time is `tidak_diketahui`."""
    state = request.app.state
    folder = service_of(request).folder
    found: dict[str, Any] = await state.workers.run(states_of, state, folder)
    return found


def _desk(state: Any, folder: Path | None) -> Any:
    """Return the desk of a workspace, opened once; its libraries load with the first call."""
    from api.warning_desk import desk_of

    desks: dict[Path | None, Any] = getattr(state, "desks", {})
    if folder not in desks:
        state.desks = desks | {folder: desk_of(folder)}
    return state.desks[folder]


def _take(state: Any, folder: Path | None, raw: bytes) -> dict[str, Any]:
    lines = raw.decode("utf-8", errors="replace").splitlines()
    found: dict[str, Any] = _desk(state, folder).answer(lines, datetime.now(UTC))
    return found


def states_of(state: Any, folder: Path | None) -> dict[str, Any]:
    """Return the state of every station now, and which have fallen silent."""
    from api.warning_desk import as_dict

    desk, now = _desk(state, folder), datetime.now(UTC)
    silent = [as_dict(*told) for told in desk.silent(now)]
    return {"at": now.isoformat(), "states": desk.states(now), "silent": silent}
