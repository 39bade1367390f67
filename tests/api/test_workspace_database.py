"""A workspace whose layers are in PostGIS: made, filled, asked and checked by commands."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from api.cli import main
from layers.store import open_store
from layers.workspace import Workspace
from tests.postgres import Server

pytestmark = pytest.mark.postgis


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {"KODSZN": ["R-2", "P-1"], "LUASHA": [1.5, 2.5]},
        geometry=[shapely.box(110.4, -7, 110.45, -6.95), shapely.box(110.45, -7, 110.5, -6.95)],
        crs="EPSG:4326",
    )
    path = tmp_path / "pola.geojson"
    frame.to_file(path, driver="GeoJSON")
    return path


@pytest.mark.parametrize("place", ["database", "folder"])
def test_layers_in_a_database(
    postgres: Server, layer: Path, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("TATARUANG_HOME", str(tmp_path / "rumah"))
    address = postgres.fresh()
    where = address if place == "database" else str(tmp_path / "ruang")
    words = [] if place == "database" else ["--database", address]
    extent = "110,-8,111,-6"
    assert main(["init", where, "--name", "Contoh", "--extent", extent, *words]) == 0
    assert (
        main(["ingest", str(layer), "-w", where, "--name", "rdtr", "--valid-from", "2024-01-01"])
        == 0
    )
    capsys.readouterr()
    assert main(["layers", "-w", where, "--json"]) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert (said["name"], said["rows"], said["kind"]) == ("rdtr", 2, "pola_ruang")
    assert main(["verify", "-w", where]) == 0
    assert main(["history", "rdtr", "-w", where]) == 0
    assert said["version"][:12] in capsys.readouterr().out
    store = open_store(Workspace.open(where))
    assert store.get("rdtr").frame["zona"].tolist() == ["R-2", "P-1"]
    assert Workspace.open(where).extent == (110, -8, 111, -6)
    assert main(["init", where, "--name", "Lagi"]) == 2
    assert "[workspace_exists]" in capsys.readouterr().err


def test_a_database_without_a_workspace_says_so(
    postgres: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["layers", "-w", postgres.fresh()]) == 2
    assert "[workspace_missing]" in capsys.readouterr().err
    assert main(["layers", "-w", postgres.address("tidak_ada")]) == 2
    assert "[database_unreachable]" in capsys.readouterr().err


def test_a_password_is_never_written_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--database", "postgresql://budi:rahasia@localhost:1/tata"]
    assert main(["init", str(tmp_path / "ruang"), "--name", "Contoh", *words]) == 2
    err = capsys.readouterr().err
    assert "[database_password]" in err
    assert "rahasia" not in err
    assert not (tmp_path / "ruang").exists()
