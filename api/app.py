"""The application: routes, errors as problem+json, and an engine that opens beside."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from api import tracing
from api.access.gate import Gate, audit_log
from api.access.keys import Keys
from api.access.sessions import Sessions
from api.envelope import Envelope, answer_error
from api.http import Workers
from api.idempotency import Answers
from api.jobs import Jobs
from api.observe import Observe
from api.openapi import openapi_of
from api.opening import Opening
from api.quick import ShortWay
from api.rates import Buckets, RateLimit
from api.routes import (
    analyses,
    batch,
    conformity,
    health,
    hotspots,
    layers,
    ogc,
    ogc_records,
    ogc_tiles,
    overviews,
    processes,
    record,
    session,
    tiles,
    warnings,
    web,
    zones,
)
from api.settings import ServeSettings
from api.webhooks.courier import Courier
from api.webhooks.outbox import FILE, Outbox
from api.webhooks.signature import Master
from api.webhooks.telling import begin, rules_of
from spatial.errors import EngineError

if TYPE_CHECKING:
    # Its libraries take longer to import than the service may take to answer.
    from api.service import Service

__all__ = ["create_app"]

DESCRIPTION: Final = (
    "Kesesuaian kegiatan pemanfaatan ruang, zona di suatu tempat, dan ubin peta. "
    "Land-use conformity, zones at a place, and map tiles. Errors are RFC 9457 problem+json "
    "in Indonesian and English; a negative verdict is no error. `Accept-Language: en` or "
    "`?lang=en` where offered turns the first text to English. Coordinates are longitude, "
    "latitude in degrees. Areas are m² on the plane the plan declares. Times carry their zone; "
    "days are those of the office (WIB). An operation that will go says so in `Deprecation` and "
    "`Sunset` a year before; fields may be added to answers at any time, none is taken away."
)
#: Keys that one address may try: a few, then one every five seconds.
SIGN_INS_AT_ONCE: Final = 10
SIGN_INS_PER_S: Final = 0.2
ROUTERS: Final = (
    conformity.quick_router,
    conformity.router,
    batch.router,
    analyses.router,
    hotspots.router,
    record.router,
    zones.router,
    layers.router,
    tiles.router,
    ogc_records.router,
    ogc_records.open_router,
    ogc.router,
    ogc.open_router,
    ogc_tiles.router,
    warnings.router,
    overviews.router,
    processes.router,
    session.router,
    web.router,
    health.router,
)


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
    app.state.job_workers = Workers(1, chosen.queue)
    app.state.tasks = set()
    app.state.batch_workers = Workers(chosen.threads, chosen.queue)
    for router in ROUTERS:
        app.include_router(router)
    for kind in (EngineError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer_error)
    # The last one added stands outermost.
    app.add_middleware(ShortWay, routes=conformity.quick_router.routes)
    if chosen.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=chosen.cors_origins, allow_headers=["content-type"]
        )
    if chosen.rate_per_second:
        app.add_middleware(RateLimit, per_second=chosen.rate_per_second, burst=chosen.rate_burst)
    asking = _gate(chosen)
    app.state.sessions = asking.get("sessions")
    app.state.attempts = Buckets(SIGN_INS_PER_S, SIGN_INS_AT_ONCE)
    app.add_middleware(Gate, **asking)
    app.add_middleware(Envelope)
    app.add_middleware(Observe)
    if chosen.otel:
        tracing.start()
        app.add_middleware(tracing.Trace)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    with ExitStack() as cleaning:
        folder = state.settings.state_folder or _scratch(cleaning)
        state.answers = Answers(folder / "answers.sqlite", state.settings.answers_hours)
        state.jobs = Jobs(folder / FILE)
        state.outbox = Outbox(folder / FILE)
        state.courier = Courier(
            state.outbox, rules_of(state.settings), Master(folder).secret_of, state.jobs
        )
        state.opening.start()
        begin(state, state.courier.run())
        if state.settings.watch_seconds:
            begin(state, state.opening.watch(state.settings.watch_seconds))
        yield
        for task in state.tasks:
            task.cancel()
        state.courier.stop()
        if state.opening.service is not None:
            state.opening.service.close()


def _gate(settings: ServeSettings) -> dict[str, Any]:
    """Return how callers are asked who they are."""
    if settings.access == "open":
        return {}
    folder = settings.state_folder or Path()
    tokens = None
    if settings.oidc_issuer:
        # Imported where it is used: its cryptography is heavy.
        from api.access.tokens import Tokens

        tokens = Tokens(
            settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks, settings.oidc_claim
        )
    audit = audit_log(folder / "audit.jsonl")
    keys = Keys(folder / "keys.json")
    sessions = Sessions(folder / "sessions.sqlite", keys, settings.session_hours)
    return {"keys": keys, "tokens": tokens, "sessions": sessions, "audit": audit}


def _scratch(cleaning: ExitStack) -> Path:
    """Return a folder for a service that has no place to remember: gone when it ends."""
    return Path(cleaning.enter_context(tempfile.TemporaryDirectory(prefix="tataruang-")))
