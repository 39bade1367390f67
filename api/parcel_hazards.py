"""Where permits and hazard meet: the meter that plans are given to measure parcels with.

Plans name hazard maps and say what their classes mean; the maps are measured by the other
package. Neither knows the other: what passes between them is a table.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.errors import EngineError, LayerError
from spatial.notes import Note
from zoning.hazards import COLUMNS
from zoning.plan import HazardMap

if TYPE_CHECKING:
    from hazard import Hazard

__all__ = ["ParcelMeter"]

#: Maps kept open: those of a few plans on a few days.
KEPT: Final = 32


class ParcelMeter:
    """Measures parcels against hazard maps, keeping the maps that it has prepared.

    Examples
    --------
    >>> import shapely
    >>> plots = gpd.GeoSeries([shapely.box(12_000_000, -700_100, 12_000_100, -700_000)],
    ...                       crs="ESRI:54034")
    >>> gone = LayerError("layer banjir is not there", code="layer_missing")
    >>> table = ParcelMeter()(plots, [HazardMap("banjir")], {"banjir": gone})
    >>> table["hazard_class"][0], str(table["fault"][0])
    ('tanpa_data', 'layer banjir is not there')
    """

    def __init__(self) -> None:
        self._maps: OrderedDict[tuple[Any, ...], Hazard] = OrderedDict()
        self._lock = Lock()

    def __call__(
        self, parcels: gpd.GeoSeries, maps: Sequence[HazardMap], layers: Mapping[str, Any]
    ) -> pd.DataFrame:
        """Return one row per parcel, map and class; a map that cannot be read says why."""
        tables = [
            self._measured(parcels, one, layers).assign(map=place) for place, one in enumerate(maps)
        ]
        return pd.concat(tables, ignore_index=True)[list(COLUMNS)]

    def _measured(
        self, parcels: gpd.GeoSeries, one: HazardMap, layers: Mapping[str, Any]
    ) -> pd.DataFrame:
        # Imported where it is used: most plans name no hazard map, and this is heavy.
        from hazard import parcel_classes

        try:
            hazard = self._map(one, layers)
            table = parcel_classes(
                parcels, hazard, scenario=_scenario(hazard, one), accuracy_m=one.ce90_m
            )
            return table.assign(fault=None)
        except EngineError as error:
            return _unread(parcels, Note.of(error))

    def _map(self, one: HazardMap, layers: Mapping[str, Any]) -> Hazard:
        """Return a map made ready, from the layer and, where it needs one, the ground studied."""
        found = [layers[name] for name in (one.layer, one.studied) if name]
        for layer in found:
            if isinstance(layer, EngineError):
                raise layer
        key = (one, *(_version(layer) for layer in found))
        with self._lock:
            if key not in self._maps:
                self._maps[key] = _hazard(one, *found)
            self._maps.move_to_end(key)
            while len(self._maps) > KEPT:
                self._maps.popitem(last=False)
            return self._maps[key]


def _version(layer: Any) -> str:
    version = layer.version
    return str(getattr(version, "id", version))


def _hazard(one: HazardMap, layer: Any, studied: Any = None) -> Hazard:
    from hazard import class_rule, hazard_from_grid, hazard_from_polygons
    from spatial.zonal import open_grid

    rule = class_rule(one.classes)
    path = getattr(layer, "path", None)
    if path is not None:
        grid = open_grid(path)
        bands = [f"band_{place + 1}" for place in range(grid.count)] if grid.count > 1 else None
        return hazard_from_grid(grid, rule, name=one.layer, scenarios=bands)
    if not one.column:
        raise LayerError(
            "layer {layer} holds polygons, and the rule names no column of classes",
            code="hazard_column_unnamed",
            hint="Fill in kolom in bahaya.csv",
            layer=one.layer,
        )
    mapped = None if studied is None else studied.frame
    return hazard_from_polygons(layer.frame, rule, column=one.column, name=one.layer, mapped=mapped)


def _scenario(hazard: Hazard, one: HazardMap) -> str:
    if one.band > len(hazard.scenarios):
        raise LayerError(
            "layer {layer} has {count} bands, and the rule asks for number {band}",
            code="hazard_band_missing",
            hint="Correct pita in bahaya.csv",
            layer=one.layer,
            count=len(hazard.scenarios),
            band=one.band,
        )
    return hazard.scenarios[one.band - 1]


def _unread(parcels: gpd.GeoSeries, why: Note) -> pd.DataFrame:
    """Return that nothing is known of any parcel."""
    rows = {
        "parcel": np.arange(len(parcels)),
        "hazard_class": "tanpa_data",
        "share": 1.0,
        "near_share": 0.0,
        "worst": "tanpa_data",
        "weighted": "tanpa_data",
        "no_data_share": 1.0,
        "fault": [why] * len(parcels),
    }
    return pd.DataFrame(rows)
