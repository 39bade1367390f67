"""Around every request: an id, its caller, the headers all answers carry, a net for faults."""

from __future__ import annotations

import logging
import random
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestError, problem
from api.faults import of_model
from api.http import language_of
from api.leaving import notice
from spatial.errors import EngineError

__all__ = ["Envelope", "answer_error"]

log = logging.getLogger("tataruang.http")
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{1,80}")
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
)


class Envelope:
    """Give a request its id, its answer the common headers, and a fault a decent answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        head = scope["method"] == "HEAD"
        # Answered as GET is, its body left out (RFC 9110, 9.3.2); the server goes by its own scope.
        inner: Scope = {**scope, "method": "GET"} if head else scope
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id.decode()
        extra = [*SECURITY_HEADERS, (b"x-request-id", request_id)]
        started = False

        async def send_more(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *extra, *notice(inner)]
            elif head:
                message["body"] = b""
            await send(message)

        try:
            await self.app(inner, receive, send_more)
        except EngineError as error:  # raised by what stands around the routes
            await _problem_response(Request(scope), error)(scope, receive, send_more)
        except Exception:
            log.exception("fault in request %s", request_id.decode())
            if started:
                raise
            fault = EngineError("a fault of the service; it is in its log", code="fault")
            await _problem_response(Request(scope), fault)(scope, receive, send_more)
        finally:
            if head:  # the log and the counts are by route
                scope["route"] = inner.get("route")


def _request_id(scope: Scope) -> bytes:
    """Return the id that the caller gave, or a new one.

    Of the generator that each process seeds for itself: asking the system for randomness
    gives the interpreter away, and getting it back takes longer than the whole envelope.
    """
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    if _REQUEST_ID.fullmatch(given):
        return bytes(given)
    return str(uuid.UUID(int=random.getrandbits(128), version=4)).encode()


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer an error of the engine or of the framework as problem+json."""
    answer = _problem_response(request, _as_engine_error(error))
    if isinstance(error, HTTPException) and "Allow" in (error.headers or {}):
        answer.headers["allow"] = allowed(error.headers or {})
    return answer


def allowed(headers: Mapping[str, str]) -> str:
    """Return the methods of an address; whoever may GET may ask for the head alone.

    Examples
    --------
    >>> allowed({"Allow": "GET"}), allowed({"Allow": "POST"})
    ('GET, HEAD', 'POST')
    """
    names = [name.strip() for name in headers["Allow"].split(",")]
    return ", ".join([*names, "HEAD"] if "GET" in names and "HEAD" not in names else names)


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
        "the parameter {name!r} cannot be used: {reason}",
        code="parameter_refused",
        name=".".join(names)[:80],
        **of_model(fault),
    )
