"""Compile what is compiled, once, so that no later call waits for it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely

from spatial.index import index_of, measure_areas, measure_layers, open_index, save_index
from spatial.parcels import block_of
from spatial.rings import flatten
from spatial.shares import shares_in
from spatial.terrain import flow_of
from spatial.zonal import grid_from_array, line_cells, zonal_classes, zonal_statistics

__all__ = ["warm_up"]

_PLANE: Final = "ESRI:54034"


def warm_up() -> dict[str, float]:
    """Call every compiled part on a few cells; return the seconds that each took.

    Compiled code is kept on disk, so the next process only reads it.

    Examples
    --------
    >>> sorted(warm_up())
    ['index', 'parcels', 'terrain', 'zonal']
    """
    return {name: _timed(work) for name, work in _PARTS.items()}


def _timed(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _index() -> None:
    """Ask an index everything, of zones that touch, overlap and have holes."""
    ring = shapely.box(0, 0, 40, 40).difference(shapely.box(10, 10, 20, 20))
    zones = np.array([ring, shapely.box(40, 0, 80, 40), shapely.box(30, 0, 50, 30)])
    parcels = gpd.GeoSeries([shapely.box(5, 5, 45, 35), ring, shapely.box(1, 1, 2, 2)], crs=_PLANE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "zones.idx"
        save_index(index_of(zones, ["A", "B", "C"], _PLANE), path)
        index = open_index(path)
        shares_in(parcels, index)
        # More than are asked at once, which is another road to the same kernels.
        measure_layers([index.grid], flatten(np.tile(np.asarray(parcels.array), 100)))
        index.at(np.array([[1.0, 1.0]]))
        index.in_box((0.0, 0.0, 9.0, 9.0))
        index.nearest(shapely.Point(100, 100))


def _parcels() -> None:
    """Read parcels from both kinds of binary that files hold."""
    records = shapely.to_wkb([shapely.box(0, 0, 4, 4), shapely.Point(1, 1)])
    for kind in (pa.binary(), pa.large_binary()):
        block = block_of(pa.array(records, kind))
        measure_areas(index_of(np.array([shapely.box(0, 0, 9, 9)]), ["A"]).grid, block.rings)


def _zonal() -> None:
    grid = grid_from_array(
        np.arange(36.0).reshape(6, 6), crs=_PLANE, origin=(0, 60), cell=(10, -10), nodata=-1.0
    )
    shapes = gpd.GeoSeries([shapely.box(3, 3, 47, 52)], crs=_PLANE)
    zonal_statistics(shapes, grid)
    zonal_classes(shapes, grid, lambda values, data: np.where(data, 0, 1).astype(np.int16), ["a"])
    line_cells(gpd.GeoSeries([shapely.LineString([(1, 1), (50, 42)])], crs=_PLANE), grid)


def _terrain() -> None:
    heights = np.add.outer(np.arange(8.0), np.arange(8.0)) + 1.0
    heights[3:5, 3:5] = 0.0
    flow_of(
        grid_from_array(
            heights, crs="EPSG:9489", origin=(400_000, 9_200_000), cell=(30, -30), nodata=-1.0
        )
    )


_PARTS: Final[dict[str, Callable[[], None]]] = {
    "index": _index,
    "parcels": _parcels,
    "zonal": _zonal,
    "terrain": _terrain,
}
