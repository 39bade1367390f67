"""The store for many users: versions of layers in PostgreSQL with PostGIS, one contract.

Schemas: `tataruang` holds the log and what the versions are; `tataruang_versi` one immutable
table per content; `tataruang_layer` a view per layer on its newest version, which QGIS opens
like any table. Needs the extra `postgis`.
"""

from layers.store.postgis.database import has_password, shown
from layers.store.postgis.settings import read_settings, write_settings
from layers.store.postgis.store import PostgisStore

__all__ = ["PostgisStore", "has_password", "read_settings", "shown", "write_settings"]
