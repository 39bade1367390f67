"""Who holds a letter asks here whether it is genuine: its number and code, against the register."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from api.http import PROBLEMS, StrictRoute
from api.negotiation import HTML, form_of
from spatial.errors import LayerNotFoundError

router = APIRouter(tags=["decisions"], route_class=StrictRoute)

FORMS: Final = ("json", "html")


@router.get(
    "/v1/decisions/{number}",
    summary="Verify a letter by its register number and check code",
    responses=PROBLEMS,
)
async def verify(
    request: Request,
    number: Annotated[str, Path(max_length=40, description="Register number of the letter")],
    code: Annotated[str, Query(max_length=20, description="Check code printed on the letter")],
    f: Annotated[str | None, Query(max_length=20, description="json or html")] = None,
) -> Response:
    """Tell what the register holds under a number, to whoever also has the code.

    A wrong code and an unknown number get the same answer, so that numbers cannot be tried.
    A browser is shown a page, a program gets JSON.
    """
    form = form_of(request, FORMS)
    state = request.app.state
    service = state.opening.current()
    found = await state.workers.run(_verified, service.engine, number, code)
    headers = {"cache-control": "no-store", "vary": "accept"}
    if form == "html":
        from api.reports.html import render_verification

        return Response(render_verification(found), media_type=HTML, headers=headers)
    return JSONResponse(found, headers=headers)


def _verified(engine: Any, number: str, code: str) -> dict[str, Any]:
    decision = engine.register.verified(number, code)
    if decision is None:
        raise LayerNotFoundError(
            "no letter has this number and code",
            code="decision_unverified",
            hint="Compare both with the letter; the digits 0 and 1 are never the letters O and I",
        )
    entry = decision.entry
    kept = ("id", "permit_id", "verdict", "on", "recorded_at", "engine")
    return {"genuine": True, **{name: entry[name] for name in kept}, "hash": decision.hash}
