"""Batches: the bytes of single checks, after any end, and no permit lost on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from api.bulk.cluster import spark_judge, spark_spans
from api.bulk.collect import collect
from api.bulk.job import Job, Order, Part, prepare
from api.bulk.pool import run_local
from api.bulk.run import run_batch
from api.cli import main
from api.engine import Engine
from api.verdict_files import verdict_bytes
from layers.workspace import Workspace
from spatial.errors import ClosureError, LayerError
from zoning import read_permits, sample_plan_folder

HERE = Path(__file__).resolve().parent
ON = "2026-11-24"


@pytest.fixture(scope="module")
def permits(sample_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The permits of the sample as GeoParquet, without names: rows are called by number."""
    frame = gpd.read_file(sample_files / "permohonan.geojson").head(24)
    frame = frame.drop(columns=[name for name in frame if name.lower() == "permit_id"])
    target = tmp_path_factory.mktemp("bulk") / "permohonan.parquet"
    frame.assign(catatan="").to_parquet(target)
    return target


@pytest.fixture(scope="module")
def expected(permits: Path, sample_workspace: Path) -> list[bytes]:
    """The verdicts of the plain check."""
    engine = Engine.open(sample_workspace)
    frame = read_permits(permits, within=engine.extent)
    return [verdict_bytes(body) for body in engine.check(frame, on=_day()).to_dicts()]


def _day() -> date:
    return date.fromisoformat(ON)


@pytest.fixture
def order(sample_workspace: Path) -> Order:
    return Order(str(sample_workspace), on=ON)


