"""Peers that speak SQL: DuckDB, SedonaDB, PostGIS."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tests.benchmarks.tasks import Absent, Run, Task, need

__all__ = [
    "duckdb_connection",
    "duckdb_spatial",
    "fill",
    "postgis",
    "postgis_connection",
    "sedonadb",
    "tile_database",
]

THREADS = 2
#: The question in SQL; {name} is a layer of our own.
QUESTION = (
    "SELECT p.parcel, z.code, sum(ST_Area(ST_Intersection(p.{shape}, z.{shape}))) AS area_m2 "
    "FROM parcels p JOIN {name} z ON ST_Intersects(p.{shape}, z.{shape}) GROUP BY p.parcel, z.code"
)
WITH_SHORTCUT = (
    "SELECT p.parcel, z.code, sum(CASE WHEN ST_CoveredBy(p.shape, z.shape) "
    "THEN ST_Area(p.shape) ELSE ST_Area(ST_Intersection(p.shape, z.shape)) END) "
    "FROM parcels p JOIN {name} z ON ST_Intersects(p.shape, z.shape) GROUP BY 1, 2"
)


def _renamed(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    parts = [frame.assign(layer=name) for name, frame in frames.items()]
    both = pd.concat(parts, ignore_index=True)
    return both[both["area_m2"] > 0].reset_index(drop=True)


def duckdb_connection() -> Any:
    """Open a database in memory with the spatial extension."""
    duckdb, extension = need("duckdb"), need("duckdb_extension_spatial")
    found = list(Path(extension.__file__).parent.rglob("spatial.duckdb_extension"))
    base = duckdb.connect(config={"threads": THREADS, "allow_unsigned_extensions": True})
    base.execute(f"LOAD '{found[0]}'")
    return base


def duckdb_spatial(task: Task) -> Run:
    """DuckDB with its spatial join; the extension comes from a wheel, loaded by its path."""
    base = duckdb_connection()
    _duck_table(base, "parcels", {"parcel": np.arange(len(task.parcels))}, task.parcels)
    for name, zones in task.layers.items():
        _duck_table(base, name, {"code": zones["code"].to_numpy(dtype=object)}, zones.geometry)

    def run() -> pd.DataFrame:
        return _renamed(
            {
                name: base.execute(QUESTION.format(name=name, shape="shape")).df()
                for name in task.layers
            }
        )

    return run


def _duck_table(base: Any, name: str, columns: dict[str, Any], shapes: gpd.GeoSeries) -> None:
    frame = pd.DataFrame(columns | {"wkb": shapely.to_wkb(shapes.array)})
    base.register("incoming", frame)
    base.execute(
        f"CREATE TABLE {name} AS SELECT * EXCLUDE (wkb), ST_GeomFromWKB(wkb) AS shape FROM incoming"  # noqa: S608  names of our own
    )
    base.unregister("incoming")


def sedonadb(task: Task) -> Run:
    """SedonaDB on one node."""
    base = need("sedonadb").connect()
    parcels = gpd.GeoDataFrame(
        {"parcel": np.arange(len(task.parcels))}, geometry=task.parcels.array
    )
    base.create_data_frame(parcels).to_memtable().to_view("parcels", overwrite=True)
    for name, zones in task.layers.items():
        plain = gpd.GeoDataFrame({"code": zones["code"].to_numpy()}, geometry=zones.geometry.array)
        base.create_data_frame(plain).to_memtable().to_view(name, overwrite=True)

    def run() -> pd.DataFrame:
        return _renamed(
            {
                name: base.sql(QUESTION.format(name=name, shape="geometry")).to_pandas()
                for name in task.layers
            }
        )

    return run


def postgis(task: Task) -> Run:
    """PostGIS in a cluster of its own, with GiST and the shortcut for parcels wholly inside."""
    base = postgis_connection(task)
    _post_table(base, "parcels", "parcel int", range(len(task.parcels)), task.parcels)

    def run() -> pd.DataFrame:
        frames = {}
        for name in task.layers:
            rows = base.execute(WITH_SHORTCUT.format(name=name)).fetchall()
            frames[name] = pd.DataFrame(rows, columns=["parcel", "code", "area_m2"])
        return _renamed(frames)

    return run


@lru_cache(maxsize=1)
def _server() -> str:
    return _cluster()


def postgis_connection(task: Task) -> Any:
    """Open a server of this run alone that holds the layers."""
    psycopg = need("psycopg")
    base = psycopg.connect(_server(), autocommit=True)
    base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    for setting in ("max_parallel_workers_per_gather = 1", "work_mem = '256MB'", "jit = off"):
        base.execute(f"SET {setting}")
    for name, zones in task.layers.items():
        _post_table(base, name, "code text", zones["code"], zones.geometry)
    return base


@lru_cache(maxsize=1)
def tile_database() -> Any:
    """Open a server of this run alone with PostGIS, and nothing in it that is asked for."""
    base = need("psycopg").connect(_server(), autocommit=True)
    base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    base.execute("SET max_parallel_workers_per_gather = 0")
    base.execute("SET jit = off")
    atexit.register(base.close)
    return base


def fill(address: str, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Put layers into a database, each a table with an index."""
    with need("psycopg").connect(address, autocommit=True) as base:
        for name, zones in layers.items():
            _post_table(base, name, "code text", zones["code"], zones.geometry)


def _post_table(base: Any, name: str, column: str, values: Any, shapes: gpd.GeoSeries) -> None:
    base.execute(f"DROP TABLE IF EXISTS {name}")
    base.execute(f"CREATE TABLE {name} ({column}, shape geometry)")
    with base.cursor().copy(f"COPY {name} FROM STDIN") as copy:
        for value, wkb in zip(values, shapely.to_wkb(shapes.array, hex=True), strict=True):
            copy.write_row((value, wkb))
    base.execute(f"CREATE INDEX ON {name} USING gist (shape)")
    base.execute(f"ANALYZE {name}")


def _cluster() -> str:
    """Start a server for this run alone and return how to reach it."""
    programs = [shutil.which(name) for name in ("initdb", "pg_ctl")]
    if not all(programs):
        raise Absent("there is no PostgreSQL server on this machine")
    # PostgreSQL refuses to run as root; its own account is used where there is one.
    runuser = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    if runuser:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, options = folder / "data", f"-p {port} -c fsync=off -c shared_buffers=1GB -k {folder}"
    start = [*runuser, programs[1], "-D", data, "-o", options, "-w", "-l", folder / "log"]
    try:
        subprocess.run(
            [*runuser, programs[0], "-D", data, "-U", "bench"], check=True, capture_output=True
        )
        subprocess.run([*start, "start"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Absent(f"PostgreSQL does not start: {error}") from error
    atexit.register(_stop, [*runuser, programs[1], "-D", data, "-m", "immediate", "stop"], folder)
    return f"host={folder} port={port} user=bench dbname=postgres"


def _stop(command: list[Any], folder: Path) -> None:
    subprocess.run(command, check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
