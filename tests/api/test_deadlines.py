"""The clock of applications by command: due days, what is late, and nothing decided."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from api.cli import main
from layers.workspace import Workspace
from zoning import sample_plan_folder

PERMITS = """permit_id,kegiatan,tanggal,geometry
P-1,toko,2024-07-01,"POLYGON ((550000 9260000, 550010 9260000, 550010 9260010, 550000 9260000))"
P-2,toko,2024-07-22,"POLYGON ((550000 9260000, 550010 9260000, 550010 9260010, 550000 9260000))"
P-3,toko,,"POLYGON ((550000 9260000, 550010 9260000, 550010 9260010, 550000 9260000))"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    made = Workspace.create(
        tmp_path / "ruang", name="Uji", extent=(108.0, -8.5, 112.0, -5.5), resmi=False
    )
    shutil.copytree(sample_plan_folder("rtrw_kab"), made.plans / "rtrw_kab")
    (tmp_path / "izin.csv").write_text(PERMITS, encoding="utf-8")
    return tmp_path


def command(workspace: Path, *more: str) -> list[str]:
    return ["deadlines", str(workspace / "izin.csv"), "-w", str(workspace / "ruang"),
            "--source-crs", "EPSG:9489", "--today", "2024-07-31", *more]  # fmt: skip


def test_the_most_urgent_comes_first(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(workspace, "--json")) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["permit_id"], row["jatuh_tempo"], row["sisa"]) for row in rows] == [
        ("P-1", "2024-07-29", -2),
        ("P-2", "2024-08-19", 13),
        ("P-3", None, None),
    ]
    assert {row["verdict"] for row in rows} == {"PERLU_KAJIAN"}


def test_people_read_what_is_late(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(workspace)) == 0
    told = capsys.readouterr().out
    assert "✗ -2" in told
    assert "tanggal tidak disebut" in told
    assert "3 permohonan per 2024-07-31, 1 lewat jatuh tempo" in told
    assert "Hanya peringatan" in told
