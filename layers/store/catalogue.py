"""The catalogue of the embedded store: a log in SQLite whose entries are chained by hashes.

WAL with synchronous=FULL: an acknowledged entry survives a loss of power. The chain shows
an edit, a deletion or a change of order; a cut at the end shows against an exported head.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from layers.store.base import Version
from spatial.errors import CorruptError, StoreError

__all__ = ["Catalogue"]

GENESIS: Final = "0" * 64
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
);
"""
_BUSY_SECONDS: Final = 30.0


class Catalogue:
    """An append-only log of publications and rollbacks.

    Parameters
    ----------
    path : Path
        The SQLite file; created where it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._connection() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)

    def append(self, entry: dict[str, Any]) -> tuple[int, str]:
        """Write an entry at the end, durably, and return its position and hash."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1").fetchone()
            seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
            text = json.dumps(
                entry | {"known_from": datetime.now(UTC).isoformat(timespec="microseconds")},
                sort_keys=True,
                ensure_ascii=False,
            )
            link = _link(seq, previous, text)
            db.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (seq, text, previous, link))
            db.execute("COMMIT")
            return seq, link

    def entries(self) -> list[tuple[int, dict[str, Any]]]:
        """Return every entry in order."""
        with self._connection() as db:
            rows = db.execute("SELECT seq, entry FROM log ORDER BY seq").fetchall()
        return [(seq, json.loads(text)) for seq, text in rows]

    def head(self) -> tuple[int, str]:
        """Return position and hash of the last entry: what is exported and kept outside."""
        with self._connection() as db:
            last = db.execute("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1").fetchone()
        return (last[0], last[1]) if last else (0, GENESIS)

    def faults(self, head: tuple[int, str] | None = None) -> list[str]:
        """Return a sentence for every break of the chain, and for a cut against an older head."""
        with self._connection() as db:
            rows = db.execute("SELECT seq, entry, previous, hash FROM log ORDER BY seq").fetchall()
        found, previous = [], GENESIS
        for expected, (seq, text, before, link) in enumerate(rows, start=1):
            if seq != expected:
                found.append(f"log entry {expected} is missing")
                break
            if before != previous or link != _link(seq, before, text):
                found.append(f"log entry {seq} was changed")
                break
            previous = link
        if head is not None and head[0] and head[1] not in {row[3] for row in rows}:
            found.append(f"the log no longer holds entry {head[0]} of the exported head")
        return found

    def versions(self, known_at: str | None = None) -> dict[str, list[Version]]:
        """Return the versions of every layer in force in the log at an instant, oldest first."""
        found: dict[str, list[Version]] = {}
        for seq, entry in self.entries():
            if known_at is not None and entry["known_from"] > known_at:
                break
            of_name = found.setdefault(entry["name"], [])
            if entry["event"] == "publish":
                of_name.append(_version(seq, entry))
            else:
                kept = [one for one in of_name if one.seq <= entry["to_seq"]]
                found[entry["name"]] = kept
        return found

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open for one use: connections are cheap, and none is ever shared by threads or forks."""
        try:
            with closing(
                sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            ) as db:
                db.execute("PRAGMA synchronous=FULL")
                yield db
        except sqlite3.DatabaseError as error:
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
                error, sqlite3.OperationalError
            )
            kind = CorruptError if damaged else StoreError
            raise kind(
                "the catalogue {path} cannot be used: {reason}",
                code="catalogue_unusable",
                hint="Check the disk and its free space; restore the file from a backup",
                path=str(self.path),
                reason=str(error),
            ) from error


def _link(seq: int, previous: str, text: str) -> str:
    return hashlib.sha256(f"{seq}\n{previous}\n{text}".encode()).hexdigest()


def _version(seq: int, entry: dict[str, Any]) -> Version:
    return Version(
        name=entry["name"],
        id=entry["version"],
        seq=seq,
        kind=entry["kind"],
        form=entry["form"],
        rows=entry["rows"],
        crs=entry["crs"],
        valid_from=_day(entry["valid_from"]),
        valid_to=_day(entry["valid_to"]),
        known_from=entry["known_from"],
        legal=entry["legal"],
        provenance=entry["provenance"],
        report=tuple(entry["report"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
