"""Work that goes on after its request was answered: kept in SQLite, seen by its owner.

Who is to be told of a job stands with it, and what is told is put into the outbox in the
transaction that changes the job: neither is there without the other.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from api.clock import now
from api.private_file import connect
from api.webhooks import outbox
from spatial.errors import LayerNotFoundError, LimitError

__all__ = ["Job", "Jobs"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, process TEXT NOT NULL, status TEXT NOT NULL,
    created TEXT NOT NULL, started TEXT, finished TEXT, worker INTEGER NOT NULL,
    message TEXT NOT NULL, result BLOB
);
"""
#: Columns that later versions brought, for files that an earlier one made.
LATER: Final = {
    "hidden": "TEXT NOT NULL DEFAULT '[]'",
    "told": "TEXT NOT NULL DEFAULT '{}'",
    "life": "TEXT NOT NULL DEFAULT ''",
    "beat": "REAL NOT NULL DEFAULT 0",
}
INSERT: Final = (
    "INSERT INTO jobs (id, owner, process, status, created, worker, message, hidden, told, life,"
    " beat) VALUES (?, ?, ?, 'accepted', ?, ?, '', ?, ?, ?, ?)"
)
SELECT: Final = (
    "SELECT id, owner, process, status, created, started, finished, worker, message, beat, told"
    " FROM jobs "
)
#: A worker that said nothing for so long is gone, and its jobs with it.
SILENT_S: Final = 60.0
GONE: Final = "the service was restarted / layanan dimulai ulang"
#: Jobs of one owner that wait or run.
MOST_AT_ONCE: Final = 8
KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Job:
    """One job as OGC API Processes tells it."""

    id: str
    owner: str
    process: str
    status: str
    created: str
    started: str | None
    finished: str | None
    worker: int
    message: str
    beat: float = 0.0
    told: str = "{}"

    def to_dict(self) -> dict[str, Any]:
        """Return the status document."""
        told = {
            "type": "process",
            "processID": self.process,
            "jobID": self.id,
            "status": self.status,
            "message": self.message,
            "created": self.created,
            "started": self.started,
            "finished": self.finished,
        }
        return {name: value for name, value in told.items() if value is not None}


