"""Permit systems ask here: does this activity conform on this parcel."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel

from api.http import BODY_PROBLEMS, PROBLEMS, StrictRoute, read_body
from api.idempotency import Answered
from api.models import PERMIT_EXAMPLE, SCHEMA_VERSION, Feature, Problem, VerdictModel
from api.once import once
from api.openapi import reference

router = APIRouter(tags=["conformity"], route_class=StrictRoute)

ACCEPTED: Final = ("application/geo+json", "application/json")
#: The notes about a request; the body holds the verdict and nothing else.
NOTES_HEADER: Final = "tataruang-notes"
REPLAYED_HEADER: Final = "idempotent-replayed"
SCHEMAS: Final[dict[str, type[BaseModel]]] = {
    "application": Feature,
    "verdict": VerdictModel,
    "problem": Problem,
}

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
    idempotency_key: Annotated[
        str | None,
        Header(description="New for each request; the same key sent again gets the same answer"),
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

    async def judge() -> Answered:
        answer = await state.workers.run(service.conformity, raw, on, plan, explain)
        notes = [note.to_dict() for note in answer.notes]
        return Answered(answer.body, json.dumps(notes)[:4000] if notes else "")

    given, replayed = await once(request, raw, judge)
    headers = {"cache-control": "no-store"}
    if given.notes:
        headers[NOTES_HEADER] = given.notes
    if replayed:
        headers[REPLAYED_HEADER] = "true"
    return Response(given.body, media_type="application/json", headers=headers)


@router.get(
    "/v1/schemas/{name}.json",
    summary="JSON schema of what is sent and answered",
    responses={404: PROBLEMS[404]},
)
async def schema(name: Literal["application", "verdict", "problem"]) -> dict[str, Any]:
    """Return the schema with its version; fields may be added within a version, none changed."""
    written = SCHEMAS[name].model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tataruang:schema:{name}:{SCHEMA_VERSION}",
        "version": SCHEMA_VERSION,
    } | written
