"""`tataruang shares`: files of any kind and stored layers, by one table or block by block."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.cli import main
from layers.store import open_store
from layers.workspace import Workspace

ORIGIN = np.array([12_100_000.0, -800_000.0])


@pytest.fixture
def plan() -> gpd.GeoDataFrame:
    west, south = ORIGIN
    boxes = [shapely.box(west + x, south, west + x + 50, south + 100) for x in (0, 50, 100)]
    return gpd.GeoDataFrame({"zona": ["R-2", "K-3", "R-2"]}, geometry=boxes, crs="ESRI:54034")


@pytest.fixture
def parcels(tmp_path: Path) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(4)
    low = rng.uniform(0, 140, (40, 2)) * [1, 0.7] + ORIGIN
    shapes = shapely.box(*low.T, *(low + 20).T)
    shapes[3] = shapely.transform(
        shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))"), lambda xy: xy + ORIGIN
    )
    frame = gpd.GeoDataFrame(
        {"NOP": [f"p{i}" for i in range(40)]}, geometry=shapes, crs="ESRI:54034"
    )
    frame.to_parquet(tmp_path / "persil.parquet")
    frame.to_file(tmp_path / "persil.gpkg")
    return frame


def _run(*words: object) -> None:
    assert main(["shares", *map(str, words), "--id", "NOP", "--json"]) == 0


def test_a_parquet_and_a_geopackage_give_the_same_table(
    tmp_path: Path,
    plan: gpd.GeoDataFrame,
    parcels: gpd.GeoDataFrame,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan.to_file(tmp_path / "zona.gpkg")
    said = []
    for suffix in ("parquet", "gpkg"):
        out = tmp_path / f"{suffix}.csv"
        _run(tmp_path / f"persil.{suffix}", tmp_path / "zona.gpkg", "--output", out)
        said.append(json.loads(capsys.readouterr().out))
    one, other = (pd.read_csv(tmp_path / f"{suffix}.csv") for suffix in ("parquet", "gpkg"))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in ("parcels", "rows", "without_answer", "reasons"):
        assert said[0][name] == said[1][name]
    assert said[0]["reasons"] == {"self_intersection": 1}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_stored_layers_are_measured_by_the_index_beside_them(
    tmp_path: Path, plan: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, suffix: str
) -> None:
    workspace = Workspace.create(tmp_path / "ruang", name="Uji", extent=(105, -9, 116, -5))
    store = open_store(workspace)
    rdtr = store.publish(plan, name="rdtr", kind="pola_ruang")
    store.publish(plan.rename(columns={"zona": "kelas"}).iloc[:1], name="lp2b")
    layers = ["--layer", "rdtr", "--layer", "lp2b:kelas", "--workspace", tmp_path / "ruang"]
    out = tmp_path / f"luas.{suffix}"
    _run(tmp_path / "persil.parquet", *layers, "--output", out)
    [kept] = (workspace.store / "versions" / rdtr.id / "index").glob("*.idx")
    assert kept.stat().st_size > 0
    found = (pd.read_csv if suffix == "csv" else pd.read_parquet)(out)
    _run(tmp_path / "persil.gpkg", *layers, "--output", tmp_path / "sama.csv")
    same = pd.read_csv(tmp_path / "sama.csv")
    np.testing.assert_array_equal(found["area_m2"], same["area_m2"])
    assert found["layer"].tolist() == same["layer"].tolist()
    assert found["parcel_id"].tolist() == same["parcel_id"].tolist()
    whole = found[found["parcel_id"] == "p7"].groupby("layer")["area_m2"].sum()
    assert whole.to_dict() == pytest.approx({"rdtr": 400.0, "lp2b": 400.0}, rel=1e-9)


def test_parcels_with_shapes_in_the_answer(
    tmp_path: Path, plan: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame
) -> None:
    plan.to_parquet(tmp_path / "zona.parquet")
    out = tmp_path / "luas.geojson"
    _run(tmp_path / "persil.parquet", tmp_path / "zona.parquet", "--output", out)
    assert set(gpd.read_file(out)["parcel_id"]) == set(parcels["NOP"])


def test_zones_come_from_one_place(tmp_path: Path, parcels: gpd.GeoDataFrame) -> None:
    words = ["shares", str(tmp_path / "persil.parquet"), "--output", str(tmp_path / "a.csv")]
    assert main(words) == 2
    assert main([*words, "--layer", "rdtr"]) == 2
    assert not (tmp_path / "a.csv").exists()
