"""What else lies at a place: overlays, hazard, village, watershed, from the layers themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.symbology import layer_styles
from api.tiles.source import version_name
from spatial.crs import LONLAT, Operation, operation, parse_crs
from spatial.errors import EngineError

__all__ = ["Places"]

#: Columns that say nothing to a reader.
HIDDEN: Final = ("geometry", "shape_leng", "shape_area", "fid", "ogc_fid", "index")
MOST_ATTRIBUTES: Final = 12


@dataclass
class Places:
    """Answers for the layers of an engine that are no plans.

    Parameters
    ----------
    engine : object with `layer(name)`
        As it was opened: each layer is prepared once and kept.
    """

    engine: Any
    _drawn: dict[str, _Drawn | None] = field(default_factory=dict, init=False)

    def at(
        self, lon: float, lat: float, listed: Iterable[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Tell the features of each polygon layer at a place.

        A layer that cannot be read is listed with its fault: it is never left out as if
        nothing were there.

        Parameters
        ----------
        lon, lat : float
            Degrees.
        listed : iterable of mappings
            Layers with `name` and `kind`.
        """
        found = []
        for layer in listed:
            if layer.get("kind") == "pola_ruang":
                continue
            entry = self._layer(str(layer["name"]), lon, lat)
            if entry is not None:
                found.append(entry)
        return found

    def _layer(self, name: str, lon: float, lat: float) -> dict[str, Any] | None:
        title = layer_styles().get(name, {}).get("nama", name)
        if name not in self._drawn:
            try:
                self._drawn[name] = _drawn(self.engine.layer(name))
            except EngineError as error:
                # It may be readable again in a moment: what cannot be read is not kept.
                return {"layer": name, "title": title, "fault": error.code, "features": []}
        drawn = self._drawn[name]
        if drawn is None:
            return None
        found = drawn.at(lon, lat)
        return {"layer": name, "title": title, "version": drawn.version, "features": found}


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A layer of polygons, ready to be asked: of its rows only those that are met are read."""

    version: str
    move: Operation
    tree: shapely.STRtree
    columns: tuple[tuple[str, Any], ...]

    def at(self, lon: float, lat: float) -> list[dict[str, Any]]:
        """Return what a reader wants of each feature at a place."""
        x, y = self.move.transformer.transform(lon, lat)
        rows = self.tree.query(shapely.Point(x, y), predicate="intersects")
        return [self._attributes(row) for row in sorted(rows.tolist())]

    def _attributes(self, row: int) -> dict[str, Any]:
        """Return scalars that are there, by their official names."""
        shown: dict[str, Any] = {}
        for name, cells in self.columns:
            value = _plain(cells[row])
            if _is_scalar(value):
                shown[name] = value
            if len(shown) == MOST_ATTRIBUTES:
                break
        return shown


def _drawn(stored: Any) -> _Drawn | None:
    """Return a stored layer where it is one of polygons."""
    frame = stored.frame
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        return None
    if not frame.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        return None
    shapes = frame.geometry
    names = (name for name in frame.columns if str(name).lower() not in HIDDEN)
    columns = tuple((str(name), frame[name].array) for name in names if name != shapes.name)
    tree = shapely.STRtree(np.asarray(shapes.array, dtype=object))
    move = operation(LONLAT, parse_crs(frame.crs))
    return _Drawn(version_name(stored.version), move, tree, columns)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and not pd.isna(value) and value != ""


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
