"""`tataruang exposure`: the same numbers in every format, nothing written when refused."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from api.cli import main

X0, Y0 = 450_000.0, 9_240_000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two desa, four houses, a flood depth that is blank in one corner, the same as polygons."""
    folder = tmp_path_factory.mktemp("data")
    depth = np.zeros((20, 20), "float32")
    depth[:, 5:8], depth[:, 8:10], depth[:5, 15:] = 0.5, 2.0, -1
    with rasterio.open(
        folder / "banjir.tif",
        "w",
        driver="GTiff",
        height=20,
        width=20,
        count=1,
        dtype="float32",
        crs="EPSG:32749",
        nodata=-1,
        transform=Affine(50, 0, X0, 0, -50, Y0),
    ) as sink:
        sink.write(depth, 1)
    halves = [shapely.box(X0 + 500 * i, Y0 - 1000, X0 + 500 * (i + 1), Y0) for i in (0, 1)]
    desa = {"KODE_DESA": ["33.99.01.2001", "33.99.01.2002"]}
    gpd.GeoDataFrame(desa, geometry=halves, crs="EPSG:32749").to_file(folder / "desa.gpkg")
    homes = gpd.GeoSeries.from_xy([X0 + x for x in (100, 300, 450, 800)], [Y0 - 500] * 4)
    # Equal on the plane of areas: houses drawn equal in UTM differ by a millionth.
    homes = homes.set_crs("EPSG:32749").to_crs("ESRI:54034").buffer(8)
    homes.to_file(folder / "rumah.gpkg")
    pd.DataFrame(
        {"kode_desa": desa["KODE_DESA"], "jumlah_penduduk": [100, 40], "jumlah_kk": [30, 10]}
    ).to_csv(folder / "penduduk.csv", index=False)
    zones = [shapely.box(X0 + a, Y0 - 1000, X0 + b, Y0) for a, b in ((250, 400), (400, 500))]
    kinds = {"kelas": ["Rendah", "Tinggi"], "jenis": ["banjir", "banjir"]}
    gpd.GeoDataFrame(kinds, geometry=zones, crs="EPSG:32749").to_file(folder / "krb.gpkg")
    return folder


def run(folder: Path, output: Path, *words: str, hazard: str = "banjir.tif") -> int:
    by = ["--by", str(folder / "desa.gpkg"), "-o", str(output)]
    return main(["exposure", "-H", str(folder / hazard), *by, *words])


def test_land_is_the_same_in_csv_xlsx_and_json(folder: Path, tmp_path: Path) -> None:
    tables = []
    for suffix in ("csv", "xlsx", "json"):
        target = tmp_path / f"hasil.{suffix}"
        assert run(folder, target) == 0
        if suffix == "json":
            tables.append(pd.DataFrame(json.loads(target.read_text())["table"]))
        else:
            tables.append((pd.read_csv if suffix == "csv" else pd.read_excel)(target))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_dtype=False)
    assert tables[0]["tanpa_data"].round(-3).tolist() == [0, 63_000]
    assert tables[0]["tinggi"][0] == pytest.approx(100_000, rel=2e-3)
    book = openpyxl.load_workbook(tmp_path / "hasil.xlsx")
    assert book.sheetnames == ["paparan", "neraca", "aturan dan sumber", "catatan"]
    balance = pd.read_excel(tmp_path / "hasil.xlsx", sheet_name="neraca")
    assert abs(balance["selisih"][0]) < 1e-8 * balance["keseluruhan"][0]
    assert "Perka BNPB" in book["aturan dan sumber"]["B2"].value


def test_people_are_whole_and_keep_the_official_number(folder: Path, tmp_path: Path) -> None:
    words = ("--of", str(folder / "rumah.gpkg"), "--people", str(folder / "penduduk.csv"))
    target = tmp_path / "jiwa.csv"
    assert run(folder, target, *words) == 0
    table = pd.read_csv(target)
    assert table[["tidak_ada", "rendah", "tinggi"]].to_numpy().tolist() == [
        [34, 33, 33],
        [40, 0, 0],
    ]


def test_raster_and_polygons_of_one_flood_agree(folder: Path, tmp_path: Path) -> None:
    assert run(folder, tmp_path / "a.csv") == 0
    words = ("--classes", "tiga_kelas", "--only", "jenis=banjir")
    assert run(folder, tmp_path / "b.csv", *words, hazard="krb.gpkg") == 0
    raster, polygons = pd.read_csv(tmp_path / "a.csv"), pd.read_csv(tmp_path / "b.csv")
    for label in ("rendah", "sedang", "tinggi"):
        np.testing.assert_allclose(raster[label], polygons[label], rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ((), "hasil.docx"),
        (("--unit-id", "nama"), "hasil.csv"),
        (("--people", "penduduk.csv"), "hasil.csv"),
        (("--classes", "tidak_ada"), "hasil.csv"),
        (("--of", "tidak_ada.gpkg"), "hasil.csv"),
    ],
)
def test_bad_input_leaves_with_2_and_writes_nothing(
    folder: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    output: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(folder, tmp_path / output, *words) == 2
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err


def test_no_polygon_of_a_kind_is_a_mistake(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--classes", "tiga_kelas", "--only", "jenis=longsor")
    assert run(folder, tmp_path / "c.csv", *words, hazard="krb.gpkg") == 2
    assert "banjir" in capsys.readouterr().err


def test_return_periods_give_a_yearly_expectation_and_list_what_gets_shallower(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with rasterio.open(folder / "banjir.tif") as source:
        depth, profile = source.read(1), source.profile
    for years, shift in ((5, -0.4), (100, 0.6)):
        values = np.where(depth < 0, depth, np.maximum(depth + shift * (depth > 0), 0))
        values[15, 9] = 3.0 if years == 5 else values[15, 9]
        with rasterio.open(tmp_path / f"q{years}.tif", "w", **profile) as sink:
            sink.write(values.astype("float32"), 1)
    words = ["--return-period", f"100={tmp_path / 'q100.tif'}"]
    words += ["--return-period", f"5={tmp_path / 'q5.tif'}"]
    by = ["--by", str(folder / "desa.gpkg"), "-o", str(tmp_path / "a.csv")]
    assert main(["exposure", *by, *words]) == 0
    table = pd.read_csv(tmp_path / "a.csv", dtype={"scenario": str}).set_index("scenario")
    assert set(table.index) == {"5", "100"}
    assert "1 sel lebih dangkal" in capsys.readouterr().err
    yearly = pd.read_csv(tmp_path / "a_per_tahun.csv")
    wet = table[table["unit_id"] == "33.99.01.2001"][["rendah", "sedang", "tinggi"]].sum(axis=1)
    assert wet["5"] == pytest.approx(wet["100"])
    # The same ground is wet from the 5 years' flood on: a fifth of it a year.
    assert yearly["per_year"][0] == pytest.approx(wet["5"] / 5)
    assert yearly["unknown"].round(-3).tolist() == [0, 63_000]
    assert main(["exposure", *by, "--return-period", "sering=q.tif"]) == 2
    assert main(["exposure", *by]) == 2
    alone = ["-H", str(folder / "banjir.tif"), "-o", str(tmp_path / "b.csv")]
    assert main(["exposure", *alone, "--of", str(folder / "rumah.gpkg"), "--count"]) == 0
    assert pd.read_csv(tmp_path / "b.csv")[["tidak_ada", "rendah"]].to_numpy().tolist() == [[2, 1]]
    assert main(["exposure", *alone, "--people", str(folder / "penduduk.csv")]) == 2
