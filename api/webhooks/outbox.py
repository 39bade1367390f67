"""What is still to be told, on disk beside the jobs: kept in the transaction that ends a job.

A message is claimed by one worker for `LEASE_S`. Whoever dies with it leaves it to the next,
so a receiver may hear it twice, with the same id, but never not at all. What nobody took in the
end stays as `dead` for the operator, who may send it again.
"""

from __future__ import annotations

import random
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.clock import now
from api.private_file import connect

__all__ = ["FILE", "LEASE_S", "PAUSES_S", "SCHEMA", "Outbox", "Waiting", "put"]

#: The file of jobs and of what is told of them.
FILE: Final = "jobs.sqlite"
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, job TEXT NOT NULL, event TEXT NOT NULL,
    url TEXT NOT NULL, body BLOB, made TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, lease REAL NOT NULL DEFAULT 0,
    said TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS messages_due ON messages (state, due);
"""
#: Seconds before each further attempt, about a day in all; after the last it is dead.
PAUSES_S: Final = (2.0, 10.0, 60.0, 300.0, 1_800.0, 7_200.0, 21_600.0, 57_600.0)
#: Longer than an attempt takes, however slowly a name is resolved.
LEASE_S: Final = 120.0
#: Messages of one owner that are under way at once: a slow receiver holds nobody else up.
MOST_AT_ONCE: Final = 2
#: Messages that are told or dead and still listed.
KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message as it is kept: the columns of its row, in their order.

    Parameters
    ----------
    id : str
        The same at every attempt; a receiver knows by it what it has heard already.
    owner, job, event, url, body
        Whose secret signs it, of which job and what it tells, to whom, in which bytes. A message
        that was taken has no body any more.
    made : str
        When the job came to what is told.
    state : str
        `waiting`, `delivered` or `dead`.
    attempts : int
        How often it was sent.
    due, lease : float
        When it is sent next, and until when a worker holds it.
    said : str
        What came of the last attempt.
    """

    id: str
    owner: str
    job: str
    event: str
    url: str
    body: bytes | None
    made: str
    state: str
    attempts: int
    due: float
    lease: float
    said: str


def put(base: sqlite3.Connection, owner: str, job: str, event: str, url: str, body: bytes) -> None:
    """Keep a message within the transaction that makes it true."""
    base.execute(
        "INSERT INTO messages (id, owner, job, event, url, body, made, due) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (str(uuid.uuid4()), owner, job, event, url, body, now(), time.time()),
    )


class Outbox:
    """The messages of a service, shared by its workers.

    Parameters
    ----------
    path : Path
        The SQLite file.
    pauses : sequence of float
        Seconds before each further attempt.
    clock : callable
        Seconds since 1970.

    Examples
    --------
    >>> import tempfile
    >>> outbox = Outbox(Path(tempfile.mkdtemp()) / FILE)
    >>> outbox.add("oss", "7", "job.successful", "https://oss.example/", b"{}")
    >>> held = outbox.claim()
    >>> outbox.claim() is None, outbox.settle(held, "delivered", "204")
    (True, True)
    >>> outbox.all()[0].state
    'delivered'
    """

    def __init__(
        self,
        path: Path,
        pauses: Sequence[float] = PAUSES_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._pauses = tuple(pauses)
        self._clock = clock

    def add(self, owner: str, job: str, event: str, url: str, body: bytes) -> None:
        """Keep a message that belongs to no change of a job."""
        with self._open() as base:
            put(base, owner, job, event, url, body)

    def claim(self) -> Waiting | None:
        """Take the message that is longest due, for a while, or None where none is."""
        moment = self._clock()
        with self._open() as base:
            row = base.execute(
                "SELECT id, lease FROM messages AS one WHERE state='waiting' AND due<=?1 "
                "AND lease<=?1 AND (SELECT count(*) FROM messages AS other WHERE "
                "other.state='waiting' AND other.owner=one.owner AND other.lease>?1) < ?2 "
                "ORDER BY due LIMIT 1",
                (moment, MOST_AT_ONCE),
            ).fetchone()
            if row is None:
                return None
            taken = base.execute(
                "UPDATE messages SET lease=?, attempts=attempts+1 "
                "WHERE id=? AND lease=? AND state='waiting' RETURNING *",
                (moment + LEASE_S, *row),
            ).fetchone()
        # Another worker was first: what else is due is found at the next look.
        return None if taken is None else Waiting(*taken)

    def settle(self, held: Waiting, outcome: str, said: str) -> bool:
        """Write down what came of an attempt; false if the message is another worker's by now.

        Parameters
        ----------
        outcome : str
            `delivered`, `refused` (never again) or `again`.
        said : str
            The status, or what went wrong.
        """
        over = outcome == "again" and held.attempts > len(self._pauses)
        state = "delivered" if outcome == "delivered" else "waiting"
        if outcome == "refused" or over:
            state = "dead"
        due = held.due
        if state == "waiting":
            # Spread, so that a receiver that comes back is not asked by all at once.
            spread = random.uniform(0.8, 1.2)  # noqa: S311  no secret hangs on it
            due = self._clock() + self._pauses[held.attempts - 1] * spread
        with self._open() as base:
            done = base.execute(
                "UPDATE messages SET state=?, due=?, lease=0, said=?, "
                "body=CASE WHEN ?='delivered' THEN NULL ELSE body END "
                "WHERE id=? AND lease=? AND state='waiting'",
                (state, due, said[:160], state, held.id, held.lease),
            )
            base.execute(
                "DELETE FROM messages WHERE state!='waiting' AND id NOT IN (SELECT id FROM "
                "messages WHERE state!='waiting' ORDER BY made DESC LIMIT ?)",
                (KEPT,),
            )
            return bool(done.rowcount)

    def all(self) -> list[Waiting]:
        """Return what waits, was told or is dead, the oldest first."""
        with self._open() as base:
            rows = base.execute("SELECT * FROM messages ORDER BY made, id").fetchall()
        return [Waiting(*row) for row in rows]

    def again(self, name: str) -> bool:
        """Let a dead message be sent anew, at once; say whether there was one."""
        with self._open() as base:
            done = base.execute(
                "UPDATE messages SET state='waiting', attempts=0, due=?, lease=0 "
                "WHERE id=? AND state='dead'",
                (self._clock(), name),
            )
            return bool(done.rowcount)

    def withdraw(self, owner: str) -> int:
        """End what waits for an owner whose key was revoked; return how many."""
        with self._open() as base:
            done = base.execute(
                "UPDATE messages SET state='dead', lease=0, said='the key was revoked' "
                "WHERE owner=? AND state='waiting'",
                (owner,),
            )
            return done.rowcount

    def counts(self) -> dict[str, int]:
        """Return how many messages wait and how many are dead."""
        with self._open() as base:
            found = dict(base.execute("SELECT state, count(*) FROM messages GROUP BY state"))
        return {state: found.get(state, 0) for state in ("waiting", "dead")}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self._path)) as base:
            base.executescript(SCHEMA)
            yield base
