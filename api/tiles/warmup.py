"""Compile what cuts tiles, once, so that no first map waits for it."""

from __future__ import annotations

import time
from typing import Any

import geopandas as gpd
import shapely

from api.tiles.layer import TileLayer
from api.tiles.matrix import limits
from spatial.crs import LONLAT

__all__ = ["cut_a_few"]


def cut_a_few() -> float:
    """Cut tiles of every kind of geometry; return the seconds it took.

    Compiled code is kept on disk, so the next process only reads it.

    Examples
    --------
    >>> cut_a_few() > 0
    True
    """
    begin = time.perf_counter()
    ring = shapely.box(110, -7, 111, -6).difference(shapely.box(110.2, -6.8, 110.4, -6.4))
    zones: list[Any] = [ring, shapely.box(111, -7, 111.5, -6)]
    for shapes in (zones, [one.exterior for one in zones], [one.centroid for one in zones]):
        frame = gpd.GeoDataFrame({"zona": ["R-2", "K-3"]}, geometry=shapes, crs=LONLAT)
        layer = TileLayer(frame, "contoh", "pola_ruang")
        for z in (4, 12):
            x, y, _, _ = limits((110.5, -6.5, 110.5, -6.5), z)
            layer.tile(z, x, y)
    return time.perf_counter() - begin
