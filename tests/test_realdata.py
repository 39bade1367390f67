"""The main job on real layers: control figures, places that resolve, defects that are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from api.cli import main
from api.engine import Engine
from layers import read
from layers.ingest import ingest_file
from layers.store import open_store
from layers.workspace import Workspace

pytestmark = pytest.mark.realdata


@pytest.fixture
def jabar(geodata: Path) -> tuple[str, str]:
    folder = geodata / "rtrwp-jabar"
    permits, zones = "kkpr_permits_anonymised.geojson", "rtrwp_kab_purwakarta.geojson.zip"
    return str(folder / permits), str(folder / zones)


def test_permits_in_real_zones_give_the_control_figures(
    jabar: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planar EPSG:32749, as the figures of control were taken."""
    out = tmp_path / "luas.csv"
    words = ["shares", *jabar, "--by", "NAMOBJ", "--crs", "EPSG:32749", "--output", str(out)]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["crs"] == "EPSG:32749"
    codes = {note["code"] for note in said["notes"]}
    assert {"crs_beyond_use", "z_dropped", "geometry_repaired"} <= codes
    table = pd.read_csv(out)
    inside = table[table["zone"].notna()]
    assert inside["parcel_id"].nunique() == 15
    areas = inside.groupby("zone")["area_m2"].sum()
    assert areas["Kawasan Peruntukan Industri"] == pytest.approx(5_826_440, rel=1e-4)
    assert areas["Kawasan Pertanian"] == pytest.approx(33_912, rel=1e-4)
    assert areas["Kawasan Permukiman"] == pytest.approx(3_211, rel=2e-4)
    # Every one of the 235 permits has a row; the one that cannot be measured says why.
    assert table["parcel_id"].nunique() == 235
    assert table["status"].dropna().tolist() == ["ring_touches_itself"]


def test_strict_refuses_real_zones_that_are_not_valid(
    jabar: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "luas.csv"
    assert main(["shares", *jabar, "--by", "NAMOBJ", "--strict", "--output", str(out)]) == 2
    assert list(tmp_path.iterdir()) == []


def test_all_villages_load_and_the_invalid_ones_are_named(geodata: Path) -> None:
    layer = read(geodata / "admin-jateng" / "desa_33_raw.parquet")
    assert layer.kind is not None
    assert layer.kind.name == "batas_administrasi"
    assert len(layer.frame) == 8563
    assert [note.code for note in layer.report].count("geometry_repaired") == 3
    assert shapely.is_valid(layer.frame.geometry.to_numpy()).all()


@pytest.fixture(scope="module")
def semarang(geodata: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A workspace with the villages, watersheds and hazards around Semarang Barat, and a plan."""
    folder = tmp_path_factory.mktemp("semarang") / "ruang"
    made = Workspace.create(folder, name="Uji Semarang", extent=(108.0, -8.5, 112.0, -5.5))
    store = open_store(made)
    barat = geodata / "semarang-barat"
    for name, path, how in (
        ("batas_desa", geodata / "admin-jateng" / "desa_3374_kota_semarang_raw.parquet", {}),
        ("das", geodata / "das-jratunseluna" / "batas_69_ws.shp", {"source_crs": "EPSG:4326"}),
        ("bahaya_banjir", barat / "bahaya_banjir.geojson", {}),
        ("kerawanan_longsor", barat / "kerawanan_longsor_utm49s.geojson", {}),
    ):
        options: dict[str, Any] = dict(how)
        ingest_file(store, path, name=name, within=made.extent, **options)
    return Engine(made, store, ())


def test_a_real_point_resolves_village_watershed_and_hazard(
    semarang: Engine, geodata: Path
) -> None:
    from api.place import Places

    flood = gpd.read_file(geodata / "semarang-barat" / "bahaya_banjir.geojson")
    point = flood[flood["Kelas"] == "Tinggi"].geometry.iloc[0].representative_point()
    listed = [version.to_dict() for version in semarang.store.layers()]
    found = {one["layer"]: one["features"] for one in Places(semarang).at(point.x, point.y, listed)}
    [desa] = found["batas_desa"]
    assert str(desa["kode_desa"]).startswith("33.74.13")
    assert found["das"][0]["nama_das"] in ("Garang", "Silandak", "Siangker", "Karanganyar")
    assert found["bahaya_banjir"][0]["kelas"].lower() == "tinggi"


def test_a_real_parcel_is_shared_among_real_hazard_classes(semarang: Engine, geodata: Path) -> None:
    from spatial import shares

    hazard = semarang.store.get("bahaya_banjir").frame
    assert isinstance(hazard, gpd.GeoDataFrame)
    villages = read(geodata / "semarang-barat" / "kelurahan_boundary.geojson").features
    table = shares(villages, hazard, by="kelas")
    metric = gpd.overlay(
        villages.to_crs("ESRI:54034"), hazard[["kelas", "geometry"]].to_crs("ESRI:54034")
    )
    # Summed, not dissolved: kelurahan that overlap each have their own share.
    expected = metric.area.groupby(metric["kelas"]).sum()
    areas = table[table["zone"].notna()].groupby("zone")["area_m2"].sum()
    for name, value in expected.items():
        assert areas[name] == pytest.approx(value, rel=1e-6)
    whole = (
        table.groupby("parcel_id")["area_m2"].sum() - table.groupby("parcel_id")["overlap_m2"].sum()
    )
    area = villages.to_crs("ESRI:54034").area
    assert whole.to_numpy() == pytest.approx(area.to_numpy(), rel=1e-6)
