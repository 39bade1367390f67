"""What a workspace in a database says about itself."""

from __future__ import annotations

from collections.abc import Mapping

from layers.store.postgis.database import Database
from layers.store.postgis.migrations import migrate

__all__ = ["read_settings", "write_settings"]


def read_settings(address: str) -> dict[str, str]:
    """Return the settings of a workspace; empty where the database holds none yet.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    database = Database(address)
    with database.reading() as connection:
        there = connection.execute("SELECT to_regclass('tataruang.setting') IS NOT NULL")
        if not (there.fetchone() or [False])[0]:
            return {}
        rows = connection.execute("SELECT name, value FROM tataruang.setting").fetchall()
    return {str(name): str(value) for name, value in rows}


def write_settings(address: str, settings: Mapping[str, str]) -> None:
    """Prepare a database and write the settings of a new workspace.

    Raises
    ------
    StoreError
        If the database cannot be written.
    """
    database = Database(address)
    migrate(database)
    with database.owning() as connection:
        for name, value in settings.items():
            connection.execute(
                "INSERT INTO tataruang.setting (name, value) VALUES (%s, %s)", [name, value]
            )
