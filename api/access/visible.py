"""A store without some of its layers: who may not see them gets the answers of a place without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from layers.store.base import Event, Store, StoredLayer, Version
from spatial.errors import LayerNotFoundError

__all__ = ["VisibleLayers"]


class VisibleLayers:
    """What may be read of a store.

    Parameters
    ----------
    store : Store
    hidden : iterable of str
        Names of layers that are not there.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import geopandas as gpd, shapely
    >>> from layers.store import FileStore
    >>> store = FileStore(pathlib.Path(tempfile.mkdtemp()))
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:32749")
    >>> for name in ("rdtr", "kemiskinan"):
    ...     _ = store.publish(frame, name=name)
    >>> seen = VisibleLayers(store, ["kemiskinan"])
    >>> [layer.name for layer in seen.layers()], seen.get("rdtr").version.rows
    (['rdtr'], 1)
    >>> seen.get("kemiskinan")
    Traceback (most recent call last):
    spatial.errors.LayerNotFoundError: there is no layer 'kemiskinan'. The workspace has: rdtr
    """

    def __init__(self, store: Store, hidden: Iterable[str]) -> None:
        self._store = store
        self._hidden = frozenset(hidden)

    def get(self, name: str, **which: Any) -> StoredLayer:
        """Return a layer as the store does.

        Raises
        ------
        LayerNotFoundError
            `layer_unknown`, also for one that is hidden.
        """
        self.require(name)
        return self._store.get(name, **which)

    def find(self, name: str, **which: Any) -> Version:
        """Return which version `get` would read."""
        self.require(name)
        return self._store.find(name, **which)

    def layers(self) -> list[Version]:
        """Return the newest version of every layer that may be seen, by name.

        Their places in the log are counted anew: a gap would tell that something lies between.
        """
        seen = [one for one in self._store.layers() if one.name not in self._hidden]
        order = sorted(one.seq for one in seen)
        return [replace(one, seq=order.index(one.seq) + 1) for one in seen]

    def history(self, name: str) -> list[Version]:
        """Return every version of a layer that may be seen."""
        return [] if name in self._hidden else self._store.history(name)

    def events(self, name: str) -> list[Event]:
        """Return what happened to a layer that may be seen."""
        return [] if name in self._hidden else self._store.events(name)

    def require(self, name: str) -> None:
        """Refuse a layer that is not there for the reader, in the words for one that is nowhere.

        Raises
        ------
        LayerNotFoundError
            `layer_unknown`.
        """
        there = [one.name for one in self._store.layers() if one.name not in self._hidden]
        if name not in there:
            raise LayerNotFoundError(
                "there is no layer {name!r}",
                code="layer_unknown",
                hint="The workspace has: {known}",
                name=name,
                known=", ".join(sorted(there)) or "-",
            )
