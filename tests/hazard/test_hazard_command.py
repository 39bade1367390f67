"""`tataruang hazard` makes maps whose parameters are stored with them, and holds them to events."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from api.cli import main
from hazard import class_rule, hazard_from_grid
from spatial.zonal import open_grid

X0, Y0, CELL = 430_000.0, 9_230_000.0, 100.0


def written(path: Path, values: np.ndarray, nodata: float = -9999) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype="float32",
        crs="EPSG:32749",
        transform=Affine(CELL, 0, X0, 0, -CELL, Y0),
        nodata=nodata,
    ) as sink:
        sink.write(values.astype("float32"), 1)
    return path


def polygons(path: Path, *shapes: shapely.Polygon) -> Path:
    gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:32749").to_file(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A V-shaped valley with a river down its middle; a coast for rob."""
    folder = tmp_path_factory.mktemp("medan")
    y, x = np.mgrid[0:80, 0:41]
    written(folder / "dem.tif", 40 - 0.4 * y + 0.3 * np.abs(x - 20.0))
    coast = np.tile(np.linspace(-0.5, 2.0, 26), (6, 1))
    coast[3, 12] = 3.0
    written(folder / "pantai.tif", coast)
    polygons(folder / "darat.gpkg", shapely.box(X0 + 6 * CELL, Y0 - 600, X0 + 2600, Y0))
    return folder


def run(*words: object) -> int:
    return main(["hazard", *[str(word) for word in words]])


def test_flood_maps_say_what_made_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "banjir"
    assert run("flood", folder / "dem.tif", "-o", out, "--river-km2", 5, "--threshold", 0.3) == 0
    facts = json.loads((out / "banjir.json").read_text())
    assert facts["parameters"]["calibrated"] is False
    assert facts["parameters"]["river_value"] == 5
    assert facts["parameters"]["n"] == 0.354429752
    depth = open_grid(out / "kedalaman_m.tif").values()
    classes = open_grid(out / "kelas_kedalaman.tif")
    expected = class_rule("banjir_kedalaman_bnpb").codes(depth, np.isfinite(depth))
    # The files hold float32: a depth may lie on the other side of a limit by its last bit.
    assert (np.nan_to_num(classes.values(), nan=4) != expected).mean() < 1e-3
    index = open_grid(out / "indeks_bahaya.tif").values()
    np.testing.assert_allclose(
        index, 1 / (1 + (np.maximum(depth, 1e-9) / 1.125) ** -1.75), atol=1e-5
    )
    assert facts["prone"]["cells"] > 0
    with rasterio.open(out / "kelas_indeks.tif") as source:
        assert source.tags()["kelas_3"] == "tinggi"
    # A class map of ours is an input like any other.
    again = hazard_from_grid(classes, class_rule("tiga_kelas"), name="banjir")
    assert again.labels[0] == "tidak_ada"
    assert run("flood", folder / "dem.tif", "-o", out) == 2


@pytest.mark.parametrize("form", ["poligon", "raster"])
def test_calibration_by_an_observed_flood_is_stored(
    folder: Path, tmp_path: Path, form: str
) -> None:
    wet = shapely.box(X0 + 1600, Y0 - 8000, X0 + 2500, Y0 - 3000)
    looked = shapely.box(X0, Y0 - 8000, X0 + 4100, Y0 - 1000)
    words: list[object] = ["--observed", polygons(tmp_path / "basah.gpkg", wet)]
    words += ["--observed-within", polygons(tmp_path / "survei.gpkg", looked)]
    if form == "raster":
        seen = np.full((80, 41), -9999.0)
        seen[10:], seen[30:, 16:25] = 0, 1
        words = ["--observed", written(tmp_path / "basah.tif", seen)]
    out = tmp_path / "banjir"
    assert run("flood", folder / "dem.tif", "-o", out, "--river-km2", 5, *words) == 0
    facts = json.loads((out / "banjir.json").read_text())["parameters"]
    assert facts["calibrated"] is True
    assert facts["auc"] > 0.9
    depth = open_grid(out / "kedalaman_m.tif").values()
    assert (depth[30:, 20] > 0).all()
    assert facts["a"] == pytest.approx(np.exp(-facts["threshold"]))


