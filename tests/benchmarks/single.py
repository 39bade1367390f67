"""One parcel against all layers, warm, in process: what a counter waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from spatial.index import Stack
from tests.benchmarks.databases import postgis_connection
from tests.benchmarks.engine import indexes
from tests.benchmarks.tasks import Absent, Task

__all__ = ["latencies"]

#: Of the engine and of shapely; a database is asked a fifth of it.
ASKED = 4000
WARM = 200


def latencies(whole: Task, pieces: Task, engines: list[str]) -> dict[str, dict[str, float]]:
    """Return percentiles in milliseconds.

    `cpu_` counts the processor's time alone, which a busy machine does not stretch.
    """
    parcels = np.asarray(whole.parcels.array, dtype=object)
    asked = np.random.default_rng(1).integers(0, len(parcels), ASKED)
    stack = Stack(indexes(whole))

    def by_index(row: int) -> None:
        stack.shares(parcels[row])

    found = {"engine": _percentiles(by_index, asked)}
    if "shapely_tree" in engines:
        found["shapely_tree"] = _percentiles(_by_shapely(parcels, pieces), asked)
    if "postgis" in engines:
        try:
            found["postgis"] = _percentiles(_by_postgis(parcels, pieces), asked[: ASKED // 5])
        except Absent as why:
            print(f"  postgis skipped: {why}")
    return found


def _by_shapely(parcels: Any, pieces: Task) -> Callable[[int], None]:
    layers = [np.asarray(zones.geometry.array, dtype=object) for zones in pieces.layers.values()]
    trees = [(shapes, shapely.STRtree(shapes)) for shapes in layers]

    def ask(row: int) -> None:
        parcel = parcels[row]
        for shapes, tree in trees:
            shapely.area(shapely.intersection(parcel, shapes[tree.query(parcel, "intersects")]))

    return ask


def _by_postgis(parcels: Any, pieces: Task) -> Callable[[int], None]:
    """All layers in one prepared question, one round trip."""
    base = postgis_connection(pieces)
    parts = " UNION ALL ".join(
        f"SELECT '{name}', z.code, sum(CASE WHEN ST_CoveredBy(p.shape, z.shape) "  # noqa: S608  names of our own
        "THEN ST_Area(p.shape) ELSE ST_Area(ST_Intersection(p.shape, z.shape)) END) "
        f"FROM p JOIN {name} z ON ST_Intersects(p.shape, z.shape) GROUP BY z.code"
        for name in pieces.layers
    )
    question = f"WITH p AS MATERIALIZED (SELECT %s::geometry AS shape) {parts}"

    def ask(row: int) -> None:
        base.execute(question, [shapely.to_wkb(parcels[row], hex=True)], prepare=True).fetchall()

    return ask


def _percentiles(ask: Callable[[int], None], rows: Any) -> dict[str, float]:
    times, used = [], []
    for row in rows[:WARM]:
        ask(int(row))
    for row in rows:
        begin, busy = time.perf_counter(), time.thread_time()
        ask(int(row))
        used.append(1000.0 * (time.thread_time() - busy))
        times.append(1000.0 * (time.perf_counter() - begin))
    return {
        "p50": float(np.median(times)),
        "p99": float(np.quantile(times, 0.99)),
        "cpu_p50": float(np.median(used)),
        "cpu_p99": float(np.quantile(used, 0.99)),
    }
