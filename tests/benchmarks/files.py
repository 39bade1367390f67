"""From file to file in a fresh process: GeoParquet of parcels in, table of areas out.

Run as a module it does one job; `file_to_file` runs every job and measures its process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.benchmarks.prepared import Prepared
from tests.benchmarks.province import CRS, LAYERS
from tests.benchmarks.tasks import Absent, difference, need

__all__ = ["JOBS", "file_to_file"]


def _unsaved(made: Prepared, target: Path) -> None:
    from spatial.parcels import open_source
    from spatial.shares_file import shares_to_file
    from tests.benchmarks.engine import indexes

    source = open_source(made.parcel_file, crs=CRS)
    if source is None:
        raise Absent("the files were not prepared")
    shares_to_file(source, indexes(made.whole, CRS), target, id_column="nop")


def _shapely(made: Prepared, target: Path) -> None:
    from tests.benchmarks.frames import shapely_two_processes

    shapely_two_processes(made.cut)().to_parquet(target)


def _geopandas(made: Prepared, target: Path) -> None:
    from tests.benchmarks.frames import geopandas_sjoin

    geopandas_sjoin(made.cut)().to_parquet(target)


def _duckdb(made: Prepared, target: Path) -> None:
    from tests.benchmarks.databases import QUESTION, duckdb_connection

    base = duckdb_connection()

    def table(name: str, column: str, path: Path) -> None:
        [kind] = base.execute(f"SELECT typeof(geometry) FROM '{path}' LIMIT 1").fetchone()  # noqa: S608  names of our own
        shape = "geometry" if kind.startswith("GEOMETRY") else "ST_GeomFromWKB(geometry)"
        base.execute(f"CREATE TABLE {name} AS SELECT {column}, {shape} AS shape FROM '{path}'")  # noqa: S608  names of our own

    table("parcels", "nop AS parcel", made.parcel_file)
    for name in LAYERS:
        table(name, "code", made.pieces(name))
    parts = " UNION ALL ".join(
        f"SELECT '{name}' AS layer, * FROM ({QUESTION.format(name=name, shape='shape')})"  # noqa: S608  names of our own
        for name in LAYERS
    )
    base.execute(f"COPY ({parts}) TO '{target}' (FORMAT parquet)")


def _sedonadb(made: Prepared, target: Path) -> None:
    from tests.benchmarks.databases import QUESTION

    base = need("sedonadb").connect()
    base.read_parquet(str(made.parcel_file)).to_view("all_parcels", overwrite=True)
    base.sql("SELECT nop AS parcel, ST_SetSRID(geometry, 0) AS geometry FROM all_parcels").to_view(
        "parcels", overwrite=True
    )
    parts = []
    for name in LAYERS:
        base.read_parquet(str(made.pieces(name))).to_view(f"all_{name}", overwrite=True)
        base.sql(f"SELECT code, ST_SetSRID(geometry, 0) AS geometry FROM all_{name}").to_view(  # noqa: S608  names of our own
            name, overwrite=True
        )
        question = QUESTION.format(name=name, shape="geometry")
        parts.append(base.sql(question).to_pandas().assign(layer=name))
    pd.concat(parts, ignore_index=True).to_parquet(target)


JOBS: dict[str, Callable[[Prepared, Path], None]] = {
    "engine_without_saved_index": _unsaved,
    "shapely_two_processes": _shapely,
    "duckdb_spatial": _duckdb,
    "sedonadb": _sedonadb,
    "geopandas_sjoin": _geopandas,
}


def file_to_file(made: Prepared, engines: list[str], repeat: int) -> dict[str, dict[str, float]]:
    """Return seconds, processor seconds, peak memory and difference of every job that ran."""
    for name in LAYERS:
        made.index(name)
    found: dict[str, dict[str, float]] = {}
    first: pd.DataFrame | None = None
    for name in ("engine", *JOBS):
        if name not in engines and not name.startswith("engine"):
            continue
        target = made.folder / f"answers-{name}.parquet"
        runs = [_measured(name, made, target) for _ in range(repeat if "engine" in name else 1)]
        if any(run is None for run in runs):
            continue
        row = min((run for run in runs if run is not None), key=lambda run: run["seconds"])
        answers = _read(target)
        first = answers if first is None else first
        row["difference"] = difference(first, answers, made.cut.parcels)
        found[name] = row
        print(f"  {name:<28}{row['seconds']:9.2f} s{row['megabytes']:9.0f} MB", flush=True)
    return found


def _measured(name: str, made: Prepared, target: Path) -> dict[str, float] | None:
    """Run one job in a process of its own; None where its library is not there."""
    if name == "engine":
        words = ["tests.benchmarks.file_engine", made.parcel_file, made.shelf.folder, target, CRS]
        words += LAYERS
    else:
        words = [__name__, name, made.folder.parent, target, made.scale, made.seed, made.parcels]
    command = [sys.executable, "-m", *map(str, words)]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        print(f"  {name:<28}skipped: {done.stderr.strip().splitlines()[-1:]}")
        return None
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": seconds} | said


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path)
    table = table.rename(columns={"parcel_id": "parcel", "zone": "code"})
    table = table[["layer", "parcel", "code", "area_m2"]]
    return table[table["code"].notna() & (table["area_m2"] > 0)].reset_index(drop=True)


def _main(words: list[str]) -> None:
    name, folder, target, scale, seed, parcels = words
    made = Prepared(
        Path(folder) / f"{float(scale):g}-{seed}", float(scale), int(seed), int(parcels)
    )
    JOBS[name](made, Path(target))
    print(json.dumps(_used()))


def _used() -> dict[str, float]:
    """Return what this process and its children took: seconds of processor, peak memory."""
    parts = (os.times().user, os.times().system, os.times().children_user)
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return {"cpu_seconds": sum(parts), "megabytes": float(peak.split()[1]) / 1024}


if __name__ == "__main__":
    _main(sys.argv[1:])
