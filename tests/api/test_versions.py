"""history, rollback, diff, verify: by the command line, on a workspace with three versions."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from api.cli import main
from layers.store import Version, open_store
from layers.workspace import Workspace


def _zones(edge: float) -> gpd.GeoDataFrame:
    """Two zones of a district whose common edge lies at a longitude."""
    return gpd.GeoDataFrame(
        {"zona": ["P-1", "R-2"]},
        geometry=[shapely.box(110.4, -7, edge, -6.95), shapely.box(edge, -7, 110.5, -6.95)],
        crs="EPSG:4326",
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Workspace.create(tmp_path / "ruang", name="Contoh", extent=(110, -8, 111, -6)).folder


@pytest.fixture
def versions(workspace: Path) -> list[Version]:
    store = open_store(Workspace.open(workspace))
    days = (date(2010, 1, 1), date(2019, 1, 1), date(2024, 1, 1))
    return [
        store.publish(_zones(edge), name="rdtr", kind="pola_ruang", valid_from=day)
        for edge, day in zip((110.45, 110.44, 110.43), days, strict=True)
    ]


def _run(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, str]:
    code = main([str(word) for word in words])
    return code, capsys.readouterr().out


def test_history_tells_every_version_and_event(
    workspace: Path, versions: list[Version], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = _run(capsys, "rollback", "rdtr", versions[1].id[:8], "-w", workspace,
                     "--reason", "salah unggah")  # fmt: skip
    assert code == 0
    assert versions[1].id[:12] in out
    code, out = _run(capsys, "history", "rdtr", "-w", workspace)
    assert code == 0
    assert all(one.id[:12] in out for one in versions)
    assert "salah unggah" in out
    assert max(len(line) for line in out.splitlines()[:-1]) <= 100
    said = json.loads(_run(capsys, "history", "rdtr", "-w", workspace, "--json")[1])
    assert [event["event"] for event in said["events"]] == ["publish"] * 3 + ["rollback"]
    assert said["newest"] == versions[1].id


def test_unknown_layers_and_versions_are_refused(
    workspace: Path, versions: list[Version], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "rtrw", "-w", str(workspace)]) == 2
    assert "Ruang kerja ini memiliki: rdtr" in capsys.readouterr().err
    assert main(["rollback", "rdtr", "zzz", "-w", str(workspace)]) == 2
    assert versions[0].id[:12] in capsys.readouterr().err


def test_diff_says_who_lost_what_to_whom(
    workspace: Path, versions: list[Version], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        tmp_path / f"beda{suffix}" for suffix in (".csv", ".json", ".geojson", ".gpkg", ".png")
    ]
    words = [word for path in files for word in ("-o", path)]
    code, out = _run(capsys, "diff", "rdtr", "-w", workspace, *words)
    assert code == 0
    assert "P-1" in out
    table = pd.read_csv(files[0])
    # 0.01 x 0.05 degrees at 6.975 S on the WGS84 ellipsoid, by geodesics.
    assert table.values.tolist() == [["P-1", "R-2", pytest.approx(6110193.9, rel=1e-6)]]
    said = json.loads(files[1].read_text())
    assert (said["before"], said["after"]) == (versions[1].id, versions[2].id)
    assert said["changes"][0]["area_m2"] == pytest.approx(table["area_m2"][0])
    for path in files[2:4]:
        pieces = gpd.read_file(path)
        assert pieces[["before", "after"]].values.tolist() == [["P-1", "R-2"]]
        assert pieces.to_crs(4326).total_bounds == pytest.approx([110.43, -7, 110.44, -6.95])
    assert files[4].read_bytes().startswith(b"\x89PNG")


def test_diff_takes_versions_and_days_of_law(
    workspace: Path, versions: list[Version], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["diff", "rdtr", "-w", workspace, "--from", "2015-06-01", "--json"]
    said = json.loads(_run(capsys, *words)[1])
    assert (said["before"], said["after"]) == (versions[0].id, versions[2].id)
    assert main(["rollback", "rdtr", versions[0].id, "-w", str(workspace)]) == 0
    capsys.readouterr()
    said = json.loads(_run(capsys, "diff", "rdtr", "-w", workspace, "--json")[1])
    assert (said["before"], said["after"]) == (versions[2].id, versions[0].id)
    words = ["diff", "rdtr", "-w", workspace, "--from", versions[2].id, "--to", versions[2].id]
    assert "Berubah seluruhnya: 0,00 m²" in _run(capsys, *words)[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--output", "beda.docx"], "diff_suffix"),
        (["--by", "kelas"], "column_missing"),
        (["--from", "2001-01-01"], "layer_not_valid_on"),
        (["--from", "0000"], "version_unknown"),
    ],
)
def test_diff_refuses_what_it_cannot_do(
    workspace: Path, versions: list[Version], words: list[str], code: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(["diff", "rdtr", "-w", str(workspace), *words]) == 2
    assert f"[{code}]" in capsys.readouterr().err


def test_verify_finds_a_flipped_byte_and_a_cut_log(
    workspace: Path, versions: list[Version], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = tmp_path / "kepala.json"
    code, out = _run(capsys, "verify", "-w", workspace, "--export-head", head)
    assert (code, json.loads(head.read_text())["seq"]) == (0, 3)
    assert "utuh" in out
    assert _run(capsys, "verify", "-w", workspace, "--head", head)[0] == 0
    path = workspace / "store" / "versions" / versions[0].id / "data.parquet"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    code, out = _run(capsys, "verify", "-w", workspace, "--json")
    assert code == 1
    assert [fault["code"] for fault in json.loads(out)["faults"]] == ["version_corrupt"]
    assert main(["verify", "-w", str(workspace), "--head", str(path)]) == 2
    assert "[head_unreadable]" in capsys.readouterr().err


def test_ingesting_again_heals_a_damaged_version(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the message of a damaged version advises must work."""
    file = tmp_path / "zona.geojson"
    _zones(110.45).rename(columns={"zona": "KODZON"}).to_file(file, driver="GeoJSON")
    words = ["ingest", str(file), "-w", str(workspace), "--name", "rdtr", "--as", "pola_ruang"]
    assert main(words) == 0
    [path] = workspace.glob("store/versions/*/data.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["verify", "-w", str(workspace)]) == 1
    assert main(words) == 0
    assert main(["verify", "-w", str(workspace)]) == 0
