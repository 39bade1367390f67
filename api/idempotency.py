"""The same request sent twice is answered once: keys and their answers, shared by all workers.

draft-ietf-httpapi-idempotency-key-header-07. One SQLite file in WAL mode; an answer is sent
only after it is on the disk.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.errors import RequestError
from spatial.errors import StoreError

__all__ = ["Answered", "Answers", "clean_key", "fingerprint"]

LONGEST_KEY: Final = 255
#: A request that began so long ago and has no answer was cut off; it may be sent again.
FORGOTTEN_S: Final = 120.0
TRIES: Final = 200
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answers (
    caller TEXT NOT NULL, key TEXT NOT NULL, print BLOB NOT NULL, begun REAL NOT NULL,
    status INTEGER, headers TEXT, body BLOB, PRIMARY KEY (caller, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_begun ON answers (begun);
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its bytes and the headers that belong to it."""

    body: bytes
    headers: dict[str, str]


def fingerprint(*parts: bytes | str) -> bytes:
    """Return what tells two requests apart: a hash over their parts.

    Examples
    --------
    >>> fingerprint("/v1/conformity", b"{}") == fingerprint("/v1/conformity", b"{ }")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()


class Answers:
    """Keys of requests with the answers given to them.

    Parameters
    ----------
    path : Path
        The SQLite file; made when first needed.
    keep_hours : float
        How long an answer is kept.
    """

    def __init__(self, path: Path, keep_hours: float = 48.0) -> None:
        self._path = path
        self._keep_s = keep_hours * 3600
        self._swept = 0.0
        self._ready = False

    def begin(self, caller: str, key: str, print_: bytes) -> Answered | None:
        """Take a key for a request, or return the answer it was given before.

        Raises
        ------
        RequestError
            `idempotency_key`, `idempotency_mismatch` (another request used the key) or
            `idempotency_in_flight` (the same one is being answered now).
        StoreError
            `answers_unwritable`.
        """
        name = clean_key(key)
        with self._connection() as base:
            self._sweep(base)
            base.execute("BEGIN IMMEDIATE")
            row = base.execute(
                "SELECT print, begun, status, headers, body FROM answers WHERE caller=? AND key=?",
                (caller, name),
            ).fetchone()
            if row is None or (row[2] is None and time.time() - row[1] > FORGOTTEN_S):
                base.execute(
                    "INSERT OR REPLACE INTO answers (caller, key, print, begun) VALUES (?,?,?,?)",
                    (caller, name, print_, time.time()),
                )
                base.execute("COMMIT")
                return None
            base.execute("ROLLBACK")
        return _answered(row, print_)

    def finish(self, caller: str, key: str, given: Answered) -> None:
        """Keep the answer to a key."""
        with self._connection() as base:
            base.execute(
                "UPDATE answers SET status=200, headers=?, body=? WHERE caller=? AND key=?",
                (json.dumps(given.headers), given.body, caller, clean_key(key)),
            )

    def abandon(self, caller: str, key: str) -> None:
        """Free a key whose request was refused: mended, it may be sent with the same key."""
        with self._connection() as base:
            base.execute(
                "DELETE FROM answers WHERE caller=? AND key=? AND status IS NULL",
                (caller, clean_key(key)),
            )

    def _sweep(self, base: sqlite3.Connection) -> None:
        if time.monotonic() - self._swept > 600:
            self._swept = time.monotonic()
            base.execute("DELETE FROM answers WHERE begun < ?", (time.time() - self._keep_s,))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        base: sqlite3.Connection | None = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(self._path, timeout=5.0, isolation_level=None)
            base.execute("PRAGMA synchronous=FULL")
            if not self._ready:
                _prepare(base)
                self._ready = True
            yield base
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                "the answers to repeated requests cannot be kept: {reason}",
                code="answers_unwritable",
                hint="Send it without Idempotency-Key, or tell the administrator",
                reason=str(error)[:160],
            ) from error
        finally:
            if base is not None:
                base.close()


def _prepare(base: sqlite3.Connection) -> None:
    """Make the table. Several workers may begin at once, and turning to WAL does not wait."""
    for _ in range(TRIES):
        try:
            base.execute("PRAGMA journal_mode=WAL")
            base.executescript(SCHEMA)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.02)
        else:
            return
    raise sqlite3.OperationalError("database is locked")


def _answered(row: tuple[bytes, float, int | None, str, bytes], print_: bytes) -> Answered:
    if row[0] != print_:
        raise RequestError(
            "this Idempotency-Key was used for another request",
            code="idempotency_mismatch",
            hint="Use a new key for each new request",
        )
    if row[2] is None:
        raise RequestError(
            "the request with this Idempotency-Key is being answered",
            code="idempotency_in_flight",
            hint="Ask again in a second",
        )
    return Answered(row[4], json.loads(row[3]))


def clean_key(key: str) -> str:
    """Take a key with or without the quotes that the draft wants.

    Examples
    --------
    >>> clean_key('"8e03978e-40d5"')
    '8e03978e-40d5'
    """
    text = key.strip()
    text = text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
    if not (1 <= len(text) <= LONGEST_KEY and text.isascii() and text.isprintable()):
        raise RequestError(
            "the Idempotency-Key is no text of 1 to {most} plain characters",
            code="idempotency_key",
            hint='Send a new UUID for each request: "8e03978e-40d5-43e8-bc93-6894a57f9324"',
            most=LONGEST_KEY,
        )
    return text
