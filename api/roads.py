"""The road before a parcel, from the workspace's layer of roads."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from api.engine import Engine
from spatial.crs import project
from spatial.errors import EngineError

__all__ = ["Roads"]

KIND: Final = "jalan"
#: A parcel whose nearest road lies further away has none before it (m).
REACH_M: Final = 50.0
#: Roads no further beyond the nearest than this are before it too: a corner plot.
BESIDE_M: Final = 10.0


class Roads:
    """Asks the layer of kind `jalan` for the roads before parcels.

    A workspace without such a layer knows no road; the caller is told None.
    """

    def __init__(self, engine: Engine) -> None:
        self._crs = engine.workspace.metric_crs
        self._lines: np.ndarray | None = None
        for version in engine.store.layers():
            if version.kind == KIND:
                with suppress(EngineError):
                    frame = engine.store.get(version.name).frame
                    if isinstance(frame, gpd.GeoDataFrame):
                        shapes = np.asarray(frame.geometry.array, dtype=object)
                        self._lines = project(shapes, frame.crs, self._crs)
        self._tree = None if self._lines is None else shapely.STRtree(self._lines)

    def __call__(self, parcel: BaseGeometry, crs: str) -> BaseGeometry | None:
        """Return the roads before a parcel, in the CRS of the parcel; None where there is none."""
        if self._tree is None or self._lines is None:
            return None
        here = np.empty(1, dtype=object)
        here[0] = parcel
        [plot] = project(here, crs, self._crs)
        found = self._tree.query(plot, predicate="dwithin", distance=REACH_M)
        if not len(found):
            return None
        lines = self._lines[found]
        away = shapely.distance(lines, plot)
        near = np.empty(1, dtype=object)
        near[0] = shapely.union_all(lines[away <= away.min() + BESIDE_M])
        road: BaseGeometry = project(near, self._crs, crs)[0]
        return road
