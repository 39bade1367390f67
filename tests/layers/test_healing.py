"""Healing gives slivers to one feature each, leaves errors, and keeps the record of both."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from api import cli
from layers.healing import heal
from layers.quality import examine
from layers.reading import read
from layers.store import open_store
from layers.workspace import Workspace
from spatial.coverage import coverage_defects
from spatial.errors import TimeLimitError
from spatial.healing import heal_coverage

X, Y = 440_000.0, 9_226_000.0
NONE = np.array([], dtype=object)


def shaken_grid(seed: int, slip: float = 0.004) -> np.ndarray:
    """Twenty-five squares whose corners slipped, each square's on its own."""
    chance = np.random.default_rng(seed)
    cells = []
    for i in range(5):
        for j in range(5):
            corners = np.array([[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], dtype=float) * 50
            corners += np.array([X, Y]) + chance.uniform(-slip, slip, (4, 2))
            cells.append(shapely.Polygon(corners))
    return np.array(cells)


@pytest.mark.parametrize("seed", range(6))
def test_a_shaken_grid_becomes_a_valid_coverage(seed: int) -> None:
    cells = shaken_grid(seed)
    found = coverage_defects(cells, slit_width=1.0)
    assert len(found.kind) > 10
    gaps, slits = (found.geometry[found.kind == kind] for kind in ("gap", "slit"))
    healed = heal_coverage(cells, real=NONE, gaps=gaps, slits=slits, width=0.5)
    assert shapely.coverage_is_valid(healed.geometry)
    assert not len(coverage_defects(healed.geometry, slit_width=0.0).kind)
    # No feature moved further than its corners had slipped.
    for before, after in zip(cells, healed.geometry, strict=True):
        assert shapely.hausdorff_distance(before, after) < 0.02
    # Everything that was covered still is, and the gaps besides.
    union = shapely.union_all(cells)
    gaps = shapely.area(found.geometry[found.kind != "overlap"]).sum()
    assert shapely.area(healed.geometry).sum() == pytest.approx(union.area + gaps, abs=1e-3)


def test_the_record_accounts_for_every_piece() -> None:
    cells = shaken_grid(1)
    frame = gpd.GeoDataFrame({"zona": range(25)}, geometry=cells, crs="EPSG:32749")
    done = heal(frame, sliver_width_m=0.5)
    assert done.frame.is_valid_coverage()
    assert done.frame["zona"].tolist() == list(range(25))
    assert done.left == {
        "overlap": {"count": 0, "area_m2": 0.0},
        "gap": {"count": 0, "area_m2": 0.0},
    }
    change = (done.areas["after_m2"] - done.areas["before_m2"]).sum()
    pieces = done.slivers
    claimed = pieces["claimed_by"].map(len)
    gained = pieces["area_m2"][claimed == 0].sum()
    lost = (pieces["area_m2"] * (claimed - 1))[claimed > 1].sum()
    assert change == pytest.approx(gained - lost, abs=0.01)
    assert (pieces["width_m"] <= 0.5).all()
    for row in pieces[claimed > 1].itertuples():
        assert row.owner in row.claimed_by


def test_real_overlaps_and_gaps_are_left_and_counted() -> None:
    cells = np.array(
        [
            shapely.box(X, Y, X + 100.002, Y + 100),
            shapely.box(X + 100, Y, X + 200, Y + 100),
            shapely.box(X + 180, Y, X + 300, Y + 100),
            shapely.box(X, Y + 100, X + 140, Y + 200),
            shapely.box(X + 160, Y + 100, X + 300, Y + 200),
            shapely.box(X, Y + 200, X + 300, Y + 300),
        ]
    )
    frame = gpd.GeoDataFrame(geometry=cells, crs="EPSG:32749")
    done = heal(frame, sliver_width_m=0.5)
    assert done.left["overlap"]["count"] == 1
    assert done.left["gap"]["count"] == 1
    assert done.left["overlap"]["area_m2"] == pytest.approx(2000, rel=0.01)
    assert [sorted(rows) for rows in done.slivers["claimed_by"]] == [[0, 1]]
    shapes = done.frame.geometry
    assert shapes[1].intersection(shapes[2]).area == pytest.approx(2000)
    assert shapes[0].intersection(shapes[1]).area == 0
    # The sliver went to the larger of the two; its border is now that one's.
    assert shapes[0].area == pytest.approx(cells[0].area)


def test_healing_that_takes_too_long_changes_nothing() -> None:
    frame = gpd.GeoDataFrame(geometry=shaken_grid(2), crs="EPSG:32749")
    with pytest.raises(TimeLimitError, match="nothing was changed"):
        heal(frame, sliver_width_m=0.5, seconds=0.05)


def test_ingest_heals_only_when_asked_and_keeps_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = gpd.GeoDataFrame({"KODSZN": ["R-2"] * 25}, geometry=shaken_grid(3), crs="EPSG:32749")
    frame.to_file(tmp_path / "rdtr.gpkg")
    place = Workspace.create(tmp_path / "ws", name="Contoh")
    words = ["ingest", str(tmp_path / "rdtr.gpkg"), "-w", str(place.folder), "--name", "rdtr"]
    assert cli.main([*words, "--json"]) == 0
    raw = json.loads(capsys.readouterr().out)["provenance"]
    assert "healing" not in raw
    assert raw["quality"]["coverage"]["overlap_sliver"]["count"] > 10
    for refused in (["--heal", "0.5"], ["--heal", "1.5", "--scale", "5000"]):
        assert cli.main([*words, *refused]) == 2
    assert "[heal_too_wide]" in capsys.readouterr().err
    assert cli.main([*words, "--heal", "0.5", "--ce90", "2.5", "--json"]) == 0
    healed = json.loads(capsys.readouterr().out)["provenance"]
    assert (healed["healing"]["ce90_m"], healed["healing"]["ce90_known_by"]) == (2.5, "ce90_m")
    assert healed["healing"]["slivers"] > 10
    assert healed["healing"]["sliver_width_m"] == 0.5
    assert healed["quality"]["defects"] == []
    store = open_store(place)
    stored = store.get("rdtr").frame
    assert isinstance(stored, gpd.GeoDataFrame)
    assert stored.is_valid_coverage()
    # Every piece, not only the largest, is on record, and says who lost it.
    kept = healed["healing"]["record"]
    pieces = store.get(kept["layer"], version=kept["version"]).frame
    assert kept["layer"] == "rdtr_perapian"
    assert len(pieces) == healed["healing"]["slivers"]
    assert pieces["luas_m2"].sum() == pytest.approx(healed["healing"]["slivers_m2"], abs=1e-3)
    assert pieces["lebar_m"].max() <= 0.5
    assert 0 < pieces["berpindah"].sum() < len(pieces)
    assert (pieces["semula"].str.contains("; ") == pieces["berpindah"]).all()


@pytest.mark.realdata
def test_the_villages_of_a_city(geodata: Path) -> None:
    layer = read(geodata / "admin-jateng" / "desa_3374_kota_semarang_raw.parquet")
    before = examine(layer, sliver_width_m=12.5)
    assert before.coverage["overlap_sliver"]["count"] > 100
    done = heal(layer.features, sliver_width_m=12.5)
    assert done.frame.is_valid_coverage()
    change = (done.areas["after_m2"] / done.areas["before_m2"] - 1).abs()
    assert change.max() < 0.02
    assert len(done.frame) == len(layer.frame)
