"""A judge in a process of its own, killed when it takes too long.

GEOS cannot be interrupted inside a process: two valid combs of a thousand corners keep it
busy for longer than anyone waits. So what may be heavy is judged where it can be killed.
"""

from __future__ import annotations

import importlib
import multiprocessing
import threading
from collections.abc import Callable
from datetime import date
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

from spatial.errors import EngineError, LimitError, TimeLimitError
from zoning.permits import Permits

__all__ = ["HeavyJudge"]

#: Opening a workspace in a fresh process: imports and reading of layers.
START_SECONDS: Final = 120.0


class HeavyJudge:
    """One process that judges heavy permits, started when first needed.

    Parameters
    ----------
    opener : str
        `"module:attribute.path"` of the function that opens an engine.
    workspace : str
        Its argument.
    seconds : float
        After this the process is killed and the next request starts a new one.
    memory_mb : int
        Address space the process may take, where the system can limit it.
    waiting : int
        How many requests may wait for their turn.
    """

    def __init__(
        self, opener: str, workspace: str, *, seconds: float, memory_mb: int, waiting: int = 4
    ) -> None:
        self._task = (opener, workspace, memory_mb)
        self._seconds = seconds
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(waiting)
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def check(
        self,
        permits: Permits,
        on: date | None,
        plan: str | None,
        hidden: frozenset[str] = frozenset(),
    ) -> list[bytes]:
        """Judge permits; return the bytes of each verdict.

        Parameters
        ----------
        hidden : frozenset of str
            Layers that are not there for who asks.

        Raises
        ------
        TimeLimitError
            If it took too long; the process is gone.
        LimitError
            If too many wait already, or the process ran out of memory.
        """
        found: list[bytes] = self.call("api.heavy:judge_bytes", permits, on, plan, hidden=hidden)
        return found

    def call(self, function: str, *args: Any, hidden: frozenset[str] = frozenset()) -> Any:
        """Run a function of ours with the engine as its first argument.

        Parameters
        ----------
        function : str
            `"module:name"`; never anything that a request says.

        Raises
        ------
        TimeLimitError, LimitError
            As `check`; and what the function raises.
        """
        return self._in_turn(function, args, hidden)

    def _in_turn(self, *question: Any) -> Any:
        if not self._places.acquire(blocking=False):
            raise LimitError(
                "too many heavy requests wait already",
                code="queue_full",
                hint="Send it again in a few seconds",
            )
        try:
            with self._turn:
                return self._ask(question)
        finally:
            self._places.release()

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _ask(self, question: tuple[Any, ...]) -> Any:
        pipe = self._started()
        try:
            pipe.send(question)
            if not pipe.poll(self._seconds):
                self.close()
                raise TimeLimitError(
                    "judging took longer than {seconds} s and was stopped",
                    code="judge_time_limit",
                    hint="Send a simpler boundary, or fewer applications at once",
                    seconds=self._seconds,
                )
            kind, answer = pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.close()
            raise LimitError(
                "judging needed more memory than is allowed",
                code="judge_memory_limit",
                hint="Send a simpler boundary, or fewer applications at once",
            ) from None
        if kind == "refused":
            raise answer
        return answer

    def _started(self) -> Connection:
        if self._process is not None and self._process.is_alive() and self._pipe is not None:
            return self._pipe
        self.close()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *self._task), daemon=True)
        self._process.start()
        theirs.close()
        # The first word tells that the workspace is open: opening is not the request's time.
        if not self._pipe.poll(START_SECONDS) or self._pipe.recv() != "ready":
            self.close()
            raise TimeLimitError("the heavy judge did not start", code="judge_not_started")
        return self._pipe


def _serve(pipe: Connection, opener: str, workspace: str, memory_mb: int) -> None:
    """Answer questions in the process until it is killed."""
    engine = load(opener)(workspace)
    # Imports are not the time of the first question.
    load("api.verdict_files:verdict_bytes")
    _limit_memory(memory_mb)
    pipe.send("ready")
    views = {frozenset[str](): engine}
    while True:
        function, args, hidden = pipe.recv()
        try:
            if hidden not in views:
                views[hidden] = engine.without(hidden)
            pipe.send(("done", load(function)(views[hidden], *args)))
        except EngineError as error:
            pipe.send(("refused", error))


def judge_bytes(engine: Any, permits: Permits, on: date | None, plan: str | None) -> list[bytes]:
    """Judge permits and return the bytes of each verdict."""
    # Imported here: the parent only needs the class above.
    from api.verdict_files import verdict_bytes

    verdicts = engine.check(permits, on=on, plan=plan)
    return [verdict_bytes(verdict.to_dict()) for verdict in verdicts]


def load(path: str) -> Callable[..., Any]:
    """Return what `"module:attribute.path"` names.

    Examples
    --------
    >>> load("os:path.basename")("a/b")
    'b'
    """
    module, _, names = path.partition(":")
    found: Any = importlib.import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    function: Callable[..., Any] = found
    return function


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limit holds there too
        return
    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
