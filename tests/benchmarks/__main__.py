"""Run the engine and its peers side by side and print the ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import curves, databases, engine, files, frames, lively, opening, single
from tests.benchmarks.prepared import Prepared, prepare
from tests.benchmarks.tasks import Absent, Run, Task, difference, timed

__all__ = ["main"]

PEERS: dict[str, Callable[[Task], Run]] = {
    "engine": engine.engine,
    "engine_one_thread": engine.engine_one_thread,
    "engine_two_workers": engine.engine_two_workers,
    "shapely_two_processes": frames.shapely_two_processes,
    "shapely_tree": frames.shapely_tree,
    "sedonadb": databases.sedonadb,
    "duckdb_spatial": databases.duckdb_spatial,
    "geopandas_sjoin": frames.geopandas_sjoin,
    "postgis": databases.postgis,
    "geopandas_overlay": frames.geopandas_overlay,
    "dask_geopandas": frames.dask_geopandas,
}
#: Take minutes at a million parcels and are no nearer than geopandas_sjoin: not unless asked.
SLOW = ("geopandas_overlay", "dask_geopandas")
MANY = 200_000
#: Areas of two engines may differ by this share of the parcel.
EQUAL = 1e-8
SECTIONS = ("open", "split", "unsplit", "single", "file", "curves", "live")


def main(words: list[str] | None = None) -> int:
    """Return 0 when every engine that ran gave the same areas."""
    wanted = _arguments().parse_args(words)
    _stop_what_was_started()
    many = wanted.parcels > MANY
    engines = wanted.engines or [one for one in PEERS if not (many and one in SLOW)]
    engines = [one for one in engines if one not in wanted.skip]
    made = prepare(wanted.folder, wanted.scale, wanted.seed, wanted.parcels)
    said: dict[str, Any] = {}
    if wanted.output and wanted.output.exists():
        # Sections may be measured one by one, in different quiet hours.
        said = json.loads(wanted.output.read_text())
    said["machine"] = _machine() | {"scale": wanted.scale, "parcels": wanted.parcels}
    for section in wanted.sections:
        print(f"\n{section}", flush=True)
        begin = time.perf_counter()

        def keep(found: Any, section: str = section) -> None:
            """Save what is there so far: a long run may be cut off."""
            said[section] = found
            if wanted.output:
                wanted.output.write_text(json.dumps(said, indent=1) + "\n")

        keep(_measure(section, made, engines, wanted.repeat, wanted.seconds, keep))
        print(f"  ({time.perf_counter() - begin:.0f} s)", flush=True)
    tables = [said.get(name, {}) for name in ("split", "unsplit", "file")]
    same = all(row.get("difference", 0.0) <= EQUAL for table in tables for row in table.values())
    return 0 if same else 1


def _stop_what_was_started() -> None:
    """Ended from outside, leave as at the end: servers stop. Forked workers just end."""
    ours = os.getpid()

    def leave(number: int, _: object) -> None:
        if os.getpid() != ours:
            os._exit(128 + number)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def _measure(
    section: str,
    made: Prepared,
    engines: list[str],
    repeat: int,
    seconds: float,
    keep: Callable[[Any], None],
) -> Any:
    if section == "open":
        return {
            "build": opening.building(made, repeat),
            "fresh process": opening.first_answer(made, repeat),
        }
    if section == "split":
        return compare(made.cut, engines, repeat, seconds, keep)
    if section == "unsplit":
        few = [name for name in engines if name != "engine_two_workers"]
        return compare(made.few, few, 1, seconds, keep)
    if section == "single":
        return single.latencies(made.whole, made.cut, engines)
    if section == "file":
        return files.file_to_file(made, engines, repeat)
    if section == "curves":
        return {"zone size": curves.over_zone_size(), "parcels": curves.over_parcels(made)}
    return lively.live_questions(np.asarray(made.whole.parcels.array, dtype=object))


def compare(
    task: Task,
    engines: list[str],
    repeat: int,
    seconds: float,
    keep: Callable[[Any], None] = lambda found: None,
) -> dict[str, dict[str, float]]:
    """Time every engine; all answers are compared with the first one's.

    Each is run `repeat` times or until `seconds` are spent, at least once.
    """
    print(f"  {len(task.parcels):,} parcels x {len(task.layers)} layers")
    found: dict[str, dict[str, float]] = {}
    first = None
    for name in engines:
        try:
            run = PEERS[name](task)
        except Absent as why:
            print(f"  {name:<24}skipped: {why}", flush=True)
            continue
        times: list[float] = []
        answers = None
        while len(times) < repeat and (not times or sum(times) + times[-1] < seconds):
            took, answers = timed(run)
            times.append(took)
        first = answers if first is None else first
        row = {
            "seconds": statistics.median(times),
            "runs": float(len(times)),
            "difference": difference(first, answers, task.parcels),
        }
        found[name] = row
        keep(found)
        ratio = row["seconds"] / next(iter(found.values()))["seconds"]
        print(f"  {name:<24}{row['seconds']:>12.3f} s{ratio:>9.1f}   {row['difference']:.1e}")
        sys.stdout.flush()
    return found


def _machine() -> dict[str, Any]:
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processor": names[0].partition(":")[2].strip() if names else platform.machine(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "day": time.strftime("%Y-%m-%d"),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1, help="1 is a province")
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=33)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each engine at most")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="no further run of an engine after these"
    )
    parser.add_argument("--sections", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--engines", nargs="+", choices=list(PEERS), help="all that are not slow")
    parser.add_argument("--skip", nargs="+", choices=list(PEERS), default=[])
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="of the files")
    parser.add_argument("--output", type=Path, help="JSON, to which sections are added")
    return parser


if __name__ == "__main__":
    sys.exit(main())
