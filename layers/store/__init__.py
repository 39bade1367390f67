"""Where versions of layers are kept: a folder, or a database under the same contract."""

from __future__ import annotations

from layers.store.base import Event, LayerSource, Store, StoredLayer, Version
from layers.store.extra import backend
from layers.store.files import FileStore
from layers.workspace import Workspace

__all__ = ["Event", "FileStore", "LayerSource", "Store", "StoredLayer", "Version", "open_store"]


def open_store(workspace: Workspace) -> Store:
    """Open the store of a workspace: its folder, or its database.

    Raises
    ------
    StoreError
        If it cannot be opened, or `postgis_missing` where the extra is not installed.

    Examples
    --------
    >>> import tempfile
    >>> workspace = Workspace.create(tempfile.mkdtemp(), name="Contoh", extent=(110, -7, 111, -6))
    >>> open_store(workspace).layers()
    []
    """
    if workspace.database:
        store: Store = backend().PostgisStore(workspace.database)
        return store
    return FileStore(workspace.store)
