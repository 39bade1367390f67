"""Versions kept in memory, so that a layer that is asked often is read and checked once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Final

from layers.store.base import StoredLayer, Version

__all__ = ["VersionCache"]

_KEPT: Final = 64


class VersionCache:
    """The versions read last, each with a stamp of what it was read from.

    Examples
    --------
    >>> import pandas as pd
    >>> version = Version("a", "0" * 64, 1, "", "table", 1, None, None, None, "")
    >>> cache = VersionCache()
    >>> cache.put(StoredLayer(version, frame=pd.DataFrame({"x": [1]})), stamp=1)
    >>> cache.get(version, stamp=1).frame["x"].tolist(), cache.get(version, stamp=2)
    ([1], None)
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._limit = kept
        self._layers: OrderedDict[str, tuple[Any, StoredLayer]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version: Version, stamp: Any) -> StoredLayer | None:
        """Return a version that was read from what has this stamp."""
        with self._lock:
            found = self._layers.get(version.id)
            if found is None or found[0] != stamp:
                return None
            self._layers.move_to_end(version.id)
        return found[1].again(version)

    def put(self, layer: StoredLayer, stamp: Any) -> None:
        """Keep a version, and let go of the one that was not asked for longest."""
        with self._lock:
            self._layers[layer.version.id] = (stamp, layer)
            self._layers.move_to_end(layer.version.id)
            while len(self._layers) > self._limit:
                self._layers.popitem(last=False)
