"""What all routes share: strict queries, bodies within limits, work kept off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.errors import RequestError
from api.openapi import reference
from spatial.errors import LimitError, TimeLimitError
from spatial.text import DEFAULT_LANGUAGE, LANGUAGES

if TYPE_CHECKING:
    from api.opening import Opening
    from api.service import Service

__all__ = [
    "BODY_PROBLEMS",
    "PROBLEMS",
    "QuickRoute",
    "StrictRoute",
    "Workers",
    "check_encoding",
    "check_media_type",
    "language_of",
    "line_too_long",
    "media_type_of",
    "only_once",
    "read_body",
    "read_form",
    "service_of",
]

T = TypeVar("T")

#: Every operation may answer with these; schemathesis holds us to it.
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": text,
        "content": {"application/problem+json": {"schema": reference("Problem")}},
    }
    for status, text in {
        400: "The request cannot be read",
        404: "There is no such thing",
        422: "The content cannot be judged",
        503: "Starting, busy, or stopped at the time limit; see Retry-After",
    }.items()
}
BODY_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = PROBLEMS | {
    status: {"description": text, "content": PROBLEMS[400]["content"]}
    for status, text in {
        408: "The body did not arrive in time",
        413: "The body is too large",
        415: "The content type is not accepted",
    }.items()
}
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class StrictRoute(APIRoute):
    """A route that refuses query parameters it does not know, and any given twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler with the check of names."""
        handle = super().get_route_handler()
        known = {field.alias for field in self.dependant.query_params}

        async def checked(request: Request) -> Response:
            given = [name for name, _ in request.query_params.multi_items()]
            for name in given:
                _check_parameter(name, given.count(name), known)
            return await handle(request)

        return checked


class QuickRoute(StrictRoute):
    """A strict route that `api.quick` answers at once where a request gives no parameter.

    All its parameters have defaults, none is in its path, and its endpoint takes the request.
    """


def service_of(request: Request) -> Service:
    """Return the service as the caller of a request may see it."""
    opening: Opening = request.app.state.opening
    return opening.current().seen_by(request.state.caller)


def only_once(request: Request, known: set[str] | None = None) -> dict[str, str]:
    """Return the parameters of a request, each given once, where their names are no fixed list.

    Raises
    ------
    RequestError
        `parameter_twice`, or `parameter_unknown` where `known` is given.
    """
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    for name in names:
        _check_parameter(name, names.count(name), {name} if known is None else known)
    return dict(given)


def _check_parameter(name: str, count: int, known: set[str]) -> None:
    if name not in known:
        raise RequestError(
            "the parameter {name!r} is not known here",
            code="parameter_unknown",
            hint="Known are: {known}",
            name=name[:80],
            known=", ".join(sorted(known)) or "-",
        )
    if count > 1:
        raise RequestError(
            "the parameter {name!r} is given {count} times",
            code="parameter_twice",
            hint="Give it once",
            name=name,
            count=count,
        )


def language_of(request: Request) -> str:
    """Return the language of the answer: `lang`, else Accept-Language, else Indonesian."""
    wanted = request.query_params.get("lang", "")
    if wanted in LANGUAGES:
        return wanted
    for part in request.headers.get("accept-language", "").split(","):
        name = part.split(";")[0].strip().lower()[:2]
        if name in LANGUAGES:
            return name
        if name == "in":  # the code of Indonesian until 1989, still sent by some devices
            return "id"
    return DEFAULT_LANGUAGE


async def read_body(
    request: Request, accepted: tuple[str, ...], most: int, seconds: float
) -> bytes:
    """Read a body of an accepted type within a size and a time.

    Raises
    ------
    RequestError
        `form_not_accepted` or `media_type`, before anything is read.
    LimitError
        `body_too_large`: at once where the length is declared, else while counting.
    TimeLimitError
        `body_too_slow`.
    """
    check_media_type(request, accepted)
    return await _read(request, most, seconds)


async def read_form(request: Request, most: int, seconds: float) -> bytes:
    """Read the form of one of our own pages within a size and a time.

    Raises
    ------
    RequestError
        `media_type`.
    LimitError, TimeLimitError
        As `read_body`.
    """
    check_encoding(request)
    if media_type_of(request) != FORMS[0]:
        raise _other_type(media_type_of(request), FORMS[:1])
    return await _read(request, most, seconds)


def check_encoding(request: Request) -> None:
    """Refuse a body that is packed: what it unpacks to is not known before."""
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity"):
        raise RequestError(
            "a body packed as {packed!r} is not accepted here",
            code="content_encoding",
            hint="Send it as it is, without Content-Encoding",
            packed=packed[:40],
        )


async def _read(request: Request, most: int, seconds: float) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:18]) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise _too_large(most)
                chunks.append(chunk)
    except TimeoutError:
        raise TimeLimitError(
            "the body did not arrive within {seconds} s", code="body_too_slow", seconds=seconds
        ) from None
    except ClientDisconnect:
        raise RequestError("the client left", code="client_left") from None
    return b"".join(chunks)


def check_media_type(request: Request, accepted: tuple[str, ...]) -> None:
    """Refuse a body of another type, or a packed one, before anything of it is read."""
    check_encoding(request)
    sent = media_type_of(request)
    if sent in FORMS:
        raise RequestError(
            "a form is not accepted here",
            code="form_not_accepted",
            hint="Send the document itself as {accepted}",
            accepted=", ".join(accepted),
        )
    if sent and sent not in accepted:
        raise _other_type(sent, accepted)


def media_type_of(request: Request) -> str:
    """Return the type of a body without its parameters."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _other_type(sent: str, accepted: tuple[str, ...]) -> RequestError:
    return RequestError(
        "content of type {sent!r} is not accepted here",
        code="media_type",
        hint="Send {accepted}",
        sent=sent[:80],
        accepted=", ".join(accepted),
    )


def _too_large(most: int) -> LimitError:
    return LimitError(
        "the body is larger than {most} bytes",
        code="body_too_large",
        hint="Send fewer applications at once",
        most=most,
    )


def line_too_long(most: int) -> LimitError:
    """Return the refusal of a line of a stream."""
    return LimitError(
        "a line is longer than {most} bytes",
        code="line_too_large",
        hint="Put each application on a line of its own",
        most=most,
    )


class Workers:
    """Threads for work that would keep the event loop from answering, and a bounded queue.

    Parameters
    ----------
    threads : int
        How many work at once: as many as there are cores.
    waiting : int
        How many more may wait; the next gets 503.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._limiter = anyio.Semaphore(threads)
        self._places = threads + waiting
        self.busy = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one place, for a request that works several times.

        Raises
        ------
        LimitError
            `queue_full`.
        """
        if self.busy >= self._places:
            raise LimitError(
                "too many requests wait already",
                code="queue_full",
                hint="Send it again in a few seconds",
            )
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    async def work(self, work: Callable[..., T], *args: Any) -> T:
        """Run `work(*args)` in a thread when one is free; for holders of a place."""
        async with self._limiter:
            return await run_in_threadpool(work, *args)

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Take a place and run `work(*args)` in a thread.

        Raises
        ------
        LimitError
            `queue_full`.
        """
        async with self.place():
            return await self.work(work, *args)
