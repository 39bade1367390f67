"""Write the hotspot table: CSV for a table, the rest with geometry; whole or not at all."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from api.options import atomic_path
from layers.poverty import Mask
from spatial.crs import to_crs
from spatial.errors import LayerError

__all__ = ["SUFFIXES", "check_target", "read_mask", "write_layer", "write_mask", "write_table"]

DRIVERS: Final = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
SUFFIXES: Final = (".csv", ".xlsx", ".parquet", *DRIVERS)


def write_table(table: pd.DataFrame, areas: gpd.GeoDataFrame, target: Path) -> None:
    """Write the table to `target`, its format by its suffix.

    Raises
    ------
    LayerError
        If the suffix is unknown, or GeoJSON is asked of a plane without CRS.
    """
    check_target(target, areas)
    with atomic_path(target) as partial:
        if target.suffix == ".csv":
            table.to_csv(partial, index=False)
        elif target.suffix == ".xlsx":
            table.to_excel(partial, index=False, sheet_name="kantong")
        else:
            _write_shapes(gpd.GeoDataFrame(table, geometry=areas.geometry), partial, target)


def check_target(target: Path, areas: gpd.GeoDataFrame) -> None:
    """Refuse a target that cannot be written before any work is done."""
    if target.suffix not in SUFFIXES:
        raise LayerError(
            "{name}: results are not written as {suffix!r}",
            code="output_unknown",
            hint="Use one of {suffixes}",
            name=target.name,
            suffix=target.suffix,
            suffixes=", ".join(SUFFIXES),
        )
    if target.suffix == ".geojson" and areas.crs is None:
        raise LayerError(
            "{name}: GeoJSON is in degrees, but the file has no place on the earth",
            code="output_planar",
            hint="Write .csv, .gpkg or .parquet, or state the true CRS with --source-crs",
            name=target.name,
        )


def _write_shapes(frame: gpd.GeoDataFrame, partial: Path, target: Path) -> None:
    frame = frame.reset_index(drop=True)
    if target.suffix == ".parquet":
        frame.to_parquet(partial)
        return
    if target.suffix == ".geojson":
        frame = to_crs(frame, "OGC:CRS84")
    write_layer(frame, partial, driver=DRIVERS[target.suffix], layer=target.stem)


def write_layer(frame: gpd.GeoDataFrame, path: Path, *, driver: str, layer: str) -> None:
    """Write a layer; a plane of unknown units is written without a CRS, as the user said."""
    with warnings.catch_warnings():
        if frame.crs is None:
            warnings.filterwarnings("ignore", message="'crs' was not provided")
        frame.to_file(path, driver=driver, layer=layer, engine="pyogrio")


def read_mask(path: Path | None) -> Mask | None:
    """Read the cells that an earlier publication hid, where there was one."""
    if path is None or not path.exists():
        return None
    return Mask.from_json(path.read_text(encoding="utf-8"))


def write_mask(mask: Mask | None, path: Path | None) -> None:
    """Keep the hidden cells for the next publication: what was hidden once stays hidden."""
    if mask is None or path is None:
        return
    with atomic_path(path) as partial:
        partial.write_text(mask.to_json() + "\n", encoding="utf-8")
