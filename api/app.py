"""The application: routes, errors as problem+json, and an engine that opens beside."""

from __future__ import annotations

import logging
import re
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestError, problem
from api.http import Workers, language_of
from api.openapi import openapi_of
from api.routes import conformity, health, layers, tiles, web, zones
from api.settings import ServeSettings
from spatial.errors import EngineError

if TYPE_CHECKING:
    # Its libraries take longer to import than the service may take to answer.
    from api.service import Service

__all__ = ["create_app"]

log = logging.getLogger("tataruang.http")
DESCRIPTION: Final = (
    "Kesesuaian kegiatan pemanfaatan ruang, zona di suatu tempat, dan ubin peta. "
    "Land-use conformity, zones at a place, and map tiles. Errors are RFC 9457 problem+json "
    "in Indonesian and English; a negative verdict is no error. `Accept-Language: en` or "
    "`?lang=en` where offered turns the first text to English. Coordinates are longitude, "
    "latitude in degrees. Areas are m² on the plane the plan declares."
)
ROUTERS: Final = (
    conformity.router,
    zones.router,
    layers.router,
    tiles.router,
    web.router,
    health.router,
)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,80}")
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
)


class Opening:
    """An engine that is being opened in a thread, then is there, or has failed."""

    def __init__(self, open_service: Callable[[], Service]) -> None:
        self._open = open_service
        self.service: Service | None = None
        self.fault: EngineError | None = None

    def start(self) -> threading.Thread:
        """Open in a thread."""
        thread = threading.Thread(target=self._run, name="opening", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        try:
            self.service = self._open()
        except EngineError as error:
            log.exception("the workspace cannot be opened")
            self.fault = error
        except Exception as error:  # the service must say what is wrong, not hang
            log.exception("the workspace cannot be opened")
            self.fault = EngineError("the workspace cannot be opened", code="opening_failed")
            self.fault.__cause__ = error

    def current(self) -> Service:
        """Return the service, or say that it is not there yet."""
        if self.service is not None:
            return self.service
        if self.fault is not None:
            raise self.fault
        raise RequestError("the service is starting", code="starting")


def create_app(
    open_service: Callable[[], Service], settings: ServeSettings | None = None
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    open_service : callable
        Opens the engine; called in a thread when the application starts.
    settings : ServeSettings, optional
        Those of the environment by default.
    """
    chosen = settings or ServeSettings()
    app = FastAPI(
        title="tataruang",
        version=version("tataruang"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
    )
    app.state.settings = chosen
    app.state.opening = Opening(open_service)
    app.state.workers = Workers(chosen.threads, chosen.queue)
    app.state.tile_workers = Workers(chosen.threads, chosen.queue)
    for router in ROUTERS:
        app.include_router(router)
    for kind in (EngineError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer_error)
    if chosen.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=chosen.cors_origins, allow_headers=["content-type"]
        )
    app.add_middleware(Envelope)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.opening.start()
    yield
    if app.state.opening.service is not None:
        app.state.opening.service.close()


async def _answer_error(request: Request, error: Exception) -> Response:
    return _problem_response(request, _as_engine_error(error))


def _problem_response(request: Request, error: EngineError) -> Response:
    status, headers, body = problem(
        error, language=language_of(request), instance=f"urn:request:{request.state.request_id}"
    )
    return Response(body, status, headers)


def _as_engine_error(error: Exception) -> EngineError:
    """Give every refusal of the framework one of our codes."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, RequestValidationError):
        return _parameter_error(error.errors()[0])
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return RequestError("there is nothing at this address", code="no_such_path")
    if status == 405:
        return RequestError("this address does not take that method", code="method_not_allowed")
    return RequestError("the request cannot be read", code="bad_request")


def _parameter_error(fault: Any) -> RequestError:
    """Answer a fault in the path as no such thing, one in the query as a bad request."""
    where, *names = (str(step) for step in fault["loc"])
    if where == "path":
        return RequestError("there is nothing at this address", code="no_such_path")
    return RequestError(
        "the parameter {name!r} cannot be used: {fault}",
        code="parameter_refused",
        name=".".join(names)[:80],
        fault=str(fault["msg"])[:200],
    )


class Envelope:
    """Around every request: an id, the headers all answers carry, and a last net for faults."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        given = request.headers.get("x-request-id", "")
        request.state.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        extra = [*SECURITY_HEADERS, (b"x-request-id", request.state.request_id.encode())]
        started = False

        async def send_more(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        try:
            await self.app(scope, receive, send_more)
        except Exception:
            log.exception("fault in request %s", request.state.request_id)
            if started:
                raise
            fault = EngineError("a fault of the service; it is in its log", code="fault")
            await _problem_response(request, fault)(scope, receive, send_more)
