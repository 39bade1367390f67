"""How a place of a store, written as text, is opened; the same for tests and their helpers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from layers.store import FileStore, Store


def opener(place: str) -> Callable[[], Store]:
    return lambda: FileStore(Path(place))
