"""What else lies at a place: overlays, hazard, village, watershed, from the layers themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from api.symbology import layer_styles
from api.tiles.source import version_name
from spatial.crs import LONLAT, operation, parse_crs
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
    """

    engine: Any

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
        try:
            stored = self.engine.layer(name)
        except EngineError as error:
            return {"layer": name, "title": title, "fault": error.code, "features": []}
        frame = stored.frame
        if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
            return None
        if not frame.geom_type.isin(["Polygon", "MultiPolygon"]).all():
            return None
        x, y = operation(LONLAT, parse_crs(frame.crs)).transformer.transform(lon, lat)
        rows = frame.sindex.query(shapely.Point(x, y), predicate="intersects")
        return {
            "layer": name,
            "title": title,
            "version": version_name(stored.version),
            "features": [_attributes(frame.iloc[row]) for row in sorted(rows)],
        }


def _attributes(row: pd.Series) -> dict[str, Any]:
    """Return what a reader wants of a feature: scalars that are there, the official names."""
    shown = {
        str(name): _plain(value)
        for name, value in row.items()
        if str(name).lower() not in HIDDEN and _is_scalar(value)
    }
    return dict(list(shown.items())[:MOST_ATTRIBUTES])


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and not pd.isna(value) and value != ""


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
