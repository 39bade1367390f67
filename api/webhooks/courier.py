"""Who carries messages: one courier in each worker, a few messages at a time.

It also says for this worker that its jobs are alive, and ends the jobs of workers that are gone,
so that whoever asked to be told of a failure is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from api.errors import RequestError
from api.webhooks.address import Receiver, Rules
from api.webhooks.delivery import Message, attempt
from api.webhooks.outbox import Outbox, Waiting

if TYPE_CHECKING:
    from api.jobs import Jobs

__all__ = ["Courier"]

log = logging.getLogger("tataruang.webhooks")

#: Seconds between two looks at the outbox, where nothing says that something is there.
LOOK_S: Final = 1.0
#: Looks between two words that this worker lives.
BEAT_EVERY: Final = 10
AT_ONCE: Final = 4


class Courier:
    """Carries what waits until the worker ends.

    Parameters
    ----------
    outbox : Outbox
    rules : Rules
        What the office allows now; a message kept before is held to it too.
    secret_of : callable
        The secret of an owner.
    jobs : Jobs
    """

    def __init__(
        self, outbox: Outbox, rules: Rules, secret_of: Callable[[str], str], jobs: Jobs
    ) -> None:
        self._outbox = outbox
        self._rules = rules
        self._secret_of = secret_of
        self._jobs = jobs
        self._look = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look now: something was put into the outbox."""
        self._look.set()

    async def run(self) -> None:
        """Go on until cancelled; a fault of the disk is logged and tried again."""
        looks = 0
        while True:
            try:
                if looks % BEAT_EVERY == 0:
                    await run_in_threadpool(self._jobs.mind)
                await self._take()
            except Exception:
                log.exception("the outbox cannot be read; it is tried again")
            looks += 1
            await _within(LOOK_S, self._look.wait())
            self._look.clear()

    def stop(self) -> None:
        """Leave what is under way to the next worker, which finds it when its lease ends."""
        for task in self._under_way:
            task.cancel()

    async def _take(self) -> None:
        while len(self._under_way) < AT_ONCE:
            held = await run_in_threadpool(self._outbox.claim)
            if held is None:
                return
            task = asyncio.create_task(self._carry(held))
            self._under_way.add(task)
            task.add_done_callback(self._returned)

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a webhook was not settled; its lease ends", exc_info=task.exception())
        self._look.set()

    async def _carry(self, held: Waiting) -> None:
        outcome, said = await run_in_threadpool(self._send, held)
        await run_in_threadpool(self._outbox.settle, held, outcome, said)

    def _send(self, held: Waiting) -> tuple[str, str]:
        try:
            receiver = Receiver.read(held.url, self._rules)
        except RequestError as error:  # the office took the host off its list since
            return "refused", error.message
        secret = self._secret_of(held.owner)
        body = held.body or b""
        message = Message(held.id, receiver, held.event, held.job, body, secret)
        return attempt(message, self._rules)


async def _within(seconds: float, waited: Awaitable[object]) -> None:
    try:
        await asyncio.wait_for(waited, seconds)
    except TimeoutError:
        return
