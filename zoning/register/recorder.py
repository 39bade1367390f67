"""Group commit: many submissions in one transaction, each answered after the commit."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

from spatial.errors import EngineError, StoreError
from zoning.register.chain import Packed
from zoning.register.entry import Draft, Receipt
from zoning.register.log import Register

__all__ = ["Recorder"]

#: Decisions in one transaction; more would make the first of them wait.
MOST: Final = 1_000
_Job = tuple[Sequence[Packed], "Future[list[Receipt]]"]


class Recorder:
    """One thread that writes what many threads submit.

    While a transaction reaches the disk the next submissions gather, so the rate does not
    hang on the time of one flush. A future is done only after the commit.

    Parameters
    ----------
    register : Register

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> recorder = Recorder(Register(Path(tempfile.mkdtemp())))
    >>> done = recorder.submit([Draft("P-1", b"{}", b'{"verdict": "SESUAI"}')])
    >>> [receipt] = done.result()
    >>> receipt.seq
    1
    >>> recorder.close()
    """

    def __init__(self, register: Register) -> None:
        self.register = register
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._closed = False

    def submit(self, drafts: Sequence[Draft]) -> Future[list[Receipt]]:
        """Hand over the decisions of one submission.

        Returns
        -------
        Future of list of Receipt
            One per draft, in order; raises what `Register.append` raises.
        """
        future: Future[list[Receipt]] = Future()
        # Here, where the submitter computes anyway: the one thread that writes is never behind.
        packed = [Packed(draft) for draft in drafts]
        with self._lock:
            if self._closed:
                raise StoreError("the register is closed", code="register_closed")
            self._start()
            self._jobs.put((packed, future))
        return future

    def close(self) -> None:
        """Write what was submitted, then stop."""
        with self._lock:
            self._closed = True
            thread = self._thread
            if thread is not None:
                self._jobs.put(None)
        if thread is not None and self._process == os.getpid():
            thread.join()
        self.register.close()

    def _start(self) -> None:
        """Begin the thread where there is none: a forked process has lost its parent's."""
        if self._thread is not None and self._process == os.getpid():
            return
        self._jobs = queue.SimpleQueue()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="tataruang-register", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            jobs, last = [first], False
            count = len(first[0])
            with contextlib.suppress(queue.Empty):
                while count < MOST:
                    job = self._jobs.get_nowait()
                    if job is None:
                        last = True
                        break
                    jobs.append(job)
                    count += len(job[0])
            self._write(jobs)
            if last:
                return

    def _write(self, jobs: Sequence[_Job]) -> None:
        try:
            results = self.register.append_groups([packed for packed, _ in jobs])
        except Exception as error:  # noqa: BLE001  every waiting caller is told, none hangs
            for _, future in jobs:
                future.set_exception(error)
            return
        for (_, future), result in zip(jobs, results, strict=True):
            if isinstance(result, EngineError):
                future.set_exception(result)
            else:
                future.set_result(result)
