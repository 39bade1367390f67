"""How entries are chained: each hash covers its place, the entry before and its own content."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from spatial.errors import EngineError, PermitError
from spatial.notes import Note
from zoning.register.entry import Decision, Draft, Receipt, sha256

__all__ = [
    "GENESIS",
    "ROW",
    "Chain",
    "Packed",
    "append_group",
    "content_faults",
    "decision_of",
    "fault",
    "row_faults",
]

GENESIS: Final = "0" * 64
ROWS_AT_ONCE: Final = 100
OFFICE_TIME: Final = ZoneInfo("Asia/Jakarta")
#: What a row is read as, in this order.
ROW: Final = "SELECT seq, id, key, permit_id, entry, request, answer, previous, hash FROM decisions"


class Packed:
    """A draft with what takes time done before the transaction begins."""

    __slots__ = ("answer", "answer_hash", "draft", "request", "request_hash")

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.request_hash = sha256(draft.request)
        self.answer_hash = sha256(draft.answer)
        self.request = zlib.compress(draft.request, 1)
        self.answer = zlib.compress(draft.answer, 1)


class Chain:
    """The end of the chain within a transaction: rows are linked at once and written together.

    Each call of the database hands the interpreter's lock over twice; one for all rows of a
    transaction costs less than one for each.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        last = db.execute("SELECT seq, hash FROM decisions ORDER BY seq DESC LIMIT 1").fetchone()
        self.seq: int = last[0] if last else 0
        self.link: str = last[1] if last else GENESIS
        self._waiting: list[tuple[Any, ...]] = []
        self._keyed = False

    def add(self, row: tuple[Any, ...], seq: int, link: str, key: str | None) -> None:
        """Add the row that follows."""
        self._waiting.append(row)
        self.seq, self.link = seq, link
        self._keyed = self._keyed or key is not None

    def with_key(self, key: str) -> Any:
        """Return the row of a key, also of one that waits to be written."""
        if self._keyed:
            self.write()
        return self.db.execute(f"{ROW} WHERE key = ?", (key,)).fetchone()

    def write(self) -> None:
        """Write the rows that wait."""
        # SQLite takes a bounded number of values in one statement.
        for begin in range(0, len(self._waiting), ROWS_AT_ONCE):
            rows = self._waiting[begin : begin + ROWS_AT_ONCE]
            places = ",".join(["(?,?,?,?,?,?,?,?,?)"] * len(rows))
            self.db.execute(
                f"INSERT INTO decisions VALUES {places}",  # noqa: S608  only places for values
                [value for row in rows for value in row],
            )
        self._waiting, self._keyed = [], False


def append_group(chain: Chain, group: Sequence[Packed]) -> list[Receipt] | EngineError:
    """Append one submission, or refuse it before anything of it is written."""
    known: dict[str, Receipt] = {}
    fresh: dict[str, str] = {}
    for one in group:
        key = one.draft.key
        if key is None:
            continue
        row = chain.with_key(key)
        first = decision_of(row) if row else None
        before = (
            str(first.entry["request_sha256"]) if first else fresh.setdefault(key, one.request_hash)
        )
        if before != one.request_hash:
            return _reused(key)
        if first is not None:
            known[key] = _receipt(first, repeated=True)
    return [_known_or_new(chain, one, known) for one in group]


def _known_or_new(chain: Chain, one: Packed, known: dict[str, Receipt]) -> Receipt:
    key = one.draft.key
    if key is not None and key in known:
        return known[key]
    receipt = _insert(chain, one)
    if key is not None:
        known[key] = Receipt(
            receipt.id, receipt.seq, receipt.hash, receipt.recorded_at, receipt.answer, True
        )
    return receipt


def _insert(chain: Chain, one: Packed) -> Receipt:
    seq, previous = chain.seq + 1, chain.link
    now = datetime.now(UTC)
    # Numbers run on over the years, so a number alone names a decision.
    decision_id = f"{now.astimezone(OFFICE_TIME).year}-{seq:06d}"
    draft = one.draft
    entry = orjson.dumps(
        draft.facts
        | {
            "id": decision_id,
            "key": draft.key,
            "permit_id": draft.permit_id,
            "recorded_at": now.isoformat(timespec="microseconds"),
            "request_sha256": one.request_hash,
            "answer_sha256": one.answer_hash,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    link = _link(seq, previous, entry)
    row = (
        seq, decision_id, draft.key, draft.permit_id, entry, one.request, one.answer, previous, link
    )  # fmt: skip
    chain.add(row, seq, link, draft.key)
    return Receipt(decision_id, seq, link, now.isoformat(timespec="microseconds"), draft.answer)


def _link(seq: int, previous: str, entry: bytes | str) -> str:
    # A tool that edits a row may leave a text where bytes were.
    content = entry.encode() if isinstance(entry, str) else entry
    return hashlib.sha256(f"{seq}\n{previous}\n".encode() + content).hexdigest()


def decision_of(row: Sequence[Any]) -> Decision:
    """Return a row as the decision it holds."""
    seq, _, _, _, entry, request, answer, previous, link = row
    return Decision(seq, orjson.loads(entry), _unpacked(request), _unpacked(answer), previous, link)


def row_faults(row: Sequence[Any], previous: str) -> list[Note]:
    """Note everything in a row that is not as it was recorded.

    Parameters
    ----------
    previous : str
        Hash of the row before.
    """
    seq, decision_id, key, permit_id, entry, _, _, before, link = row
    if before != previous:
        return [fault("register_order", "entry {seq} does not follow entry {before}", seq)]
    if link != _link(seq, before, entry):
        return [fault("register_entry_changed", "entry {seq} was changed", seq)]
    decision = decision_of(row)
    said = (decision.entry["id"], decision.entry["key"], decision.entry["permit_id"])
    text = "entry {seq}: its number or key was changed"
    wrong = [] if said == (decision_id, key, permit_id) else [fault("register_number", text, seq)]
    return [*wrong, *content_faults(decision)]


def content_faults(decision: Decision) -> list[Note]:
    """Note what of a decision's content is not what its entry holds fast."""
    entry, seq = decision.entry, decision.seq
    found = []
    if sha256(decision.request) != entry["request_sha256"]:
        found.append(fault("register_request_changed", "entry {seq}: its request was changed", seq))
    if sha256(decision.answer) != entry["answer_sha256"]:
        found.append(fault("register_answer_changed", "entry {seq}: its answer was changed", seq))
    return found


def fault(code: str, text: str, seq: int) -> Note:
    """Return a note of what is wrong with an entry."""
    return Note(code, text, "error", {"seq": seq, "before": seq - 1})


def _unpacked(content: bytes) -> bytes:
    """Return what was packed; bytes that do not unpack are no content, and their hash shows it."""
    try:
        return zlib.decompress(content)
    except zlib.error:
        return b""


def _receipt(decision: Decision, *, repeated: bool) -> Receipt:
    return Receipt(
        decision.id,
        decision.seq,
        decision.hash,
        str(decision.entry["recorded_at"]),
        decision.answer,
        repeated,
    )


def _reused(key: str) -> PermitError:
    return PermitError(
        "the key {key!r} was used before for another application",
        code="register_key_reused",
        hint="Send a key of its own with each application; the first one stands as it was",
        key=key[:80],
    )
