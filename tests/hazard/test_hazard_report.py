"""The agency's report: the same numbers on page, paper and sheet, and maps that show them."""

from __future__ import annotations

import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pypdf
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.transform import Affine

from api.cli import main
from api.reports.document import Document, Section, Table, document_html, document_pdf
from api.reports.hazard_map import class_colours, classes_on
from hazard import class_rule, compare_hazards, hazard_from_grid, hazard_from_polygons
from hazard.comparison import change_areas
from spatial.crs import METRIC_CRS
from spatial.zonal import grid_from_array

X0, Y0 = 450_000.0, 9_240_000.0


def written(path: Path, depth: np.ndarray) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=20,
        width=20,
        count=1,
        dtype="float32",
        crs=METRIC_CRS,
        nodata=-1,
        transform=Affine(50, 0, X0, 0, -50, Y0),
    ) as sink:
        sink.write(depth.astype("float32"), 1)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laporan")
    depth = np.zeros((20, 20))
    depth[:, 5:8], depth[:, 8:10], depth[:5, 15:] = 0.5, 2.0, -1
    written(folder / "banjir.tif", depth)
    worse = np.where(depth == 0.5, 1.0, depth)
    worse[10:, 12:14] = 2.0
    written(folder / "banjir_q100.tif", worse)
    halves = [shapely.box(X0 + 500 * i, Y0 - 1000, X0 + 500 * (i + 1), Y0) for i in (0, 1)]
    desa = {"KODE_DESA": ["33.99.01.2001", "33.99.02.2002"], "NAMA_DESA": ["Karang", "Wetan"]}
    gpd.GeoDataFrame(desa, geometry=halves, crs=METRIC_CRS).to_file(folder / "desa.gpkg")
    homes = [shapely.Point(X0 + x, Y0 - 500).buffer(8) for x in (100, 300, 450, 800)]
    gpd.GeoDataFrame(geometry=homes, crs=METRIC_CRS).to_file(folder / "rumah.gpkg")
    roads = [shapely.LineString([(X0, Y0 - 300), (X0 + 1000, Y0 - 300)])]
    gpd.GeoDataFrame(geometry=roads, crs=METRIC_CRS).to_file(folder / "jalan.gpkg")
    pd.DataFrame(
        {"kode_desa": desa["KODE_DESA"], "jumlah_penduduk": [90, 40], "rumah_tangga_miskin": [9, 4]}
    ).to_csv(folder / "penduduk.csv", index=False)
    return folder


