"""Who is told of a job: the `subscriber` of an OGC API Processes request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request

from api.access.roles import require_known
from api.errors import RequestError
from api.settings import ServeSettings
from api.webhooks.address import Receiver, Rules
from api.webhooks.delivery import Message, deliver
from spatial.errors import LimitError

if TYPE_CHECKING:
    from api.jobs import Job

__all__ = ["Subscriber", "begin", "rules_of", "subscriber_of", "tell"]

log = logging.getLogger("tataruang.webhooks")

#: Member of `subscriber` -> status of a job of which it is told.
MEMBERS: Final = {"successUri": "successful", "failedUri": "failed", "inProgressUri": "running"}


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told when a job runs, succeeds or fails, by status."""

    receivers: Mapping[str, Receiver]


def rules_of(settings: ServeSettings) -> Rules:
    """Return what the office allows."""
    return Rules(settings.webhook_hosts, settings.webhook_private)


def subscriber_of(request: Request, body: Any, *, as_job: bool) -> Subscriber:
    """Return who is to be told, nobody where nobody is named.

    Raises
    ------
    RequestError
        `webhook_subscriber` or `webhook_address`.
    AccessError
        `access_needs_key`, where keys are asked for and none was shown.
    """
    said = body.get("subscriber") if isinstance(body, Mapping) else None
    if said is None:
        return Subscriber({})
    known = isinstance(said, Mapping) and said and set(said) <= set(MEMBERS)
    if not known or "successUri" not in said or not as_job:
        raise RequestError(
            "the subscriber cannot be told",
            code="webhook_subscriber",
            hint="Give successUri, and failedUri or inProgressUri if wanted, with "
            "Prefer: respond-async",
        )
    settings = request.app.state.settings
    if settings.access == "keys":
        require_known(request.state.caller)
    rules = rules_of(settings)
    return Subscriber({MEMBERS[name]: Receiver.read(said[name], rules) for name in said})


def tell(state: Any, job: Job, told: Subscriber, status: str, body: bytes) -> None:
    """Tell a subscriber beside the job, which does not wait."""
    receiver = told.receivers.get(status)
    if receiver is not None:
        secret = state.master.secret_of(job.owner)
        message = Message(receiver, f"job.{status}", job.id, body, secret)
        begin(state, _deliver(state, message))


def begin(state: Any, work: Coroutine[Any, Any, None]) -> None:
    """Go on with something after the answer; it is kept from being forgotten."""
    task = asyncio.create_task(work)
    state.tasks.add(task)
    task.add_done_callback(state.tasks.discard)


async def _deliver(state: Any, message: Message) -> None:
    workers = state.hook_workers
    try:
        async with workers.place():
            await deliver(message, rules_of(state.settings), workers.work)
    except LimitError:
        log.warning("webhook to %s left out: too many wait", message.receiver.host)
