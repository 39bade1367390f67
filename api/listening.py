"""The socket a service listens on: its own, or one that a supervisor keeps open over restarts."""

from __future__ import annotations

import os
import socket
from typing import Final

__all__ = ["address_of", "inherited_socket", "new_socket"]

#: Where sd_listen_fds(3) says that sockets of a supervisor begin.
FIRST: Final = 3
WAITING: Final = 1024


def inherited_socket() -> socket.socket | None:
    """Return the socket that a supervisor opened for this process, as systemd does.

    Connections that arrive while the service is restarted wait in it and are not refused.

    Examples
    --------
    >>> inherited_socket() is None
    True
    """
    ours = os.environ.get("LISTEN_PID") == str(os.getpid())
    if not ours or os.environ.get("LISTEN_FDS") != "1":
        return None
    # Processes that are started from here are not meant.
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    os.set_inheritable(FIRST, False)
    found = socket.socket(fileno=FIRST)
    found.setblocking(False)
    return found


def address_of(listening: socket.socket) -> tuple[str, int]:
    """Return host and port of a socket; one that is no address of a network counts as open to all.

    Examples
    --------
    >>> with new_socket("127.0.0.1", 0) as made:
    ...     address_of(made)[0]
    '127.0.0.1'
    """
    if listening.family not in (socket.AF_INET, socket.AF_INET6):
        return "0.0.0.0", 0  # noqa: S104  names where it may be asked from; nothing is bound
    host, port = listening.getsockname()[:2]
    return str(host), int(port)


def new_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio does not switch off Nagle's delay: 40 ms for each answer.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    made.listen(WAITING)
    made.setblocking(False)
    return made
