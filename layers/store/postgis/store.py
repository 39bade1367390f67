"""The store in PostgreSQL: ingest into staging, validate, swap and log in one transaction."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql

from layers.store.base import StoredLayer, Version
from layers.store.cache import VersionCache
from layers.store.catalogue import Catalogue
from layers.store.chain import ChainReader, Entry, Head, Row, chain_faults, next_row, parse_rows
from layers.store.content import Content, Frame, content_id, hash_file
from layers.store.logged import LoggedStore, corrupt
from layers.store.postgis.database import Connection, Database
from layers.store.postgis.migrations import migrate
from layers.store.postgis.tables import hash_table, read_table, table_name, write_table
from spatial.errors import StoreError
from spatial.notes import Note

__all__ = ["PostgisStore"]

#: Schema of the views on the newest versions: what QGIS opens.
SHOWN: Final = "tataruang_layer"
_LOG_LOCK: Final = 7_461_727
_CHUNK: Final = 8 << 20

T = TypeVar("T")


class PostgisStore(LoggedStore):
    """Versions of layers in a PostgreSQL database with PostGIS.

    Parameters
    ----------
    address : str
        `postgresql://user@host/name`. The database is prepared where it is new and the
        account may.

    Raises
    ------
    StoreError
        `database_unreachable`, `database_denied`, `database_newer`.
    """

    def __init__(self, address: str) -> None:
        self._db = Database(address)
        migrate(self._db)
        self._reader = ChainReader(self._rows, self._db.name)
        self._cache = VersionCache()
        self._folder: Path | None = None

    def verify(self, head: Head | None = None) -> list[Note]:
        """Return a note for every value or log entry that is not what it was.

        Every table is read and hashed anew; every view must show the newest version.
        """
        found = chain_faults(self._rows(0), [head] if head else [])
        if found:
            return found
        catalogue = self.catalogue()
        versions = {one.id: one for name in catalogue.published.values() for one in name}
        for one in versions.values():
            if fault := self._fault(one):
                found.append(Note.of(corrupt(one, fault), "error"))
        return found + self._views_astray(catalogue)

    def _rows(self, start: int) -> list[Row]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT seq, entry, previous, hash FROM tataruang.log WHERE seq >= %s ORDER BY seq",
                [start],
            ).fetchall()
        return [Row(*row) for row in rows]

    def _entries(self) -> list[Entry]:
        return self._reader.entries()

    def _store(self, content: Content, body: dict[str, Any]) -> Entry:
        self._entries()
        with self._db.writing() as connection:
            # Two publications of the same content write it once.
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [content.id]
            )
            if not self._holds(connection, content):
                self._stage(connection, content)
                self._show_again(connection, content.id)
            row = _append(connection, body | {"seal": ""})
            _show(connection, body["name"], content.id, _comment(body))
        return parse_rows([row])[0]

    def _append(self, body: dict[str, Any], newest: Version) -> None:
        self._entries()
        with self._db.writing() as connection:
            _append(connection, body)
            _show(connection, newest.name, newest.id, _comment(newest.to_dict()))

    def _load(self, version: Version, catalogue: Catalogue) -> StoredLayer:
        layer = self._cache.get(version, stamp=())
        if layer is None or (layer.path is not None and not layer.path.is_file()):
            layer = self._read(version)
            self._cache.put(layer, stamp=())
        return self._cache.get(version, stamp=()) or layer

    def _read(self, version: Version) -> StoredLayer:
        """Read a version and check it against its hash."""
        with self._db.reading() as connection:
            if version.form == "raster":
                return StoredLayer(version, path=self._raster(connection, version))
            frame = _frame(connection, version.id, version.crs)
        if frame is None:
            raise corrupt(version, "its table is missing or has other columns")
        if content_id(frame) != version.id:
            raise corrupt(version, "its values were changed")
        return StoredLayer(version, frame=frame)

    def _fault(self, version: Version) -> str:
        """Say what is wrong with a version; nothing if it holds what its name says."""
        with self._db.reading() as connection:
            found = _hash(connection, version.id, version.form, version.crs)
        if found is None:
            return "its table is missing or has other columns"
        return "" if found == version.id else "its values were changed"

    def _raster(self, connection: Connection, version: Version) -> Path:
        """Write a raster to a folder of this process, where GDAL can read it."""
        if self._folder is None or not self._folder.is_dir():
            self._folder = Path(tempfile.mkdtemp(prefix="tataruang-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        # Under a name of its own until it is whole: another thread may ask for it meanwhile.
        handle, partial = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as target:
            for part in _chunks(connection, version.id):
                target.write(part)
        if hash_file(Path(partial)) != version.id:
            Path(partial).unlink()
            raise corrupt(version, "its bytes were changed")
        return Path(partial).replace(self._folder / f"{version.id}.tif")

    def _holds(self, connection: Connection, content: Content) -> bool:
        """Say whether the content is there and whole; what is damaged is removed."""
        known = connection.execute(
            "SELECT 1 FROM tataruang.content WHERE id = %s", [content.id]
        ).fetchone()
        if known is None:
            return False
        if _hash(connection, content.id, content.form, content.crs) == content.id:
            return True
        connection.execute("DELETE FROM tataruang.content WHERE id = %s", [content.id])
        connection.execute("DELETE FROM tataruang.chunk WHERE content = %s", [content.id])
        connection.execute(
            sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(table_name(content.id))
        )
        return False

    def _stage(self, connection: Connection, content: Content) -> None:
        """Write a content and read it back: what did not arrive value for value is refused."""
        shown, columns = "", "[]"
        if content.path is not None:
            with content.path.open("rb") as source:
                for part, data in enumerate(iter(lambda: source.read(_CHUNK), b"")):
                    connection.execute(
                        "INSERT INTO tataruang.chunk (content, part, bytes) VALUES (%s, %s, %s)",
                        [content.id, part, data],
                    )
        elif content.parts is not None:
            columns = json.dumps(list(content.parts.facts.types.items()), ensure_ascii=False)
            shown = write_table(connection, content.id, content.parts)
            if hash_table(connection, content.id, columns, content.crs) != content.id:
                raise StoreError(
                    "the database {database} does not give back what was written to it",
                    code="database_changes_values",
                    hint="Nothing was published. Check its encoding: it must be UTF8",
                    database=self._db.name,
                )
        connection.execute(
            "INSERT INTO tataruang.content (id, form, columns, shown) VALUES (%s, %s, %s, %s)",
            [content.id, content.form, columns, shown],
        )

    def _show_again(self, connection: Connection, content: str) -> None:
        """Mend the views of other layers whose newest version is a content that was damaged."""
        for one in self.catalogue().newest():
            if one.id == content:
                _show(connection, one.name, one.id, _comment(one.to_dict()))

    def _views_astray(self, catalogue: Catalogue) -> list[Note]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT viewname, definition FROM pg_views WHERE schemaname = %s", [SHOWN]
            ).fetchall()
        shown = dict(rows)
        text = "the view {name} for GIS does not show the newest version"
        return [
            Note("view_astray", text, "error", {"name": one.name})
            for one in catalogue.newest()
            if one.form != "raster" and f"v_{one.id[:40]}" not in shown.get(one.name, "")
        ]


def _chunks(connection: Connection, content: str) -> Iterator[bytes]:
    """Yield the bytes of a raster, part by part."""
    with connection.cursor() as cursor:
        query = "SELECT bytes FROM tataruang.chunk WHERE content = %s ORDER BY part"
        for (part,) in cursor.stream(query, [content]):
            yield part


def _frame(connection: Connection, content: str, crs: str | None) -> Frame | None:
    """Read a content; None where it is not there, or not as it is described."""
    return _looked_at(connection, content, crs, read_table)


def _hash(connection: Connection, content: str, form: str, crs: str | None) -> str | None:
    """Hash a content; None where it is not there, or not as it is described."""
    if form != "raster":
        return _looked_at(connection, content, crs, hash_table)
    digest = hashlib.sha256()
    for part in _chunks(connection, content):
        digest.update(part)
    return digest.hexdigest()


def _looked_at(
    connection: Connection,
    content: str,
    crs: str | None,
    how: Callable[[Connection, str, str, str | None], T],
) -> T | None:
    row = connection.execute(
        "SELECT columns FROM tataruang.content WHERE id = %s", [content]
    ).fetchone()
    if row is None:
        return None
    try:
        with connection.transaction():
            return how(connection, content, row[0], crs)
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable, ValueError, KeyError):
        return None


def _append(connection: Connection, body: dict[str, Any]) -> Row:
    """Write the next entry; whoever else writes waits for the end of our transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOG_LOCK])
    last = connection.execute(
        "SELECT seq, entry, previous, hash FROM tataruang.log ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    row = next_row(body, Row(*last) if last else None)
    connection.execute(
        "INSERT INTO tataruang.log (seq, entry, previous, hash) VALUES (%s, %s, %s, %s)", list(row)
    )
    return row


def _show(connection: Connection, name: str, content: str, comment: str) -> None:
    """Let the view of a layer show a content, in the transaction that makes it the newest."""
    row = connection.execute(
        "SELECT shown FROM tataruang.content WHERE id = %s", [content]
    ).fetchone()
    view = sql.Identifier(SHOWN, name)
    query = row[0] if row else ""
    if not query:
        connection.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))
        return
    create = sql.SQL("CREATE OR REPLACE VIEW {} AS ").format(view).as_string(connection) + query
    try:
        with connection.transaction():
            connection.execute(create.encode())
    except psycopg.errors.InvalidTableDefinition:
        # Other columns than before: the view is made anew.
        _drop_view(connection, view, name)
        connection.execute(create.encode())
    connection.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(view, sql.Literal(comment)))


def _drop_view(connection: Connection, view: sql.Identifier, name: str) -> None:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("DROP VIEW {}").format(view))
    except psycopg.errors.DependentObjectsStillExist as error:
        raise StoreError(
            "layer {name} has other columns now, and other views are built on it",
            code="view_in_use",
            hint="Drop those views first: {reason}",
            name=name,
            reason=str(error.diag.message_detail or "")[:200],
        ) from error


def _comment(body: dict[str, Any]) -> str:
    legal = body.get("legal") or {}
    parts = [f"Versi {body['version'][:12]}", str(legal.get("instrument", ""))]
    if body.get("valid_from"):
        parts.append(f"berlaku sejak {body['valid_from']}")
    return "; ".join(part for part in parts if part)
