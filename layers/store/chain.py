"""A log that only grows, each entry chained to the one before by its hash.

An edit, a deletion or a change of order breaks the chain; a cut at the end shows against a
head: position and hash of the last entry. One head lies beside the log, another can be
exported and kept elsewhere. `Chain` keeps such a log in SQLite (WAL, synchronous=FULL: an
acknowledged entry survives a loss of power); the pure functions serve other backends too.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from spatial.errors import CorruptError, StoreError
from spatial.notes import Note

__all__ = [
    "GENESIS",
    "Chain",
    "ChainReader",
    "Entry",
    "Head",
    "Row",
    "chain_faults",
    "next_row",
    "parse_rows",
]

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


class Head(NamedTuple):
    """Position and hash of the last entry of a log; (0, GENESIS) of an empty one."""

    seq: int
    hash: str


_EMPTY: Final = Head(0, GENESIS)


class Row(NamedTuple):
    """An entry as it is stored: position, text, hash of the entry before, its own hash."""

    seq: int
    text: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a log: position, instant (ISO 8601, UTC), hash, and what it says."""

    seq: int
    at: str
    hash: str
    body: Mapping[str, Any]


def next_row(body: Mapping[str, Any], last: Row | None) -> Row:
    """Return the row that follows another; its instant is never before the other's.

    Examples
    --------
    >>> row = next_row({"event": "first"}, None)
    >>> row.seq, chain_faults([row])
    (1, [])
    """
    seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
    now = datetime.now(UTC)
    if last is not None:
        # A clock that was set back must not let an entry be known before its predecessor.
        before = datetime.fromisoformat(json.loads(last.text)["at"])
        now = max(now, before + timedelta(microseconds=1))
    said = dict(body) | {"at": now.isoformat(timespec="microseconds")}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, default=_plain)
    return Row(seq, text, previous, _link(seq, previous, text))


def chain_faults(
    rows: Iterable[Row], heads: Iterable[Head] = (), *, after: Head | None = None
) -> list[Note]:
    """Return a note for the first break of a chain, and for every head it no longer holds.

    Parameters
    ----------
    rows : iterable of Row
        In the order of their positions.
    heads : iterable of Head
        Heads that were seen earlier.
    after : Head, optional
        Where the rows begin; the start of the log without.
    """
    found: list[Note] = []
    last = after or Head(0, GENESIS)
    seen = {last.seq: last.hash}
    for row in rows:
        if row.seq != last.seq + 1:
            text = "log entry {seq} is missing"
            found.append(Note("log_entry_missing", text, "error", {"seq": last.seq + 1}))
            break
        if row.previous != last.hash or row.hash != _link(row.seq, row.previous, row.text):
            found.append(
                Note("log_entry_changed", "log entry {seq} was changed", "error", {"seq": row.seq})
            )
            break
        last = Head(row.seq, row.hash)
        seen[row.seq] = row.hash
    for head in heads:
        if head.seq and seen.get(head.seq, head.hash if found else "") != head.hash:
            text = "the log was cut or replaced: it does not hold entry {seq} of an earlier head"
            found.append(Note("log_cut", text, "error", {"seq": head.seq, "hash": head.hash}))
    return found


def parse_rows(rows: Iterable[Row]) -> list[Entry]:
    """Return rows whose chain was found whole as entries."""
    found = []
    for row in rows:
        body = json.loads(row.text)
        found.append(Entry(row.seq, body["at"], row.hash, body))
    return found


class ChainReader:
    """The entries of a log that is read again and again, each checked once.

    Parameters
    ----------
    rows : callable
        Returns the rows of the log from a position on.
    where : str
        Name of the log, for messages.
    """

    def __init__(self, rows: Callable[[int], list[Row]], where: str) -> None:
        self._rows = rows
        self._where = where
        self._read: list[Entry] = []
        self._lock = threading.Lock()

    def entries(self, kept: Head = _EMPTY) -> list[Entry]:
        """Return every entry in order.

        Parameters
        ----------
        kept : Head
            One that was seen before; the log must hold it.

        Raises
        ------
        CorruptError
            `log_broken`, if an entry was changed, removed or cut off.
        """
        with self._lock:
            heads = [kept]
            last = self._read[-1] if self._read else None
            rows = self._rows(last.seq if last else 0)
            if last is not None and (not rows or rows[0].hash != last.hash):
                # What was read before is gone: read anew, so that the fault is found and named.
                heads.append(Head(last.seq, last.hash))
                self._read, last, rows = [], None, self._rows(0)
            after = Head(last.seq, last.hash) if last else None
            fresh = rows[1:] if last else rows
            heads = [head for head in heads if not after or head.seq > after.seq]
            if found := chain_faults(fresh, heads, after=after):
                raise _broken(self._where, found)
            self._read = self._read + parse_rows(fresh)
            return self._read


