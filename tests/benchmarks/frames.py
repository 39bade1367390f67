"""Peers that work on frames: geopandas, shapely by hand, dask-geopandas."""

from __future__ import annotations

import multiprocessing
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tests.benchmarks.tasks import Run, Task, need

__all__ = [
    "dask_geopandas",
    "geopandas_overlay",
    "geopandas_sjoin",
    "shapely_tree",
    "shapely_two_processes",
]


def _summed(name: str, parcel: Any, code: Any, area: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"parcel": parcel, "code": code, "area_m2": area})
    frame = frame[frame["area_m2"] > 0].groupby(["parcel", "code"], as_index=False).sum()
    frame.insert(0, "layer", name)
    return frame


def _numbered(task: Task) -> gpd.GeoDataFrame:
    rows = {"parcel": np.arange(len(task.parcels))}
    return gpd.GeoDataFrame(rows, geometry=task.parcels.array)


def geopandas_sjoin(task: Task) -> Run:
    """geopandas.sjoin, then the areas of the intersections of the pairs."""
    parcels = gpd.GeoDataFrame(
        {"parcel": np.arange(len(task.parcels))}, geometry=task.parcels.array
    )

    def run() -> pd.DataFrame:
        parts = []
        for name, zones in task.layers.items():
            plain = gpd.GeoDataFrame({"code": zones["code"]}, geometry=zones.geometry.array)
            pairs = gpd.sjoin(parcels, plain, predicate="intersects")
            other = plain.geometry.iloc[pairs["index_right"]].reset_index(drop=True)
            cut = pairs.geometry.reset_index(drop=True).intersection(other)
            parts.append(_summed(name, pairs["parcel"].array, pairs["code"].array, cut.area.array))
        return pd.concat(parts, ignore_index=True)

    return run


def geopandas_overlay(task: Task) -> Run:
    """geopandas.overlay, the one-liner of every handbook."""
    parcels = gpd.GeoDataFrame(
        {"parcel": np.arange(len(task.parcels))}, geometry=task.parcels.array, crs=task.parcels.crs
    )

    def run() -> pd.DataFrame:
        parts = []
        for name, zones in task.layers.items():
            cut = gpd.overlay(parcels, zones, how="intersection", keep_geom_type=True)
            parts.append(_summed(name, cut["parcel"], cut["code"], cut.area))
        return pd.concat(parts, ignore_index=True)

    return run


def _by_tree(parcels: Any, layers: dict[str, Any], offset: int = 0) -> pd.DataFrame:
    """What a careful hand writes: tree, a test that spares most intersections, areas."""
    parts = []
    whole = shapely.area(parcels)
    for name, (shapes, codes, tree) in layers.items():
        row, piece = tree.query(parcels, predicate="intersects")
        inside = shapely.covered_by(parcels[row], shapes[piece])
        area = np.where(inside, whole[row], 0.0)
        cut = ~inside
        area[cut] = shapely.area(shapely.intersection(parcels[row[cut]], shapes[piece[cut]]))
        parts.append(_summed(name, row + offset, codes[piece], area))
    return pd.concat(parts, ignore_index=True)


def _trees(task: Task) -> dict[str, Any]:
    return {
        name: (
            np.asarray(zones.geometry.array, dtype=object),
            zones["code"].to_numpy(dtype=object),
            shapely.STRtree(np.asarray(zones.geometry.array, dtype=object)),
        )
        for name, zones in task.layers.items()
    }


def shapely_tree(task: Task) -> Run:
    """STRtree and vectorised predicates, one thread."""
    layers, parcels = _trees(task), np.asarray(task.parcels.array, dtype=object)
    return lambda: _by_tree(parcels, layers)


_FORKED: dict[str, Any] = {}


def _half(span: tuple[int, int]) -> pd.DataFrame:
    parcels, layers = _FORKED["task"]
    return _by_tree(parcels[span[0] : span[1]], layers, span[0])


def shapely_two_processes(task: Task) -> Run:
    """The same in two forked processes, which share the trees."""
    _FORKED["task"] = np.asarray(task.parcels.array, dtype=object), _trees(task)
    middle, count = len(task.parcels) // 2, len(task.parcels)

    def run() -> pd.DataFrame:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return pd.concat(pool.map(_half, [(0, middle), (middle, count)]), ignore_index=True)

    return run


def dask_geopandas(task: Task) -> Run:
    """dask-geopandas: partitions of the parcels joined with broadcast zones."""
    dask_gpd = need("dask_geopandas")
    frame = _numbered(task)
    parts = dask_gpd.from_geopandas(frame, npartitions=4)

    def one(part: gpd.GeoDataFrame, name: str) -> pd.DataFrame:
        zones = task.layers[name]
        plain = gpd.GeoDataFrame({"code": zones["code"]}, geometry=zones.geometry.array)
        pairs = gpd.sjoin(part, plain, predicate="intersects")
        other = plain.geometry.iloc[pairs["index_right"]].reset_index(drop=True)
        cut = pairs.geometry.reset_index(drop=True).intersection(other)
        return _summed(name, pairs["parcel"].array, pairs["code"].array, cut.area.array)

    def run() -> pd.DataFrame:
        meta = pd.DataFrame(
            {"layer": pd.Series(dtype=str), "parcel": pd.Series(dtype=int),
             "code": pd.Series(dtype=str), "area_m2": pd.Series(dtype=float)}
        )  # fmt: skip
        done = [
            parts.map_partitions(one, name, meta=meta).compute(scheduler="processes", num_workers=2)
            for name in task.layers
        ]
        return pd.concat(done, ignore_index=True)

    return run
