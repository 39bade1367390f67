"""Studies on the layers of a workspace, asked from outside and run where they can be stopped.

Every function takes the engine first and gives JSON-ready content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from api.analyses import layer_of
from api.records import records
from layers.poverty import codes, find_code_column
from spatial.crs import LONLAT
from spatial.errors import LayerNotFoundError
from spatial.shares import shares
from zoning.studies import rank_sites, read_siting_rule, siting_rules

__all__ = ["overlay_summary", "site_suitability"]

#: Columns that tell the class of a feature, best first.
CLASS_COLUMNS: Final = ("zona", "kelas", "jenis", "fungsi", "nama")
#: An area or a site: its name, WKB in CRS84, what the sender says of it.
Place = tuple[str, bytes, Mapping[str, Any]]


def site_suitability(
    engine: Any, rule: str, sites: Sequence[Place], layers: Mapping[str, str]
) -> dict[str, Any]:
    """Rank sites by a rule of this package, on layers of the workspace.

    Parameters
    ----------
    rule : str
        Name of a rule; never a path.
    sites : sequence of (name, WKB, properties)
    layers : mapping of the rule's names to layers
        Those it leaves out are looked for by kind and by name.

    Raises
    ------
    LayerNotFoundError
        `rule_not_served`, or a layer that is not there: it cannot be taken as harmless.
    SchemaError
        `siting_value_missing`.
    """
    if rule not in siting_rules():
        raise LayerNotFoundError(
            "there is no siting rule {name!r}",
            code="rule_not_served",
            hint="Known are {known}",
            name=rule[:80],
            known=", ".join(siting_rules()),
        )
    said = read_siting_rule(rule)
    given = {
        name: _named(engine, layers[name]) if name in layers else layer_of(engine, name)
        for name in said.layers
    }
    found = rank_sites(_frame(sites), said, given)
    return {
        "rule": {
            "name": rule,
            "title": said.rule.title,
            "source": said.rule.source,
            "status": said.rule.status,
            "version": said.rule.version,
        },
        "sites": records(found.table.reset_index(names="id")),
        "weights": records(found.weights),
        "weightings_tried": found.tried,
        "top": found.top,
    }


def overlay_summary(
    engine: Any, layer: str, by: str | None, areas: Sequence[Place], units: str | None
) -> dict[str, Any]:
    """Measure how much of areas, or of every unit of a layer, lies in each class of a layer.

    Parameters
    ----------
    layer : str
        Of polygons.
    by : str, optional
        Its column of classes; a usual one without, else all features are one class.
    areas : sequence of (name, WKB, properties)
    units : str, optional
        Layer of polygons in place of areas.

    Returns
    -------
    dict
        `table` (unit, class or None for ground outside, area_m2, share, overlap_m2), `classes`
        (sums without what was counted before), `whole_m2`, which the classes add up to.
    """
    zones = _named(engine, layer)
    zones = zones[zones.geometry.notna()]
    # Shapes are no classes: under another name the column is not there to be asked for.
    zones = zones.rename_geometry("_shape")
    column = by or next((name for name in CLASS_COLUMNS if name in zones), None)
    if column is None:
        column, zones = "layer", zones.assign(layer=layer)
    parcels = _frame(areas) if units is None else _coded(_named(engine, units))
    table = shares(parcels, zones, by=column).rename(columns={"parcel_id": "unit", "zone": "class"})
    table = table.drop(columns="overlap_with")
    net = table["area_m2"] - table["overlap_m2"].fillna(0)
    sums = net.groupby(table["class"].fillna("")).sum()
    return {
        "layer": layer,
        "by": column,
        "unit": "m2",
        "whole_m2": float(net.sum()),
        "classes": [{"class": str(c) or None, "area_m2": float(a)} for c, a in sums.items()],
        "table": records(table),
        "without_answer": int((table["status"] != "").sum()),
    }


def _frame(places: Sequence[Place]) -> gpd.GeoDataFrame:
    names = [name for name, _, _ in places]
    shapes = shapely.from_wkb([wkb for _, wkb, _ in places])
    told = pd.DataFrame([dict(said) for _, _, said in places], index=pd.Index(names))
    return gpd.GeoDataFrame(told, geometry=shapes, crs=LONLAT)


def _named(engine: Any, name: str) -> gpd.GeoDataFrame:
    frame = engine.layer(name).frame
    if not isinstance(frame, gpd.GeoDataFrame):
        raise LayerNotFoundError(
            "the layer {name} has no shapes to draw", code="layer_not_vector", name=name
        )
    return frame


def _coded(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Name units by their codes where they have any, else by their row from 1."""
    name = find_code_column(frame.columns)
    index = codes(frame[name]) if name else pd.Index([str(row + 1) for row in range(len(frame))])
    return frame.set_index(index)