class Chain:
    """A chained log in a SQLite file.

    Parameters
    ----------
    path : Path
        Created where it is not there. The head lies beside it, in `<name>.head`.

    Examples
    --------
    >>> import tempfile
    >>> log = Chain(Path(tempfile.mkdtemp()) / "log.sqlite")
    >>> log.append({"event": "publish", "name": "rdtr"}).seq
    1
    >>> [entry.body["name"] for entry in log.entries()], log.faults()
    (['rdtr'], [])
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head_path = path.with_name(f"{path.name}.head")
        self._reader = ChainReader(self._rows, str(path))
        with self._connection() as db:
            if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)

    def append(self, body: Mapping[str, Any]) -> Entry:
        """Write an entry at the end, durably, and return it.

        Raises
        ------
        CorruptError
            If the log is not whole: nothing is built on a broken chain.
        StoreError
            If the file cannot be written; the log is then as it was.
        """
        self.entries()
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT * FROM log ORDER BY seq DESC LIMIT 1").fetchone()
            row = next_row(body, Row(*last) if last else None)
            db.execute("INSERT INTO log VALUES (?, ?, ?, ?)", row)
            db.execute("COMMIT")
        self._keep_head(Head(row.seq, row.hash))
        return parse_rows([row])[0]

    def entries(self) -> list[Entry]:
        """Return every entry in order; the chain is checked on the way.

        Raises
        ------
        CorruptError
            `log_broken`, if an entry was changed, removed or cut off.
        """
        # The head first: others append meanwhile, and a log may be ahead of a head only.
        return self._reader.entries(self._kept_head())

    def head(self) -> Head:
        """Return position and hash of the last entry: what is exported and kept outside."""
        entries = self.entries()
        return Head(entries[-1].seq, entries[-1].hash) if entries else Head(0, GENESIS)

    def faults(self, head: Head | None = None) -> list[Note]:
        """Return a note for every fault of the chain, also against a head kept outside."""
        try:
            heads = [self._kept_head()]
        except CorruptError as error:
            return [Note.of(error, "error")]
        return chain_faults(self._rows(0), heads + ([head] if head else []))

    def _rows(self, start: int) -> list[Row]:
        with self._connection() as db:
            found = db.execute("SELECT * FROM log WHERE seq >= ? ORDER BY seq", (start,))
            return [Row(*row) for row in found]

    def _kept_head(self) -> Head:
        try:
            said = json.loads(self._head_path.read_bytes())
            return Head(int(said["seq"]), str(said["hash"]))
        except FileNotFoundError:
            return Head(0, GENESIS)
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptError(
                "the head {path} of the log is damaged",
                code="head_damaged",
                hint="Check the log against a head kept elsewhere; if it is whole, delete the file",
                path=str(self._head_path),
            ) from error

    def _keep_head(self, head: Head) -> None:
        """Write the head beside the log; behind the log is harmless, before it never happens."""
        if self._kept_head().seq >= head.seq:
            return
        partial = self._head_path.with_name(f"{self._head_path.name}.{os.getpid()}")
        partial.write_text(json.dumps(head._asdict()), encoding="utf-8")
        partial.replace(self._head_path)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Open for one use: connections are cheap, and none is ever shared by threads or forks."""
        try:
            with closing(
                sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
            ) as db:
                db.execute("PRAGMA synchronous=FULL")
                yield db
        except (sqlite3.Error, UnicodeDecodeError) as error:
            damaged = not isinstance(error, sqlite3.OperationalError)
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


def _plain(value: Any) -> Any:
    """Write what JSON does not know: numbers of numpy, days."""
    return value.item() if hasattr(value, "item") else value.isoformat()


def _broken(where: str, found: list[Note]) -> CorruptError:
    return CorruptError(
        "the log {path} is not whole: {reason}",
        code="log_broken",
        hint="tataruang verify lists what is wrong; restore the log from a backup",
        path=where,
        reason="; ".join(str(note) for note in found),
    )
