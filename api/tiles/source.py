"""Tiles of every layer of an engine: prepared when first asked for, kept compressed."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from api.tiles.archive import Archive, pyramid_path
from api.tiles.prepared import Prepared, kept, prepare, version_name
from api.tiles.zoom import MAX_ZOOM
from api.tracing import traced
from layers.poverty.door import hidden_again
from layers.store import StoredLayer
from spatial.errors import EngineError, LayerNotFoundError, LimitError

if TYPE_CHECKING:
    from api.tiles.raster import RasterLayer

__all__ = ["Prepared", "TileSource", "version_name"]

CACHE_BYTES: Final = 128 * 1024 * 1024
#: Former versions kept ready at once, for maps that compare them.
FORMER_KEPT: Final = 3
#: Of tiles that are cut when they are asked for: packing must not cost more than cutting.
GZIP_LEVEL: Final = 1


@dataclass
class TileSource:
    """Cut tiles of the layers of an engine.

    Parameters
    ----------
    engine : object with `layer(name)`
        Which gives `frame` and `version`.
    """

    engine: Any
    _prepared: dict[str, Prepared] = field(default_factory=dict)
    _former: dict[str, Prepared] = field(default_factory=dict)
    _tiles: OrderedDict[tuple[str, int, int, int], bytes] = field(default_factory=OrderedDict)
    _size: int = 0
    folder: Path | None = None
    _rasters: dict[str, RasterLayer] = field(default_factory=dict)
    _archives: dict[str, Archive | None] = field(default_factory=dict)
    _versions: dict[str, str] = field(default_factory=dict)
    _older: OrderedDict[tuple[str, str], Prepared] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _preparing: threading.Lock = field(default_factory=threading.Lock)

    def adopt(self, former: TileSource) -> None:
        """Take over layers of the source before this one, as far as their version is the same."""
        self._former = dict(former._prepared)
        with former._lock:
            self._tiles, self._size = OrderedDict(former._tiles), former._size

    def prepared(self, name: str) -> Prepared:
        """Return a layer ready for tiles.

        Raises
        ------
        LayerNotFoundError
            If there is none of that name, or it has no shapes.
        """
        found = self._prepared.get(name)
        if found is None:
            with self._preparing:
                found = self._prepared.get(name) or self._prepare(name)
                self._prepared[name] = found
        return found

    def version(self, name: str) -> str:
        """Return the version of a layer that tiles are cut from, without reading it.

        Raises
        ------
        LayerNotFoundError
            If there is none of that name.
        """
        if not self._versions:
            self._versions = {one["name"]: version_name(one["version"]) for one in self._listed()}
        if name not in self._versions:
            return version_name(self.engine.layer(name).version)
        return self._versions[name]

    def known_version(self, name: str) -> str | None:
        """Return the version of a layer where that needs no work at all."""
        return self._versions.get(name)

    def at_once(self, name: str, z: int, x: int, y: int) -> bytes | None:
        """Return a tile that is there without work, cut before; None where it has to be made.

        As `tile` in all else.
        """
        version = self._versions.get(name)
        archive = self._archives.get(f"{name}-{version}")
        if archive is not None and z <= archive.deepest:
            return archive.at_once(z, x, y)
        with self._lock:
            return self._tiles.get((f"{name}@{version}", z, x, y))

    def is_former(self, name: str, version: str) -> bool:
        """Say whether a short name is that of a version of a layer that is no longer the newest."""
        if version == self.version(name):
            return False
        if (name, version) in self._older:
            return True
        store = getattr(self.engine, "store", None)
        try:
            history = () if store is None else store.history(name)
        except EngineError:
            return False
        return any(version_name(one) == version for one in history)

    def former(self, name: str, version: str) -> Prepared:
        """Return a former version of a layer ready for tiles; the last few stay ready.

        Raises
        ------
        LayerNotFoundError
            If there is no such version, or it has no shapes.
        """
        key = (name, version)
        with self._preparing:
            if key not in self._older:
                self._older[key] = prepare(name, self._withheld(name, version))
                while len(self._older) > FORMER_KEPT:
                    self._older.popitem(last=False)
            self._older.move_to_end(key)
            return self._older[key]

    def _drawn(self, name: str, former: str | None) -> str:
        """Return the name of what is drawn: a former version under a newer mask is another."""
        newest = self.version(name)
        if former is None:
            return newest
        masked = self.engine.store.find(name).provenance.get("withheld")
        return f"{former}-{newest}" if masked else former

    def _withheld(self, name: str, version: str) -> Any:
        """Return a former version; what the newest withholds is withheld there too."""
        stored = self.engine.store.get(name, version=version)
        newest = self.engine.store.find(name)
        frame = hidden_again(stored.frame, stored.version.kind, newest.provenance)
        return StoredLayer(stored.version, frame, stored.path)

    @traced("tile")
    def raster(self, name: str, z: int, x: int, y: int) -> bytes:
        """Return one PNG tile of a class map; empty bytes where it does not reach.

        Raises
        ------
        LayerNotFoundError
            If there is no raster of that name, or none says how it is drawn.
        """
        check_tile(z, x, y)
        return self.raster_layer(name).tile(z, x, y)

    def raster_layer(self, name: str) -> RasterLayer:
        """Return a raster ready for tiles."""
        # Imported where it is used: verdicts need no raster tiles, and this is heavy.
        from api.tiles.raster import RasterLayer

        with self._preparing:
            if name not in self._rasters:
                stored = self.engine.layer(name)
                path = getattr(stored, "path", None)
                if path is None:
                    raise LayerNotFoundError(
                        "the layer {name} is no raster", code="layer_not_raster", name=name
                    )
                self._rasters[name] = RasterLayer(path, name, self._aligned(name))
            return self._rasters[name]

    def _aligned(self, name: str) -> Path | None:
        from api.tiles.aligned import aligned_path

        return self.folder and aligned_path(self.folder, name, self.version(name))

    def _listed(self) -> list[dict[str, Any]]:
        return [
            dict(one) if isinstance(one, Mapping) else one.to_dict() for one in self.engine.layers()
        ]

    def _archive(self, name: str, version: str) -> Archive | None:
        """Return the pyramid of a version, where one was cut."""
        key = f"{name}-{version}"
        if key not in self._archives:
            path = None if self.folder is None else pyramid_path(self.folder, name, version)
            self._archives[key] = Archive(path) if path is not None and path.is_file() else None
        return self._archives[key]

    @traced("tile")
    def tile(
        self,
        name: str,
        z: int,
        x: int,
        y: int,
        only: NDArray[np.bool_] | None = None,
        former: str | None = None,
    ) -> bytes:
        """Return one tile, gzipped; empty bytes where nothing is.

        Parameters
        ----------
        only : array of bool, optional
            Features that are drawn; such a tile is cut anew.
        former : str, optional
            Short name of a former version, `is_former`.

        Raises
        ------
        LimitError
            `tile_out_of_range`, before any arithmetic with the zoom.
        """
        check_tile(z, x, y)
        if only is not None:
            return _packed(self.prepared(name).layer.tile(z, x, y, only))
        version = self._drawn(name, former)
        archive = self._archive(name, version)
        if archive is not None and z <= archive.deepest:
            return archive.get(z, x, y)
        ready = self.former(name, former) if former else self.prepared(name)
        key = (f"{name}@{version}", z, x, y)
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
                return self._tiles[key]
        packed = _packed(ready.layer.tile(z, x, y))
        self._keep(key, packed)
        return packed

    def _keep(self, key: tuple[str, int, int, int], packed: bytes) -> None:
        with self._lock:
            self._tiles[key] = packed
            self._size += len(packed)
            while self._size > CACHE_BYTES:
                _, gone = self._tiles.popitem(last=False)
                self._size -= len(gone)

    def _prepare(self, name: str) -> Prepared:
        found = kept(self.folder, name, self.version(name))
        if found is not None:
            return found
        stored = self.engine.layer(name)
        former = self._former.pop(name, None)
        if former is not None and former.version == version_name(stored.version):
            return former
        return prepare(name, stored)


def _packed(raw: bytes) -> bytes:
    return gzip.compress(raw, GZIP_LEVEL, mtime=0) if raw else b""


def check_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that cannot exist, before any arithmetic with its zoom.

    Examples
    --------
    >>> check_tile(2, 4, 0)
    Traceback (most recent call last):
    spatial.errors.LimitError: there is no tile 2/4/0
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise LimitError("there is no tile {z}/{x}/{y}", code="tile_out_of_range", z=z, x=x, y=y)
