"""A log that only grows, each entry chained to the one before by its hash.

An edit, a deletion or a change of order breaks the chain; a cut at the end shows against a
head: position and hash of the last entry. One head lies beside the log, another can be
exported and kept elsewhere. Here is what a chain is; `layers.store.log_file` keeps one in
SQLite, `layers.store.postgis` in a table.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from spatial.errors import CorruptError
from spatial.notes import Note

__all__ = [
    "GENESIS",
    "ChainReader",
    "Entry",
    "Head",
    "Row",
    "chain_faults",
    "next_row",
    "parse_rows",
]

GENESIS: Final = "0" * 64


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
