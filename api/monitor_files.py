"""Results of monitoring as files, and the layers that it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from api.engine import Engine
from api.options import atomic_path
from api.text_cells import plain_text
from spatial.crs import LONLAT, project
from spatial.errors import LayerError

__all__ = ["SUFFIXES", "check_suffix", "layer_of", "write_table"]

SUFFIXES: Final = (".csv", ".xlsx", ".geojson")


def check_suffix(target: Path) -> None:
    """Refuse a suffix that no format has, before any work is done.

    Raises
    ------
    LayerError
        `monitor_suffix`.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise LayerError(
            "{name}: results cannot be written as {suffix}",
            code="monitor_suffix",
            hint="Use one of {known}",
            name=target.name,
            suffix=target.suffix or "-",
            known=", ".join(SUFFIXES),
        )


def layer_of(engine: Engine, name: str) -> gpd.GeoDataFrame:
    """Return a layer of places.

    Raises
    ------
    LayerNotFoundError
        If the workspace has no such layer.
    LayerError
        `monitor_no_places`, if it is a table or a raster.
    """
    frame = engine.store.get(name).frame
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    raise LayerError(
        "layer {layer} holds no places",
        code="monitor_no_places",
        hint="Name a layer of polygons: tataruang layers lists them",
        layer=name,
    )


def write_table(table: pd.DataFrame, target: Path) -> None:
    """Write a result in the format of the file's suffix, whole or not at all.

    A table without places has no GeoJSON geometry; places in CSV and XLSX are left out.
    """
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    with atomic_path(target) as partial:
        if target.suffix.lower() == ".geojson":
            partial.write_bytes(_geojson(table, plain))
        elif target.suffix.lower() == ".csv":
            plain.map(plain_text).to_csv(partial, index=False, lineterminator="\n")
        else:
            plain.map(plain_text).to_excel(partial, index=False, freeze_panes=(1, 0))


def _geojson(table: pd.DataFrame, plain: pd.DataFrame) -> bytes:
    shapes: Any = [None] * len(table)
    if isinstance(table, gpd.GeoDataFrame) and len(table):
        found = np.asarray(table.geometry.array, dtype=object)
        shapes = [shapely.geometry.mapping(s) for s in project(found, table.crs, LONLAT)]
    rows = plain.astype(object).where(plain.notna(), None).to_dict("records")
    features = [
        {"type": "Feature", "geometry": shape, "properties": row}
        for shape, row in zip(shapes, rows, strict=True)
    ]
    body = {"type": "FeatureCollection", "features": features}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
