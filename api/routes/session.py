"""Signing in at a browser, signing out, and who is signed in."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from api.access.roles import RIGHTS
from api.access.sessions import Sessions, cookie_of, forget, give, require_same_origin
from api.errors import status_of
from api.http import StrictRoute, read_form
from api.models import SESSION_EXAMPLE, SessionModel
from api.routes.web import policy
from spatial.errors import AccessError, EngineError, LimitError
from spatial.text import describe

router = APIRouter(tags=["session"], route_class=StrictRoute)

MOST_BYTES: Final = 4_096
Lang = Literal["id", "en"]
HEADERS: Final = {"cache-control": "no-store", "content-security-policy": policy(forms="'self'")}


@router.get("/masuk", include_in_schema=False)
async def sign_in_page(
    request: Request,
    lang: Lang = "id",
    next: Annotated[str, Query(max_length=500)] = "/",
) -> Response:
    """Send the page where a key is entered."""
    if request.app.state.sessions is None:
        return RedirectResponse(_inside(next), 303)
    return _page(lang, _inside(next))


@router.post("/masuk", include_in_schema=False)
async def sign_in(request: Request) -> Response:
    """Open a session for the holder of a key; the key goes no further than this."""
    state = request.app.state
    sessions: Sessions | None = state.sessions
    require_same_origin(request)
    raw = await read_form(request, MOST_BYTES, state.settings.body_seconds)
    form = {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}
    lang: Lang = "en" if form.get("lang") == "en" else "id"
    target = _inside(form.get("next", "/"))
    if sessions is None:
        return RedirectResponse(target, 303)
    try:
        _count(request)
        token = await run_in_threadpool(sessions.begin, form.get("kunci", "").strip())
    except (AccessError, LimitError) as error:
        return _page(lang, target, error)
    answer = RedirectResponse(target, 303, {"cache-control": "no-store"})
    give(request, answer, token, sessions.seconds)
    request.state.caller = await run_in_threadpool(sessions.caller, token)
    return answer


@router.post("/keluar", include_in_schema=False)
async def sign_out(request: Request) -> Response:
    """Close the session, here and in every worker."""
    require_same_origin(request)
    sessions: Sessions | None = request.app.state.sessions
    token = cookie_of(request)
    if sessions is not None and token is not None:
        await run_in_threadpool(sessions.end, token)
    answer = RedirectResponse("/", 303, {"cache-control": "no-store"})
    forget(request, answer)
    return answer


@router.get(
    "/v1/session",
    summary="Who asks, and what they may do",
    response_model=SessionModel,
    responses={200: {"content": {"application/json": {"example": SESSION_EXAMPLE}}}},
)
async def session(request: Request, response: Response) -> dict[str, Any]:
    """Tell the caller how this service sees them: by key, by token, by session, or not at all."""
    response.headers["cache-control"] = "no-store"
    caller = request.state.caller
    return {
        "asked": request.app.state.settings.access == "keys",
        "known": caller.known,
        "name": caller.id if caller.known else None,
        "roles": sorted(caller.roles),
        "rights": sorted(set().union(*(RIGHTS[role] for role in caller.roles))),
        "sign_in": None if request.app.state.sessions is None else "/masuk",
    }


def _count(request: Request) -> None:
    """Let an address try a few times, then once in a while."""
    host = request.client.host if request.client else "-"
    allowed, _, wait = request.app.state.attempts.take(host)
    if not allowed:
        raise LimitError(
            "too many keys were tried from this address",
            code="sign_in_too_often",
            hint="Wait {wait} s",
            wait=wait,
        )


def _inside(path: str) -> str:
    r"""Return a path of this service: nobody is led elsewhere by a link to the sign-in page.

    Examples
    --------
    >>> _inside("/ruang-operasi"), _inside("//evil.example"), _inside("/\\evil.example")
    ('/ruang-operasi', '/', '/')
    """
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return quote(path, safe="/?&=#,.:%-_~") if plain and path.isprintable() else "/"


def _page(lang: Lang, target: str, error: EngineError | None = None) -> Response:
    from api.web.pages import render  # its library is not needed to start

    said = None if error is None else describe(error, lang)
    body = render("masuk", lang=lang, target=target, said=said, here=quote(target, safe=""))
    status = 200 if error is None else status_of(error)
    more = {"retry-after": str(error.details["wait"])} if isinstance(error, LimitError) else {}
    return Response(body, status, HEADERS | more, "text/html; charset=utf-8")
