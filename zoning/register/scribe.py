"""A process beside that writes the register, so that a service never waits for its own interpreter.

A thread that writes has to be given the interpreter back after each call of the database, and
takes it from the verdicts that are being made. A process of its own takes a processor only.
"""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import socket
import stat
import struct
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from spatial.errors import EngineError, StoreError
from zoning.register.chain import Packed
from zoning.register.entry import Draft, Receipt
from zoning.register.log import Register
from zoning.register.recorder import Recorder

__all__ = ["Scribe"]

LENGTH: Final = struct.Struct("!Q")
#: Read at once: what gathers while a transaction reaches the disk goes into the next one.
CHUNK: Final = 1 << 18
#: Files that are looked at for sockets: more than a service holds open.
MOST_FILES: Final = 4_096
_Waiting = tuple[Sequence[Draft], "Future[list[Receipt]]"]


class Scribe:
    """What `Recorder` is, with the writing in a forked process.

    Make it before the process has threads and has opened the register: SQLite does not survive
    a fork. Where the process beside is lost, what waits is refused and a `Recorder` takes over.

    Parameters
    ----------
    open_register : callable
        Opens the register in the process that writes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> scribe = Scribe(lambda: Register(folder))
    >>> [receipt] = scribe.submit([Draft("P-1", b"{}", b'{"verdict": "SESUAI"}')]).result()
    >>> receipt.seq
    1
    >>> scribe.close()
    """

    def __init__(self, open_register: Callable[[], Register]) -> None:
        self._open = open_register
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, _Waiting] = {}
        self._closed = False
        self._gone = False
        self._instead: Recorder | None = None
        self._end, theirs = socket.socketpair()
        #: Id of the process that writes.
        self.process = os.fork()
        if not self.process:
            _write_for(theirs, open_register)
        theirs.close()
        self._thread: threading.Thread | None = None

    def submit(self, drafts: Sequence[Draft]) -> Future[list[Receipt]]:
        """Hand over the decisions of one submission; as `Recorder.submit`."""
        future: Future[list[Receipt]] = Future()
        with self._lock:
            if self._closed:
                raise StoreError("the register is closed", code="register_closed")
            if self._gone:
                return self._here().submit(drafts)
            number = next(self._numbers)
            self._waiting[number] = (drafts, future)
            said = [(one.permit_id, one.request, one.answer, one.key) for one in drafts]
            try:
                _send(self._end, (number, said))
            except OSError:
                # It was gone before: nothing of this has reached it.
                del self._waiting[number]
                self._gone = True
                return self._here().submit(drafts)
            finally:
                self._listen()
        return future

    def close(self) -> None:
        """Let the process write what was submitted, then end it."""
        with self._lock:
            self._closed = True
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)
        if self._thread is not None:
            self._thread.join()
        self._end.close()
        with suppress(ChildProcessError):
            os.waitpid(self.process, 0)
        if self._instead is not None:
            self._instead.close()

    def _here(self) -> Recorder:
        """Return the writer of this process; who cannot open the register is told so."""
        if self._instead is None:
            self._instead = Recorder(self._open())
        return self._instead

    def _listen(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._hear, name="tataruang-scribe", daemon=True)
            self._thread.start()

    def _hear(self) -> None:
        heard = _Heard(self._end)
        try:
            while groups := heard.some():
                for number, result in itertools.chain.from_iterable(groups):
                    drafts, future = self._waiting.pop(number)
                    _settle(future, drafts, result)
        finally:
            self._lost()

    def _lost(self) -> None:
        """Refuse what waits; what comes from now on is written here."""
        with self._lock:
            self._gone = True
            left = list(self._waiting.values())
            self._waiting.clear()
        for _, future in left:
            future.set_exception(
                StoreError(
                    "the process that writes the register ended",
                    code="register_writer_lost",
                    hint="Send it again; with an Idempotency-Key it is recorded once",
                )
            )


def _settle(future: Future[list[Receipt]], drafts: Sequence[Draft], result: Any) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
        return
    future.set_result(
        [
            Receipt(name, seq, link, day, former if repeated else draft.answer, repeated)
            for draft, (name, seq, link, day, repeated, former) in zip(drafts, result, strict=True)
        ]
    )


def _write_for(end: socket.socket, open_register: Callable[[], Register]) -> None:
    """Write what comes until the other side leaves; the process ends here."""
    try:
        # The service is told to stop, and then this process by it: nothing it holds is lost.
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        _shut_others(end.fileno())
        heard, writing = _Heard(end), _Writing(open_register)
        while jobs := heard.some():
            _send(end, writing.write(jobs))
    finally:
        os._exit(0)


def _shut_others(kept: int) -> None:
    """Shut every socket but one: one that listens would stay open as long as this process."""
    for number in range(3, MOST_FILES):
        with suppress(OSError):
            if number != kept and stat.S_ISSOCK(os.fstat(number).st_mode):
                os.close(number)


class _Writing:
    """The register in the process that writes, opened with the first decision."""

    def __init__(self, open_register: Callable[[], Register]) -> None:
        self._open = open_register
        self._register: Register | None = None

    def write(self, jobs: Sequence[tuple[int, Any]]) -> list[tuple[int, Any]]:
        """Write submissions in one transaction; return what is to be answered to each."""
        numbers = [number for number, _ in jobs]
        try:
            if self._register is None:
                self._register = self._open()
            groups = [[Packed(Draft(*words)) for words in said] for _, said in jobs]
            results = self._register.append_groups(groups)
        except EngineError as error:
            return [(number, error) for number in numbers]
        except Exception as error:  # noqa: BLE001  every waiting caller is told, none hangs
            return [(number, _unusable(error)) for number in numbers]
        return [(number, _told(one)) for number, one in zip(numbers, results, strict=True)]


def _unusable(error: Exception) -> StoreError:
    return StoreError(
        "the register {path} cannot be used: {reason}",
        code="register_unusable",
        hint="Check the disk and its free space; restore the file from a backup",
        path="-",
        reason=repr(error)[:200],
    )


def _told(result: list[Receipt] | EngineError) -> Any:
    """Return what is sent back: the answer only where it is that of an earlier time."""
    if isinstance(result, EngineError):
        return result
    return [
        (one.id, one.seq, one.hash, one.recorded_at, one.repeated, one.answer * one.repeated)
        for one in result
    ]


def _send(end: socket.socket, content: Any) -> None:
    body = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
    end.sendall(LENGTH.pack(len(body)) + body)


class _Heard:
    """Messages that arrive at one end of the pair."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._held = bytearray()

    def some(self) -> list[Any]:
        """Wait for messages and return all that are whole; none when the other side left."""
        found: list[Any] = []
        while not found:
            try:
                chunk = self._end.recv(CHUNK)
            except OSError:
                chunk = b""
            if not chunk:
                return []
            self._held += chunk
            found = list(self._whole())
        return found

    def _whole(self) -> Any:
        begin = 0
        while len(self._held) >= begin + LENGTH.size:
            (size,) = LENGTH.unpack_from(self._held, begin)
            end = begin + LENGTH.size + size
            if len(self._held) < end:
                break
            yield pickle.loads(self._held[begin + LENGTH.size : end])  # noqa: S301  of our own process
            begin = end
        del self._held[:begin]
