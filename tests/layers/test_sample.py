"""The sample kabupaten: exact where it says so, wrong only where it says so, and marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely

from layers.sample.__main__ import main
from layers.sample.codes import ZONE_NAMES
from layers.sample.names import MARK
from layers.sample.noise import generator, origin, warp
from layers.sample.rivers import channel_mask, trace_rivers
from layers.sample.terrain import make_terrain
from layers.sample.villages import make_land

METRIC = "EPSG:9489"
VERDICTS = {
    "SESUAI",
    "SESUAI_TERBATAS",
    "SESUAI_BERSYARAT",
    "DISETUJUI_SEBAGIAN",
    "TIDAK_SESUAI",
    "PERLU_KAJIAN",
}
REASONS = {
    "TANPA_CAKUPAN",
    "SEL_KOSONG",
    "KEGIATAN_TIDAK_TERCANTUM",
    "BATAS_TIDAK_PASTI",
    "KONFLIK_RENCANA",
    "STATUS_HUTAN_BELUM_SELESAI",
    "INPUT_KURANG",
}


@pytest.fixture(scope="module")
def folder(sample_files: Path) -> Path:
    return sample_files


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return read


def layer(folder: Path, manifest: dict[str, Any], name: str) -> gpd.GeoDataFrame:
    [entry] = [item for item in manifest["layers"] if item["name"] == name]
    path = folder / entry["file"]
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)


def flat(frame: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.force_2d(frame.geometry.to_numpy())


def overlaps(shapes: np.ndarray) -> list[tuple[int, int, float]]:
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = [(int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b]
    found = [(a, b, shapely.intersection(shapes[a], shapes[b]).area) for a, b in pairs]
    return [row for row in found if row[2] > 1e-6]


def place_of(defect: dict[str, Any]) -> shapely.Point:
    lonlat = gpd.GeoSeries.from_xy([defect["lon"]], [defect["lat"]], crs="OGC:CRS84")
    return lonlat.to_crs(METRIC).iloc[0]


def test_every_file_of_the_manifest_is_there_with_its_rows(
    folder: Path, manifest: dict[str, Any]
) -> None:
    for entry in manifest["layers"]:
        path = folder / entry["file"]
        if entry["kind"] == "raster":
            continue
        if path.suffix == ".csv":
            rows = len(pd.read_csv(path))
        elif path.suffix == ".parquet":
            rows = len(gpd.read_parquet(path))
        else:
            rows = pyogrio.read_info(path)["features"]
        assert rows == entry["rows"], entry


def test_everything_says_that_it_is_no_official_data(
    folder: Path, manifest: dict[str, Any]
) -> None:
    for entry in manifest["layers"]:
        path = folder / entry["file"]
        if entry["kind"] == "raster":
            with rasterio.open(path) as raster:
                assert raster.tags()["REMARK"] == MARK
        elif path.suffix == ".csv":
            assert set(pd.read_csv(path)["REMARK"]) == {MARK}
        else:
            assert set(layer(folder, manifest, entry["name"])["REMARK"]) == {MARK}, entry
    assert manifest["remark"] == MARK
    assert MARK in (folder / "README.md").read_text(encoding="utf-8")
    permits = json.loads((folder / "permohonan.geojson").read_text(encoding="utf-8"))
    assert {item["properties"]["REMARK"] for item in permits["features"]} == {MARK}


@pytest.mark.parametrize(
    "name", ["rtrw_kab", "rtrw_prov", "batas_desa", "kawasan_hutan", "das", "lp2b", "lsd"]
)
def test_coverages_are_exact_in_the_crs_they_are_stored_in(
    folder: Path, manifest: dict[str, Any], name: str
) -> None:
    shapes = flat(layer(folder, manifest, name))
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert overlaps(shapes) == []


@pytest.mark.parametrize("name", ["rtrw_kab", "batas_desa", "das"])
def test_coverages_have_no_holes(folder: Path, manifest: dict[str, Any], name: str) -> None:
    whole = shapely.union_all(flat(layer(folder, manifest, name)))
    largest = max(shapely.get_parts(whole), key=shapely.area)
    assert len(largest.interiors) == 0


def test_kabupaten_plan_and_villages_cover_the_same_land(
    folder: Path, manifest: dict[str, Any]
) -> None:
    plan = shapely.union_all(flat(layer(folder, manifest, "rtrw_kab")))
    desa = shapely.union_all(flat(layer(folder, manifest, "batas_desa").to_crs(METRIC)))
    # Seven decimals of a degree are a centimetre; the border is some 150 km long.
    assert shapely.symmetric_difference(plan, desa).area < 0.02 * shapely.length(plan)


def test_detailed_plan_is_wrong_only_where_the_manifest_says(
    folder: Path, manifest: dict[str, Any]
) -> None:
    shapes = flat(layer(folder, manifest, "rdtr"))
    assert shapely.is_valid(shapes).all()
    seeded = [item for item in manifest["defects"] if item["layer"] == "rdtr"]
    doubled = sorted(item["size"] for item in seeded if item["kind"].endswith("overlap"))
    assert sorted(area for *_, area in overlaps(shapes)) == pytest.approx(doubled, rel=2e-3)
    whole = max(shapely.get_parts(shapely.union_all(shapes)), key=shapely.area)
    holes = sorted(shapely.Polygon(ring).area for ring in whole.interiors)
    gaps = sorted(item["size"] for item in seeded if item["kind"].endswith("gap"))
    assert holes == pytest.approx(gaps, rel=2e-3)


def test_defects_lie_where_the_manifest_says(folder: Path, manifest: dict[str, Any]) -> None:
    tree = shapely.STRtree(flat(layer(folder, manifest, "rdtr")))
    claims = {"overlap": 2, "sliver_overlap": 2, "gap": 0, "sliver_gap": 0}
    seeded = [item for item in manifest["defects"] if item["layer"] == "rdtr"]
    assert {item["kind"] for item in seeded} == set(claims)
    for defect in seeded:
        found = tree.query(place_of(defect), predicate="within")
        assert len(found) == claims[defect["kind"]], defect


def test_seeded_defects_of_other_files_are_really_there(
    folder: Path, manifest: dict[str, Any]
) -> None:
    assert shapely.has_z(layer(folder, manifest, "sungai").geometry.to_numpy()).all()
    text = layer(folder, manifest, "das")["LUAS_HA"]
    assert text.str.contains(r"^\d{1,3}(?:\.\d{3})*,\d\d$").sum() == len(text) - 1
    assert (pd.read_csv(folder / "kemiskinan.csv")["PENDUDUK_MISKIN"] == "-").sum() == 1
    assert layer(folder, manifest, "sungai")["KEDALAMAN_M"].isna().any()


def test_no_edge_is_so_long_that_it_bends_when_projected(
    folder: Path, manifest: dict[str, Any]
) -> None:
    for name in ("rdtr", "rtrw_kab"):
        for ring in shapely.get_rings(flat(layer(folder, manifest, name))):
            steps = np.hypot(*np.diff(shapely.get_coordinates(ring), axis=0).T)
            assert steps.max() < 400.0


def test_zones_have_official_columns_and_known_codes(
    folder: Path, manifest: dict[str, Any]
) -> None:
    zones = layer(folder, manifest, "rdtr")
    assert {"KODZON", "KODSZN", "KRB_03", "LP2B_2", "WADMKD", "LUASHA"} <= set(zones)
    assert set(zones["KODSZN"].fillna(zones["KODZON"])) == set(ZONE_NAMES)
    assert zones["LUASHA"].sum() * 1e4 == pytest.approx(zones.area.sum(), rel=1e-4)
    forest = layer(folder, manifest, "kawasan_hutan")
    assert set(forest["FUNGSIKWS"]) == {1001, 1003, 1004, 1007}
    assert forest.loc[forest["FUNGSIKWS"] != 1007, "NOSKPNJK"].notna().all()


def test_codes_belong_to_no_real_kabupaten(folder: Path, manifest: dict[str, Any]) -> None:
    codes = layer(folder, manifest, "batas_desa")["KDEPUM"]
    assert codes.is_unique
    assert 25 <= len(codes) <= 35
    assert codes.str.fullmatch(r"33\.99\.0[1-4]\.20\d\d").all()


def test_rarer_floods_are_never_shallower_and_no_model_is_not_dry(folder: Path) -> None:
    depths = []
    for name in ("banjir_005", "banjir_025", "banjir_100"):
        with rasterio.open(folder / f"{name}.tif") as raster:
            assert raster.crs.to_epsg() == 9489
            depths.append(raster.read(1, masked=True))
    common, rare, rarest = depths
    assert (common.mask == rarest.mask).all()
    assert common.mask.any()
    assert (rare >= common).all()
    assert (rarest >= rare).all()
    assert 0.5 < rarest.max() <= 5.0
    assert (common == 0.0).any()


def test_elevation_is_a_coast_in_the_north_and_mountains_in_the_south(folder: Path) -> None:
    with rasterio.open(folder / "dem.tif") as raster:
        height = raster.read(1, masked=True)
        assert raster.res == (30.0, 30.0)
    rows = height.shape[0]
    assert height.mask[: rows // 20].all()
    plain, mountains = height[rows // 4 : rows // 3], height[-rows // 8 :]
    assert np.ma.median(plain) < 20.0 < 200.0 < np.ma.median(mountains)


def test_people_and_poor_belong_to_every_village(folder: Path, manifest: dict[str, Any]) -> None:
    desa = layer(folder, manifest, "batas_desa")
    people, poor = (pd.read_csv(folder / f"{name}.csv") for name in ("penduduk", "kemiskinan"))
    assert set(people["KDEPUM"]) == set(poor["KDEPUM"]) == set(desa["KDEPUM"])
    assert (people["LAKI_LAKI"] + people["PEREMPUAN"] == people["JUMLAH_PENDUDUK"]).all()
    count = pd.to_numeric(poor["PENDUDUK_MISKIN"], errors="coerce")
    assert (count.dropna() <= poor["JUMLAH_PENDUDUK"][count.notna()]).all()


def test_poverty_is_clustered(folder: Path, manifest: dict[str, Any]) -> None:
    desa = layer(folder, manifest, "batas_desa").set_index("KDEPUM").to_crs(METRIC)
    poor = pd.read_csv(folder / "kemiskinan.csv").set_index("KDEPUM")
    rate = pd.to_numeric(poor["PENDUDUK_MISKIN"], errors="coerce") / poor["JUMLAH_PENDUDUK"]
    high = desa.loc[rate[rate > rate.quantile(0.8)].index]
    apart = high.centroid.distance(high.centroid.union_all().centroid).mean()
    usual = desa.centroid.distance(desa.centroid.union_all().centroid).mean()
    assert apart < 0.6 * usual


def permits(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "permohonan.geojson").to_crs(METRIC)


def test_sixty_permits_are_made_for_every_verdict_and_reason(
    folder: Path, manifest: dict[str, Any]
) -> None:
    intents = manifest["permits"]
    assert manifest["permits_without_site"] == []
    assert [item["permit_id"] for item in intents] == permits(folder)["permit_id"].tolist()
    assert len(intents) == 60
    assert {item["verdict"] for item in intents} == VERDICTS
    assert {reason for item in intents for reason in item["reasons"]} == REASONS


def test_parcels_are_valid_turned_and_apart(folder: Path) -> None:
    shapes = permits(folder).geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert overlaps(shapes) == []
    for shape in shapes:
        x, y = shapely.get_coordinates(shape).T
        assert not ((np.diff(x) == 0.0) | (np.diff(y) == 0.0)).any()


def test_numbers_of_permits_agree_with_their_geometry(folder: Path) -> None:
    frame = permits(folder)
    assert (frame.area - frame["luas_sertipikat_m2"]).between(-0.5, 1.5).all()
    built = frame[frame["footprint"].notna()]
    prints = gpd.GeoSeries.from_wkt(built["footprint"], crs="OGC:CRS84").to_crs(METRIC)
    assert (prints.area - built["luas_tapak_m2"]).abs().max() < 0.05
    assert shapely.contains(built.geometry.to_numpy(), prints.to_numpy()).all()
    floors = built["luas_tapak_m2"] * built["lantai"] - built["luas_lantai_m2"]
    assert floors.abs().max() < 0.01


def test_workbook_says_the_same_as_the_geojson(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "permohonan.xlsx", read_only=True)
    assert book.sheetnames == ["permohonan", "titik"]
    table = pd.read_excel(folder / "permohonan.xlsx", sheet_name="permohonan")
    points = pd.read_excel(folder / "permohonan.xlsx", sheet_name="titik")
    frame = permits(folder)
    assert table["permit_id"].tolist() == frame["permit_id"].tolist()
    rings = points.groupby("id", sort=False)[["x", "y"]].apply(lambda at: shapely.Polygon(at))
    assert shapely.area(rings.to_numpy()) == pytest.approx(
        frame.area.to_numpy(), abs=0.05, rel=1e-4
    )


def test_size_is_moderate(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < 40e6


def test_same_seed_same_land_other_seed_other_land() -> None:
    def grow(seed: int) -> bytes:
        terrain = make_terrain(seed)
        move = warp(seed, "nature", ((1500.0, 100.0), (400.0, 28.0)))
        rivers = trace_rivers(terrain, move, seed)
        land = make_land(terrain, channel_mask(rivers), move, origin(move), seed)
        return b"".join(shapely.to_wkb(land.desa.geometry.to_numpy()))

    assert grow(33) == grow(33)
    assert grow(33) != grow(34)


def test_random_numbers_of_a_part_depend_on_its_name_alone() -> None:
    before = generator(33, "villages").random(4)
    generator(33, "rivers").random(1000)
    assert (generator(33, "villages").random(4) == before).all()


@pytest.mark.parametrize("arguments", [[], ["out", "x"], ["out", "1", "2"]])
def test_module_refuses_other_arguments(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err
