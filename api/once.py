"""Honour the Idempotency-Key of a request: the same request sent twice is answered once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from api.idempotency import Answered, Answers, clean_key, fingerprint

__all__ = ["once", "register_key"]


async def once(
    request: Request, raw: bytes, answer: Callable[[], Awaitable[Answered]]
) -> tuple[Answered, bool]:
    """Answer a request, or repeat the answer its key was given; say whether it was repeated.

    A refused request frees its key, so that it can be mended and sent again.

    Raises
    ------
    RequestError
        `idempotency_key`, `idempotency_mismatch` or `idempotency_in_flight`.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return await answer(), False
    answers: Answers = request.app.state.answers
    caller = str(request.state.caller)
    print_ = fingerprint(request.url.path, request.url.query, raw)
    former = await run_in_threadpool(answers.begin, caller, key, print_)
    if former is not None:
        return former, True
    try:
        given = await answer()
    except BaseException:
        await run_in_threadpool(answers.abandon, caller, key)
        raise
    await run_in_threadpool(answers.finish, caller, key, given)
    return given, False


def register_key(request: Request, key: str | None) -> str | None:
    """Return the key under which the register knows a request of this caller; None without one.

    Raises
    ------
    RequestError
        `idempotency_key`, if it is no key.
    """
    if key is None:
        return None
    return fingerprint(str(request.state.caller), clean_key(key)).hex()
