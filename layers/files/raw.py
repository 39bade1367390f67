"""A file as it is, made a frame: geometry, columns under their own names, and the stated CRS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from spatial.crs import parse_crs, same_crs
from spatial.errors import CrsError
from spatial.notes import Note

__all__ = ["Raw", "as_json", "crs_of", "flat", "heights_dropped"]


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


def as_json(value: Any) -> str:
    """Write a list or an object of a file as JSON text: a cell of a table holds one value."""
    return json.dumps(value, ensure_ascii=False, default=lambda rest: rest.tolist())


def flat(frame: gpd.GeoDataFrame, name: str) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return a frame with its geometry in two dimensions and in the column `geometry`."""
    if frame.geometry.name != "geometry":
        frame = frame.rename(columns={"geometry": "geometry_1"}).rename_geometry("geometry")
    shapes = np.asarray(frame.geometry.array, dtype=object)
    deep = shapely.has_z(shapes) | shapely.has_m(shapes)
    if not deep.any():
        return frame, []
    shapes = np.where(deep, shapely.force_2d(shapes), shapes)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)), [
        heights_dropped(name, int(deep.sum()))
    ]


def heights_dropped(name: str, count: int) -> Note:
    """Return the note on geometries that had more than two dimensions."""
    text = "{file}: {count} geometries carried heights or measures; dropped"
    return Note("z_dropped", text, "info", {"file": name, "count": count})


def crs_of(stated: Any, given: Any, *, what: str) -> pyproj.CRS:
    """Return the CRS of a file: what it states, else what is given.

    Raises
    ------
    CrsError
        `crs_missing`, or `crs_stated` where the file states another than is given.

    Examples
    --------
    >>> crs_of(None, "EPSG:9489", what="a.shp").to_epsg()
    9489
    """
    if stated is None:
        return parse_crs(given, what=what).to_2d()
    found = parse_crs(stated, what=what)
    if given is not None and not same_crs(found.to_2d(), given):
        raise CrsError(
            "{what} states {stated}, not {given}",
            code="crs_stated",
            hint="--source-crs is for files that state none; leave it out, or correct the file",
            what=what,
            stated=found.name,
            given=parse_crs(given).name,
        )
    return found.to_2d()
