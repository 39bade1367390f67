"""Who is told of a job: the `subscriber` of an OGC API Processes request."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final

from fastapi import Request

from api.access.roles import require_known
from api.errors import RequestError
from api.settings import ServeSettings
from api.webhooks.address import Receiver, Rules

__all__ = ["begin", "rules_of", "subscriber_of"]

#: Member of `subscriber` -> status of a job of which it is told.
MEMBERS: Final = {"successUri": "successful", "failedUri": "failed", "inProgressUri": "running"}


def rules_of(settings: ServeSettings) -> Rules:
    """Return what the office allows."""
    return Rules(settings.webhook_hosts, settings.webhook_private)


def subscriber_of(request: Request, body: Any, *, as_job: bool) -> dict[str, str]:
    """Return the address to tell of each status of a job, none where nobody is named.

    Raises
    ------
    RequestError
        `webhook_subscriber` or `webhook_address`.
    AccessError
        `access_needs_key`, where keys are asked for and none was shown.
    """
    said = body.get("subscriber") if isinstance(body, Mapping) else None
    if said is None:
        return {}
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
    return {MEMBERS[name]: Receiver.read(said[name], rules).url for name in said}


def begin(state: Any, work: Coroutine[Any, Any, None]) -> None:
    """Go on with something after the answer; it is kept from being forgotten."""
    task = asyncio.create_task(work)
    state.tasks.add(task)
    task.add_done_callback(state.tasks.discard)
