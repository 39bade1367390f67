"""Work that goes on after its request was answered: kept in SQLite, seen by its owner."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.clock import now
from spatial.errors import LayerNotFoundError, LimitError

__all__ = ["Job", "Jobs"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, process TEXT NOT NULL, status TEXT NOT NULL,
    created TEXT NOT NULL, started TEXT, finished TEXT, worker INTEGER NOT NULL,
    message TEXT NOT NULL, result BLOB, hidden TEXT NOT NULL DEFAULT '[]'
);
"""
#: Of a file that an earlier version made.
MENDED: Final = "ALTER TABLE jobs ADD COLUMN hidden TEXT NOT NULL DEFAULT '[]'"
INSERT: Final = (
    "INSERT INTO jobs (id, owner, process, status, created, started, finished, worker, message,"
    " hidden) VALUES (?, ?, ?, 'accepted', ?, NULL, NULL, ?, '', ?)"
)
SELECT: Final = (
    "SELECT id, owner, process, status, created, started, finished, worker, message FROM jobs "
)
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

    def accept(self, owner: str, process: str, hidden: Iterable[str] = ()) -> Job:
        """Take a job.

        Parameters
        ----------
        hidden : iterable of str
            Layers that the owner may not see, so that the job does without them.

        Raises
        ------
        LimitError
            `queue_full`, if the owner has too many already.
        """
        name = str(uuid.uuid4())
        with self._open() as base:
            base.execute("BEGIN IMMEDIATE")
            waiting = base.execute(
                "SELECT count(*) FROM jobs WHERE owner=? AND status IN ('accepted', 'running')",
                (owner,),
            ).fetchone()[0]
            if waiting >= MOST_AT_ONCE:
                base.execute("ROLLBACK")
                raise LimitError(
                    "too many requests wait already",
                    code="queue_full",
                    hint="Send it again in a few seconds",
                )
            base.execute(
                INSERT,
                (name, owner, process, now(), os.getpid(), json.dumps(sorted(hidden))),
            )
            base.execute(
                "DELETE FROM jobs WHERE finished IS NOT NULL AND id NOT IN "
                "(SELECT id FROM jobs ORDER BY created DESC LIMIT ?)",
                (KEPT,),
            )
            base.execute("COMMIT")
        return self.get(name, owner)

    def start(self, name: str) -> bool:
        """Mark a job as running; false if it was dismissed before."""
        with self._open() as base:
            done = base.execute(
                "UPDATE jobs SET status='running', started=? WHERE id=? AND status='accepted'",
                (now(), name),
            )
            return bool(done.rowcount)

    def finish(self, name: str, status: str, message: str, result: bytes) -> bool:
        """Keep how a job ended; false if it was dismissed."""
        with self._open() as base:
            done = base.execute(
                "UPDATE jobs SET status=?, message=?, result=?, finished=? "
                "WHERE id=? AND status='running'",
                (status, message, result, now(), name),
            )
            return bool(done.rowcount)

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
        return _alive(Job(*row))

    def all(self, owner: str) -> list[Job]:
        """Return the jobs of an owner, the newest first."""
        with self._open() as base:
            rows = base.execute(
                SELECT + "WHERE owner=? ORDER BY created DESC LIMIT 100", (owner,)
            ).fetchall()
        return [_alive(Job(*row)) for row in rows]

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
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=10.0, isolation_level=None)
        with closing(connection) as base:
            base.executescript(SCHEMA)
            if "hidden" not in {row[1] for row in base.execute("PRAGMA table_info(jobs)")}:
                base.execute(MENDED)
            yield base


def _alive(job: Job) -> Job:
    """Tell a job whose worker is gone as failed: nobody will finish it."""
    if job.status not in ("accepted", "running") or _running(job.worker):
        return job
    return Job(
        job.id, job.owner, job.process, "failed", job.created, job.started, job.finished,
        job.worker, "the service was restarted / layanan dimulai ulang",
    )  # fmt: skip


def _running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OSError):
        return True
    return True
