"""Programmes against plan, hotspots and hazard; and every study as an office calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pypdf
import pytest
import shapely

from api.cli import main
from api.studies.programmes import check_programmes
from spatial.errors import EngineError

BASE = (430_000.0, 9_200_000.0)
CODES = ["33.74.01.1001", "33.74.01.1002", "33.74.01.1003"]


def box(x: float, w: float = 1_000, y: float = 0, h: float = 1_000) -> Any:
    return shapely.box(BASE[0] + x, BASE[1] + y, BASE[0] + x + w, BASE[1] + y + h)


def point(x: float, y: float = 500) -> Any:
    return shapely.Point(BASE[0] + x, BASE[1] + y)


def frame(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:9489")


def desa() -> gpd.GeoDataFrame:
    return frame(
        [box(0), box(1_000), box(2_000)], kode_desa=CODES, nama_desa=["Satu", "Dua", "Tiga"]
    ).set_index("kode_desa", drop=False)


def plan() -> gpd.GeoDataFrame:
    return frame([box(0, 500), box(500, 2_500)], zona=["HL", "R-2"], kodzon=["HL", "R-2"])


def programmes() -> gpd.GeoDataFrame:
    return frame(
        [box(300, 400, 300, 100), point(1_200), point(1_201), None, point(9_000)],
        jenis=["Rumah layak huni", "jalan desa", "drainase", "jalan desa", "jalan desa"],
        desa=[CODES[0], CODES[2], CODES[1], CODES[1], CODES[1]],
    ).set_axis(["P1", "P2", "P3", "P4", "P5"])


HOT = pd.DataFrame(
    {"class": ["hot", "not_significant", "hot"], "value": [50.0, 10.0, 70.0]}, index=CODES
)


def test_programmes_are_placed_and_held_against_zone_hotspot_hazard_and_each_other() -> None:
    found = check_programmes(
        programmes(), desa(), kind="jenis", zones=plan(), hotspots=HOT,
        hazard=frame([box(1_100, 1_000)]), stated="desa",
    )  # fmt: skip
    table = found.table
    assert table["desa"].fillna("-").to_list() == [CODES[0], CODES[1], CODES[1], "-", "-"]
    assert table["status"].to_list() == ["ok", "ok", "ok", "no_geometry", "outside"]
    assert table["elsewhere"].to_list() == [False, True, False, False, False]
    assert table.loc["P1", "zones"] == "HL 50 %, R-2 50 %"
    assert table.loc["P1", "contradicts"] == "HL 50 %"
    assert table.loc["P2", "contradicts"] == ""
    assert table.loc["P5", "uncovered"] == pytest.approx(1)
    assert table["hazard_share"].to_list()[:3] == pytest.approx([0, 1, 1])
    assert np.isnan(table.loc["P4", "hazard_share"])
    assert table.loc["P1", "class"] == "hot"
    assert (table.loc["P2", "overlaps"], table.loc["P3", "overlaps"]) == ("P3", "P2")
    assert found.missing.index.to_list() == [CODES[2]]


def test_without_a_plan_nothing_is_said_to_fit() -> None:
    found = check_programmes(programmes(), desa(), kind="jenis")
    assert found.table[["zones", "contradicts", "class", "hazard_share"]].isna().all(axis=None)
    assert found.missing.empty


def test_a_programme_without_a_kind_and_a_rule_with_a_fault_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "salah.toml"
    bad.write_text(
        'title="x"\nsource="x"\nstatus="contoh"\nversion="1"\n[[contradiction]]\nkind="x"'
    )
    for given, code in (
        ({"kind": "macam"}, "programme_column"),
        ({"kind": "jenis", "rule": str(bad)}, "programme_rule_wrong"),
        ({"kind": "jenis", "rule": "tiada"}, "rule_not_found"),
    ):
        with pytest.raises(EngineError) as refused:
            check_programmes(programmes(), desa(), **given)
        assert refused.value.code == code


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kajian")
    desa().reset_index(drop=True).to_file(folder / "desa.gpkg")
    plan().to_file(folder / "rencana.gpkg")
    made = programmes().reset_index(names="nomor")
    made[made.geometry.notna()].to_file(folder / "program.geojson", driver="GeoJSON")
    frame([point(400), point(2_900)], nama=["SD 1", "SD 2"]).to_file(folder / "sekolah.gpkg")
    frame([box(1_100, 300)], kelas=["tinggi"]).to_file(folder / "bahaya.gpkg")
    frame([box(x, 40, 200, 40) for x in range(0, 3_000, 100)], lantai=[1, 2, 3] * 10).to_file(
        folder / "bangunan.gpkg"
    )
    frame([shapely.LineString([point(0, 0), point(3_000, 0)])], nama=["Jalan"]).to_file(
        folder / "jalan.gpkg"
    )
    frame([box(x, 100) for x in (0, 1_150, 2_400)], nama=["A", "B", "C"]).to_file(
        folder / "calon.gpkg"
    )
    random = np.random.default_rng(1)
    frame([point(1_500 + dx, 400 + dy) for dx, dy in random.normal(0, 30, (60, 2))]).to_file(
        folder / "rtlh.gpkg"
    )
    pd.DataFrame(
        {"kode_desa": CODES, "jumlah_penduduk": [900, 1_200, 800], "penduduk_miskin": [90, 4, 120]}
    ).to_csv(folder / "penduduk.csv", index=False)
    (folder / "intensitas.csv").write_text(
        "zona,parameter,nilai\nR-2,klb_maks,1.8\nR-2,kdb_maks,0.6\n"
    )
    main(["init", str(folder / "tertutup"), "--name", "Tertutup", "--private"])
    main(["init", str(folder / "umum"), "--name", "Umum"])
    return folder


def run(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    capfd.readouterr()
    code = main(["study", *map(str, words)])
    said = capfd.readouterr()
    return code, said.out + said.err


def whole(folder: Path) -> pd.DataFrame:
    """Look at everything a study leaves, and return its table."""
    assert {path.name for path in folder.iterdir()} == {
        "laporan.html", "laporan.pdf", "hasil.csv", "hasil.gpkg",
    }  # fmt: skip
    page = (folder / "laporan.html").read_text()
    assert "https://" not in page
    assert pypdf.PdfReader(folder / "laporan.pdf").pages[0].extract_text()
    table = pd.read_csv(folder / "hasil.csv")
    assert len(gpd.read_file(folder / "hasil.gpkg")) == len(table)
    return table


def test_siting_by_command(files: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    layers = [
        word
        for name, file in (("bahaya", "bahaya"), ("permukiman", "bangunan"), ("jalan", "jalan"))
        for word in ("--layer", f"{name}={files / file}.gpkg")
    ]
    words = ["siting", files / "calon.gpkg", "--rule", "evakuasi", "-o", tmp_path / "k"]
    code, said = run(capfd, *words, *layers)
    assert code == 0, said
    table = whole(tmp_path / "k")
    assert table["closed"].notna().sum() == 1
    assert "Lokasi terbaik" in said
    code, said = run(capfd, *words, *layers[:2])
    assert code == 2
    assert "siting_layer_missing" in said


def test_access_by_command(files: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, said = run(
        capfd, "access", files / "desa.gpkg", files / "sekolah.gpkg", "--table",
        files / "penduduk.csv", "--poor", "penduduk_miskin", "--homes", files / "bangunan.gpkg",
        "--reach", 600, "-o", tmp_path / "k",
    )  # fmt: skip
    assert code == 0, said
    table = whole(tmp_path / "k").set_index("id")
    assert table["people"].sum() == 2_900
    # 4 poor in the second desa: it and the one that would give it away carry no number.
    assert table["poor_beyond"].isna().sum() == 2
    code, said = run(
        capfd, "access", files / "desa.gpkg", files / "sekolah.gpkg", "--table",
        files / "penduduk.csv", "--roads", files / "jalan.gpkg", "-o", tmp_path / "j",
    )  # fmt: skip
    assert code == 0, said
    assert "menyusuri jalan" in (tmp_path / "j" / "laporan.html").read_text()
    by_road = whole(tmp_path / "j").set_index("id")
    assert (by_road["no_way"] == 0).all()


def test_programmes_by_command(
    files: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    HOT.rename_axis("id").to_csv(tmp_path / "kantong.csv")
    code, said = run(
        capfd, "programmes", files / "program.geojson", "--desa", files / "desa.gpkg",
        "--zones", files / "rencana.gpkg", "--hotspots", tmp_path / "kantong.csv",
        "--hazard", files / "bahaya.gpkg", "--stated", "desa", "-o", tmp_path / "k",
    )  # fmt: skip
    assert code == 0, said
    table = whole(tmp_path / "k")
    assert (table["contradicts"].fillna("") != "").sum() == 1
    assert "1 berlawanan dengan zona" in said


def test_vertical_by_command(
    files: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = run(
        capfd, "vertical", files / "rencana.gpkg", files / "bangunan.gpkg", "--intensity",
        files / "intensitas.csv", "--hazard", files / "bahaya.gpkg", "--services",
        files / "sekolah.gpkg", "-o", tmp_path / "k",
    )  # fmt: skip
    assert code == 0, said
    table = whole(tmp_path / "k")
    assert table["candidate"].to_list() == ["undecided", "in_hazard"]


def test_housing_by_command_only_in_a_private_workspace(
    files: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["housing", files / "rtlh.gpkg", "--zones", files / "rencana.gpkg", "--hazard",
             files / "bahaya.gpkg", "-o", tmp_path / "k"]  # fmt: skip
    code, said = run(capfd, *words, "--workspace", files / "umum")
    assert code == 2
    assert "workspace_not_private" in said
    code, said = run(capfd, *words, "--workspace", files / "tertutup")
    assert code == 0, said
    table = whole(tmp_path / "k")
    assert table["houses"].sum() >= 40
    assert table["zones"].iloc[0].startswith("R-2")
