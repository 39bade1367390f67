"""The chained log: what was done to it shows, whatever was done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from layers.store.chain import Head
from layers.store.log_file import Chain
from spatial.errors import CorruptError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = Chain(tmp_path / "log.sqlite")
    for number in range(5):
        log.append({"event": "coba", "nomor": number})
    return log.path


def _edit(db: sqlite3.Connection) -> None:
    text = json.loads(db.execute("SELECT entry FROM log WHERE seq = 3").fetchone()[0])
    changed = json.dumps(text | {"nomor": 99}, sort_keys=True)
    db.execute("UPDATE log SET entry = ? WHERE seq = 3", (changed,))


def _delete(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM log WHERE seq = 2")


def _delete_and_close_up(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM log WHERE seq = 2")
    db.execute("UPDATE log SET seq = seq - 1 WHERE seq > 2")


def _reorder(db: sqlite3.Connection) -> None:
    db.executescript("""
        UPDATE log SET seq = 20 WHERE seq = 2;
        UPDATE log SET seq = 2 WHERE seq = 3;
        UPDATE log SET seq = 3 WHERE seq = 20;
    """)


def _insert(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO log SELECT 6, entry, hash, 'x' FROM log WHERE seq = 5")


def _cut(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM log WHERE seq > 3")


def _empty(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM log")


@pytest.mark.parametrize(
    ("harm", "code", "seq"),
    [
        (_edit, "log_entry_changed", 3),
        (_delete, "log_entry_missing", 2),
        (_delete_and_close_up, "log_entry_changed", 2),
        (_reorder, "log_entry_changed", 2),
        (_insert, "log_entry_changed", 6),
        (_cut, "log_cut", 5),
        (_empty, "log_cut", 5),
    ],
)
def test_harm_is_named_and_nothing_is_read_or_added_after_it(
    path: Path, harm: Callable[[sqlite3.Connection], None], code: str, seq: int
) -> None:
    warm = Chain(path)
    warm.entries()
    with sqlite3.connect(path) as db:
        harm(db)
    db.close()
    for log in (Chain(path), warm):
        assert [(note.code, note.details["seq"]) for note in log.faults()] == [(code, seq)]
        if log is warm and harm in {_edit, _delete, _reorder}:
            # It had read the entries while they were right, and keeps what it read.
            assert [entry.body["nomor"] for entry in log.entries()] == list(range(5))
            continue
        with pytest.raises(CorruptError, match="is not whole"):
            log.entries()
        with pytest.raises(CorruptError):
            log.append({"event": "lagi"})


def test_a_cut_shows_against_an_exported_head_when_the_one_beside_it_is_gone_too(
    path: Path,
) -> None:
    exported = Chain(path).head()
    with sqlite3.connect(path) as db:
        _cut(db)
    db.close()
    path.with_name("log.sqlite.head").unlink()
    assert Chain(path).faults() == []
    assert [note.code for note in Chain(path).faults(exported)] == ["log_cut"]
    assert Chain(path).faults(Head(3, Chain(path).entries()[2].hash)) == []


def test_a_rewritten_end_shows_against_an_exported_head(path: Path) -> None:
    exported = Chain(path).head()
    path.with_name("log.sqlite.head").unlink()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM log WHERE seq = 5")
    db.close()
    Chain(path).append({"event": "palsu"})
    assert Chain(path).faults() == []
    assert [note.code for note in Chain(path).faults(exported)] == ["log_cut"]


def test_a_damaged_head_is_named(path: Path) -> None:
    path.with_name("log.sqlite.head").write_text("{")
    assert [note.code for note in Chain(path).faults()] == ["head_damaged"]
    with pytest.raises(CorruptError, match="head"):
        Chain(path).entries()


def test_a_clock_that_was_set_back_changes_no_order(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2001, 1, 1, tzinfo=UTC)

    monkeypatch.setattr("layers.store.chain.datetime", Past)
    log = Chain(path)
    log.append({"event": "coba"})
    instants = [entry.at for entry in log.entries()]
    assert instants == sorted(set(instants))


def test_two_logs_on_one_file_see_each_other(path: Path) -> None:
    one, other = Chain(path), Chain(path)
    assert one.append({"n": 1}).seq == 6
    assert other.append({"n": 2}).seq == 7
    assert [entry.seq for entry in one.entries()] == list(range(1, 8))
