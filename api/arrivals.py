"""Results of other threads, awaited: one call wakes the event loop for all that are there."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["arrival"]

T = TypeVar("T")


class _Arrivals:
    """What has come for one event loop and is not handed out yet."""

    def __init__(self) -> None:
        # Looking whether one is waiting and putting another down are one step: between them
        # the loop might hand out the last and go to rest, and nobody would wake it again.
        self._lock = threading.Lock()
        self._come: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()

    def expect(self, future: Future[T], loop: asyncio.AbstractEventLoop) -> asyncio.Future[T]:
        awaited: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(lambda done: self._arrived(loop, awaited, done))
        return awaited

    def _arrived(
        self, loop: asyncio.AbstractEventLoop, awaited: asyncio.Future[Any], done: Future[Any]
    ) -> None:
        with self._lock:
            first = not self._come
            self._come.append((awaited, done))
        # Whoever comes while others wait is handed out with them.
        if first and not loop.is_closed():
            loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        with self._lock:
            come = list(self._come)
            self._come.clear()
        for awaited, done in come:
            if awaited.done():
                continue  # Nobody waits for it any more.
            if (error := done.exception()) is not None:
                awaited.set_exception(error)
            else:
                awaited.set_result(done.result())


_LOOPS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Arrivals] = WeakKeyDictionary()


async def arrival(future: Future[T]) -> T:
    """Wait for the result of a future that another thread sets.

    `asyncio.wrap_future` wakes the loop once for each; of decisions that one transaction
    wrote, all are here at once.

    Examples
    --------
    >>> done = Future()
    >>> done.set_result(7)
    >>> asyncio.run(arrival(done))
    7
    """
    loop = asyncio.get_running_loop()
    arrivals = _LOOPS.get(loop)
    if arrivals is None:
        arrivals = _LOOPS[loop] = _Arrivals()
    return await arrivals.expect(future, loop)
