"""How a place of a store, written as text, is opened; the same for tests and their helpers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from layers.store import FileStore, Store


def opener(place: str) -> Callable[[], Store]:
    """Return what opens the store of a place: a folder, or the address of a database."""
    if place.startswith("postgresql://"):
        from layers.store.postgis import PostgisStore

        return lambda: PostgisStore(place)
    return lambda: FileStore(Path(place))
