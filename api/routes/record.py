"""Decisions on record: by their number, as paper, and verified by the code on the paper."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access.roles import require
from api.clock import OFFICE_TIME
from api.http import PROBLEMS, StrictRoute, service_of
from api.negotiation import HTML, form_of, unchanged
from api.openapi import reference
from spatial.errors import LayerNotFoundError

router = APIRouter(tags=["record"], route_class=StrictRoute)

Number = Annotated[
    str,
    Path(pattern=r"^\d{4}-\d{6,12}$", description="Register number", examples=["2026-000123"]),
]
#: A decision never changes, but who may see it does.
PRIVATE: Final = "private, max-age=0, must-revalidate"
NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: PROBLEMS[404], 503: PROBLEMS[503]}


@router.get(
    "/v1/conformity/{number}.pdf",
    summary="The technical opinion as PDF",
    response_class=Response,
    responses=NOT_FOUND
    | {
        200: {"description": "A4", "content": {"application/pdf": {}}},
        304: {"description": "Same"},
    },
)
async def opinion(
    request: Request,
    number: Number,
    lang: Annotated[Literal["id", "en"], Query(description="Language of the paper")] = "id",
) -> Response:
    """Return the paper of a decision, with its register number, check code and QR code."""
    require(request.state.caller, "decisions")
    state = request.app.state
    service = service_of(request)
    decision = await run_in_threadpool(service.decision, number)
    tag = f'"{decision.hash[:24]}-{lang}"'
    if (same := unchanged(request, tag, {"cache-control": PRIVATE})) is not None:
        return same
    pdf = await state.tile_workers.run(service.opinion, number, lang)
    headers = {
        "etag": tag,
        "cache-control": PRIVATE,
        "content-disposition": f'inline; filename="pendapat-teknis-{number}.pdf"',
    }
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get(
    "/v1/conformity/{number}",
    summary="A decision on record",
    response_class=Response,
    responses=NOT_FOUND
    | {
        200: {
            "description": "The verdict, byte for byte as it was given",
            "content": {"application/json": {"schema": reference("VerdictModel")}},
        },
        304: {"description": "Same"},
    },
)
async def decision(request: Request, number: Number) -> Response:
    """Return the verdict of a decision as it was given, its place in the register in headers."""
    require(request.state.caller, "decisions")
    service = service_of(request)
    found = await run_in_threadpool(service.decision, number)
    tag = f'"{found.hash[:24]}"'
    if (same := unchanged(request, tag, {"cache-control": PRIVATE})) is not None:
        return same
    headers = {
        "etag": tag,
        "cache-control": PRIVATE,
        "tataruang-register": number,
        "tataruang-check-code": found.check_code,
        "tataruang-recorded-at": _office_time(str(found.entry["recorded_at"])),
        "link": f'<{request.url.path}.pdf>; rel="alternate"; type="application/pdf"',
    }
    return Response(found.answer, media_type="application/json", headers=headers)


@router.get("/verify/{code}", summary="Verify the code on a letter", responses=NOT_FOUND)
async def verify(
    request: Request,
    code: Annotated[str, Path(max_length=40, description="Code as printed: 3K7QD-90ZAB")],
    f: Annotated[str | None, Query(max_length=40, description="json or html")] = None,
) -> Response:
    """Say which decision a letter's code stands for; nothing of the applicant is shown."""
    service = service_of(request)
    found = await run_in_threadpool(service.verified, code)
    if form_of(request, ("json", "html")) == "html":
        return _page(request, code, found)
    if found is None:
        raise LayerNotFoundError(
            "no decision carries the code {letters!r}",
            code="check_code_unknown",
            hint="Read it again: it has ten signs, O is read as 0, I and L as 1",
            letters=code,
        )
    return Response(orjson.dumps(_about(found)), media_type="application/json", headers=_HEADERS)


_HEADERS: Final = {"cache-control": "no-store", "vary": "accept"}


def _about(found: Any) -> dict[str, Any]:
    verdict = found.verdict
    return {
        "number": found.id,
        "check_code": found.check_code,
        "permit_id": verdict["permit_id"],
        "verdict": verdict["verdict"],
        "recorded_at": _office_time(str(found.entry["recorded_at"])),
        "on": verdict["evidence"]["on"],
        "area_m2": verdict["parcel"]["area_m2"],
        "plans": [plan["legal_ref"] for plan in verdict["evidence"].get("plans", ())],
        "hash": found.hash,
    }


def _office_time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(OFFICE_TIME).isoformat(timespec="seconds")


def _page(request: Request, code: str, found: Any) -> Response:
    if found is not None:
        from api.reports.html import render_verification

        kept = ("id", "permit_id", "verdict", "on", "recorded_at", "engine")
        said = {name: found.entry[name] for name in kept} | {"hash": found.hash}
        return Response(render_verification(said), media_type=HTML, headers=_HEADERS)
    from api.web.pages import render

    base = str(request.base_url).rstrip("/")
    body = render("verify", base=base, crumbs=[], links=[], code=code)
    return Response(body, 404, media_type=HTML, headers=_HEADERS)
