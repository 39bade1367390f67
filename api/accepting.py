"""Connections spread over workers: who holds more than another lets that one take the next.

Workers wait at one socket. The first to wake would take every connection that is there, and a
permit system keeps its connections: one worker would answer all day while others sleep.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import socket
from typing import Any, Final

import uvicorn

__all__ = ["Held", "SharingServer"]

log = logging.getLogger("tataruang.accepting")

#: So long a worker waits for another that holds fewer, which may be busy or gone.
PATIENCE_S: Final = 0.02
#: So long no connection is looked at where none can be taken.
REST_S: Final = 1.0
BYTES: Final = 4


class Held:
    """How many connections each worker holds: memory that forked workers share.

    Examples
    --------
    >>> held = Held(2)
    >>> held[0] = 3
    >>> held.is_least(0), held.is_least(1)
    (False, True)
    """

    def __init__(self, workers: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, BYTES * workers)).cast("i")

    def __setitem__(self, worker: int, count: int) -> None:
        self._counts[worker] = count

    def is_least(self, worker: int) -> bool:
        """Say whether no other worker holds fewer."""
        return self._counts[worker] <= min(self._counts)


class _Connections(set[Any]):
    """The connections of a worker, which tell their number."""

    def __init__(self, held: Held, worker: int) -> None:
        super().__init__()
        self._held = held
        self._worker = worker
        held[worker] = 0

    def add(self, one: Any) -> None:
        super().add(one)
        self._held[self._worker] = len(self)

    def discard(self, one: Any) -> None:
        super().discard(one)
        self._held[self._worker] = len(self)


class SharingServer(uvicorn.Server):
    """A worker's server: takes one connection at a time, when no other holds fewer.

    Parameters
    ----------
    config : uvicorn.Config
    held : Held
    worker : int
        Its place in `held`.
    """

    def __init__(self, config: uvicorn.Config, held: Held, worker: int) -> None:
        super().__init__(config)
        self._held = held
        self._worker = worker
        self._taking: set[asyncio.Task[object]] = set()
        self.server_state.connections = _Connections(held, worker)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, with the sockets watched here and not by the event loop's own server."""
        await super().startup(sockets=[])
        for one in sockets or ():
            asyncio.get_running_loop().add_reader(one, self._ready, one)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and end when those taken are answered."""
        for one in sockets or ():
            asyncio.get_running_loop().remove_reader(one)
        await super().shutdown(sockets=sockets)

    def _ready(self, listening: socket.socket) -> None:
        if self._held.is_least(self._worker):
            self._take(listening)
        else:
            self._pause(listening, PATIENCE_S, take=True)

    def _pause(self, listening: socket.socket, seconds: float, *, take: bool) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(seconds, self._go_on, listening, take)

    def _go_on(self, listening: socket.socket, take: bool) -> None:
        if listening.fileno() < 0 or self.should_exit:
            return
        asyncio.get_running_loop().add_reader(listening, self._ready, listening)
        if take:
            self._take(listening)

    def _take(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # Another worker was faster, or the caller has left.
        except OSError as error:
            # No file is left for it; it waits at the socket until some are closed.
            log.warning("a connection cannot be taken: %s", error)
            self._pause(listening, REST_S, take=False)
            return
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._taking.add(task)
        task.add_done_callback(self._taken)
        # It counts at once; the protocol says it again when it is made.
        self._held[self._worker] = len(self.server_state.connections) + len(self._taking)

    def _taken(self, task: asyncio.Task[object]) -> None:
        self._taking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            return  # The caller left before it was served.

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn itself calls it
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return protocol
