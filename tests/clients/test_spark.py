"""Spark itself, its executors processes of their own, one of them killed on the way."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from api.bulk.cluster import spark_judge, spark_spans
from api.bulk.collect import collect
from api.bulk.job import Job, Order, prepare
from api.engine import Engine
from api.verdict_files import verdict_bytes
from zoning import read_permits

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        "TATARUANG_CLIENTS" not in os.environ,
        reason="make test-clients installs what it needs",
    ),
    # Each executor opens the workspace for itself.
    pytest.mark.timeout(900),
    # It warns of its own use of pandas.
    pytest.mark.filterwarnings("ignore"),
]
ROOT = Path(__file__).resolve().parents[2]
ON = "2026-11-24"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A cluster of two executors on this machine."""
    if shutil.which("java") is None:
        pytest.skip("there is no Java on this machine")
    place = str(Path(os.environ["TATARUANG_CLIENTS"]) / "spark")
    if place not in sys.path:
        sys.path.append(place)
    try:
        sql = importlib.import_module("pyspark.sql")
    except ImportError:
        pytest.skip(f"pyspark is not in {place}")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), place])
    builder = sql.SparkSession.builder.master("local-cluster[2,1,1024]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.task.maxFailures": "8",
        "spark.executor.memory": "1024m",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def permits(sample_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame = gpd.read_file(sample_files / "permohonan.geojson").head(24)
    target = tmp_path_factory.mktemp("spark") / "permohonan.parquet"
    frame.to_parquet(target)
    return target


def _expected(permits: Path, workspace: Path) -> list[bytes]:
    engine = Engine.open(workspace)
    frame = read_permits(permits, within=engine.extent)
    bodies = engine.check(frame, on=date.fromisoformat(ON)).to_dicts()
    return [verdict_bytes(body) for body in bodies]


def _mapped(spark: Any, job: Job) -> int:
    spans = spark.createDataFrame(spark_spans(job)).repartition(6)
    rows = spans.mapInPandas(spark_judge(job), "part string, rows long").collect()
    return sum(row["rows"] for row in rows)


def test_spark_gives_the_bytes_of_the_plain_check(
    spark: Any, permits: Path, sample_workspace: Path, tmp_path: Path
) -> None:
    job = prepare(permits, Order(str(sample_workspace), on=ON), tmp_path / "job", part_rows=4)
    assert _mapped(spark, job) == 24
    assert list(job.missing()) == []
    collect(job, tmp_path / "hasil.jsonl")
    found = (tmp_path / "hasil.jsonl").read_bytes().splitlines()
    assert found == _expected(permits, sample_workspace)


def test_an_executor_that_is_killed_loses_nothing(
    spark: Any, permits: Path, sample_workspace: Path, tmp_path: Path
) -> None:
    job = prepare(permits, Order(str(sample_workspace), on=ON), tmp_path / "job", part_rows=2)
    killed: list[int] = []

    def kill() -> None:
        until = time.monotonic() + 120
        while not list(job.answers.glob("*.parquet")) and time.monotonic() < until:
            time.sleep(0.02)
        for pid in _executors()[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    _mapped(spark, job)
    thread.join()
    assert killed
    assert list(job.missing()) == []
    collect(job, tmp_path / "hasil.jsonl")
    found = (tmp_path / "hasil.jsonl").read_bytes().splitlines()
    assert found == _expected(permits, sample_workspace)


def _executors() -> list[int]:
    """Return the executors of this very session: they descend from this process."""
    ours, found = {os.getpid()}, []
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            parent = int(path.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
            words = path.joinpath("cmdline").read_bytes()
        except OSError:
            continue
        if parent in ours:
            ours.add(int(path.name))
            if b"CoarseGrainedExecutorBackend" in words:
                found.append(int(path.name))
    return found
