"""Around the routes: who asks is found out once; answers to the known stay out of shared caches."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.keys import Keys
from api.access.roles import EVERYBODY, OFFICE, Caller
from api.access.sessions import Sessions, cookie_of, require_same_origin
from api.clock import now

if TYPE_CHECKING:
    from api.access.tokens import Tokens

__all__ = ["Gate", "audit_log"]

#: Whoever reads or writes these is written down.
AUDITED: Final = ("/v1/conformity/", "/v1/audit", "/masuk", "/keluar")


class Gate:
    """Find out who asks.

    Parameters
    ----------
    keys : Keys or None
        Without it nobody is asked and everybody may everything.
    tokens : Tokens or None
    sessions : Sessions or None
    audit : logging.Logger or None
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None = None,
        tokens: Tokens | None = None,
        sessions: Sessions | None = None,
        audit: logging.Logger | None = None,
    ) -> None:
        self.app = app
        self._keys = keys
        self._tokens = tokens
        self._sessions = sessions
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self._keys is None and self._audit is None:
            host = scope["client"][0] if scope.get("client") else "-"
            scope.setdefault("state", {})["caller"] = Caller(host, OFFICE.roles)
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        caller = await self._caller(request)
        request.state.caller = caller
        status = 0

        async def marking(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._keys is not None:
                    message["headers"] = _private(message["headers"], known=caller.known)
            await send(message)

        try:
            await self.app(scope, receive, marking)
        finally:
            if self._audit is not None and scope["path"].startswith(AUDITED):
                self._audit.info("%s", _line(request, request.state.caller, status))

    async def _caller(self, request: Request) -> Caller:
        host = request.client.host if request.client else "-"
        if self._keys is None:
            return Caller(host, OFFICE.roles)
        key = request.headers.get("x-api-key")
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if key is not None:
            return await run_in_threadpool(self._keys.caller, key)
        if kind.lower() == "bearer" and self._tokens is not None:
            return await run_in_threadpool(self._tokens.caller, token.strip())
        kept = cookie_of(request) if self._sessions is not None else None
        if self._sessions is not None and kept is not None:
            found = await run_in_threadpool(self._sessions.caller, kept)
            if found is not None:
                require_same_origin(request)
                return found
        return Caller(host, EVERYBODY.roles)


def _private(headers: list[tuple[bytes, bytes]], *, known: bool) -> list[tuple[bytes, bytes]]:
    """Keep answers to callers with a key apart from those to everybody."""
    vary = (b"vary", b"x-api-key, authorization, cookie")
    if not known:
        return [*headers, vary]
    said = [value for name, value in headers if name == b"cache-control"] or [b"no-store"]
    others = [one for one in headers if one[0] != b"cache-control"]
    kept = [(b"cache-control", value.replace(b"public", b"private")) for value in said]
    return [*others, *kept, vary]


def _line(request: Request, caller: Caller, status: int) -> str:
    return json.dumps(
        {
            "time": now(),
            "caller": caller.id,
            "roles": sorted(caller.roles),
            "method": request.method,
            "path": request.url.path[:300],
            "status": status,
            "request_id": request.state.request_id,
        }
    )


def audit_log(path: Path) -> logging.Logger:
    """Return a logger whose lines are appended to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger(f"tataruang.audit.{path}")
    if not logger.handlers:
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger
