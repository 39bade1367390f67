"""How many requests one caller may send: a bucket of tokens each, told in RateLimit headers.

draft-ietf-httpapi-ratelimit-headers-10. Each worker keeps its own buckets, so the limit of a
worker is the limit of the service divided by their number.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spatial.errors import LimitError

__all__ = ["Buckets", "RateLimit"]

MOST_CALLERS: Final = 20_000
#: Files, tiles and health are cheap, cached or bounded by their own queue.
LIMITED: Final = ("/v1/", "/ogc")


class Buckets:
    """Tokens of each caller.

    Parameters
    ----------
    per_second : float
        Tokens that come back.
    burst : int
        Tokens a bucket holds.
    clock : callable
        Seconds.

    Examples
    --------
    >>> buckets = Buckets(1.0, 2, clock=lambda: 0.0)
    >>> [buckets.take("a")[0] for _ in range(3)], buckets.take("b")[0]
    ([True, True, False], True)
    """

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_second = per_second
        self.burst = burst
        self._clock = clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> tuple[bool, int, int]:
        """Take a token; return whether there was one, how many are left, seconds to the next."""
        now = self._clock()
        tokens, since = self._held.pop(caller, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - since) * self.per_second)
        allowed = tokens >= 1
        tokens -= allowed
        self._held[caller] = (tokens, now)
        if len(self._held) > MOST_CALLERS:
            self._held.popitem(last=False)
        wait = math.ceil(max(0.0, 1 - tokens) / self.per_second)
        return allowed, int(tokens), max(wait, 1)


class RateLimit:
    """Refuse callers that have no token left, and tell every caller how many are."""

    def __init__(self, app: ASGIApp, per_second: float, burst: int) -> None:
        self.app = app
        self._buckets = Buckets(per_second, burst)
        window = max(1, round(burst / per_second))
        self._policy = f'"caller";q={burst};w={window}'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its caller has a token."""
        if scope["type"] != "http" or not scope["path"].startswith(LIMITED):
            await self.app(scope, receive, send)
            return
        allowed, left, wait = self._buckets.take(str(scope["state"].get("caller", "-")))
        headers = [
            (b"ratelimit-policy", self._policy),
            (b"ratelimit", f'"caller";r={left};t={wait}'.encode()),
        ]

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        if not allowed:
            raise LimitError(
                "more than {burst} requests at once, or {per_second} a second",
                code="rate_limit",
                hint="Wait {wait} s; a stream to /v1/conformity/batch counts as one request",
                burst=self._buckets.burst,
                per_second=self._buckets.per_second,
                wait=wait,
            )
        await self.app(scope, receive, telling)