def test_a_batch_by_command_has_the_bytes_of_the_plain_check(
    permits: Path,
    expected: list[bytes],
    sample_workspace: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / "hasil.jsonl"
    words = ["check", str(permits), "-w", str(sample_workspace), "--on", ON, "--workers", "2"]
    assert main([*words, "--output", str(target), "--json"]) == 0
    assert target.read_bytes().splitlines() == expected
    said = json.loads(capsys.readouterr().out)
    assert said["permits"] == sum(said["verdicts"].values()) == 24
    assert said["not_judgeable"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["hasil.jsonl"]


def test_tables_hold_one_row_each(permits: Path, order: Order, tmp_path: Path) -> None:
    job = prepare(permits, order, tmp_path / "job", part_rows=9)
    assert [part.rows for part in job.parts] == [9, 9, 6]
    run_local(job, 1)
    for name in ("a.csv", "a.parquet"):
        collect(job, tmp_path / name)
    csv, parquet = pd.read_csv(tmp_path / "a.csv"), pq.read_table(tmp_path / "a.parquet")
    assert csv["permit_id"].tolist() == list(range(24))
    assert parquet.column("permit_id").to_pylist() == [str(i) for i in range(24)]
    assert csv["verdict"].tolist() == parquet.column("verdict").to_pylist()


def test_what_is_not_whole_is_not_written(permits: Path, order: Order, tmp_path: Path) -> None:
    job = prepare(permits, order, tmp_path / "job", part_rows=12)
    with pytest.raises(ClosureError, match="24 of 24 permits have no answer yet"):
        collect(job, tmp_path / "hasil.jsonl")
    assert not (tmp_path / "hasil.jsonl").exists()


def test_a_killed_driver_goes_on_where_it_was(
    permits: Path, expected: list[bytes], sample_workspace: Path, tmp_path: Path
) -> None:
    """SIGKILL as soon as the first part is there; the second run answers the rest alone."""
    target = tmp_path / "hasil.jsonl"
    code = (
        "import sys; from pathlib import Path; from api.bulk.run import run_batch; "
        "from api.bulk.job import Order\n"
        "if __name__ == '__main__':\n"
        f"    run_batch(Path({str(permits)!r}), Order({str(sample_workspace)!r}, on={ON!r}),"
        f" Path({str(target)!r}), workers=1, part_rows=4)"
    )
    script = tmp_path / "driver.py"
    script.write_text(code)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    driver = subprocess.Popen([sys.executable, str(script)], env=env)
    answers = tmp_path / ".hasil.jsonl.batch" / "answers"
    until = time.monotonic() + 200
    while not (answers.is_dir() and list(answers.glob("*.parquet"))):
        assert time.monotonic() < until
        assert driver.poll() is None
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert not target.exists()
    result = run_batch(permits, Order(str(sample_workspace), on=ON), target, workers=1, part_rows=4)
    assert result.resumed >= 4
    assert target.read_bytes().splitlines() == expected


@pytest.fixture
def bare(tmp_path: Path) -> Order:
    """A workspace of one plan and no layers: all is uncertain there, and soon opened."""
    workspace = Workspace.create(tmp_path / "kosong", name="Kosong", extent=(108, -9, 112, -5))
    shutil.copytree(sample_plan_folder("rdtr"), workspace.plans / "rdtr")
    return Order(str(workspace.folder), on=ON)


def test_poison_is_named_and_its_neighbours_are_judged(
    permits: Path, bare: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One permit kills its process, one hangs it, one raises: each alone is not judged."""
    monkeypatch.syspath_prepend(str(HERE))
    frame = gpd.read_parquet(permits).head(5)
    frame["catatan"] = ["", "mati", "", "macet", "galat"]
    poisoned, target = tmp_path / "racun.parquet", tmp_path / "hasil.jsonl"
    frame.to_parquet(poisoned)
    engine = Engine.open(bare.workspace)
    rows = read_permits(poisoned, within=engine.extent)
    expected = [verdict_bytes(body) for body in engine.check(rows, on=_day()).to_dicts()]
    result = run_batch(
        poisoned, bare, target, workers=2, seconds_per_permit=15.0, judge="poisoned_judge:judge"
    )
    lines = target.read_bytes().splitlines()
    assert len(lines) == len(frame)
    assert [lines[0], lines[2]] == [expected[0], expected[2]]
    reasons = {row: json.loads(lines[row])["findings"][0] for row in (1, 3, 4)}
    assert all(one["rule"] == "permit_not_judgeable" for one in reasons.values())
    assert "its process ended" in reasons[1]["facts"]["sebab"]
    assert sorted(result.refused) == [
        "part-000000.parquet row 1: its process ended",
        "part-000000.parquet row 3: it took longer than allowed",
        "part-000000.parquet row 4: ZeroDivisionError: poison",
    ]


def test_another_question_uses_no_old_answer(permits: Path, order: Order, tmp_path: Path) -> None:
    job = prepare(permits, order, tmp_path / "job")
    run_local(job, 1)
    assert not list(job.missing())
    other = prepare(permits, Order(order.workspace, on="2026-11-25"), tmp_path / "job")
    assert sum(len(span) for span in other.missing()) == 24


def test_spark_maps_the_same_function(
    permits: Path, expected: list[bytes], order: Order, tmp_path: Path
) -> None:
    """Spark hands frames of rows to a function and takes frames back; it is played here."""
    job = prepare(permits, order, tmp_path / "job", part_rows=10)
    spans = spark_spans(job)
    out = pd.concat(spark_judge(job)(iter([spans[:2], spans[2:]])), ignore_index=True)
    assert out["rows"].sum() == 24
    collect(job, tmp_path / "hasil.jsonl")
    assert (tmp_path / "hasil.jsonl").read_bytes().splitlines() == expected


@pytest.mark.slow
def test_dask_maps_the_same_function(
    permits: Path, expected: list[bytes], order: Order, tmp_path: Path
) -> None:
    """Starts a cluster of processes."""
    target = tmp_path / "hasil.jsonl"
    run_batch(permits, order, target, workers=1, scheduler="local", part_rows=8)
    assert target.read_bytes().splitlines() == expected


def test_other_files_and_formats_are_refused(
    sample_files: Path, order: Order, tmp_path: Path
) -> None:
    with pytest.raises(LayerError, match=r"permohonan\.geojson is no GeoParquet"):
        prepare(sample_files / "permohonan.geojson", order, tmp_path / "job")
    table = tmp_path / "tabel.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(table)
    with pytest.raises(LayerError, match=r"tabel\.parquet is no GeoParquet"):
        prepare(table, order, tmp_path / "job")
    with pytest.raises(LayerError, match=r"cannot be written as \.xlsx"):
        run_batch(table, order, tmp_path / "a.xlsx", workers=1)


def test_what_is_missing_of_a_nation_is_found_in_one_look(tmp_path: Path) -> None:
    """Ten thousand parts: looking for each of them among all took minutes."""
    parts = tuple(Part(f"part-{i:06d}.parquet", f"{i:064x}", i * 9, 9) for i in range(10_000))
    job = Job(tmp_path, Order("nowhere"), parts, "stamp")
    for part in parts[:3_000]:
        Path(job.span(part, 0, 9).target).touch()
    Path(job.span(parts[3_000], 4, 9).target).touch()
    begin = time.process_time()
    missing = list(job.missing())
    assert time.process_time() - begin < 5.0
    assert [(one.part.name, one.begin, one.end) for one in missing[:2]] == [
        ("part-003000.parquet", 0, 4),
        ("part-003001.parquet", 0, 9),
    ]
    assert len(missing) == 7_000
