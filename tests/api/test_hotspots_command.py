"""`tataruang hotspots` as an analyst calls it: pinned columns, protected cells, a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest
import shapely

from api import cli
from api.hotspots.folder import write_report
from api.hotspots.study import Question, study
from hazard.vulnerability import COLUMNS

CASES = Path(__file__).parent.parent / "cases" / "hotspots"


def board(side: int = 10, *, official: bool = True) -> gpd.GeoDataFrame:
    """Squares with a poor corner and two desa of very few poor households."""
    random = np.random.default_rng(1)
    x, y = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side)))
    households = random.integers(300, 900, side * side)
    poor = random.binomial(households, np.where((x < 4) & (y < 4), 0.35, 0.12))
    poor[[55, 77]] = 3
    codes = [f"33.74.{1 + row // 3:02d}.{1001 + i}" for i, row in enumerate(y)]
    return gpd.GeoDataFrame(
        {
            "KDEPUM" if official else "nomor": codes if official else range(side * side),
            "WADMKD": [f"Desa {i}" for i in range(side * side)],
            "MISKIN": poor,
            "MISKIN_LALU": random.binomial(households, 0.12),
            "KK": households,
            "SANITASI": random.random(side * side),
        },
        geometry=[
            shapely.box(430_000 + 900 * a, 9_230_000 + 900 * b, 430_900 + 900 * a,
                        9_230_900 + 900 * b) for a, b in zip(x, y, strict=True)
        ],
        crs="EPSG:9489",
    )  # fmt: skip


@pytest.fixture(scope="module")
def desa(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("desa") / "desa.gpkg"
    board().to_file(path)
    return path


def run(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.main(["hotspots", *map(str, words)])
    said = capfd.readouterr()
    return code, said.out, said.err


def test_the_output_begins_with_the_pinned_columns_and_explains_each_row(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hasil.csv"
    code, said, err = run(
        capfd, desa, "--value", "MISKIN", "--rate-of", "KK", "--output", out, "--fdr", "0.1"
    )
    assert code == 0, err
    table = pd.read_csv(out, dtype={"id": str})
    assert list(table.columns[: len(COLUMNS)]) == list(COLUMNS)
    assert len(table) == 100
    assert table["reason"].str.len().min() > 20
    assert (table.loc[table["class"] == "hot", "reason"].str.startswith("Kantong tinggi")).all()
    english = table.loc[table["class"] == "hot", "reason_en"]
    assert english.str.startswith("High cluster: values here and around").all()
    assert "Kantong tinggi" in said


def test_small_cells_of_real_desa_are_withheld_unless_told_otherwise(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, mask = tmp_path / "hasil.csv", tmp_path / "tutup.json"
    words = (desa, "--value", "MISKIN", "--rate-of", "KK", "--output", out)
    _, _, err = run(capfd, *words, "--mask", mask)
    table = pd.read_csv(out)
    hidden = table["status"] == "suppressed"
    assert hidden[[55, 77]].all()
    assert hidden.sum() >= 4  # each needs at least one more in its kecamatan
    assert table.loc[hidden, ["value", "rate", "rate_eb", "gi_star_z", "q"]].isna().all(axis=None)
    assert "ditutup" in err
    kept = set(json.loads(mask.read_text())["hidden"]["desa"])
    assert kept == set(table.loc[hidden, "id"])
    _, _, err = run(capfd, *words, "--least", 0)
    assert (pd.read_csv(out)["status"] == "ok").all()
    assert "bukan untuk diterbitkan" in err
    run(capfd, *words, "--least", 1, "--mask", mask)
    again = pd.read_csv(out)
    assert (again.loc[hidden, "status"] == "suppressed").all()


def test_a_count_of_the_poor_without_population_is_withheld_too(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hasil.csv"
    run(capfd, desa, "--value", "MISKIN", "--output", out)
    hidden = pd.read_csv(out)["status"] == "suppressed"
    assert hidden[[55, 77]].all()
    assert 4 <= hidden.sum() < 30
    run(capfd, desa, "--value", "SANITASI", "--output", out)
    assert (pd.read_csv(out)["status"] == "ok").all()


def test_areas_that_are_no_desa_are_shown_as_they_are(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "kab.gpkg", tmp_path / "hasil.csv"
    board(official=False).to_file(path)
    code, _, _ = run(capfd, path, "--value", "MISKIN", "--rate-of", "KK", "--output", out)
    assert code == 0
    assert (pd.read_csv(out)["status"] == "ok").all()


def test_a_published_plane_gives_the_published_numbers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = json.loads((CASES / "B_getisord_grid.json").read_text())
    points = gpd.GeoDataFrame({"val": case["val"]}, geometry=shapely.points(case["x"], case["y"]))
    path, out = tmp_path / "grid.geojson", tmp_path / "hasil.csv"
    path.write_text(points.to_json())
    words = (path, "--value", "val", "--weights", "distance:60", "--output", out)
    code, _, err = run(capfd, *words, "--source-crs", "planar")
    assert code == 0, err
    table = pd.read_csv(out)
    np.testing.assert_allclose(table["gi_star_z"], case["Gistar"]["60"], atol=1e-9)


@pytest.mark.parametrize("name", ["h.gpkg", "h.geojson", "h.parquet", "h.fgb", "h.xlsx"])
def test_every_format_is_written_and_read_back(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    out = tmp_path / name
    code, _, err = run(capfd, desa, "--value", "SANITASI", "--output", out)
    assert code == 0, err
    if name.endswith("xlsx"):
        book = openpyxl.load_workbook(out)
        assert [cell.value for cell in book.active[1]][: len(COLUMNS)] == list(COLUMNS)
        return
    frame = gpd.read_parquet(out) if name.endswith("parquet") else gpd.read_file(out)
    assert len(frame) == 100
    assert list(frame.columns[: len(COLUMNS)]) == list(COLUMNS)
    assert frame.geometry.notna().all()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--value", "TIDAK_ADA"], "value_column_missing"),
        (["--value", "WADMKD"], "column_text"),
        (["--value", "MISKIN", "--weights", "bishop"], "weights_unknown"),
        (["--value", "MISKIN", "--fdr", "2"], "fdr_outside"),
        (["--value", "MISKIN", "--hazard", "tiada.tif"], ""),
        (["--value", "MISKIN", "--source-crs", "EPSG:32749"], "crs_stated"),
        (["--value", "MISKIN", "--smooth", "halus"], ""),
        (["--value", "MISKIN", "--decimal", "titik"], ""),
        (["--value", "MISKIN", "--permutations", "100000"], ""),
    ],
)
def test_a_wrong_question_is_refused_and_writes_nothing(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    out = tmp_path / "hasil.csv"
    left, _, err = run(capfd, desa, *words, "--output", out)
    assert left == 2
    assert code in err
    assert not out.exists()


@pytest.mark.parametrize(("name", "code"), [("h.docx", "output_unknown"), ("h", "output_unknown")])
def test_a_target_that_cannot_be_written_is_refused_first(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, code: str
) -> None:
    left, _, err = run(capfd, desa, "--value", "MISKIN", "--output", tmp_path / name)
    assert left == 2
    assert code in err


def test_a_file_of_persons_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dtsen.gpkg"
    board().assign(NIK="3374010101800001").to_file(path)
    words = (path, "--value", "MISKIN", "--rate-of", "KK", "--output", tmp_path / "h.csv")
    left, _, err = run(capfd, *words)
    assert left == 2
    assert "personal_data" in err
    assert "3374010101800001" not in err
    cli.main(["init", str(tmp_path / "tertutup"), "--name", "Tertutup", "--private"])
    capfd.readouterr()
    assert run(capfd, *words, "--workspace", tmp_path / "tertutup")[0] == 0


def test_json_alone_is_printed_for_machines(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, said, _ = run(capfd, desa, "--value", "SANITASI", "--output", tmp_path / "h.csv", "--json")
    body = json.loads(said)
    assert sum(body["classes"].values()) == body["areas"] == 100


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("laporan")
    areas = board().set_index("KDEPUM")
    areas = areas.assign(MISKIN_LALU=areas["MISKIN_LALU"].astype(float))
    question = Question(
        "MISKIN", "KK", draws=99, before="MISKIN_LALU", indicators=("SANITASI",), votes=True,
        scan=True,
    )  # fmt: skip
    done = study(areas, question)
    write_report(done, folder)
    return folder, done


def test_the_report_says_in_words_what_the_table_says(reported: tuple[Path, Any]) -> None:
    folder, done = reported
    page = (folder / "laporan.html").read_text()
    hot = done.groups.objects[done.groups.objects["class"] == "hot"]
    assert f"{hot['areas'].sum()} wilayah dalam {len(hot)} kelompok" in page
    assert "baru menjadi kantong" in page.lower()
    assert "SANITASI" in page
    assert "Pendapat kedua" in page
    circled = {name for names in done.circles["members"] for name in names}
    corner = set(done.found.table.index[done.found.table["class"] == "hot"])
    assert len(corner & circled) >= 0.8 * len(corner)
    assert not circled & set(done.found.table.index[done.found.table["status"] == "suppressed"])
    assert "https://" not in page
    assert "<script" not in page
    hidden = done.found.table["status"] == "suppressed"
    assert hidden.any()
    assert "ditutup untuk melindungi rumah tangga" in page
    text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(folder / "laporan.pdf").pages)
    assert "Kantong kemiskinan" in text
    assert "Seberapa yakin" in text


def test_the_folder_holds_maps_clusters_and_tables(reported: tuple[Path, Any]) -> None:
    folder, done = reported
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "laporan.html", "laporan.pdf", "peta_kantong.png", "peta_nilai.png", "kelompok.gpkg",
        "profil.csv", "suara.csv", "perubahan.csv", "lingkaran.csv",
    }  # fmt: skip
    objects = gpd.read_file(folder / "kelompok.gpkg")
    assert objects["areas"].sum() == done.found.table["class"].isin(["hot", "cold"]).sum()
    for name in ("peta_kantong.png", "peta_nilai.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_no_number_of_a_hidden_cell_is_in_any_file(reported: tuple[Path, Any]) -> None:
    folder, done = reported
    hidden = done.found.table.index[done.found.table["status"] == "suppressed"]
    change = pd.read_csv(folder / "perubahan.csv", index_col="id")
    assert change.loc[hidden, ["before", "after", "difference"]].isna().all(axis=None)
    assert (change.loc[hidden, "change"] == "unknown").all()
    assert done.table().loc[hidden, "value"].isna().all()


def test_the_sample_finds_the_poor_south_west(
    sample_files: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hasil.csv"
    code, _, err = run(
        capfd, sample_files / "kemiskinan.csv", "--areas", sample_files / "batas_desa.parquet",
        "--value", "PENDUDUK_MISKIN", "--rate-of", "JUMLAH_PENDUDUK", "--output", out,
        "--hazard", sample_files / "banjir_100.tif",
    )  # fmt: skip
    assert code == 0, err
    table = pd.read_csv(out)
    assert 3 <= (table["class"] == "hot").sum() <= 8
    assert (table["status"] == "missing").sum() == 1  # the seeded gap
    assert set(table["priority"]) <= {
        "first", "hot_only", "exposed_only", "neither", "undecided",
    }  # fmt: skip


def test_where_the_hazard_map_ends_nothing_is_safe_and_inside_it_is(
    desa: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    areas = gpd.read_file(desa)
    wet = areas.iloc[[0, 50]][["geometry"]].assign(kelas="tinggi")
    wet.to_file(tmp_path / "bahaya.gpkg")
    areas.iloc[:60][["geometry"]].to_file(tmp_path / "kajian.gpkg")
    out = tmp_path / "hasil.csv"
    words = (desa, "--value", "MISKIN", "--rate-of", "KK", "--output", out, "--least", 0,
             "--hazard", tmp_path / "bahaya.gpkg", "--hazard-classes", "tiga_kelas")  # fmt: skip
    code, _, err = run(capfd, *words)
    assert code == 0, err
    alone = pd.read_csv(out)
    assert set(alone.loc[~alone.index.isin([0, 50]), "priority"]) == {"undecided"}
    code, _, err = run(capfd, *words, "--mapped", tmp_path / "kajian.gpkg")
    assert code == 0, err
    table = pd.read_csv(out)
    assert table.loc[0, "priority"] == "first"
    assert table.loc[50, "priority"] == "exposed_only"
    assert set(table.loc[[1, 2, 3, 40, 55], "priority"]) <= {"hot_only", "neither"}
    assert (table.loc[60:, "priority"] == "undecided").all()