def test_polygons_of_a_flood_alone_do_not_say_what_stayed_dry(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wet = polygons(tmp_path / "basah.gpkg", shapely.box(X0, Y0 - 500, X0 + 500, Y0))
    out = tmp_path / "banjir"
    assert run("flood", folder / "dem.tif", "-o", out, "--observed", wet) == 2
    assert "--observed-within" in capsys.readouterr().err


def test_rivers_by_area_and_slope_are_a_named_choice(folder: Path, tmp_path: Path) -> None:
    words = ["flood", folder / "dem.tif", "-o", tmp_path, "--river-rule", "luas-lereng"]
    assert run(*words) == 0
    facts = json.loads((tmp_path / "banjir.json").read_text())["parameters"]
    assert (facts["river_rule"], facts["river_value"]) == ("luas_lereng_m2", 100000.0)


def test_rob_reaches_farther_inland_as_the_ground_sinks(folder: Path, tmp_path: Path) -> None:
    flooded = []
    for day in ("2016-01-01", "2026-01-01"):
        out = tmp_path / day
        facts = ["--dem-date", "2016-01-01", "--on", day, "--sea-level", 0.2, "--tide", 0.4]
        place = ["--land", folder / "darat.gpkg", "--sinking", 0.08]
        assert run("rob", folder / "pantai.tif", "-o", out, *facts, *place) == 0
        report = json.loads((out / "rob.json").read_text())
        flooded.append(report["flooded_m2"])
        depth = open_grid(out / "kedalaman_rob_m.tif").values()
        assert np.isnan(depth[:, :6]).all()
        assert depth[3, 12] == 0
    # From 0.6 m to 1.4 m on ground that rises 0.1 m a cell: 8 cells farther in 6 rows.
    assert flooded[0] == pytest.approx((6 * 5 + 0) * CELL**2, rel=2e-3)
    assert flooded[1] > flooded[0] + 40 * CELL**2
    assert report["parameters"]["dem_date"] == "2016-01-01"


def test_rasters_and_tables_are_laid_over_each_other_by_rule(folder: Path, tmp_path: Path) -> None:
    slope = np.array([[3.0, 20.0, 60.0, -9999.0]])
    written(tmp_path / "lereng.tif", slope)
    written(tmp_path / "tanah.tif", np.array([[1.0, 4, 1, 1]]))
    written(tmp_path / "hujan.tif", np.array([[10.0, 30, 5, 5]]))
    factors = [
        f"--factor={name}={tmp_path / file}"
        for name, file in (
            ("lereng_persen", "lereng.tif"),
            ("kelas_tanah", "tanah.tif"),
            ("intensitas_hujan", "hujan.tif"),
        )
    ]
    out = tmp_path / "fungsi"
    assert run("overlay", "fungsi_hutan_sk837_1980", "-o", out, *factors) == 0
    np.testing.assert_array_equal(open_grid(out / "kelas.tif").values(), [[0.0, 1.0, 2.0, np.nan]])
    np.testing.assert_array_equal(open_grid(out / "sebab.tif").values(), [[0.0, 0, 1, np.nan]])
    facts = json.loads((out / "overlay.json").read_text())
    assert facts["cells"] == {"budidaya": 1, "penyangga": 1, "lindung": 1, "tanpa_kelas": 1}
    assert {note["code"] for note in facts["notes"]} == {"override_untested"}
    das = pd.DataFrame(
        {
            "das": ["A", "B"],
            "lahan": [1.0, 1.5],
            "tata_air": [1.0, 1.25],
            "sosial_ekonomi": [1.0, None],
            "investasi_bangunan": [1.0, 1.0],
            "pemanfaatan_ruang": [1.0, 1.0],
        }
    )
    das.to_csv(tmp_path / "das.csv", index=False)
    target = tmp_path / "hasil.csv"
    assert run("overlay", "das_p60_2014", "-o", target, "--table", tmp_path / "das.csv") == 0
    table = pd.read_csv(target)
    assert table["kelas"].tolist() == ["dipertahankan", "dipulihkan"]
    assert table["skor_terendah"].tolist() == [100, 115]
    assert table["skor_tertinggi"].tolist() == [100, 135]


def test_a_map_is_held_against_an_extent(folder: Path, tmp_path: Path) -> None:
    written(tmp_path / "kelas.tif", np.repeat([[0.0, 3.0]], 4, axis=0), nodata=255)
    wet = polygons(tmp_path / "basah.gpkg", shapely.box(X0 + 100, Y0 - 200, X0 + 200, Y0))
    whole = polygons(tmp_path / "semua.gpkg", shapely.box(X0, Y0 - 400, X0 + 200, Y0))
    target = tmp_path / "uji.json"
    words = ["--events", wet, "--within", whole, "--from-class", "sedang", "-o", target]
    assert run("validate", "-H", tmp_path / "kelas.tif", *words) == 0
    body = json.loads(target.read_text())
    assert body["contingency"]["csi"] == pytest.approx(0.5, rel=1e-6)
    assert body["contingency"]["hit_rate"] == pytest.approx(1.0)


@pytest.mark.realdata
def test_rob_on_the_coast_of_central_java(geodata: Path, tmp_path: Path) -> None:
    facts = ["--dem-date", "2000-02-11", "--on", "2026-11-24", "--sea-level", 0, "--tide", 0.6]
    land = geodata / "coast-gshhg" / "gshhg_f_jateng.gpkg"
    dem = geodata / "dem-merapi-pf3d" / "dem_jateng_1342m_utm49s.tif"
    place = ["--sinking", 0.08, "--land", land, "--layer", "land"]
    assert run("rob", dem, "-o", tmp_path, *facts, *place) == 0
    report = json.loads((tmp_path / "rob.json").read_text())
    # 26.8 years at 8 cm lower the ground by 2.1 m, so that 2.7 m are under water.
    heights, depth = open_grid(dem).values(), open_grid(tmp_path / "kedalaman_rob_m.tif").values()
    assert np.nanmax(heights[depth > 0]) <= 2.7
    assert report["flooded_m2"] > 1e8
    assert report["no_data_on_land_m2"] > 0


def test_risk_of_units_is_written_with_its_rules(folder: Path, tmp_path: Path) -> None:
    written(tmp_path / "kelas.tif", np.repeat([[0.0, 3.0]], 4, axis=0), nodata=255)
    halves = [shapely.box(X0 + 100 * i, Y0 - 400, X0 + 100 * (i + 1), Y0) for i in (0, 1)]
    desa = {"KODE_DESA": ["33.99.01.2001", "33.99.01.2002"]}
    gpd.GeoDataFrame(desa, geometry=halves, crs="EPSG:32749").to_file(tmp_path / "desa.gpkg")
    facts = {"kepadatan_jiwa_km2": [2000, 2000], "miskin_persen": [50, 50], "ikd": [0.2, 0.2]}
    table = pd.DataFrame({"kode_desa": desa["KODE_DESA"]} | facts).assign(ikm=0.2)
    table.to_csv(tmp_path / "indikator.csv", index=False)
    words = ["--by", tmp_path / "desa.gpkg", "--indicators", tmp_path / "indikator.csv"]
    target = tmp_path / "risiko.csv"
    assert run("risk", "-H", tmp_path / "kelas.tif", *words, "-o", target) == 0
    made = pd.read_csv(target)
    assert made["indeks_bahaya"].round(4).tolist() == [0, 1]
    assert made["kelas_risiko"].tolist() == ["rendah", "tinggi"]
    assert made["risiko_low"][1] < made["risiko_high"][1]
    assert made["aturan_risiko"].str.contains("akar pangkat tiga").all()
    assert run("risk", "-H", tmp_path / "kelas.tif", *words, "-o", tmp_path / "risiko.xlsx") == 0
