"""Spans for OpenTelemetry: one for each request, and within it for verdicts and tiles.

Off unless TATARUANG_OTEL is set; then the extra `tataruang[otel]` must be there, and where spans
go is told by the usual variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, ParamSpec, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spatial.errors import StoreError

__all__ = ["Trace", "span", "start", "stop", "traced"]

P = ParamSpec("P")
T = TypeVar("T")
NAME: Final = "tataruang"
#: The tracer of this process; none while nobody wants spans.
_tracer: Any = None


def start(provider: Any = None) -> None:
    """Begin to make spans.

    Parameters
    ----------
    provider : TracerProvider, optional
        Without one, spans are sent by OTLP over HTTP, in batches beside the requests.

    Raises
    ------
    StoreError
        `otel_missing`, if the extra is not installed.
    """
    global _tracer
    if provider is None:
        provider = _exporting()
    _tracer = provider.get_tracer(NAME)


def stop() -> None:
    """Make no more spans."""
    global _tracer
    _tracer = None


def span(name: str, **facts: Any) -> AbstractContextManager[Any]:
    """Return a span around what follows; nothing at all while tracing is off.

    Examples
    --------
    >>> with span("verdict") as made:
    ...     print(made)
    None
    """
    if _tracer is None:
        return nullcontext()
    made: AbstractContextManager[Any] = _tracer.start_as_current_span(name, attributes=facts)
    return made


def traced(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Put a span around every call of a function.

    Examples
    --------
    >>> traced("sum")(sum)([1, 2])
    3
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def within(*args: P.args, **named: P.kwargs) -> T:
            if _tracer is None:
                return function(*args, **named)
            with span(name):
                return function(*args, **named)

        return within

    return wrap


class Trace:
    """One span for each request, named by its route, within the span of whoever called.

    Only what the log says too goes into it: no query, no body, no key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within its span."""
        if scope["type"] != "http" or _tracer is None:
            await self.app(scope, receive, send)
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode

        caller = extract(
            {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        )
        facts = {"http.request.method": scope["method"], "url.path": scope["path"][:300]}
        with _tracer.start_as_current_span(
            scope["method"], context=caller, kind=SpanKind.SERVER, attributes=facts
        ) as made:

            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    made.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        made.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self.app(scope, receive, telling)
            finally:
                route = getattr(scope.get("route"), "path", None)
                if route is not None:
                    made.update_name(f"{scope['method']} {route}")
                    made.set_attribute("http.route", route)


def _exporting() -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise StoreError(
            "spans are wanted, but OpenTelemetry is not installed",
            code="otel_missing",
            hint="Install tataruang[otel], or leave TATARUANG_OTEL out",
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": NAME}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
