"""Filters on tiles: a map asks for many tiles with one filter, which is evaluated once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.ogc.collection import Collections
from api.ogc.cql import select
from api.ogc.systems import CRS84, SYSTEMS

__all__ = ["Filters"]

KEPT: Final = 32


@dataclass
class Filters:
    """The last filters over the collections of one service.

    Parameters
    ----------
    collections : Collections
    """

    collections: Collections
    _kept: OrderedDict[tuple[str, str], NDArray[np.bool_]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str, text: str) -> NDArray[np.bool_]:
        """Return which features of a layer a CQL2 text keeps.

        Raises
        ------
        RequestError
            `filter_refused`.
        """
        key = (name, text)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = select(self.collections.get(name), text, "cql2-text", SYSTEMS[CRS84])
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found
