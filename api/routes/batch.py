"""A stream of applications in, a stream of verdicts out, line by line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.access.roles import require
from api.http import (
    BODY_PROBLEMS,
    StrictRoute,
    Workers,
    check_media_type,
    language_of,
    line_too_long,
    service_of,
)
from api.models import PERMIT_EXAMPLE
from api.once import register_key
from api.openapi import reference
from api.settings import ServeSettings
from spatial.errors import EngineError, LimitError, TimeLimitError

router = APIRouter(tags=["conformity"], route_class=StrictRoute)

NDJSON: Final = "application/x-ndjson"
ACCEPTED: Final = (NDJSON, "application/ndjson", "application/jsonl", "application/geo+json-seq")
#: RFC 8142 puts this before every text of a sequence.
RECORD_SEPARATOR: Final = b"\x1e"

Line = tuple[int, bytes]


@router.post(
    "/v1/conformity/batch",
    summary="Judge a stream of applications, one GeoJSON Feature a line",
    response_class=Response,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": reference("Feature"), "example": PERMIT_EXAMPLE}
                for kind in ACCEPTED
            },
        }
    },
    responses=BODY_PROBLEMS
    | {
        200: {
            "description": "One line for each line sent, in its order; the last line sums up",
            "content": {NDJSON: {"schema": reference("BatchLine")}},
        }
    },
)
async def batch(
    request: Request,
    on: Annotated[date | None, Query(description="Judge by the law of this day")] = None,
    plan: Annotated[str | None, Query(max_length=100, description="Name of one plan")] = None,
    explain: Annotated[
        Literal["id", "en"] | None, Query(description="Also say each verdict in sentences")
    ] = None,
    dry_run: Annotated[
        bool, Query(description="Judge without putting the verdicts on record")
    ] = False,
    idempotency_key: Annotated[
        str | None,
        Header(description="The same stream with the same key is recorded once, line by line"),
    ] = None,
) -> Response:
    """Judge line by line: answers begin while the request is still being sent.

    Each line is answered as `{"line": n, "verdict": {...}}` or `{"line": n, "problem": {...}}`,
    where the verdict is byte for byte the one of /v1/conformity. The last line is
    `{"done": {"lines": ..., "judged": ..., "refused": ...}}`; without it the stream was cut.

    Unless it is a dry run each verdict is on record before its line is answered, which then
    also has `"record": {"id", "check_code", "repeated"}`. A stream that was cut is sent again
    whole with the same `Idempotency-Key`: lines on record get the answer of the first time.
    """
    check_media_type(request, ACCEPTED)
    state = request.app.state
    if not dry_run:
        require(request.state.caller, "record")
    key = register_key(request, idempotency_key)
    service = service_of(request)
    from api.batch import BatchJudge  # its libraries are loaded with the service

    judge = BatchJudge(
        service, on, plan, explain, language_of(request), record=not dry_run, key=key
    )
    return _Stream(request, judge, state.batch_workers, state.settings)


class _Stream(Response):
    """Reads the request while it answers; a plain streaming response would not."""

    media_type = NDJSON

    def __init__(
        self, request: Request, judge: Any, workers: Workers, settings: ServeSettings
    ) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        # The length is not known before the end.
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]
        self._request = request
        self._judge = judge
        self._workers = workers
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer group by group."""
        async with self._workers.place():
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for body in self._answers():
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _answers(self) -> AsyncIterator[bytes]:
        reader = LineReader(self._request, self._settings)
        try:
            async for group in reader.groups():
                yield await self._workers.work(self._judge.judge, group)
        except EngineError as error:
            yield self._judge.refuse_stream(reader.number + 1, error)
        except ClientDisconnect:
            return
        else:
            yield self._judge.summary()


class LineReader:
    """Cut a request into numbered lines, in groups as they arrive.

    Parameters
    ----------
    request : Request
    settings : ServeSettings
        Longest line, most lines, and the time the next piece may take.
    """

    def __init__(self, request: Request, settings: ServeSettings) -> None:
        self._pieces = request.stream()
        self._settings = settings
        self.number = 0

    async def groups(self) -> AsyncIterator[list[Line]]:
        """Yield groups of lines.

        Raises
        ------
        LimitError
            `body_too_large` for one line, `batch_too_long`.
        TimeLimitError
            `body_too_slow`.
        """
        rest = b""
        while (piece := await self._next()) is not None:
            *lines, rest = (rest + piece).split(b"\n")
            for group in self._grouped(lines):
                yield group
            if len(rest) > self._settings.max_body_bytes:
                raise line_too_long(self._settings.max_body_bytes)
        for group in self._grouped([rest]):
            yield group

    def _grouped(self, lines: list[bytes]) -> list[list[Line]]:
        from api.batch import GROUP

        numbered: list[Line] = []
        for line in lines:
            text = line.strip().lstrip(RECORD_SEPARATOR)
            if not text:
                continue
            if len(text) > self._settings.max_body_bytes:
                raise line_too_long(self._settings.max_body_bytes)
            self.number += 1
            numbered.append((self.number, text))
        if self.number > self._settings.max_batch_lines:
            raise LimitError(
                "the stream has more than {most} lines",
                code="batch_too_long",
                hint="Send the rest as another stream",
                most=self._settings.max_batch_lines,
            )
        return [numbered[start : start + GROUP] for start in range(0, len(numbered), GROUP)]

    async def _next(self) -> bytes | None:
        seconds = self._settings.body_seconds
        try:
            return await asyncio.wait_for(anext(self._pieces, None), seconds)
        except TimeoutError:
            raise TimeLimitError(
                "the body did not arrive within {seconds} s", code="body_too_slow", seconds=seconds
            ) from None
