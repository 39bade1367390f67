"""Permit systems ask here: does this activity conform on this parcel."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel

from api.access.roles import require
from api.arrivals import arrival
from api.http import (
    BODY_PROBLEMS,
    PROBLEMS,
    QuickRoute,
    StrictRoute,
    Workers,
    read_body,
    service_of,
)
from api.idempotency import Answered
from api.models import PERMIT_EXAMPLE, SCHEMA_VERSION, Feature, Problem, VerdictModel
from api.once import once, register_key
from api.openapi import reference

if TYPE_CHECKING:
    from api.judged import Judged
    from api.service import Service

router = APIRouter(tags=["conformity"], route_class=StrictRoute)
#: The endpoint that permit systems call all day.
quick_router = APIRouter(tags=["conformity"], route_class=QuickRoute)

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


@quick_router.post(
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
                            {"type": "array", "items": reference("ExplainedVerdict")},
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
    dry_run: Annotated[
        bool, Query(description="Judge without putting the verdict on record")
    ] = False,
    idempotency_key: Annotated[
        str | None,
        Header(description="New for each request; the same key sent again gets the same answer"),
    ] = None,
) -> Response:
    """Judge a GeoJSON Feature (one verdict) or FeatureCollection (a list of verdicts).

    A geometry is never repaired: a fault is refused with its place. The body of the answer
    is byte for byte what the library and the command give for the same input. With
    `explain` each verdict is wrapped: `headline`, `sentences` (one per finding), `verdict`.

    Unless it is a dry run the verdict is put on record before it is answered:
    `Tataruang-Register` is its number (of a collection the first and the last), `Location`
    its address, `Tataruang-Check-Code` the code by which a letter is verified.
    """
    state = request.app.state
    if not dry_run:
        require(request.state.caller, "record")
    raw = await read_body(
        request, ACCEPTED, state.settings.max_body_bytes, state.settings.body_seconds
    )
    service = service_of(request)

    async def judge() -> Answered:
        key = register_key(request, idempotency_key)
        asked = {"on": on, "plan": plan, "record": not dry_run, "key": key}
        judged = await _judged(state.workers, service, raw, asked)
        # The thread is free while the register reaches the disk.
        receipts = await arrival(judged.pending) if judged.pending else []
        headers = _headers(judged, receipts)
        return Answered(judged.body(receipts, explain), headers)

    given, replayed = await once(request, raw, judge)
    headers = {"cache-control": "no-store"} | given.headers
    if replayed:
        headers[REPLAYED_HEADER] = "true"
    return Response(given.body, media_type="application/json", headers=headers)


async def _judged(workers: Workers, service: Service, raw: bytes, asked: dict[str, Any]) -> Judged:
    """Judge at once what takes less time than a thread would, all else in a thread."""
    # Its libraries are loaded with the service.
    from api.weight import QUICK_BYTES

    if len(raw) > QUICK_BYTES:
        return await workers.run(partial(service.conformity, raw, **asked))
    sent = service.read(raw)
    work = partial(service.answer, sent, **asked)
    if service.is_quick(sent.permits, asked["on"], asked["plan"]):
        return work()
    return await workers.run(work)


def _headers(judged: Any, receipts: list[Any]) -> dict[str, str]:
    headers = {}
    if judged.notes:
        headers[NOTES_HEADER] = json.dumps([note.to_dict() for note in judged.notes])[:4000]
    if not receipts:
        return headers
    first, last = receipts[0], receipts[-1]
    if judged.single:
        headers["location"] = f"/v1/conformity/{first.id}"
        headers["tataruang-check-code"] = first.check_code
        headers["tataruang-register"] = first.id
    else:
        headers["tataruang-register"] = f"{first.id}..{last.id}"
    return headers


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
