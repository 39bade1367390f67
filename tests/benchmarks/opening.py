"""What comes before the first answer: an index is built, saved, opened and asked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np

from spatial.index import index_of
from tests.benchmarks.prepared import Prepared
from tests.benchmarks.province import CRS, LAYERS

__all__ = ["building", "first_answer"]

#: A fresh process after `tataruang warmup`: code is loaded once, whatever the number of layers.
FRESH = """
import json, sys, time
from pathlib import Path
begin = time.perf_counter()
import numpy as np, shapely
from spatial.index import index_of, open_index
imported = time.perf_counter()
index_of(np.array([shapely.box(0, 0, 9, 9)]), ["A"]).areas(np.array([shapely.box(1, 1, 2, 2)]))
loaded = time.perf_counter()
index = open_index(Path(sys.argv[1]), source="zoning", verify=len(sys.argv) > 2)
opened = time.perf_counter()
x, y, side = index.grid.frame
rows, columns, _ = index.grid.shape
middle = x + side * columns / 2, y + side * rows / 2
found = index.areas(np.array([shapely.box(*middle, middle[0] + 40, middle[1] + 30)]))
asked = time.perf_counter()
print(json.dumps({"import_ms": imported - begin, "load_code_ms": loaded - imported,
                  "open_ms": opened - loaded, "first_answer_ms": asked - opened,
                  "rows": len(found.area)}))
"""


def building(made: Prepared, repeat: int) -> dict[str, dict[str, float]]:
    """Return what it takes to build the index of each layer, and its size."""
    found = {}
    for name in LAYERS:
        frame = gpd.read_parquet(made.layer(name))
        shapes, codes = np.asarray(frame.geometry.array, dtype=object), list(frame["code"])
        took = []
        for _ in range(repeat):
            begin, used = time.perf_counter(), time.process_time()
            index_of(shapes, codes, CRS)
            took.append((time.perf_counter() - begin, time.process_time() - used))
        seconds, cpu = min(took)
        path = made.shelf.path(name)
        made.index(name)
        found[name] = {
            "zones": float(len(frame)),
            "vertices": float(frame.count_coordinates().sum()),
            "largest": float(frame.count_coordinates().max()),
            "seconds": seconds,
            "cpu_seconds": cpu,
            "megabytes": path.stat().st_size / 2**20 if path else 0.0,
        }
        print(f"  {name:<12}{found[name]['vertices']:12,.0f} vertices{seconds:8.2f} s", flush=True)
    return found


def first_answer(made: Prepared, repeat: int) -> dict[str, dict[str, float]]:
    """Return milliseconds of a fresh process that opens the zoning, unchecked and checked."""
    made.index("zoning")
    path = made.shelf.path("zoning")
    found = {}
    for name, more in (("opened", []), ("opened, every byte checked", ["verify"])):
        runs = [_fresh(path, more) for _ in range(repeat)]
        found[name] = {key: float(np.median([run[key] for run in runs])) for key in runs[0]}
        print(f"  {name:<28}{found[name]['open_ms']:8.1f}{found[name]['first_answer_ms']:8.1f} ms")
    return found


def _fresh(path: Path | None, more: list[str]) -> dict[str, float]:
    words = [sys.executable, "-c", FRESH, str(path), *more]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    return {key: 1000.0 * value for key, value in said.items() if key.endswith("_ms")}
