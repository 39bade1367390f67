"""Which class of every hazard map lies at a place: read from the map's own cells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window

from api.symbology.rasters import style_of, titles_of
from api.tiles.raster import rule_of
from api.tiles.source import version_name
from spatial.crs import LONLAT, operation, parse_crs
from spatial.errors import EngineError

__all__ = ["NO_DATA", "OUTSIDE", "hazards_at"]

NO_DATA = "tanpa_data"
OUTSIDE = "luar_cakupan"


def hazards_at(engine: Any, lon: float, lat: float) -> list[dict[str, Any]]:
    """Tell the class of each hazard map at a place.

    Parameters
    ----------
    engine : object with `layers()` and `layer(name)`
    lon, lat : float
        Degrees.

    Returns
    -------
    list of dict
        `layer`, its title, `version`, `class` and what the class means. Ground a map does not
        know is `tanpa_data`, beyond its edge `luar_cakupan`: neither is "no hazard". A map
        that cannot be read is listed with its `fault`.
    """
    found = []
    for one in engine.layers():
        listed = dict(one) if isinstance(one, Mapping) else one.to_dict()
        style = style_of(str(listed["name"]))
        if listed.get("form") != "raster" or style is None:
            continue
        name = str(listed["name"])
        about = {"layer": name, "version": version_name(listed["version"])} | titles_of(name)
        try:
            label = _class_at(engine.layer(name).path, name, lon, lat)
        except (EngineError, rasterio.RasterioIOError) as error:
            fault = getattr(error, "code", "raster_unreadable")
            found.append(about | {"class": None, "fault": fault})
            continue
        words = style["words"].get(label, "")
        found.append(
            about | {"class": label, "words": words, "colour": style["colours"].get(label)}
        )
    return found


def _class_at(path: Path, name: str, lon: float, lat: float) -> str:
    rule = rule_of(path, name)
    with rasterio.open(path, driver="GTiff") as source:
        x, y = operation(LONLAT, parse_crs(source.crs.to_wkt())).transformer.transform(lon, lat)
        row, column = source.index(x, y)
        if not (0 <= row < source.height and 0 <= column < source.width):
            return OUTSIDE
        cell = source.read(1, window=Window(column, row, 1, 1), masked=True)
    valid = ~np.ma.getmaskarray(cell)
    [[code]] = rule.codes(np.ma.getdata(cell), valid)
    return str(rule.labels[code]) if code < len(rule.labels) else NO_DATA
