"""Indexes kept in a folder under what they were made of; one that is not whole is built again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from spatial.errors import CorruptError, StoreError
from spatial.index.files import open_index, save_index
from spatial.index.zones import ZoneIndex

__all__ = ["Shelf"]


class Shelf:
    """A folder of indexes. Nothing in it is needed: what is missing or damaged is built again.

    Parameters
    ----------
    folder : Path, optional
        Created when the first index is put there; without one, nothing is kept.

    Examples
    --------
    >>> import tempfile, numpy as np, shapely
    >>> from spatial.index import index_of
    >>> zones = np.array([shapely.box(0, 0, 9, 9)])
    >>> shelf = Shelf(Path(tempfile.mkdtemp()) / "index")
    >>> shelf.index("rdtr|zona", lambda: index_of(zones, ["R-2"])).codes
    ('R-2',)
    >>> shelf.find("rdtr|zona").codes, shelf.find("rdtr|kawasan")
    (('R-2',), None)
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def path(self, key: str) -> Path | None:
        """Return the file of an index, whether it is there or not."""
        if self.folder is None:
            return None
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.idx"

    def find(self, key: str) -> ZoneIndex | None:
        """Return an index that is there and whole, every byte of it checked.

        Its pages are mapped, so all processes that open it share them.
        """
        path = self.path(key)
        if path is None:
            return None
        try:
            return open_index(path, source=key, verify=True)
        except (OSError, CorruptError):
            # Another format, another key or a changed byte: it is replaced.
            return None

    def index(self, key: str, build: Callable[[], ZoneIndex]) -> ZoneIndex:
        """Return the index of a key, built and kept where it is not there.

        Parameters
        ----------
        key : str
            All that the index depends on: the same key must always mean the same zones.
        """
        found = self.find(key)
        return self._kept(key, build()) if found is None else found

    def _kept(self, key: str, made: ZoneIndex) -> ZoneIndex:
        """Save an index and return it mapped; where nothing can be written, as it is."""
        path = self.path(key)
        if path is None:
            return made
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_index(made, path, source=key)
        except (OSError, StoreError):
            return made
        return self.find(key) or made
