"""Processes on this machine that judge spans; one that dies or hangs loses a permit, not a part."""

from __future__ import annotations

import importlib
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from api.bulk.job import Job, Order, Span
from spatial.errors import EngineError, LimitError, TimeLimitError

__all__ = ["JUDGE", "run_local"]

#: What judges, and what writes that a permit cannot be judged.
JUDGE: Final = "api.bulk.judge:judge_span"
REFUSE: Final = "api.bulk.judge:refuse_span"
WARM: Final = "api.bulk.judge:warm"
#: Imports, layers and indexes of a fresh process.
START_SECONDS: Final = 600.0
#: For one span, however many permits it holds.
LONGEST_SECONDS: Final = 900.0

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Task:
    """Rows to judge; with a reason, rows of which to write that they cannot be judged."""

    span: Span
    why: str = ""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    deadline: float
    ready: bool = False
    task: _Task | None = None


def run_local(
    job: Job,
    workers: int,
    *,
    seconds_per_permit: float = 30.0,
    judge: str = JUDGE,
    tell: Tell = lambda rows: None,
) -> list[str]:
    """Judge all that is missing; return a sentence for each permit that could not be.

    Parameters
    ----------
    workers : int
        Processes.
    seconds_per_permit : float
        A span may take this for each of its permits, up to a quarter of an hour in all;
        then its process is killed and the span is halved, down to the permit at fault.
    judge : str
        `"module:function"` that takes an Order and a Span.
    tell : callable
        Told the number of permits with each finished span.

    Raises
    ------
    EngineError
        `batch_no_worker`, if no process can open the workspace; `batch_refusal_failed`, if
        not even the reason of a permit can be written.
    """
    pool = _Pool(job, judge, seconds_per_permit)
    try:
        return pool.run(deque(_Task(span) for span in job.missing()), workers, tell)
    finally:
        pool.close()


class _Pool:
    """The processes of one run, each with at most one task."""

    def __init__(self, job: Job, judge: str, seconds_per_permit: float) -> None:
        self._job, self._judge, self._seconds = job, judge, seconds_per_permit
        self._workers: list[_Worker] = []

    def run(self, waiting: deque[_Task], count: int, tell: Tell) -> list[str]:
        """Hand out tasks until none is left; return the permits that were refused."""
        refused: list[str] = []
        while waiting or any(worker.task for worker in self._workers):
            self._hand_out(waiting, count)
            for task, fault in self._ended():
                if fault:
                    waiting.extendleft(reversed(_after_fault(self._job, task, fault)))
                    continue
                tell(len(task.span))
                if task.why:
                    refused.append(f"{_where(task.span)}: {task.why}")
        return refused

    def close(self) -> None:
        """End all processes, whatever they do."""
        for worker in list(self._workers):
            self._drop(worker)

    def _hand_out(self, waiting: deque[_Task], count: int) -> None:
        busy = sum(worker.task is not None for worker in self._workers)
        while len(self._workers) < min(count, len(waiting) + busy):
            self._workers.append(_start(self._job.order))
        for worker in self._workers:
            if worker.ready and worker.task is None and waiting:
                worker.task = waiting.popleft()
                allowed = min(LONGEST_SECONDS, self._seconds * len(worker.task.span))
                worker.deadline = time.monotonic() + allowed
                worker.pipe.send((self._judge, worker.task))

    def _ended(self) -> Iterator[tuple[_Task, str]]:
        """Wait, and yield tasks that ended, with what went wrong or nothing."""
        awaited = [worker for worker in self._workers if worker.task or not worker.ready]
        first = min(worker.deadline for worker in awaited)
        wait([worker.pipe for worker in awaited], max(0.0, first - time.monotonic()))
        for worker in awaited:
            task, fault = worker.task, self._heard(worker)
            if fault is not None and task is not None:
                worker.task = None
                yield task, fault

    def _heard(self, worker: _Worker) -> str | None:
        """Return the fault of a worker's task, "" when it is done, None when it goes on."""
        if not worker.pipe.poll():
            if time.monotonic() < worker.deadline:
                return None
            self._drop(worker)
            return self._unless_starting(worker, "it took longer than allowed")
        try:
            word: str = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            self._drop(worker)
            return self._unless_starting(worker, "its process ended")
        if not worker.ready:
            worker.ready = True
            return self._unless_starting(worker, word) if word else None
        return word

    def _unless_starting(self, worker: _Worker, fault: str) -> str:
        """Pass a fault on; that of a process without a task is nobody's but the machine's."""
        if worker.task is None:
            raise LimitError(
                "a process for judging could not be started: {fault}",
                code="batch_no_worker",
                hint="Check the free memory of the machine, or use fewer workers",
                fault=fault,
            )
        return fault

    def _drop(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)


def _after_fault(job: Job, task: _Task, fault: str) -> list[_Task]:
    """Return what to do next: halve the rows, or write the reason of the one that is left."""
    span = task.span
    if task.why:
        raise TimeLimitError(
            "not even the reason of {where} can be written: {fault}; {answer}",
            code="batch_refusal_failed",
            hint="Look at that row: its geometry may not be readable at all",
            where=_where(span),
            fault=task.why,
            answer=fault,
        )
    if len(span) == 1:
        return [_Task(span, fault)]
    middle = (span.begin + span.end) // 2
    return [
        _Task(job.span(span.part, span.begin, middle)),
        _Task(job.span(span.part, middle, span.end)),
    ]


def _where(span: Span) -> str:
    return f"{span.part.name} row {span.begin}"


def _start(order: Order) -> _Worker:
    # Fresh processes: a forked one would inherit locks of threads that it does not have.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, order), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, time.monotonic() + START_SECONDS)


def _serve(pipe: Connection, order: Order) -> None:
    """Open the workspace, then judge until the pipe closes, as it does when the driver dies."""
    pipe.send(_fault_of(_load(WARM), order))
    while True:
        try:
            path, task = pipe.recv()
        except EOFError:
            return
        refuse = (_load(REFUSE), order, task.span, task.why)
        pipe.send(_fault_of(*refuse) if task.why else _fault_of(_load(path), order, task.span))


def _fault_of(work: Callable[..., Any], *words: Any) -> str:
    """Do something and return what went wrong, or nothing."""
    try:
        work(*words)
    except EngineError as error:
        return f"{error.code}: {error}"
    except Exception as error:  # noqa: BLE001  whatever a permit causes is its reason
        return f"{type(error).__name__}: {error}"
    return ""


def _load(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
