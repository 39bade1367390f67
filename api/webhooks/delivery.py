"""Sending a webhook: a few times, further and further apart, without following anything."""

from __future__ import annotations

import asyncio
import http.client
import logging
import random
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from api.webhooks.address import Receiver, Rules, resolve
from api.webhooks.signature import sign
from spatial.errors import SecurityError

__all__ = ["PAUSES_S", "Message", "deliver", "post"]

log = logging.getLogger("tataruang.webhooks")

#: Seconds before each further attempt; after the last the message is given up.
PAUSES_S: Final = (2.0, 10.0, 60.0, 300.0)
TIMEOUT_S: Final = 10.0
#: For a whole attempt, however slowly bytes come.
TOTAL_S: Final = 30.0
#: What a receiver answers is not of interest beyond this.
MOST_READ: Final = 4_096
#: The receiver says that it wants no more.
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, to whom, signed with whose secret."""

    receiver: Receiver
    event: str
    job: str
    body: bytes
    secret: str


async def deliver(
    message: Message,
    rules: Rules,
    run: Callable[..., Awaitable[Any]],
    pauses: Sequence[float] = PAUSES_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str:
    """Send a message until it is taken; return `delivered`, or `failed` when it was given up.

    Every attempt has the same id and a time and signature of its own.

    Parameters
    ----------
    run : callable
        Runs an attempt in one of few threads: slow receivers hold nobody else up.
    """
    name = str(uuid.uuid4())
    for pause in (*pauses, None):
        outcome = await run(_attempt, message, rules, name)
        if outcome in ("delivered", "refused"):
            return "delivered" if outcome == "delivered" else "failed"
        if pause is not None:
            # Spread, so that a receiver that comes back is not asked by all at once.
            await sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  no secret hangs on it
    log.warning("webhook %s to %s given up", name, message.receiver.host)
    return "failed"


def _attempt(message: Message, rules: Rules, name: str) -> str:
    """Send once; never say more of it in the log than host and status."""
    host = message.receiver.host
    try:
        status = post(message, rules, name, int(time.time()))
    except SecurityError as error:
        log.warning("webhook %s: %s", name, error.message)
        return "refused"
    except (OSError, http.client.HTTPException) as error:
        log.info("webhook %s to %s: %s", name, host, type(error).__name__)
        return "again"
    log.info("webhook %s to %s: %d", name, host, status)
    if status == GONE:
        return "refused"
    return "delivered" if 200 <= status < 300 else "again"


def post(message: Message, rules: Rules, name: str, stamp: int) -> int:
    """Send a message once and return the status; a redirect is an answer like any other.

    Raises
    ------
    SecurityError
        `webhook_destination`.
    OSError, HTTPException
        If nobody answers as a server should.
    """
    receiver = message.receiver
    address = resolve(receiver, rules)
    headers = {
        "content-type": "application/json",
        "user-agent": "tataruang",
        "webhook-id": name,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(message.secret, name, stamp, message.body),
        "tataruang-event": message.event,
        "tataruang-job": message.job,
    }
    connection = _Pinned(receiver, address)
    clock = threading.Timer(TOTAL_S, connection.cut)
    clock.start()
    try:
        connection.request("POST", receiver.path, message.body, headers)
        answer = connection.getresponse()
        answer.read(MOST_READ)
        return answer.status
    finally:
        clock.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked at, under the name it was found by."""

    def __init__(self, receiver: Receiver, address: str) -> None:
        super().__init__(receiver.host, receiver.port, timeout=TIMEOUT_S)
        self._address = address
        self._secure = receiver.scheme == "https"

    def cut(self) -> None:
        """End what goes on, from another thread."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        """Dial the address; a certificate must be of the name."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        if not self._secure:
            self.sock = plain
            return
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
