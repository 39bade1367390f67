"""One parcel against all layers, warm, in process: what a counter waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from spatial.index import measure_areas
from spatial.rings import flatten
from tests.benchmarks.engine import indexes
from tests.benchmarks.tasks import Task

__all__ = ["latencies"]

ASKED = 2000


def latencies(whole: Task, pieces: Task) -> dict[str, dict[str, float]]:
    """Return median and 99th percentile in milliseconds: the engine, shapely on pieces."""
    parcels = np.asarray(whole.parcels.array, dtype=object)
    asked = np.random.default_rng(1).integers(0, len(parcels), ASKED)
    grids = [index.grid for index in indexes(whole).values()]

    def by_index(row: int) -> None:
        rings = flatten(parcels[row : row + 1])
        for grid in grids:
            measure_areas(grid, rings)

    layers = [np.asarray(zones.geometry.array, dtype=object) for zones in pieces.layers.values()]
    trees = [(shapes, shapely.STRtree(shapes)) for shapes in layers]

    def by_shapely(row: int) -> None:
        parcel = parcels[row]
        for shapes, tree in trees:
            shapely.area(shapely.intersection(parcel, shapes[tree.query(parcel, "intersects")]))

    return {
        "engine": _percentiles(by_index, asked),
        "shapely_tree": _percentiles(by_shapely, asked),
    }


def _percentiles(ask: Callable[[int], None], rows: Any) -> dict[str, float]:
    times = []
    for row in rows:
        begin = time.perf_counter()
        ask(int(row))
        times.append(1000.0 * (time.perf_counter() - begin))
    return {"p50": float(np.median(times)), "p99": float(np.quantile(times, 0.99))}
