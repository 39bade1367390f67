"""A file as it is, made a frame: geometry, columns under their own names, and the stated CRS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.notes import Note

__all__ = ["Raw", "flat"]


@dataclass(frozen=True, eq=False)
class Raw:
    """What stands in a file.

    Parameters
    ----------
    frame : GeoDataFrame, or DataFrame for a table
    layer : str
        Name of the layer in the file.
    crs : any
        None if there is none.
    notes : tuple of Note
    crs_stated : bool
        False where the CRS follows from the format alone.
    name, format : str
        Of the file.
    """

    frame: gpd.GeoDataFrame | pd.DataFrame
    layer: str
    crs: Any
    notes: tuple[Note, ...] = ()
    crs_stated: bool = True
    name: str = ""
    format: str = ""


def flat(frame: gpd.GeoDataFrame, name: str) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return a frame with its geometry in two dimensions and in the column `geometry`."""
    if frame.geometry.name != "geometry":
        frame = frame.rename(columns={"geometry": "geometry_1"}).rename_geometry("geometry")
    shapes = np.asarray(frame.geometry.array, dtype=object)
    deep = shapely.has_z(shapes) | shapely.has_m(shapes)
    if not deep.any():
        return frame, []
    note = Note(
        "z_dropped",
        "{file}: {count} geometries carried heights or measures; dropped",
        "info",
        {"file": name, "count": int(deep.sum())},
    )
    shapes = np.where(deep, shapely.force_2d(shapes), shapes)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)), [note]
