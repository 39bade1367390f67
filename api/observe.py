"""What an administrator sees: one log line and one count for every request, by operation."""

from __future__ import annotations

import json
import logging
import os
import time
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.clock import OFFICE_TIME

__all__ = ["METRICS_TYPE", "Observe", "count_verdict", "metrics_page", "set_up_logs"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
log = logging.getLogger("tataruang.access")

REQUESTS: Final = Counter(
    "tataruang_requests_total", "Requests answered", ("method", "operation", "status")
)
SECONDS: Final = Histogram(
    "tataruang_request_seconds",
    "Time until the answer was sent",
    ("operation",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
VERDICTS: Final = Counter("tataruang_verdicts_total", "Verdicts given", ("verdict",))
BUSY: Final = Gauge(
    "tataruang_busy", "Requests at work or waiting", ("queue",), multiprocess_mode="livesum"
)
WEBHOOKS: Final = Gauge(
    "tataruang_webhooks",
    "Messages that wait for a receiver, and those that none took",
    ("state",),
    multiprocess_mode="mostrecent",
)


class Observe:
    """Log and count requests; the operation is the route, so that counts stay few."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and write down how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        status = size = 0

        async def counting(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, counting)
        finally:
            _write_down(scope, status, size, time.perf_counter() - start)


def _write_down(scope: Scope, status: int, size: int, seconds: float) -> None:
    route = scope.get("route")
    operation = str(getattr(route, "path", "-"))
    method = scope["method"] if scope["method"] in _METHODS else "other"
    counted, timed = _counts(method, operation, status)
    counted.inc()
    timed.observe(seconds)
    if not log.isEnabledFor(logging.INFO):
        return
    state = scope.get("state", {})
    log.info(
        "%s %s %s",
        method,
        scope["path"],
        status,
        extra={
            "facts": {
                "request_id": state.get("request_id"),
                "caller": str(state.get("caller", "-")),
                "method": method,
                "operation": operation,
                "path": scope["path"][:300],
                "status": status,
                "bytes": size,
                "ms": round(seconds * 1000, 2),
            }
        },
    )


@lru_cache(maxsize=4096)
def _counts(method: str, operation: str, status: int) -> tuple[Counter, Histogram]:
    """Return the counts of an operation; finding them by their labels takes a while."""
    return REQUESTS.labels(method, operation, str(status)), SECONDS.labels(operation)


_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def count_verdict(verdict: str) -> None:
    """Count a verdict that was given."""
    _verdicts(verdict).inc()


@lru_cache(maxsize=64)
def _verdicts(verdict: str) -> Counter:
    return VERDICTS.labels(verdict)


def metrics_page(busy: dict[str, int], webhooks: dict[str, int]) -> bytes:
    """Return every count as Prometheus reads it, of all workers where there are several."""
    for name, value in busy.items():
        BUSY.labels(name).set(value)
    for name, value in webhooks.items():
        WEBHOOKS.labels(name).set(value)
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it publishes no types
    return generate_latest(registry)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON, its time with the zone of the office."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, OFFICE_TIME).isoformat(
                "T", "milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= getattr(record, "facts", {})
        if record.exc_info:
            entry["fault"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up_logs(*, as_json: bool) -> None:
    """Send the service's log to standard error, for people or as lines of JSON."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonLines() if as_json else plain)
    for name in ("tataruang", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO if name == "tataruang" else logging.WARNING)
    if not as_json:
        log.setLevel(logging.WARNING)
