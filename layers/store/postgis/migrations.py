"""Migrations: numbered SQL files, each applied once, in order, in its own transaction."""

from __future__ import annotations

from importlib import resources
from typing import Final

from layers.store.postgis.database import Connection, Database
from spatial.errors import StoreError

__all__ = ["migrate"]

_LOCK: Final = 7_461_726


def migrate(database: Database) -> None:
    """Bring a database to the state this version of the engine needs.

    Raises
    ------
    StoreError
        `database_newer`, if a newer version of the engine made it; `database_denied`, if it
        must be changed and we may not.
    """
    files = sorted(
        (entry for entry in (resources.files(__package__) / "migrations").iterdir()
         if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )  # fmt: skip
    newest = int(files[-1].name[:4])
    done = _done(database)
    if done > newest:
        raise StoreError(
            "the database {database} was made by a newer version of tataruang",
            code="database_newer",
            hint="Install that version; this one knows its form up to number {known}",
            database=database.name,
            known=newest,
        )
    for entry in files:
        if int(entry.name[:4]) > done:
            _apply(database, int(entry.name[:4]), entry.read_text(encoding="utf-8"))


def _begun(connection: Connection) -> bool:
    """Say whether any migration was applied.

    to_regclass would answer from a cache that knows nothing of what others committed while
    we waited for the lock.
    """
    query = (
        "SELECT 1 FROM pg_class AS t JOIN pg_namespace AS s ON s.oid = t.relnamespace"
        " WHERE s.nspname = 'tataruang' AND t.relname = 'migration'"
    )
    return connection.execute(query).fetchone() is not None


def _done(database: Database) -> int:
    with database.reading() as connection:
        if not _begun(connection):
            return 0
        row = connection.execute("SELECT max(number) FROM tataruang.migration").fetchone()
        return int(row[0]) if row and row[0] else 0


def _apply(database: Database, number: int, text: str) -> None:
    """Apply one file, unless another process did so while we waited."""
    with database.owning() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if (
            _begun(connection)
            and connection.execute(
                "SELECT 1 FROM tataruang.migration WHERE number = %s", [number]
            ).fetchone()
        ):
            return
        # Our own file, never words of a user.
        connection.execute(text.encode())
        connection.execute(
            "CREATE TABLE IF NOT EXISTS tataruang.migration"
            " (number integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
        )
        connection.execute("INSERT INTO tataruang.migration (number) VALUES (%s)", [number])
        if connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = 'tataruang_reader'"
        ).fetchone():
            connection.execute("GRANT SELECT ON tataruang.migration TO tataruang_reader")
