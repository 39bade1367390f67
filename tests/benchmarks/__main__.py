"""Run the engine and its peers side by side and print the ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import databases, engine, frames, single
from tests.benchmarks.province import build_province, parcels_of, split
from tests.benchmarks.tasks import Absent, Run, Task, difference, timed

__all__ = ["main"]

PEERS: dict[str, Callable[[Task], Run]] = {
    "engine": engine.engine,
    "engine_one_thread": engine.engine_one_thread,
    "shapely_two_processes": frames.shapely_two_processes,
    "shapely_tree": frames.shapely_tree,
    "duckdb_spatial": databases.duckdb_spatial,
    "sedonadb": databases.sedonadb,
    "geopandas_sjoin": frames.geopandas_sjoin,
    "geopandas_overlay": frames.geopandas_overlay,
    "dask_geopandas": frames.dask_geopandas,
    "postgis": databases.postgis,
}
#: Areas of two engines may differ by this share of the parcel.
EQUAL = 1e-8


def main(words: list[str] | None = None) -> int:
    """Return 0 when every engine that ran gave the same areas."""
    wanted = _arguments().parse_args(words)
    province = build_province(wanted.scale, wanted.seed)
    parcels = parcels_of(province, wanted.parcels)
    layers = province.layers
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    for name, frame in layers.items():
        print(f"  {name}: {len(frame):,} zones, {frame.count_coordinates().sum():,} vertices")
    pieces = {name: split(frame) for name, frame in layers.items()}
    said = {"split": _compare(Task(parcels, pieces), wanted.engines, wanted.repeat)}
    few = parcels.iloc[:: max(1, wanted.parcels // 5000)].reset_index(drop=True)
    whole = Task(few, {"zoning": layers["zoning"]})
    said["unsplit zoning"] = _compare(whole, wanted.engines, 1)
    said["one parcel, ms"] = single.latencies(Task(parcels, layers), Task(parcels, pieces))
    for name, row in said["one parcel, ms"].items():
        print(f"  {name:<24}{row['p50']:10.3f}{row['p99']:10.3f}")
    if wanted.output:
        wanted.output.write_text(json.dumps(said, indent=1))
    same = all(
        row.get("difference", 0.0) <= EQUAL
        for table in ("split", "unsplit zoning")
        for row in said[table].values()
    )
    return 0 if same else 1


def _compare(task: Task, engines: list[str], repeat: int) -> dict[str, dict[str, float]]:
    """Time every engine; all answers are compared with the first one's."""
    print(f"\n{len(task.parcels):,} parcels x {len(task.layers)} layers{'seconds':>16}{'ratio':>9}")
    found: dict[str, dict[str, float]] = {}
    first = None
    for name in engines:
        try:
            run = PEERS[name](task)
        except Absent as why:
            print(f"  {name:<24}skipped: {why}")
            continue
        times, answers = zip(*(timed(run) for _ in range(repeat)), strict=True)
        first = answers[0] if first is None else first
        row = {
            "seconds": statistics.median(times),
            "difference": difference(first, answers[0], task.parcels),
        }
        found[name] = row
        ratio = row["seconds"] / next(iter(found.values()))["seconds"]
        print(f"  {name:<24}{row['seconds']:>14.3f}{ratio:>9.1f}   {row['difference']:.1e}")
        sys.stdout.flush()
    return found


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1, help="1 is a province")
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=33)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engines", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--output", type=Path, help="JSON with all figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
