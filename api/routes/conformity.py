"""Permit systems ask here: does this activity conform on this parcel."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.http import BODY_PROBLEMS, StrictRoute, read_body
from api.models import PERMIT_EXAMPLE
from api.openapi import reference

router = APIRouter(tags=["conformity"], route_class=StrictRoute)

ACCEPTED: Final = ("application/geo+json", "application/json")
#: The notes about a request; the body holds the verdict and nothing else.
NOTES_HEADER: Final = "tataruang-notes"


_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        kind: {
            "schema": {"oneOf": [reference("Feature"), reference("FeatureCollection")]},
            "examples": {
                "rumah": {"summary": "Rumah tunggal di satu persil", "value": PERMIT_EXAMPLE}
            },
        }
        for kind in ACCEPTED
    },
}


@router.post(
    "/v1/conformity",
    summary="Judge one application, or several",
    openapi_extra={"requestBody": _BODY},
    responses=BODY_PROBLEMS
    | {
        200: {
            "description": "The verdict, or the list of verdicts in the order sent",
            "content": {
                "application/json": {
                    "schema": {
                        "oneOf": [
                            reference("VerdictModel"),
                            reference("ExplainedVerdict"),
                            {"type": "array", "items": reference("VerdictModel")},
                        ]
                    }
                }
            },
        }
    },
)
async def conformity(
    request: Request,
    on: Annotated[
        date | None, Query(description="Judge by the law of this day; today by default")
    ] = None,
    plan: Annotated[
        str | None,
        Query(max_length=100, description="Name of one plan; all in force by default"),
    ] = None,
    explain: Annotated[
        Literal["id", "en"] | None,
        Query(description="Also say each verdict in sentences of this language"),
    ] = None,
) -> Response:
    """Judge a GeoJSON Feature (one verdict) or FeatureCollection (a list of verdicts).

    A geometry is never repaired: a fault is refused with its place. The body of the answer
    is byte for byte what the library and the command give for the same input. With
    `explain` each verdict is wrapped: `headline`, `sentences` (one per finding), `verdict`.
    """
    state = request.app.state
    raw = await read_body(
        request, ACCEPTED, state.settings.max_body_bytes, state.settings.body_seconds
    )
    service = state.opening.current()
    answer = await state.workers.run(service.conformity, raw, on, plan, explain)
    headers = {"cache-control": "no-store"}
    if answer.notes:
        headers[NOTES_HEADER] = json.dumps([note.to_dict() for note in answer.notes])[:4000]
    return Response(answer.body, media_type="application/json", headers=headers)