def test_one_command_writes_page_pdf_workbook_and_maps(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["hazard", "report", "-H", folder / "banjir.tif", "--by", folder / "desa.gpkg"]
    words += ["--homes", folder / "rumah.gpkg", "--people", folder / "penduduk.csv"]
    words += ["--poor-column", "rumah_tangga_miskin", "--roads", folder / "jalan.gpkg"]
    words += ["-o", tmp_path, "--notice", "Data contoh"]
    assert main([str(word) for word in words]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "laporan.html",
        "laporan.pdf",
        "laporan.xlsx",
        "peta_banjir.pdf",
        "peta_banjir.png",
    }
    page = (tmp_path / "laporan.html").read_text()
    paper = "".join(p.extract_text() for p in pypdf.PdfReader(tmp_path / "laporan.pdf").pages)
    book = pd.read_excel(tmp_path / "laporan.xlsx", sheet_name=None)
    people = book["Penduduk desa"].set_index("nama")
    assert people.loc["Karang", ["tidak_ada", "rendah", "tinggi"]].tolist() == [30, 30, 30]
    assert people.loc["Wetan", "tidak_ada"] == 40
    assert book["Rumah tangga miskin desa"]["tinggi"].sum() == 3
    assert book["Penduduk kecamatan"]["unit_id"].tolist() == ["33.99.01", "33.99.02"]
    assert abs(book["neraca"]["residual"]).max() < 1e-6
    for text in ("Kebutuhan dasar", "Perka BNPB 7/2008", "Data contoh", "Perka BNPB 2/2012"):
        assert text in page
        assert text in paper.replace("\n", " ")
    # 30 people in the worst class need 84 kg of rice a week.
    assert "84" in page
    assert "penduduk 30" in capsys.readouterr().out
    sheet = pypdf.PdfReader(tmp_path / "peta_banjir.pdf").pages[0].mediabox
    assert [round(float(side) / 72 * 2.54, 1) for side in (sheet.width, sheet.height)] == [
        42.0,
        29.7,
    ]
    picture = np.asarray(Image.open(io.BytesIO((tmp_path / "peta_banjir.png").read_bytes())))
    worst = class_colours(class_rule("banjir_kedalaman_bnpb").labels)["tinggi"]
    rgb = np.array([int(worst[i : i + 2], 16) for i in (1, 3, 5)])
    shown = (np.abs(picture[..., :3].astype(int) - rgb).sum(axis=-1) < 6).mean()
    assert 0.02 < shown < 0.2


def test_people_without_homes_are_refused(folder: Path, tmp_path: Path) -> None:
    words = ["hazard", "report", "-H", folder / "banjir.tif", "--by", folder / "desa.gpkg"]
    words += ["--people", folder / "penduduk.csv", "-o", tmp_path / "x"]
    assert main([str(word) for word in words]) == 2
    assert not (tmp_path / "x").exists()


def test_the_drawing_shows_the_class_of_both_forms(folder: Path) -> None:
    rule = class_rule("tiga_kelas")
    grid = grid_from_array(
        np.array([[0, 1], [9, 3]]), crs=METRIC_CRS, origin=(X0, Y0), cell=(500, -500), nodata=9
    )
    boxes = [shapely.box(X0 + 500 * c, Y0 - 500 * (r + 1), X0 + 500 * (c + 1), Y0 - 500 * r)
             for r, c in ((0, 0), (0, 1), (1, 1))]  # fmt: skip
    drawn = gpd.GeoDataFrame({"k": [0, 1, 3]}, geometry=boxes, crs=METRIC_CRS)
    for hazard in (
        hazard_from_grid(grid, rule, name="a"),
        hazard_from_polygons(drawn, rule, column="k", name="a"),
    ):
        codes = classes_on(hazard, "utama", (X0, Y0 - 1000, X0 + 1000, Y0))
        middle = codes.shape[0] // 4, codes.shape[1] // 4
        assert [
            codes[r, c] for r in (middle[0], 3 * middle[0]) for c in (middle[1], 3 * middle[1])
        ] == [0, 1, -1, 3]


def test_two_scenarios_as_table_and_map(folder: Path, tmp_path: Path) -> None:
    words = ["hazard", "compare", "--before", folder / "banjir.tif", "--after"]
    words += [folder / "banjir_q100.tif", "--by", folder / "desa.gpkg", "-o", tmp_path]
    words += ["--classes", "banjir_kedalaman_bnpb"]
    assert main([str(word) for word in words]) == 0
    table = pd.read_csv(tmp_path / "perubahan.csv")
    assert table.groupby("unit_id")["change"].sum().abs().max() < 1e-6
    gained = table[(table["unit_id"] == "33.99.02.2002") & (table["hazard_class"] == "tinggi")]
    assert gained["change"].iloc[0] == pytest.approx(20 * 2500, rel=2e-3)
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".png", ".pdf"}


def test_areas_of_change_agree_in_both_forms() -> None:
    rule = class_rule("tiga_kelas")
    codes = [np.array([[0, 1, 2, 9]]), np.array([[1, 1, 0, 3]])]
    unit = gpd.GeoDataFrame(
        {"kode": ["a"]}, geometry=[shapely.box(X0, Y0 - 100, X0 + 400, Y0)], crs=METRIC_CRS
    )
    grids = [
        hazard_from_grid(
            grid_from_array(c, crs=METRIC_CRS, origin=(X0, Y0), cell=(100, -100), nodata=9),
            rule, name="g",
        )
        for c in codes
    ]  # fmt: skip
    cells = [shapely.box(X0 + 100 * i, Y0 - 100, X0 + 100 * (i + 1), Y0) for i in range(4)]
    drawn = [
        hazard_from_polygons(
            gpd.GeoDataFrame({"k": [None if v == 9 else v for v in c[0]]}, geometry=cells,
                             crs=METRIC_CRS),
            rule, column="k", name="p",
        )
        for c in codes
    ]  # fmt: skip
    by_cells = change_areas(*grids, unit, unit_id="kode")
    by_shapes = change_areas(*drawn, unit, unit_id="kode")
    for name in ("lebih ringan", "sama", "lebih berat"):
        assert by_cells[name] == pytest.approx(by_shapes[name], rel=1e-5)
        assert by_cells[name] == pytest.approx(1e4, rel=2e-3)
    assert change_areas(grids[0], drawn[1], unit, unit_id="kode") == {}
    table, unit_name = compare_hazards(grids[0], drawn[1], unit, unit_id="kode")
    assert unit_name == "m2"
    assert table["change"].sum() == pytest.approx(0, abs=1e-6)


def test_the_sums_of_a_long_table_stand_below_what_is_shown() -> None:
    rows = [[f"desa {place}", str(place)] for place in range(200)]
    table = Table(["Unit", "tinggi"], rows, numbers=[1], total=["Jumlah", "19.900"])
    document = Document("Judul", "", "Jawaban.", [Section("Isi", table=table)])
    page = document_html(document)
    assert "desa 59" in page
    assert "desa 60" not in page
    assert "dan 140 baris lagi" in page
    assert '<tfoot><tr><td>Jumlah</td><td class="n">19.900</td></tr></tfoot>' in page
    assert document_pdf(document).startswith(b"%PDF")
