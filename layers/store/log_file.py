"""A chained log in a SQLite file, with its head in a file beside it.

WAL with synchronous=FULL: an entry that was acknowledged survives a loss of power.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from layers.store.chain import (
    GENESIS,
    ChainReader,
    Entry,
    Head,
    Row,
    chain_faults,
    next_row,
    parse_rows,
)
from spatial.errors import CorruptError, StoreError
from spatial.notes import Note

__all__ = ["Chain"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
);
"""
_BUSY_SECONDS: Final = 30.0


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
        if path.exists() and not _writable(path):
            return
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
                sqlite3.connect(
                    _address(self.path), timeout=_BUSY_SECONDS, isolation_level=None, uri=True
                )
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


def _writable(path: Path) -> bool:
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def _address(path: Path) -> str:
    """Return the URI of a SQLite file; where we may only read, one that asks for no more.

    Reading a log in WAL mode writes two files beside it. Where that cannot be, and no writer
    has them open, the file is whole by itself.
    """
    address = path.resolve().as_uri()
    if _writable(path):
        return address
    open_elsewhere = path.with_name(f"{path.name}-wal").exists()
    return f"{address}?mode=ro" if open_elsewhere else f"{address}?mode=ro&immutable=1"
