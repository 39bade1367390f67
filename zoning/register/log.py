"""The register: decisions in SQLite whose entries are chained by hashes.

WAL with synchronous=FULL: what was acknowledged survives a loss of power. The chain shows an
edit, a deletion or a change of order; a cut at the end shows against an exported head.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spatial.errors import CorruptError, EngineError, LayerNotFoundError, StoreError
from spatial.notes import Note
from zoning.register.chain import (
    GENESIS,
    ROW,
    Chain,
    Packed,
    append_group,
    content_faults,
    decision_of,
    fault,
    row_faults,
)
from zoning.register.entry import Decision, Draft, Receipt, code_of_letters, hash_range

__all__ = ["Head", "Register"]

FILE: Final = "keputusan.sqlite"
#: Held by the process that writes.
TURN: Final = "keputusan.giliran"
BUSY_SECONDS: Final = 30.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS decisions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    key TEXT UNIQUE,
    permit_id TEXT NOT NULL,
    entry BLOB NOT NULL,
    request BLOB NOT NULL,
    answer BLOB NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS decisions_by_permit ON decisions (permit_id);
CREATE TRIGGER IF NOT EXISTS decisions_stay BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
CREATE TRIGGER IF NOT EXISTS decisions_remain BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'the register is append-only'); END;
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: kept outside, it shows a later cut."""

    seq: int
    hash: str

    def to_dict(self) -> dict[str, Any]:
        """Return the head as JSON-ready dictionary."""
        return {"seq": self.seq, "hash": self.hash}


