"""A file of areas with numbers, read for statistics: CRS stated, persons kept out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from layers.poverty.columns import codes, find_code_column, numbers, single_period
from layers.poverty.personal import refuse_personal
from spatial.crs import check_extent, parse_crs
from spatial.errors import LayerError, SchemaError

__all__ = ["PLANAR", "read_areas"]

#: A plane of unknown units, as in many published data sets: for statistics alone.
PLANAR: Final = "planar"


def read_areas(
    path: Path,
    *,
    value: str,
    population: str | None = None,
    id_column: str | None = None,
    source_crs: str | None = None,
    private: bool = False,
) -> gpd.GeoDataFrame:
    """Read areas for a study of clusters.

    Parameters
    ----------
    path : Path
        Any vector file, or GeoParquet.
    value, population : str
        Columns that become numbers.
    id_column : str, optional
        Column that names the areas; without it a known column of codes, else the row number.
    source_crs : str, optional
        CRS of a file that states none, or `planar`.
    private : bool
        True in a private workspace, where data of persons may be read.

    Returns
    -------
    GeoDataFrame
        Indexed by area; without a CRS if planar.

    Raises
    ------
    LayerError, SchemaError, CrsError, AccessError
    """
    frame = _with_crs(_open(path), source_crs, path.name)
    refuse_personal(frame, private=private, what=path.name)
    single_period(frame)
    for name in filter(None, (value, population, id_column)):
        if name not in frame.columns:
            raise SchemaError(
                "there is no column {column!r}",
                code="value_column_missing",
                hint="The columns are: {columns}",
                column=name,
                columns=", ".join(map(str, frame.columns.drop("geometry", errors="ignore"))),
            )
    named = id_column or find_code_column(frame.columns.drop(value))
    frame = frame.assign(**{name: numbers(frame[name]) for name in (value, population) if name})
    return frame.set_index(codes(frame[named])) if named else frame.rename_axis("id")


def _open(path: Path) -> gpd.GeoDataFrame:
    if not path.is_file():
        raise LayerError(
            "there is no file {path}",
            code="areas_file_missing",
            hint="Check its name",
            path=str(path),
        )
    try:
        if path.suffix.lower() in {".parquet", ".geoparquet"}:
            frame = gpd.read_parquet(path)
        else:
            frame = gpd.GeoDataFrame(pyogrio.read_dataframe(path))
    except (DataSourceError, ValueError, OSError) as error:
        raise LayerError(
            "{path} cannot be read as areas: {reason}",
            code="areas_unreadable",
            hint="Give GeoPackage, GeoJSON, Shapefile, FlatGeobuf or GeoParquet with polygons",
            path=path.name,
            reason=str(error).splitlines()[0][:200],
        ) from error
    if frame.active_geometry_name is None or not len(frame):
        raise LayerError(
            "{path} holds no areas",
            code="areas_none",
            hint="Join the table to its polygons first",
            path=path.name,
        )
    return frame.rename_geometry("geometry") if frame.active_geometry_name != "geometry" else frame


def _with_crs(frame: gpd.GeoDataFrame, source_crs: str | None, name: str) -> gpd.GeoDataFrame:
    if source_crs == PLANAR:
        return gpd.GeoDataFrame(
            frame.drop(columns="geometry"),
            geometry=gpd.GeoSeries(np.asarray(frame.geometry.array), index=frame.index),
        )
    if frame.crs is None:
        frame = frame.set_crs(parse_crs(source_crs, what=name))
    shown = ~(frame.geometry.isna() | frame.geometry.is_empty)
    if shown.any():
        west, south, east, north = shapely.total_bounds(np.asarray(frame.geometry.array)[shown])
        check_extent((west, south, east, north), frame.crs, what=name)
    return frame
