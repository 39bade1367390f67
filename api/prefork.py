"""Several workers on one socket that share what was read: opened once, then forked.

    master ── generation ── worker ── scribe
                        └── worker ── scribe

A generation opens the workspace, warms it and forks its workers, so that layers lie in memory
once; beside each worker a scribe writes the register. When the workspace changes the master
starts the next generation and ends the former only when the new one answers: all of them
listen on the same socket, so no request is dropped.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from api.accepting import Held, SharingServer

if TYPE_CHECKING:
    from api.service import Service

__all__ = ["Prefork", "can_fork"]

log = logging.getLogger("tataruang.prefork")

READY: Final = b"r"
CHANGED: Final = b"c"
#: A worker that ends sooner than this after its start is not started again at once.
PAUSE_S: Final = 1.0
#: A change that could not be taken up is tried again after this.
AGAIN_S: Final = 60.0


def can_fork() -> bool:
    """Say whether this system can share memory between workers."""
    return hasattr(os, "fork")


@dataclass
class Prefork:
    """A service of several workers.

    Parameters
    ----------
    open_service : callable
        Opens the workspace.
    make_app : callable
        Makes the application of a worker from an open service.
    workers : int
    options : dict
        Of uvicorn.
    watch_seconds : float
        How often the workspace is looked at.
    """

    open_service: Callable[[], Service]
    make_app: Callable[[Service], Any]
    workers: int
    options: dict[str, Any]
    watch_seconds: float = 2.0

    def run(self, listening: socket.socket) -> None:
        """Serve on a socket until told to stop."""
        with listening:
            _Master(self, listening).run()

    def generation(self, listening: socket.socket, tell: int) -> None:
        """Open the workspace, fork the workers, keep their number; ends with SIGTERM."""
        stopping = _Flag(signal.SIGTERM, signal.SIGINT)
        service = self.open_service()
        stamp = service.stamp()
        service.warm()
        gc.collect()
        gc.freeze()  # what is here now is never written to by the collector, so it stays shared
        gc.enable()
        held = Held(self.workers)
        children = {self._fork(service, listening, held, one): one for one in range(self.workers)}
        os.write(tell, READY)
        quiet = 0.0
        while not stopping.set:
            time.sleep(min(self.watch_seconds, 0.5))
            for gone in _ended(children):
                worker = children.pop(gone)
                time.sleep(PAUSE_S)
                if not stopping.set:
                    log.warning("worker %s ended and is replaced", gone)
                    children[self._fork(service, listening, held, worker)] = worker
            if not stopping.set and time.monotonic() > quiet and self._changed(service, stamp):
                os.write(tell, CHANGED)
                quiet = time.monotonic() + AGAIN_S
        for child in children:
            _signal(child, signal.SIGTERM)
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)

    def _changed(self, service: Service, stamp: Any) -> bool:
        try:
            return bool(service.stamp() != stamp)
        except Exception:
            log.exception("the workspace cannot be looked at; the open one goes on")
            return False

    def _fork(self, service: Service, listening: socket.socket, held: Held, worker: int) -> int:
        held[worker] = 0
        child = os.fork()
        if child:
            return child
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            beside: Callable[[], None] | None = getattr(service.whole, "record_beside", None)
            if beside is not None:
                beside()
            config = uvicorn.Config(self.make_app(service), **self.options)
            SharingServer(config, held, worker).run(sockets=[listening])
        except BaseException:
            log.exception("a worker failed")
            os._exit(1)
        os._exit(0)


class _Master:
    """Starts generations and ends them; reads nothing of the workspace itself."""

    def __init__(self, prefork: Prefork, listening: socket.socket) -> None:
        self._prefork = prefork
        self._listening = listening
        self._current: tuple[int, int] | None = None
        self._next: tuple[int, int] | None = None

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP opens the workspace again."""
        stopping = _Flag(signal.SIGTERM, signal.SIGINT)
        again = _Flag(signal.SIGHUP)
        self._current = self._start()
        while not stopping.set:
            if again.set:
                again.set = False
                self._renew()
            self._listen()
            self._mind_the_dead()
        for generation in filter(None, (self._current, self._next)):
            _signal(generation[0], signal.SIGTERM)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(generation[0], 0)

    def _start(self) -> tuple[int, int]:
        heard, tell = os.pipe()
        child = os.fork()
        if child:
            os.close(tell)
            return child, heard
        os.close(heard)
        try:
            self._prefork.generation(self._listening, tell)
        except BaseException:
            log.exception("the workspace cannot be opened")
            os._exit(1)
        os._exit(0)

    def _renew(self) -> None:
        if self._next is None:
            self._next = self._start()

    def _listen(self) -> None:
        """Hear what generations tell: ready, or that the workspace changed."""
        pipes = {one[1]: one for one in (self._current, self._next) if one is not None}
        try:
            heard, _, _ = select.select(list(pipes), [], [], 0.5)
        except InterruptedError:
            return
        for pipe in heard:
            word = os.read(pipe, 1)
            if word == CHANGED:
                self._renew()
            elif word == READY and self._next is not None and pipe == self._next[1]:
                former, self._current, self._next = self._current, self._next, None
                log.info("the workspace changed and is open again")
                if former is not None:
                    _signal(former[0], signal.SIGTERM)
                    os.close(former[1])

    def _mind_the_dead(self) -> None:
        """Replace what ended; a new generation that could not open leaves the former."""
        while True:
            try:
                gone, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not gone:
                return
            if self._next is not None and gone == self._next[0]:
                log.warning("the changed workspace cannot be opened; the former goes on")
                os.close(self._next[1])
                self._next = None
            elif self._current is not None and gone == self._current[0]:
                os.close(self._current[1])
                time.sleep(PAUSE_S)
                self._current = self._start()


class _Flag:
    """Set by signals."""

    def __init__(self, *signals: signal.Signals) -> None:
        self.set = False
        for one in signals:
            signal.signal(one, self._mark)

    def _mark(self, *_: object) -> None:
        self.set = True


def _ended(children: Iterable[int]) -> list[int]:
    found = []
    for child in children:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(child, os.WNOHANG)[0]:
                found.append(child)
    return found


def _signal(process: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, which)