class Register:
    """Decisions on record in a folder.

    Parameters
    ----------
    folder : Path
        Created where it is not there.

    Examples
    --------
    >>> import tempfile
    >>> register = Register(Path(tempfile.mkdtemp()))
    >>> [receipt] = register.append([Draft("P-1", b"{}", b'{"verdict": "SESUAI"}', key="a-1")])
    >>> [again] = register.append([Draft("P-1", b"{}", b'{"verdict": "SESUAI"}', key="a-1")])
    >>> receipt.id == again.id, again.repeated, register.faults()
    (True, True, [])
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self._lock = threading.Lock()
        self._writer: tuple[int, sqlite3.Connection] | None = None
        with self._reading() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)

    def append(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Record decisions in one transaction: all of them durably, or none.

        Raises
        ------
        PermitError
            `register_key_reused`, if a key stands for another application.
        StoreError
            If the disk refuses; nothing is then recorded.
        """
        [result] = self.append_groups([[Packed(draft) for draft in drafts]])
        if isinstance(result, EngineError):
            raise result
        return result

    def append_groups(
        self, groups: Sequence[Sequence[Packed]]
    ) -> list[list[Receipt] | EngineError]:
        """Record many submissions in one transaction, each whole or refused on its own.

        Returns
        -------
        list
            Per submission its receipts, or why it was refused. It returns after the commit.
        """
        with self._lock, self._writing() as db, _turn(self.folder / TURN):
            db.execute("BEGIN IMMEDIATE")
            try:
                chain = Chain(db)
                results = [append_group(chain, group) for group in groups]
                chain.write()
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise
        return results

    def find(self, key: str) -> Decision | None:
        """Return the decision recorded under a caller's key; None where there is none."""
        found = self._select("WHERE key = ?", (key,))
        return found[0] if found else None

    def get(self, decision_id: str) -> Decision:
        """Return a decision by its register number.

        Raises
        ------
        LayerNotFoundError
            `decision_unknown`.
        CorruptError
            `decision_corrupt`, if request or answer is not what was recorded.
        """
        found = self._select("WHERE id = ?", (decision_id,))
        if not found:
            raise unknown_decision(decision_id)
        if faults := content_faults(found[0]):
            raise CorruptError(
                "decision {id} is not what was recorded: {what}",
                code="decision_corrupt",
                hint="tataruang register verify shows all; restore the register from a backup",
                id=decision_id[:80],
                what="; ".join(str(one) for one in faults),
            )
        return found[0]

    def with_code(self, code: str) -> Decision | None:
        """Return the decision whose letter carries a check code, else None.

        The code is the beginning of the entry's hash, so the index on hashes finds it.
        """
        low, high = hash_range(code)
        found = self._select("WHERE hash >= ? AND hash < ?", (low, high))
        same = [one for one in found if one.check_code == code_of_letters(code)]
        return self.get(same[0].id) if same else None

    def decisions(
        self, *, after: int = 0, limit: int | None = None, permit_id: str | None = None
    ) -> list[Decision]:
        """Return decisions in their order.

        Parameters
        ----------
        after : int
            Position after which to begin.
        """
        where, values = "WHERE seq > ?", [after]
        chosen: list[Any] = [*values]
        if permit_id is not None:
            where, chosen = where + " AND permit_id = ?", [*chosen, permit_id]
        return self._select(
            f"{where} ORDER BY seq LIMIT ?", (*chosen, -1 if limit is None else limit)
        )

    def head(self) -> Head:
        """Return position and hash of the last entry: what is exported and kept outside."""
        with self._reading() as db:
            last = db.execute("SELECT seq, hash FROM decisions ORDER BY seq DESC LIMIT 1")
            row = last.fetchone()
        return Head(row[0], row[1]) if row else Head(0, GENESIS)

    def faults(self, head: Head | None = None) -> list[Note]:
        """Note everything that is not as it was recorded.

        Parameters
        ----------
        head : Head, optional
            Exported earlier; without one a cut at the end cannot be seen.
        """
        found: list[Note] = []
        previous, expected, seen = GENESIS, 1, {0: GENESIS}
        with self._reading() as db:
            for row in db.execute(f"{ROW} ORDER BY seq"):
                if row[0] != expected:
                    found.append(fault("register_gap", "entry {seq} is missing", expected))
                found += row_faults(row, previous)
                previous, expected = row[-1], row[0] + 1
                seen[row[0]] = previous
        if head is not None and seen.get(head.seq) != head.hash:
            text = "the register no longer holds entry {seq} of the exported head"
            found.append(fault("register_cut", text, head.seq))
        return found

    def close(self) -> None:
        """Close the connection that writes."""
        with self._lock:
            if self._writer is not None and self._writer[0] == os.getpid():
                self._writer[1].close()
            self._writer = None

    def _select(self, where: str, values: Sequence[Any]) -> list[Decision]:
        with self._reading() as db:
            rows = db.execute(f"{ROW} {where}", values).fetchall()
        return [decision_of(row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._faults(), closing(self._connect()) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection that writes; a forked process opens one of its own."""
        with self._faults():
            if self._writer is None or self._writer[0] != os.getpid():
                self._writer = (os.getpid(), self._connect())
            yield self._writer[1]

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA synchronous=FULL")
        return db

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            kind = StoreError if isinstance(error, sqlite3.OperationalError) else CorruptError
            raise kind(
                "the register {path} cannot be used: {reason}",
                code="register_unusable",
                hint="Check the disk and its free space; restore the file from a backup",
                path=self.path.name,
                reason=str(error),
            ) from error


def unknown_decision(decision_id: str) -> LayerNotFoundError:
    """Return the refusal of a register number that no decision has."""
    return LayerNotFoundError(
        "there is no decision {id!r} in the register",
        code="decision_unknown",
        hint="tataruang register list shows them",
        id=decision_id[:80],
    )


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait for the other processes that write, and go on the moment they are done.

    SQLite alone would look again after a nap of up to a tenth of a second. It still guards
    what is written; where files cannot be locked, its naps are what is left.
    """
    with ExitStack() as held:
        with suppress(ImportError, OSError):
            import fcntl  # not on Windows

            # Not to be emptied: its time would change, and with each sync reach the disk.
            file = held.enter_context(path.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
