"""Connections to a database: few, kept, checked before use; what fails names the database."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from spatial.errors import StoreError

__all__ = ["Connection", "Database", "has_password", "shown"]

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

WRITER: Final = "tataruang_writer"
CONNECT_SECONDS: Final = 10
#: A statement or a lock that takes longer is given up, so that nobody waits for ever.
_OPTIONS: Final = "-c statement_timeout=900s -c lock_timeout=60s -c TimeZone=UTC"
_KEPT: Final = 4


def shown(address: str) -> str:
    """Return an address without its password.

    Examples
    --------
    >>> shown("postgresql://budi:rahasia@server/tataruang")
    'tataruang di server'
    """
    try:
        parts = conninfo_to_dict(address)
    except psycopg.Error:
        return "alamat basis data"
    name, host = parts.get("dbname", ""), parts.get("host", "localhost")
    return f"{name or 'basis data'} di {host}"


def has_password(address: str) -> bool:
    """Say whether an address carries a password.

    Examples
    --------
    >>> has_password("postgresql://budi:rahasia@server/tata"), has_password("postgresql:///tata")
    (True, False)
    """
    try:
        return "password" in conninfo_to_dict(address)
    except psycopg.Error:
        return False


#: Connections that a fork left us; kept so that nothing closes them.
_OF_PARENTS: list[Connection] = []


def _close(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()


class Database:
    """A PostgreSQL database.

    Parameters
    ----------
    address : str
        `postgresql://user@host/name`, or what else libpq takes. Passwords are better kept
        in ~/.pgpass than in the address.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.name = shown(address)
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._process = os.getpid()
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection in one transaction that sees one state of the database."""
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in one transaction that is on the disk when it has ended.

        What it makes belongs to the writers' role, so that the next writer may replace it.
        """
        with self._transaction() as connection:
            connection.execute("SET LOCAL synchronous_commit = on")
            [member] = connection.execute(
                "SELECT count(*) FROM pg_roles"
                " WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER')",
                [WRITER],
            ).fetchone() or [0]
            if member:
                connection.execute(f"SET LOCAL ROLE {WRITER}")
            yield connection

    @contextmanager
    def owning(self) -> Iterator[Connection]:
        """Give a connection in one transaction of the account itself, for migrations."""
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        connection = self._take()
        try:
            with connection.transaction():
                yield connection
        except psycopg.Error as error:
            if connection.broken or connection.closed:
                self._forget()
            raise self._error(error) from error
        finally:
            self._give(connection)

    def _take(self) -> Connection:
        """Return a living connection: an idle one that still answers, or a new one."""
        with self._lock:
            if self._process != os.getpid():
                # After a fork they are the parent's: never used and never closed by us.
                _OF_PARENTS.extend(self._idle)
                self._idle.clear()
                self._process = os.getpid()
            idle = self._idle.pop() if self._idle else None
        if idle is not None:
            with suppress(psycopg.Error):
                idle.execute("SELECT 1")
                idle.rollback()
                return idle
            self._forget()
        try:
            return psycopg.connect(self._address, connect_timeout=CONNECT_SECONDS, options=_OPTIONS)
        except psycopg.Error as error:
            raise self._error(error) from error

    def _give(self, connection: Connection) -> None:
        with self._lock:
            usable = not (connection.closed or connection.broken)
            if usable and len(self._idle) < _KEPT and self._process == os.getpid():
                self._idle.append(connection)
                return
        connection.close()

    def _forget(self) -> None:
        """Close what is idle: after a restart of the server no old connection is alive."""
        with self._lock:
            _close(self._idle)

    def _error(self, error: psycopg.Error) -> StoreError:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else repr(error)
        facts = {"database": self.name, "reason": reason}
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return StoreError(
                "the database {database} does not allow it: {reason}",
                code="database_denied",
                hint="Ask its owner: GRANT tataruang_writer (or tataruang_reader) TO you",
                **facts,
            )
        if isinstance(error, psycopg.errors.DiskFull | psycopg.errors.OutOfMemory):
            return StoreError(
                "the database {database} has no room: {reason}",
                code="database_full",
                hint="Make room on its disk; the layers are as they were",
                **facts,
            )
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return StoreError(
                "the database {database} does not answer: {reason}",
                code="database_unreachable",
                hint="Check that it runs and that address and account are right; then try again",
                **facts,
            )
        return StoreError(
            "the database {database} refused: {reason}",
            code="database_failed",
            hint="The layers are as they were",
            **facts,
        )