class Jobs:
    """The jobs of a service, shared by its workers.

    Parameters
    ----------
    path : Path
        The SQLite file.

    Examples
    --------
    >>> import tempfile
    >>> jobs = Jobs(Path(tempfile.mkdtemp()) / "jobs.sqlite")
    >>> job = jobs.accept("oss", "flood-exposure")
    >>> jobs.start(job.id), jobs.finish(job.id, "successful", "", b"{}")
    (True, True)
    >>> jobs.get(job.id, "oss").status, jobs.result(job.id, "oss")
    ('successful', b'{}')
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._life = uuid.uuid4().hex
        self._ready = False

    def accept(
        self,
        owner: str,
        process: str,
        hidden: Iterable[str] = (),
        told: Mapping[str, str] | None = None,
    ) -> Job:
        """Take a job.

        Parameters
        ----------
        hidden : iterable of str
            Layers that the owner may not see, so that the job does without them.
        told : mapping, optional
            Status -> address that is told when the job comes to it.

        Raises
        ------
        LimitError
            `queue_full`, if the owner has too many already.
        """
        name = str(uuid.uuid4())
        with self._change() as base:
            waiting = base.execute(
                "SELECT count(*) FROM jobs WHERE owner=? AND status IN ('accepted', 'running')",
                (owner,),
            ).fetchone()[0]
            if waiting >= MOST_AT_ONCE:
                raise LimitError(
                    "too many requests wait already",
                    code="queue_full",
                    hint="Send it again in a few seconds",
                )
            base.execute(
                INSERT,
                (
                    name, owner, process, now(), os.getpid(), json.dumps(sorted(hidden)),
                    json.dumps(dict(told or {})), self._life, time.time(),
                ),
            )  # fmt: skip
            base.execute(
                "DELETE FROM jobs WHERE finished IS NOT NULL AND id NOT IN "
                "(SELECT id FROM jobs ORDER BY created DESC LIMIT ?)",
                (KEPT,),
            )
        return self.get(name, owner)

    def start(self, name: str) -> bool:
        """Mark a job as running; false if it was dismissed before."""
        with self._change() as base:
            done = base.execute(
                "UPDATE jobs SET status='running', started=? WHERE id=? AND status='accepted'",
                (now(), name),
            )
            if done.rowcount:
                _tell(base, _job(base, name))
            return bool(done.rowcount)

    def finish(self, name: str, status: str, message: str, result: bytes) -> bool:
        """Keep how a job ended, and what is to be told of it; false if it was dismissed."""
        with self._change() as base:
            done = base.execute(
                "UPDATE jobs SET status=?, message=?, result=?, finished=? "
                "WHERE id=? AND status='running'",
                (status, message, result, now(), name),
            )
            if done.rowcount:
                _tell(base, _job(base, name), result)
            return bool(done.rowcount)

    def mind(self) -> None:
        """Say that this worker lives, and end the jobs of those that are gone."""
        with self._change() as base:
            base.execute(
                "UPDATE jobs SET beat=? WHERE life=? AND status IN ('accepted', 'running')",
                (time.time(), self._life),
            )
            rows = base.execute(SELECT + "WHERE status IN ('accepted', 'running')").fetchall()
            for job in map(_read, rows):
                if job.status == "failed":
                    base.execute(
                        "UPDATE jobs SET status='failed', message=?, finished=? WHERE id=?",
                        (job.message, now(), job.id),
                    )
                    _tell(base, job)

    def get(self, name: str, owner: str) -> Job:
        """Return a job of its owner.

        Raises
        ------
        LayerNotFoundError
            `job_unknown`, also for the jobs of others.
        """
        with self._open() as base:
            row = base.execute(SELECT + "WHERE id=? AND owner=?", (name, owner)).fetchone()
        if row is None:
            raise LayerNotFoundError("there is no job {name!r}", code="job_unknown", name=name[:60])
        return _read(row)

    def all(self, owner: str) -> list[Job]:
        """Return the jobs of an owner, the newest first."""
        with self._open() as base:
            rows = base.execute(
                SELECT + "WHERE owner=? ORDER BY created DESC LIMIT 100", (owner,)
            ).fetchall()
        return [_read(row) for row in rows]

    def result(self, name: str, owner: str, hidden: Iterable[str] = ()) -> bytes:
        """Return what a job gave; empty while it has given nothing.

        Empty also where a layer was closed to the owner since: the job may have read it.
        """
        self.get(name, owner)
        with self._open() as base:
            row = base.execute("SELECT result, hidden FROM jobs WHERE id=?", (name,)).fetchone()
        return row[0] or b"" if set(hidden) <= set(json.loads(row[1])) else b""

    def dismiss(self, name: str, owner: str) -> Job:
        """Dismiss a job: what waits does not start, what runs is not kept."""
        job = self.get(name, owner)
        with self._open() as base:
            base.execute(
                "UPDATE jobs SET status='dismissed', result=NULL, finished=? WHERE id=?",
                (now(), name),
            )
        return self.get(job.id, owner)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Open for a change that happens as a whole or not at all."""
        with self._open() as base:
            base.execute("BEGIN IMMEDIATE")
            try:
                yield base
            except BaseException:
                base.execute("ROLLBACK")
                raise
            base.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self._path)) as base:
            if not self._ready:
                _prepare(base)
                self._ready = True
            yield base


def _prepare(base: sqlite3.Connection) -> None:
    base.execute("BEGIN IMMEDIATE")
    base.execute(SCHEMA)
    known = {row[1] for row in base.execute("PRAGMA table_info(jobs)")}
    for name, kind in LATER.items():
        if name not in known:
            base.execute(f"ALTER TABLE jobs ADD COLUMN {name} {kind}")
    base.execute("COMMIT")
    base.executescript(outbox.SCHEMA)


def _job(base: sqlite3.Connection, name: str) -> Job:
    return Job(*base.execute(SELECT + "WHERE id=?", (name,)).fetchone())


def _tell(base: sqlite3.Connection, job: Job, result: bytes = b"") -> None:
    """Put into the outbox what a job has come to, where somebody wants to know."""
    url = json.loads(job.told).get(job.status)
    if url is not None:
        body = result or json.dumps(job.to_dict()).encode()
        outbox.put(base, job.owner, job.id, f"job.{job.status}", url, body)


def _read(row: tuple[Any, ...]) -> Job:
    """Read a job; one whose worker is gone has failed, since nobody will finish it."""
    job = Job(*row)
    if job.status not in ("accepted", "running") or _lives(job):
        return job
    return replace(job, status="failed", message=GONE)


def _lives(job: Job) -> bool:
    """Say whether the worker of a job was heard of lately and is there."""
    if time.time() - job.beat > SILENT_S:
        return False
    if os.name == "nt":  # there the question would end the process
        return True
    try:
        os.kill(job.worker, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
