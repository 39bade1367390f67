"""One attempt to send a webhook: to an address that was looked at, without following anything."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from api.webhooks.address import Receiver, Rules, resolve
from api.webhooks.signature import sign
from spatial.errors import SecurityError

__all__ = ["Message", "attempt", "post"]

log = logging.getLogger("tataruang.webhooks")

TIMEOUT_S: Final = 10.0
#: For a whole attempt, however slowly bytes come.
TOTAL_S: Final = 30.0
#: What a receiver answers is not of interest beyond this.
MOST_READ: Final = 4_096
#: The receiver says that it wants no more.
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Message:
    """What is told under which id, to whom, signed with whose secret."""

    id: str
    receiver: Receiver
    event: str
    job: str
    body: bytes
    secret: str


def attempt(message: Message, rules: Rules) -> tuple[str, str]:
    """Send once; return the outcome and what was said, in words that hold no secret.

    The outcome is `delivered`, `refused` (never send it again) or `again`.
    """
    host = message.receiver.host
    try:
        status = post(message, rules, int(time.time()))
    except SecurityError as error:
        log.warning("webhook %s: %s", message.id, error.message)
        return "refused", error.message
    except (OSError, http.client.HTTPException) as error:
        log.info("webhook %s to %s: %s", message.id, host, type(error).__name__)
        return "again", type(error).__name__
    log.info("webhook %s to %s: %d", message.id, host, status)
    if status == GONE:
        return "refused", str(status)
    return ("delivered" if 200 <= status < 300 else "again"), str(status)


def post(message: Message, rules: Rules, stamp: int) -> int:
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
        "webhook-id": message.id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(message.secret, message.id, stamp, message.body),
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
