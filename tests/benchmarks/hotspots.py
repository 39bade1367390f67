"""Hotspots beside libpysal and esda: `python -m tests.benchmarks.hotspots`.

The peers are no dependency of the engine; what is not installed is left out and said so.
Times are CPU seconds (the least of some runs): a busy machine does not change them much.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.hotspots import gi, lag_p
from spatial.weights import distance_band, knn, queen

__all__ = ["main", "mesh"]

DESA = 8_578
WHOLE = r"""
import re, sys, time
start = time.perf_counter()
import geopandas as gpd
from hazard.vulnerability import find_hotspots
areas = gpd.read_parquet(sys.argv[1]).set_index("kode")
found = find_hotspots(areas, "poor", population="people", draws=9_999)
# What the kernel counts for this program alone; rusage would carry over its parent's.
peak = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) / 1024
print(time.perf_counter() - start, time.process_time(), peak, len(found.table))
"""


def mesh(n: int, *, per_edge: int = 0, seed: int = 1) -> gpd.GeoDataFrame:
    """A Voronoi mesh of `n` areas; `per_edge` more vertices on every edge, shared exactly."""
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.random((n, 2)) * 300_000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=points.envelope))
    if per_edge:
        cells = np.array([_dense(cell, per_edge) for cell in cells], dtype=object)
    x, y = shapely.get_x(shapely.centroid(cells)), shapely.get_y(shapely.centroid(cells))
    people = random.integers(300, 2_500, len(cells))
    near = np.hypot(x - 90_000, y - 200_000) < 25_000
    return gpd.GeoDataFrame(
        {
            "kode": [f"33.{i // 300:02d}.{i // 15 % 20:02d}.{2001 + i % 15}" for i in range(n)],
            "people": people,
            "poor": random.binomial(people, np.where(near, 0.25, 0.1)),
        },
        geometry=list(cells),
        crs="EPSG:9489",
    )


def _dense(cell: Any, per_edge: int) -> Any:
    """Cut every edge into equal parts, from its lower end, so that both sides agree exactly."""
    ring = shapely.get_coordinates(cell)
    parts = np.arange(per_edge + 1) / (per_edge + 1)
    rows = []
    for one, two in pairwise(ring):
        turned = tuple(one) > tuple(two)
        low, high = (two, one) if turned else (one, two)
        cut = low + np.outer(parts, high - low)
        rows.append(np.vstack((one, cut[:0:-1])) if turned else cut)
    return shapely.polygons(np.vstack((*rows, ring[:1])))


def cpu(work: Callable[[], object], repeat: int = 3) -> float:
    """Least CPU seconds of some runs."""
    took = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def contiguity(areas: gpd.GeoDataFrame) -> dict[str, float]:
    """Queen neighbours, ours and libpysal's two ways."""
    out = {"engine": cpu(lambda: queen(areas))}
    if importlib.util.find_spec("libpysal"):
        from libpysal.graph import Graph
        from libpysal.weights import Queen

        plain = areas.reset_index(drop=True)
        out["libpysal.Graph"] = cpu(lambda: Graph.build_contiguity(plain, rook=False), 2)
        out["libpysal.Queen"] = cpu(lambda: Queen.from_dataframe(plain, use_index=False), 1)
    return out


def near(areas: gpd.GeoDataFrame) -> dict[str, float]:
    """Eight nearest, and a band of about twelve neighbours."""
    reach = float(np.sqrt(12 * 300_000**2 / np.pi / len(areas)))
    return {
        "knn:8": cpu(lambda: knn(areas, 8)),
        "distance": cpu(lambda: distance_band(areas, reach)),
    }


def statistics(areas: gpd.GeoDataFrame) -> dict[str, float]:
    """Gi* with exact moments, and 999 draws for every area."""
    weights = queen(areas)
    rates = pd.Series(areas["poor"] / areas["people"], areas.index)
    out = {
        "analytic Gi*": cpu(lambda: gi(rates, weights)),
        "999 draws, all areas": cpu(lambda: lag_p(rates, weights, draws=999, workers=1), 1),
    }
    if importlib.util.find_spec("esda") and importlib.util.find_spec("libpysal"):
        out["esda 999 draws, all areas"] = _esda(rates, areas)
    return out


def _esda(rates: pd.Series, areas: gpd.GeoDataFrame) -> float:
    import warnings

    from esda import G_Local
    from libpysal.graph import Graph

    graph = Graph.build_contiguity(areas.reset_index(drop=True), rook=False)

    def work() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return G_Local(
                rates.to_numpy(), graph, transform="B", star=True, permutations=999, n_jobs=1,
                keep_simulations=False, seed=1,
            )  # fmt: skip

    work()  # its compiler must not count
    return cpu(work, 1)


def end_to_end(areas: gpd.GeoDataFrame, folder: Path) -> dict[str, float]:
    """A fresh process from file to classes, 9,999 draws for candidates, import included."""
    path = folder / "desa.parquet"
    areas.to_parquet(path)
    done = subprocess.run(
        [sys.executable, "-c", WHOLE, str(path)], capture_output=True, text=True, check=True
    )
    wall, took, peak, rows = map(float, done.stdout.split())
    return {"wall s": wall, "CPU s": took, "peak MB": peak, "areas": rows}


def main(words: list[str] | None = None) -> int:
    """Print every figure, and their ratios where a peer ran."""
    import tempfile

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--areas", type=int, default=DESA)
    asked.add_argument("--large", type=int, default=0, help="also this many areas, e.g. 100000")
    asked.add_argument("--output", type=Path)
    wanted = asked.parse_args(words)
    plain, dense = mesh(wanted.areas), mesh(wanted.areas, per_edge=8)
    said: dict[str, dict[str, float]] = {}
    for name, areas in (("plain mesh", plain), ("dense mesh", dense)):
        said[f"contiguity, {name}, {areas.count_coordinates().sum():,} vertices"] = contiguity(
            areas
        )
    said["neighbours by distance"] = near(plain)
    said["statistics"] = statistics(plain)
    with tempfile.TemporaryDirectory() as folder:
        said["file to classes"] = end_to_end(plain, Path(folder))
        said["file to classes, dense"] = end_to_end(dense, Path(folder))
        if wanted.large:
            large = mesh(wanted.large)
            said[f"file to classes, {wanted.large:,}"] = end_to_end(large, Path(folder))
    for title, row in said.items():
        print(title)
        for name, value in row.items():
            times = f"{value / row['engine']:8.1f} x" if "engine" in row else ""
            print(f"  {name:<28}{value:10.3f}{times}")
    print(
        f"peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )
    if wanted.output:
        wanted.output.write_text(json.dumps(said, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
